#include "server/daemon/credentials.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "server/daemon/accounts.h"

/* The bounding set can be emptied by root with CAP_SETPCAP only; a service manager may have left us without it, and then it
 * has bounded us itself. */
static void drop_bounds(void)
{
	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};

	return syscall(SYS_capset, &head, none) == 0;
}

static bool become(const struct credentials *c, struct why *why)
{
	struct account user, group, also;

	if (!account_of(c->user, &user, why) || !account_of(c->group_of ? c->group_of : c->user, &group, why) ||
	    !account_of(c->also_group_of ? c->also_group_of : c->user, &also, why))
		return false;
	drop_bounds();
	if (setgroups(c->also_group_of ? 1 : 0, &also.gid) < 0 || setresgid(group.gid, group.gid, group.gid) < 0 ||
	    setresuid(user.uid, user.uid, user.uid) < 0 || !drop_capabilities())
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
