#include "confine/capabilities.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void capabilities_unbound(void)
{
	for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
		prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

int capabilities_keep(uint64_t keep)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].permitted &= (uint32_t)(keep >> (32 * i));
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

static bool change_user(uid_t uid, gid_t gid, struct why *why)
{
	capabilities_unbound();
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		return why_not(why, "cannot become the user %u: %s", (unsigned)uid, strerror(errno));
	return true;
}

bool become_user(uid_t uid, gid_t gid, uint64_t keep, struct why *why)
{
	bool root = geteuid() == 0;
	int e;

	if (root && !change_user(uid, gid, why))
		return false;
	e = capabilities_keep(keep);
	if (e < 0)
		return why_not(why, "cannot give up the rights of root: %s", strerror(-e));
	if (root && (setuid(0) == 0 || setgid(0) == 0))
		return why_not(why, "root could be had back after becoming the user %u", (unsigned)uid);
	/* Asked after the change of user, which resets it. */
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return why_not(why, "cannot give up the rights of root: %s", strerror(errno));
	return true;
}
