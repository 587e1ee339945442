#include "server/daemon/credentials.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static const struct passwd *look_up(const char *user, char *why, size_t cap)
{
	const struct passwd *p;

	errno = 0;
	p = getpwnam(user);
	if (p == NULL)
		snprintf(why, cap, "user '%s': %s", user, errno ? strerror(errno) : "there is no such user on this machine");
	else if (p->pw_uid == 0)
		snprintf(why, cap, "user '%s' is root: name another", user);
	return p && p->pw_uid ? p : NULL;
}

bool credentials_known(const char *user, char *why, size_t cap)
{
	return geteuid() != 0 || look_up(user, why, cap);
}

bool credentials_drop(const char *user, char *why, size_t cap)
{
	const struct passwd *p;

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (geteuid() != 0)
		return true;
	p = look_up(user, why, cap);
	if (p == NULL)
		return false;
	if (setgroups(0, NULL) < 0 || setresgid(p->pw_gid, p->pw_gid, p->pw_gid) < 0 ||
	    setresuid(p->pw_uid, p->pw_uid, p->pw_uid) < 0) {
		snprintf(why, cap, "cannot become '%s': %s", user, strerror(errno));
		return false;
	}
	if (setuid(0) == 0 || setgid(0) == 0) {
		snprintf(why, cap, "root could be had back after becoming '%s'", user);
		return false;
	}
	return true;
}
