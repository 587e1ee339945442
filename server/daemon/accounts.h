/* server/daemon/accounts.h: the users that dialtoned's processes run as, when root starts it.
 *
 * The separation of the vault from what talks to the network is one of users: whoever captures a worker must not be the
 * owner of the vault's files, nor of any other program's.  So each kind of process has a user of its own (`user` for the
 * vault, `worker_user` for what talks to the network, `legacy_user` for the process that speaks TLS 1.0; in the group of
 * `worker_user`), and a start without that is refused.  packaging/sysusers.d/dialtone.conf makes the three users that are
 * the default; `dialtone init` does the same where that has not been done.
 */
#ifndef DIALTONE_SERVER_DAEMON_ACCOUNTS_H
#define DIALTONE_SERVER_DAEMON_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/why.h"
#include "confine/account.h"
#include "server/site/site.h"

/* Whether the site's users keep its processes apart: each is there, is not shared with other programs, and is not the user
 * of another kind of process; true when we are not root, as no user is changed then.  false: *why is what is wrong. */
bool accounts_separate(const struct site *site, struct why *why);
bool accounts_fit(const struct site *site, struct why *why); /* the same; *why also says what to type */

/* Makes those of the default users that the site names and that are missing; their names, separated by a comma, go to
 * *made ("" when none was made).  Needs root; otherwise it makes none.  false: *why. */
bool accounts_make(const struct site *site, char *made, size_t made_cap, struct why *why);

#endif
