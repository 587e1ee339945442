/* fleet/random.c: random numbers for times, never for secrets. */
#include "fleet/internal.h"

uint64_t fleet_random(struct fleet *f) /* xorshift64* */
{
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 0x2545f4914f6cdd1dull;
}

double fleet_random_unit(struct fleet *f)
{
	return (double)(fleet_random(f) >> 11) / (double)(1ull << 53);
}
