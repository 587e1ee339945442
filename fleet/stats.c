#include "fleet/stats.h"

#include "fleet/internal.h"

const char *const fleet_scenarios[4] = {"cold", "warm", "refresh", "day"};
const char *const fleet_phases[4] = {"preparing", "measuring", "ending", "over"};
const char *const fleet_wheres[FLEET_WHERES] = {[FLEET_OFF] = "off",	     [FLEET_SIGNING] = "signing_in", [FLEET_ON] = "registered",
						[FLEET_WAITING] = "waiting", [FLEET_LOST] = "lost",	     [FLEET_REFUSED] = "refused"};

/* ---- times: 0 to 63 each on its own, then 32 classes an octave ---------------------------------------------------------- */

static unsigned class_of(uint64_t ms)
{
	unsigned shift = 0, at;

	while (ms >> shift >= 64)
		shift++;
	at = shift * 32 + (unsigned)(ms >> shift);
	return at < FLEET_CLASSES ? at : FLEET_CLASSES - 1;
}

/* The largest value of a class. */
static uint64_t class_value(unsigned at)
{
	unsigned shift = at < 64 ? 0 : at / 32 - 1;

	return (((uint64_t)(at - shift * 32) + 1) << shift) - 1;
}

void fleet_times_add(struct fleet_times *t, uint64_t ms)
{
	t->n++;
	t->sum += ms;
	if (ms > t->most)
		t->most = ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
	t->count[class_of(ms)]++;
}

uint32_t fleet_times_at(const struct fleet_times *t, unsigned permille)
{
	uint64_t want = (t->n * permille + 999) / 1000, seen = 0, value;

	for (unsigned i = 0; i < FLEET_CLASSES && t->n; i++) {
		seen += t->count[i];
		if (seen < want || seen == 0)
			continue;
		value = class_value(i);
		return value < t->most ? (uint32_t)value : t->most;
	}
	return t->most;
}

void fleet_times_merge(struct fleet_times *into, const struct fleet_times *t)
{
	into->n += t->n;
	into->sum += t->sum;
	if (t->most > into->most)
		into->most = t->most;
	for (unsigned i = 0; i < FLEET_CLASSES; i++)
		into->count[i] += t->count[i];
}

/* ---- the run's time, in pieces -------------------------------------------------------------------------------------- */

static void point_join(struct fleet_point *a, const struct fleet_point *b)
{
	a->tries += b->tries;
	a->signed_in += b->signed_in;
	a->failed += b->failed;
	a->refreshed += b->refreshed;
	a->sum_ms += b->sum_ms;
	if (b->most_ms > a->most_ms)
		a->most_ms = b->most_ms;
	a->on = b->on;
	a->signing = b->signing;
	a->waiting = b->waiting;
}

/* Two pieces become one: as many as before, each twice as long. */
static void points_halve(struct fleet_stats *s)
{
	for (unsigned i = 0; i < FLEET_POINTS / 2; i++) {
		s->point[i] = s->point[2ul * i];
		point_join(&s->point[i], &s->point[2ul * i + 1]);
	}
	memset(s->point + FLEET_POINTS / 2, 0, sizeof s->point / 2);
	s->points = FLEET_POINTS / 2;
	s->point_ms *= 2;
}

struct fleet_point *stats_point(struct fleet *f)
{
	struct fleet_stats *s = &f->stats;
	uint64_t at;

	if (s->point_ms == 0)
		s->point_ms = 250;
	for (at = s->ms / s->point_ms; at >= FLEET_POINTS; at = s->ms / s->point_ms)
		points_halve(s);
	while (s->points <= at) {
		struct fleet_point *p = &s->point[s->points++];

		*p = (struct fleet_point){.on = s->where[FLEET_ON], .signing = s->where[FLEET_SIGNING], .waiting = s->where[FLEET_WAITING]};
	}
	return &s->point[at];
}

void stats_tick(struct fleet *f)
{
	struct fleet_stats *s = &f->stats;
	struct fleet_point *p;

	if (s->phase != FLEET_MEASURING)
		return;
	s->ms = f->now - f->began;
	p = stats_point(f);
	p->on = s->where[FLEET_ON];
	p->signing = s->where[FLEET_SIGNING];
	p->waiting = s->where[FLEET_WAITING] + s->where[FLEET_LOST];
}

/* Counts of the pass before are not the measured part's; the number of phones in each stage stays. */
void stats_begin(struct fleet *f)
{
	struct fleet_stats *s = &f->stats;
	struct fleet_stats was = *s;

	memset(s, 0, sizeof *s);
	s->phones = was.phones;
	s->prepared_ms = was.phase == FLEET_PREPARING && f->born ? f->now - f->born : 0;
	memcpy(s->where, was.where, sizeof s->where);
	memcpy(s->stage, was.stage, sizeof s->stage);
	s->phase = FLEET_MEASURING;
	s->began_unix_ms = clock_unix_ms();
	f->began = f->now;
}
