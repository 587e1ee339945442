/* The filter of system calls, with libseccomp: names of calls, so that it is the same on every architecture.
 *
 * A call that stands in no row is answered with ENOSYS, as by a kernel that has not got it.  Arguments are looked at where a
 * call can do both what we need and what we refuse.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "confine/sandbox.h"

#define ALWAYS 0u
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* clang-format off */
static const struct {
	unsigned may; /* the right that it belongs to */
	const char *calls;
} groups[] = {
	{ALWAYS, "read readv write writev close lseek dup fcntl fstat pipe2 eventfd2"},
	{ALWAYS, "poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2"},
	{ALWAYS, "timerfd_create timerfd_settime signalfd4"},
	{ALWAYS, "brk mmap munmap mremap mprotect madvise"},
	{ALWAYS, "rt_sigaction rt_sigprocmask rt_sigreturn sigreturn sigaltstack restart_syscall"},
	{ALWAYS, "getpid gettid getppid getuid geteuid getgid getegid getrlimit setrlimit prlimit64 getrusage sysinfo uname umask"},
	{ALWAYS, "clock_gettime clock_getres gettimeofday time times clock_nanosleep nanosleep getrandom sched_yield sched_getaffinity"},
	{ALWAYS, "futex futex_waitv set_robust_list set_tid_address rseq exit exit_group"},
	/* The sockets to the other processes are there already. */
	{ALWAYS, "recvfrom recvmsg shutdown getsockname getpeername getsockopt setsockopt"},
	{SANDBOX_READ, "open openat stat lstat newfstatat fstatat64 statx access faccessat faccessat2 pread64 preadv getdents getdents64"},
	{SANDBOX_READ, "readlink readlinkat getcwd statfs fstatfs fadvise64 flock sendfile"},
	{SANDBOX_WRITE, "mkdir mkdirat unlink unlinkat rename renameat renameat2 ftruncate fsync fdatasync fchmod pwrite64 pwritev"},
	{SANDBOX_WRITE, "fallocate utimensat sync_file_range"},
	{SANDBOX_ACCEPT, "accept accept4"},
	{SANDBOX_ASK, "connect bind"},
	{SANDBOX_DATABASE, "uname getresuid getresgid"},
	{SANDBOX_PHONE, "accept accept4 listen sendmmsg recvmmsg memfd_create wait4 waitid"},
};
/* clang-format on */

/* The same call may stand in several rows: any of them that fits lets it pass. */
struct rule {
	unsigned may;
	const char *call;
	struct scmp_arg_cmp arg;
};

static bool add(scmp_filter_ctx ctx, const char *call, unsigned n, const struct scmp_arg_cmp *arg, struct why *why)
{
	int nr = seccomp_syscall_resolve_name(call), rc;

	if (nr == __NR_SCMP_ERROR)
		return true; /* this library is older than the call: it stays refused */
	rc = seccomp_rule_add_array(ctx, SCMP_ACT_ALLOW, nr, n, arg);
	/* -EDOM: a call that this architecture has not got */
	return rc == 0 || rc == -EDOM || why_not(why, "the filter of system calls: %s: %s", call, strerror(-rc));
}

static bool add_groups(scmp_filter_ctx ctx, unsigned may, struct why *why)
{
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		char list[256], *rest = list, *call;

		if (groups[i].may != ALWAYS && !(groups[i].may & may))
			continue;
		strncpy(list, groups[i].calls, sizeof list - 1);
		list[sizeof list - 1] = '\0';
		while ((call = strsep(&rest, " ")) != NULL)
			if (!add(ctx, call, 0, NULL, why))
				return false;
	}
	return true;
}

static bool add_rules(scmp_filter_ctx ctx, unsigned may, struct why *why)
{
	const struct rule rules[] = {
	    {ALWAYS, "tgkill", SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid())}, /* abort(); no other process */
	    {ALWAYS, "prctl", SCMP_A0_32(SCMP_CMP_EQ, PR_SET_NAME)},
	    {ALWAYS, "prctl", SCMP_A0_32(SCMP_CMP_EQ, PR_SET_VMA)},
	    {ALWAYS, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, FIONREAD)},
	    {ALWAYS, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, FIONBIO)},
	    {ALWAYS, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TCGETS)},
	    /* TCP Fast Open connects: a socket that the other side has closed would become a new connection to anybody */
	    {ALWAYS, "sendto", SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)},
	    {ALWAYS, "sendmsg", SCMP_A2_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)},
	    {SANDBOX_THREADS, "clone", SCMP_A0_32(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)}, /* never a process */
	    {SANDBOX_ASK, "socket", SCMP_A0_32(SCMP_CMP_EQ, AF_INET)},
	    {SANDBOX_ASK, "socket", SCMP_A0_32(SCMP_CMP_EQ, AF_INET6)},
	    {SANDBOX_DATABASE, "socket", SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX)},
	    /* glibc asks a name server for A and AAAA at once; without it a host by name cannot be found */
	    {SANDBOX_NAMES, "sendmmsg", SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0)},
	    {SANDBOX_PHONE, "socket", SCMP_A0_32(SCMP_CMP_EQ, AF_PACKET)},
	    {SANDBOX_PHONE, "socket", SCMP_A0_32(SCMP_CMP_EQ, AF_NETLINK)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, SIOCETHTOOL)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, SIOCGIFINDEX)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, SIOCGIFNAME)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TUNSETIFF)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TUNSETOFFLOAD)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TIOCGWINSZ)},
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TCSETS)}, /* never TIOCSTI: it types into root's shell */
	    {SANDBOX_PHONE, "ioctl", SCMP_A1_32(SCMP_CMP_EQ, TCFLSH)},
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		if ((rules[i].may == ALWAYS || (rules[i].may & may)) && !add(ctx, rules[i].call, 1, &rules[i].arg, why))
			return false;
	return true;
}

bool sandbox_filter(unsigned may, struct why *why)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	bool good = ctx && add_groups(ctx, may, why) && add_rules(ctx, may, why);
	int rc = ctx == NULL ? -ENOMEM : 0;

	if (good)
		rc = seccomp_load(ctx);
	if (ctx)
		seccomp_release(ctx);
	return rc == 0 ? good : why_not(why, "this kernel takes no filter of system calls (seccomp): %s", strerror(-rc));
}
