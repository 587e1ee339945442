/* confine/account.h: the system users that our processes become. */
#ifndef DIALTONE_CONFINE_ACCOUNT_H
#define DIALTONE_CONFINE_ACCOUNT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/why.h"

struct account {
	uid_t uid;
	gid_t gid;
};

/* Of one user of the password file. false: *why says that there is none, or that it is root. */
bool account_of(const char *user, struct account *ret, struct why *why);

/* Makes the system user, without a home or a shell, and a group of the same name, by the system's own tools: useradd, or busybox's
 * adduser.  Needs root.  true: the user is there now. */
bool account_make(const char *user);

#endif
