/* fleet/arrive.c: the times at which phones begin.
 *
 * Power cut: current comes back to all switches at once, and 48 phones hang on each.  A switch needs its time until it feeds its
 * ports, about the same for all of its phones; each phone then boots in a time of its own, mostly a middle one.
 */
#include "fleet/internal.h"

#define SWITCH_PORTS 48
#define SWITCH_SHARE 0.3 /* of the whole spread */

/* The same number for every phone of a switch. */
static double switch_unit(const struct fleet *f, unsigned i)
{
	uint64_t x = (f->random | 1) * 0x9e3779b97f4a7c15ull + (i / SWITCH_PORTS) * 0xbf58476d1ce4e5b9ull;

	x ^= x >> 31;
	x *= 0x94d049bb133111ebull;
	x ^= x >> 29;
	return (double)(x >> 11) / (double)(1ull << 53);
}

uint64_t arrive_at(struct fleet *f, unsigned i)
{
	const struct fleet_arrival *a = &f->conf.arrive;
	double boot;

	switch (a->curve) {
	case FLEET_STEADY:
		return (uint64_t)(i * 1000.0 / a->rate);
	case FLEET_BURST:
		return 0;
	case FLEET_POWER_CUT:
		break;
	}
	boot = (fleet_random_unit(f) + fleet_random_unit(f)) / 2;
	return (uint64_t)(a->spread * (SWITCH_SHARE * switch_unit(f, i) + (1 - SWITCH_SHARE) * boot));
}
