/* cmd/site/init.h holds what the parts of `dialtone init` share. */
#ifndef DIALTONE_CMD_SITE_INIT_H
#define DIALTONE_CMD_SITE_INIT_H

#include <stdio.h>

#include "cmd/options.h"
#include "server/daemon/take_certificate.h"

/* It stands behind the reason why a site is not whole, with its folder, and says what to type. */
#define INIT_AGAIN "; %s is no site yet: mend this, then type the same again, and it goes on from there"

/* Where people read: standard output, and standard error while programs read that. */
FILE *init_people(const struct command *c);
/* `changed` and the folder for programs; the exit status. */
int init_report(const struct command *c, const char *dir, bool changed);
bool init_conf(const char *dir, struct site *ret, struct why *why); /* DIR/dialtone.conf */

/* cmd/site/init_ask.c: asks at the terminal, when there is one and no option has said it, which phones may speak TLS 1.0; sets legacy and
 * legacy_known.  false: there was no answer that could be used. */
bool init_ask_legacy(const struct command *c, struct site *s);

/* cmd/site/renew.c: --renew and --certificate */
int renew_verb(const struct command *c, const char *dir);
int certificate_verb(const struct command *c, const char *dir, const struct certificate_files *given);

#endif
