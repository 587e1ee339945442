/* confine/sandbox.h: the kernel refuses a process of dialtoned whatever it does not need, whoever has captured it.
 *
 * Users keep files apart (accounts.h); this keeps a captured process from all else that its user could do: make sockets, run
 * programs, signal, look at the rest of the machine.  Three layers, each of which holds by itself:
 *
 *   - a filter of system calls (seccomp): a list of what each role calls, and all else is answered as by a kernel that has no
 *     such call (ENOSYS), so that libc and libraries fall back to older calls instead of failing;
 *   - Landlock: the files that the role needs, by name; the others cannot be opened, whatever their permissions are;
 *   - limits (setrlimit): no process, no core, no locked memory, and no file at all for roles that write none.
 *
 * A process that root has started also gets an empty network of its own when its role has no business with the network.
 */
#ifndef DIALTONE_CONFINE_SANDBOX_H
#define DIALTONE_CONFINE_SANDBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

enum sandbox_may { /* besides computing, waiting, logging and using the descriptors that it has */
	SANDBOX_READ = 1,	   /* open the files of its list */
	SANDBOX_WRITE = 2,	   /* make, write, rename and remove files where its list says so */
	SANDBOX_THREADS = 4,	   /* start threads, never processes */
	SANDBOX_ACCEPT = 8,	   /* take connections from listeners that it was handed */
	SANDBOX_ASK = 16,	   /* make IPv4 and IPv6 sockets, and connect them */
	SANDBOX_NETWORK = 32,	   /* stays in the machine's network */
	SANDBOX_DATABASE = 64,	   /* make UNIX sockets as well, and connect them: to PostgreSQL */
	SANDBOX_PHONE = 128,	   /* a phone's: frames, links and addresses of its network, local listeners, serial lines */
	SANDBOX_NAMES = 256,	   /* ask a name server for all addresses of a host at once */
};

struct sandbox_place {
	const char *path; /* absolute, or below the site's folder; one that is not there is passed over */
	bool write;	  /* with all that is in it */
};

struct sandbox {
	const char *dir;    /* of the site */
	unsigned may;
	const struct sandbox_place *places; /* ends with path NULL; also what libraries read: sandbox.c */
	uint64_t file_max; /* octets that a file may grow to; 0: no file is written */
};

/* Before root is given up: leaves the machine's network, where the role has no business there and the kernel lets us. */
void sandbox_leave_network(const struct sandbox *s);
/* After root was given up, with no_new_privs set.  From here on the process and its threads are confined for good.
 * false: *why; a kernel without Landlock is no failure, as users and the filter hold without it. */
bool sandbox_enter(const struct sandbox *s, struct why *why);

bool landlock_there(void); /* whether this kernel has it, and it is on */

/* Its two parts: seccomp.c, landlock.c. */
bool sandbox_filter(unsigned may, struct why *why);
bool sandbox_files(const struct sandbox *s, const struct sandbox_place *system, struct why *why);

#endif
