#include "server/location/lists.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"

/* A client of ours wrote it: no control character ends a field or a line. */
static void list_field(struct buf *out, const char *s, const char *end)
{
	struct sv rest = sv_of(s);
	char c[5];

	while (utf8_shown(&rest, c))
		buf_str(out, c);
	buf_str(out, end);
}

void list_binding(void *arg, const struct location_binding *b)
{
	int64_t now = clock_unix_ms() / 1000;
	struct list_bindings *to = arg;
	struct buf *out = to->out;
	bool far = location_far_name(to->location, b->worker)[0] != '\0';

	list_field(out, b->aor, "\t");
	list_field(out, b->epid, "\t");
	list_field(out, b->instance, "\t");
	list_field(out, b->peer, "\t");
	/* how long it is good at another front end is known there only */
	buf_printf(out, "%u\t%lld\t%s\t", far ? 0 : b->worker, !far && b->expires > now ? (long long)(b->expires - now) : 0,
		   b->outside ? "outside" : "inside");
	list_field(out, location_far_name(to->location, b->worker), "\t");
	list_field(out, b->user_agent, "\n");
}

static unsigned long long ago(uint64_t now, uint64_t then)
{
	return then && then < now ? (unsigned long long)(now - then) : 0;
}

static void list_steps(struct buf *out, const struct journey *j, uint64_t now)
{
	static const char *const results[] = {[SEEN_ANSWERED] = "answered", [SEEN_ASKED] = "asked", [SEEN_REFUSED] = "refused"};
	const char *between = "";

	for (int i = 0; i < SEEN_STEP_COUNT; i++) {
		const struct journey_step *s = &j->steps[i];

		if (s->ended == 0)
			continue;
		buf_printf(out, "%s%s:%llu:%llu:%s", between, seen_steps[i].name, ago(now, s->began),
			   (unsigned long long)(s->ended - s->began), results[s->result]);
		between = ",";
	}
}

void list_journey(void *arg, const struct journey *j)
{
	const char *const texts[] = {j->mac, j->model, j->firmware, j->user, j->number, j->instance, j->epid, j->address};
	int64_t unix_s = clock_unix_ms() / 1000;
	uint64_t now = clock_mono_ms();
	struct buf *out = arg;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		list_field(out, texts[i], "\t");
	buf_printf(out, "%s\t%s\t%u\t%s\t%s\t", j->outside ? "outside" : "inside", j->evidence == SEEN_PROVED ? "proved" : "claimed",
		   journey_stage(j), journey_state_name(j, now), journey_code(j, now));
	list_field(out, journey_cause(j, now), "\t");
	buf_printf(out, "%s\t%llu\t", j->failed_at ? dt_failures[j->failed].code : "", ago(now, j->failed_at));
	buf_printf(out, "%llu\t%llu\t%llu\t%u\t%lld\t", ago(now, j->since), ago(now, j->seen_ms), ago(now, j->began), j->ways,
		   j->state == JOURNEY_REGISTERED && j->expires > unix_s ? (long long)(j->expires - unix_s) : 0);
	list_steps(out, j, now);
	buf_str(out, "\n");
}
