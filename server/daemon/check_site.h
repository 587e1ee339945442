/* server/daemon/check_site.h: what a start needs, opened and tried before: for `dialtoned -t`, and for what takes the place of a
 * running site. */
#ifndef DIALTONE_SERVER_DAEMON_CHECK_SITE_H
#define DIALTONE_SERVER_DAEMON_CHECK_SITE_H

#include "base/why.h"
#include "server/site/site.h"

enum check_result { CHECK_GOOD, CHECK_BAD, CHECK_NOT_ALLOWED /* this user cannot read what is to be checked */ };

/* The store and the vault's keys are whole, the certificates good, each process's user may use its files, and the ports can be
 * bound (or are bound by the dialtoned that runs this site).  *why: the fault, and what to type. */
enum check_result check_site(const struct site *site, int64_t unix_s, struct why *why);

/* Whether the user of each process may use its files, as far as root can try; *why: which may not, and what to type. */
bool check_rights(const struct site *site, struct why *why);

/* Whether the ports are free; *why: which is not, and how to see who has it. */
bool check_ports(const struct site *site, struct why *why);

#endif
