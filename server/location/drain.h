/* server/location/drain.h: a front end that is to be stopped or upgraded: its phones go to the others, spread over a time.
 *
 * A phone that is asked registers anew at once, and its connection is closed: the load balancer, which hears from /health that this
 * front end drains, leads it to another one.  All at once would be a storm of sign-ins there.
 */
#ifndef DIALTONE_SERVER_LOCATION_DRAIN_H
#define DIALTONE_SERVER_LOCATION_DRAIN_H

#include "net/loop.h"
#include "server/location/location.h"
#include "server/site/health.h"

#define DRAIN_SECONDS_MAX 86400u

struct drain {
	struct loop_timer tick;
	struct location *location;
	struct health *health; /* NULL: nobody reads it, and nothing drains */
	uint64_t begin, end;   /* mono_ms: the first is asked; the last */
};
void drain_init(struct drain *d, struct loop *l, struct location *location, struct health *health);
void drain_clear(struct drain *d);
unsigned drain_begin(struct drain *d, unsigned seconds); /* how many phones will be asked */
bool drain_end(struct drain *d); /* false: it did not drain */
bool drain_is_on(const struct drain *d);

#endif
