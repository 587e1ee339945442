/* cmd/doctor/store_look.h reads, with -c on the server itself, what the store has of the user: no answer on the wire says it. */
#ifndef DIALTONE_CMD_DOCTOR_STORE_LOOK_H
#define DIALTONE_CMD_DOCTOR_STORE_LOOK_H

#include "cmd/options.h"
#include "cmd/phone/options.h"
#include "doctor/run.h"

/* As an answer to a question of the doctor's: the user, the PIN's state, certificates, home pool; no secret is read.  Called before the
 * run, while the program still has the rights to open the store.  Without -c *ret stays empty: its `what` is "".  0, or an exit status after
 * a message. */
int store_look(struct command *c, const struct phone_options *o, struct doctor_answer *ret);

#endif
