#include "server/location/drain.h"

#include "base/clock.h"
#include "base/log.h"

enum {
	TICK_MS = 200,
	AGAIN_SECONDS = 60, /* a new location process takes over: it does not know the time that was typed */
	FIRST_MS = 2000 /* load balancers look at /health every second or two: the first to be asked must not come back here */
};

static void near_one(void *arg, const struct location_binding *b)
{
	*(size_t *)arg += b->worker < LOCATION_FAR;
}

static size_t near_count(const struct location *l)
{
	struct location_walk w = {0};
	size_t n = 0;

	while (location_walk(l, &w, near_one, &n))
		;
	return n;
}

/* Of those who are left, as many as come to this tick. */
static void drain_tick(void *arg)
{
	struct drain *d = arg;
	uint64_t now = clock_mono_ms();
	size_t left = near_count(d->location), ticks = now < d->end ? (size_t)((d->end - now) / TICK_MS) + 1 : 1;

	location_order_some(d->location, (left + ticks - 1) / ticks, LOCATION_DEACTIVATED, "this front end is about to stop");
	if (now < d->end || left)
		loop_timer_at(&d->tick, now + TICK_MS);
	else
		log_line(LOG_INFO, "location", "drained: nobody is registered here");
}

void drain_init(struct drain *d, struct loop *l, struct location *location, struct health *health)
{
	*d = (struct drain){.location = location, .health = health};
	loop_timer_init(&d->tick, l, drain_tick, d);
	if (health_drains(health)) /* a predecessor of this process began it */
		drain_begin(d, AGAIN_SECONDS);
}

void drain_clear(struct drain *d)
{
	loop_timer_stop(&d->tick);
}

unsigned drain_begin(struct drain *d, unsigned seconds)
{
	size_t n = near_count(d->location);

	if (d->health == NULL)
		return 0;
	atomic_store(&d->health->draining, 1);
	d->begin = clock_mono_ms() + FIRST_MS;
	d->end = d->begin + (uint64_t)seconds * 1000;
	loop_timer_at(&d->tick, d->begin);
	log_line(LOG_INFO, "location", "draining: %zu phone%s asked to go elsewhere within %u s", n, n == 1 ? " is" : "s are", seconds);
	return (unsigned)n;
}

bool drain_is_on(const struct drain *d)
{
	return health_drains(d->health);
}

bool drain_end(struct drain *d)
{
	if (!drain_is_on(d))
		return false;
	atomic_store(&d->health->draining, 0);
	loop_timer_at(&d->tick, UINT64_MAX);
	log_line(LOG_INFO, "location", "draining no more: phones are taken again");
	return true;
}
