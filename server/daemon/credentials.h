/* server/daemon/credentials.h: giving up root for good. */
#ifndef DIALTONE_SERVER_CREDENTIALS_H
#define DIALTONE_SERVER_CREDENTIALS_H

#include <stdbool.h>
#include <stddef.h>

/* When we are root: becomes `user` with his group and no other, and checks that there is no way back; keeps no privilege
 * through later programs.  Not root: stays who we are.  false: *why. */
bool credentials_drop(const char *user, char *why, size_t cap);

/* Whether that could be done: when we are root, there is such a user, and it is not root. */
bool credentials_known(const char *user, char *why, size_t cap);

#endif
