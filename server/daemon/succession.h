/* server/daemon/succession.h: one generation of processes follows another, and what becomes of the earlier one.
 *
 * A reload starts a whole new generation.  When it is ready, the workers of before accept nothing any more and keep their registered
 * phones; the vault and the location process of before end, and the new ones ask and answer over the sockets of those workers.
 */
#ifndef DIALTONE_SERVER_DAEMON_SUCCESSION_H
#define DIALTONE_SERVER_DAEMON_SUCCESSION_H

#include "server/daemon/generation.h"
#include "server/daemon/supervisor.h"

enum {
	READY_MS = 60000,	    /* a generation that is not ready by then is given up */
	SETTLED_MS = 5000,	    /* a process that lived this long is restarted without delay */
	PAUSE_MS = 100, PAUSE_MAX_MS = 5000, /* else after a pause that doubles */
	KILL_MS = WORKER_DRAIN_MS + 3000,
	OTHERS_MS = 3000,	    /* for the vault and the location process of a generation that is followed */
	OLD = 4 /* generations that drain at the same time */
};

struct supervisor {
	const struct supervisor_conf *conf;
	struct scoreboard *scoreboard;
	struct ticket_keys ticket_keys; /* TLS session tickets outlive a worker and a reload */
	int signal_fd, keylog_fd, lock_fd, scoreboard_fd;
	struct generation *now, *next; /* next: started, not ready yet */
	struct generation *old[OLD];
	uint64_t next_until;
	bool ready, ending, failed;
	int status;
};

void succession_retire(struct supervisor *s, struct generation *g); /* all of it is asked to end; NULL is fine */
void succession_take_over(struct supervisor *s, struct generation *before); /* s->now is ready; before NULL: it is the first */
void succession_adopt(struct supervisor *s); /* as soon as the vault and the location process of before have ended; again and again */
void succession_end(struct supervisor *s);   /* those of before that keep phones are asked to end */
bool succession_drained(struct generation *g, uint64_t now); /* moves one that ends on; true: nobody of it is left */

#endif
