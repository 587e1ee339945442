/* cmd/verbs.h: the verbs of dialtone, one table each (cmd/options.h).
 *
 * The exit status of a verb: 0 done, 64 usage, 78 configuration, 70 internal error (sysexits); connect and doctor: 1 to 9, the
 * stage that failed.
 */
#ifndef DIALTONE_CMD_VERBS_H
#define DIALTONE_CMD_VERBS_H

#include "cmd/options.h"

extern const struct verb verb_connect, verb_handset, verb_tether, verb_doctor, verb_decode, verb_init, verb_user, verb_pin, verb_cert, verb_key, verb_device,
    verb_update, verb_audit, verb_status, verb_phones, verb_drain, verb_pool, verb_store, verb_backup, verb_restore, verb_console, verb_netconfig, verb_fleet;

/* cmd/site/pin_policy.c: below `dialtone pin` */
extern const struct verb verb_pin_policy;

#endif
