#include "server/daemon/credentials.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "confine/capabilities.h"
#include "server/daemon/accounts.h"

static bool become(const struct credentials *c, struct why *why)
{
	struct account user, group, also;

	if (!account_of(c->user, &user, why) || !account_of(c->group_of ? c->group_of : c->user, &group, why) ||
	    !account_of(c->also_group_of ? c->also_group_of : c->user, &also, why))
		return false;
	capabilities_unbound();
	if (setgroups(c->also_group_of ? 1 : 0, &also.gid) < 0 || setresgid(group.gid, group.gid, group.gid) < 0 ||
	    setresuid(user.uid, user.uid, user.uid) < 0 || capabilities_keep(0) < 0)
		return why_not(why, "cannot become '%s': %s", c->user, strerror(errno));
	if (setuid(0) == 0 || setgid(0) == 0)
		return why_not(why, "root could be had back after becoming '%s'", c->user);
	return true;
}

bool credentials_drop(const struct credentials *c, struct why *why)
{
	if (geteuid() == 0 && !become(c, why))
		return false;
	/* Asked after the change of user, which resets it. */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return why_not(why, "cannot drop privileges: %s", strerror(errno));
	return true;
}
