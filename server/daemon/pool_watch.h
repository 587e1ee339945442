/* server/daemon/pool_watch.h: a process asks the company's other pools whether they answer, for those that have a backup (watch_pools).
 *
 * The list is in memory that all processes share (server/site/health.h): the vault writes it, and reads what is found.  A pool is asked as a
 * load balancer asks it: GET /health over HTTP at port 80 of its Web Services.  One that says anything, `degraded` and `draining` as well, is
 * there: its phones stay with it.
 */
#ifndef DIALTONE_SERVER_POOL_WATCH_H
#define DIALTONE_SERVER_POOL_WATCH_H

#include "server/site/health.h"
#include "server/site/site.h"

/* The process: it asks each pool every two seconds, until SIGTERM.  ready_fd: one octet at the start; -1: none. */
int pool_watch_main(const struct site *s, struct health *h, int ready_fd);

/* What an answer, or none, makes of a pool.  Starts as {0}. */
struct pool_watch {
	uint64_t since; /* mono_ms: when the other kind of answer than its state's came first; 0: none has */
};
enum health_pool_state pool_watch_next(struct pool_watch *w, enum health_pool_state is, bool answers, uint64_t now);

#endif
