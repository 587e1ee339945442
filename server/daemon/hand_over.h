/* server/daemon/hand_over.h: giving a folder of a site to a user, by root, without following what that user may have put
 * there.
 *
 * Inside a folder that an unprivileged user may write, any name may have become a link to any file of the machine.  So each
 * folder is taken back to root first, each thing in it is opened without following a link and judged by its descriptor, and
 * the folder goes to the user last.
 */
#ifndef DIALTONE_SERVER_DAEMON_HAND_OVER_H
#define DIALTONE_SERVER_DAEMON_HAND_OVER_H

#include <stdbool.h>

#include "base/why.h"
#include "server/daemon/accounts.h"

/* `name` in the folder at `at`, and all that is in it, to `to`.  Only folders, and files with one name, are handed over;
 * with anything else in it the folder stays root's, and *why names that.  true also when there is no `name`. */
bool hand_over(int at, const char *name, struct account to, struct why *why);

#endif
