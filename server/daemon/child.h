/* server/daemon/child.h: starting a process of dialtoned: the program itself, executed anew with a role.
 *
 * A new execution has an address space of its own: what a captured worker knows about its own memory says nothing about the
 * vault's, and each restart is laid out differently.  It has no terminal: a session of its own, /dev/null as standard input
 * and output, and its log goes through a pipe to the supervisor, which writes it.
 */
#ifndef DIALTONE_SERVER_CHILD_H
#define DIALTONE_SERVER_CHILD_H

#include <stddef.h>
#include <sys/types.h>

#define CHILD_INHERITED 512

struct child_conf {
	const char *name;  /* its role: shown by ps(1) */
	const void *state; /* what it is told: octets, which it reads from a descriptor of its own */
	size_t nstate;
	const int *inherited; /* descriptors that it finds under the same numbers; all others but 0, 1 and 2 are closed */
	unsigned nkeep;
};
/* *log_fd: where its log is read from, non-blocking; the caller closes it.  -1: errno. */
pid_t child_start(const struct child_conf *c, int *log_fd);

#endif
