/* server/daemon/scoreboard.h: a page shared by all processes of dialtoned: which run, and how many RSA private-key
 * operations each has done.  Each process writes its own row only; the control socket reads them all.
 */
#ifndef DIALTONE_SERVER_DAEMON_SCOREBOARD_H
#define DIALTONE_SERVER_DAEMON_SCOREBOARD_H

#include <stdatomic.h>

#include "server/site/health.h"

#define SCOREBOARD_ROWS 144 /* two generations of 64 workers, and the others */

struct score {
	char name[16]; /* "worker", "vault", "location", "legacy", "dhcp", "dns", "watch" */
	unsigned index;
	atomic_int pid; /* 0: does not run */
	atomic_ulong private_operations;
	atomic_ulong restarts;
};
struct scoreboard {
	struct health health;
	atomic_uint rows;
	struct score row[SCOREBOARD_ROWS];
};
/* *fd is what another process maps it by; its size is sealed, so that no process can take the page from the others.
 * NULL: out of memory. */
struct scoreboard *scoreboard_new(int *fd);
struct scoreboard *scoreboard_map(int fd); /* NULL: it is no scoreboard */
void scoreboard_free(struct scoreboard *b);

#endif
