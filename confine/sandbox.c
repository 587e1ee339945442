#include "confine/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>

/* The sanitizers' runtime looks at the process itself when it reports. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#define FILES_AT_ONCE 4096 /* descriptors of a process that serves no phones */

/* Libraries read these by themselves: OpenSSL and GnuTLS their modules and configuration, libc the number of processors. */
static const struct sandbox_place libraries[] = {
    {"/usr/lib", false},
    {"/lib", false},
    {"/usr/lib64", false},
    {"/lib64", false},
    {"/usr/local/lib", false},
    {"/etc/ld.so.cache", false},
    {"/etc/ssl/openssl.cnf", false},
    {"/etc/pki/tls/openssl.cnf", false},
    {"/etc/gnutls", false},
    {"/etc/crypto-policies", false},
    {"/sys/devices/system/cpu/online", false},
#ifdef SANITIZED
    {"/proc/self", false},
#endif
    {NULL, false},
};

void sandbox_leave_network(const struct sandbox *s)
{
	if (!(s->may & SANDBOX_NETWORK))
		(void)!unshare(CLONE_NEWNET); /* a container may not let us: the filter holds without it */
}

/* Only where there is no way back: hard limits. */
static bool limits(const struct sandbox *s, struct why *why)
{
	struct {
		int what;
		rlim_t most;
		bool wanted;
	} rows[] = {
	    {RLIMIT_CORE, 0, true},
	    {RLIMIT_NPROC, 0, !(s->may & SANDBOX_THREADS)},
	    {RLIMIT_MSGQUEUE, 0, true},
	    {RLIMIT_FSIZE, s->file_max, true},
	    {RLIMIT_NOFILE, FILES_AT_ONCE, !(s->may & SANDBOX_NETWORK)},
#ifndef SANITIZED
	    {RLIMIT_MEMLOCK, 0, true},
#endif
	};

	signal(SIGXFSZ, SIG_IGN); /* a file that is full is an error of write(), not the end */
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rlimit now;

		if (!rows[i].wanted || getrlimit((__rlimit_resource_t)rows[i].what, &now) < 0)
			continue;
		if (now.rlim_max != RLIM_INFINITY && now.rlim_max < rows[i].most)
			rows[i].most = now.rlim_max;
		now.rlim_cur = now.rlim_max = rows[i].most;
		if (setrlimit((__rlimit_resource_t)rows[i].what, &now) < 0)
			return why_not(why, "cannot limit what this process may use: %s", strerror(errno));
	}
	return true;
}

bool sandbox_enter(const struct sandbox *s, struct why *why)
{
	struct sandbox all = *s;

#ifdef SANITIZED
	all.may |= SANDBOX_READ;
#endif
	return limits(s, why) && sandbox_files(&all, libraries, why) && sandbox_filter(all.may, why);
}
