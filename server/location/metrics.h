/* server/location/metrics.h: writes the counters of dialtoned as Prometheus reads them: text format 0.0.4, on a port of this machine's own.
 *
 * The location process hears of every step of every phone; it keeps sums of them, and shows them beside the scoreboard.  One GET a
 * connection; anything that is asked gets the same answer.  dialtoned(8) lists the names.
 */
#ifndef DIALTONE_SERVER_LOCATION_METRICS_H
#define DIALTONE_SERVER_LOCATION_METRICS_H

#include "base/buf.h"
#include "net/loop.h"
#include "server/daemon/scoreboard.h"
#include "server/location/location.h"

#define METRICS_BOUNDS 8

struct metrics_step { /* of one step of the process (server/location/seen.h) */
	uint64_t result[3];		     /* enum seen_result */
	uint64_t within[METRICS_BOUNDS + 1]; /* how long it took; the last: longer than all bounds */
	uint64_t ms;			     /* together */
};

struct metrics {
	struct metrics_step step[SEEN_STEP_COUNT];
	uint64_t refused[DT_FAILURE_COUNT]; /* by the failure's code */
	uint64_t bound, orders;
};
/* now_ms: mono_ms */
void metrics_count(struct metrics *m, const struct location_ask *q, const struct location_reply *r, uint64_t now_ms);
/* The text; l and b may be NULL. */
void metrics_write(const struct metrics *m, const struct location *l, const struct scoreboard *b, struct buf *ret);

/* ---- the port -------------------------------------------------------------------------------------------------------- */

struct metrics_port;
/* fd: listening.  text(): appends the answer.  NULL: out of memory. */
struct metrics_port *metrics_port_new(struct loop *l, int fd, void (*text)(void *arg, struct buf *ret), void *arg);
void metrics_port_free(struct metrics_port *p);

#endif
