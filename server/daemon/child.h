/* server/daemon/child.h: a process of dialtoned: forked by the supervisor, told who it is, with no more rights than it needs.
 *
 * The board is a page shared by all of them: who runs, and how many RSA private-key operations each has done.  Each child
 * writes its own row only; the control socket reads them all.
 */
#ifndef DIALTONE_SERVER_CHILD_H
#define DIALTONE_SERVER_CHILD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define BOARD_ROWS 144 /* two generations of 64 workers, and the others */
#define CHILD_KEEP 256

struct board_row {
	char name[16]; /* "worker", "vault", "location", "legacy", "dhcp", "dns" */
	unsigned index;
	atomic_int pid; /* 0: does not run */
	atomic_ulong private_operations;
	atomic_ulong restarts;
};
struct board {
	atomic_uint rows;
	struct board_row row[BOARD_ROWS];
};
struct board *board_new(void); /* shared with every process forked later; NULL: out of memory */
void board_free(struct board *b);

struct child_conf {
	const char *name; /* kept */
	unsigned index;
	const char *user;      /* to become, when we are root */
	struct board_row *row; /* may be NULL */
	const int *keep;       /* descriptors that it needs besides 0, 1 and 2; all others are closed */
	unsigned nkeep;
	int (*run)(void *arg);
	void *arg;
};
/* Forks; the child becomes `user`, dies with its parent, and leaves with what run() says.  -1: errno. */
pid_t child_start(const struct child_conf *c);

#endif
