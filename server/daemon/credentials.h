/* server/daemon/credentials.h: giving up root, and what else a process does not need, for good. */
#ifndef DIALTONE_SERVER_CREDENTIALS_H
#define DIALTONE_SERVER_CREDENTIALS_H

#include <stdbool.h>

#include "base/why.h"

struct credentials {
	const char *user;     /* to become, when we are root */
	const char *group_of; /* with the group of this user; NULL: of `user` */
	const char *also_group_of; /* and that of this one; NULL: no other */
};
/* When we are root: becomes the user with these groups, drops every capability from every set, and checks that there is
 * no way back.  In any case: no privilege through later programs, nobody of the same user may look inside.
 * sandbox.h takes what is left of that user's rights.
 * false: *why. */
bool credentials_drop(const struct credentials *c, struct why *why);

#endif
