/* cmd/fleet/live.c: shows the state of the fleet on standard error: a table on a terminal, a line elsewhere. */
#include <inttypes.h>
#include <stdio.h>

#include "cmd/fleet/verb.h"

#define LINES 12

static double per_second(const struct fleet_stats *s)
{
	unsigned back = s->points > 1 ? s->points - 2 : 0; /* the last whole piece, and the one that is being filled */
	uint64_t n = 0, ms = s->points > 1 ? s->point_ms + s->ms % s->point_ms : s->ms;

	for (unsigned i = back; i < s->points; i++)
		n += s->point[i].signed_in;
	return ms ? (double)n * 1000 / (double)ms : 0;
}

static void line(const struct fleet_stats *s)
{
	fprintf(stderr, "%s %" PRIu64 " s: %u registered, %u signing in, %u waiting, %u refused of %u; %.1f/s, %" PRIu64 " failed, p50 %u ms, p99 %u ms\n",
		fleet_phases[s->phase], s->ms / 1000, s->where[FLEET_ON], s->where[FLEET_SIGNING], s->where[FLEET_WAITING] + s->where[FLEET_LOST],
		s->where[FLEET_REFUSED], s->phones, per_second(s), s->failed, fleet_times_at(&s->sign_in, 500), fleet_times_at(&s->sign_in, 990));
}

static void row(const char *name, unsigned now, const struct fleet_times *t)
{
	fprintf(stderr, "  %-10s %8u %8" PRIu64 " %8u %8u %8u %8u\033[K\n", name, now, t->n, fleet_times_at(t, 500), fleet_times_at(t, 900),
		fleet_times_at(t, 990), t->most);
}

static void worst(const struct fleet_stats *s)
{
	const struct fleet_failures *most = NULL;
	unsigned code = 0;

	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++)
		if (s->failure[i].n && (most == NULL || s->failure[i].n > most->n)) {
			most = &s->failure[i];
			code = i;
		}
	if (most)
		fprintf(stderr, "  %" PRIu64 " x %s: %.60s\033[K\n", most->n, dt_failures[code].code, dt_failures[code].what);
	else
		fprintf(stderr, "  no failure\033[K\n");
}

void live_show(const struct fleet_stats *s, bool terminal)
{
	if (!terminal) {
		line(s);
		return;
	}
	fprintf(stderr, "\r%s, %" PRIu64 " s, %.1f sign-ins a second\033[K\n", fleet_phases[s->phase], s->ms / 1000, per_second(s));
	fprintf(stderr, "  %u registered, %u signing in, %u waiting, %u lost, %u refused of %u\033[K\n", s->where[FLEET_ON], s->where[FLEET_SIGNING],
		s->where[FLEET_WAITING], s->where[FLEET_LOST], s->where[FLEET_REFUSED], s->phones);
	fprintf(stderr, "  %-10s %8s %8s %8s %8s %8s %8s\033[K\n", "stage", "in it", "done", "p50 ms", "p90", "p99", "most");
	for (unsigned i = DT_STAGE_FIND; i <= DT_STAGE_LOGON; i++)
		row(dt_stage_keys[i], s->stage[i], &s->by_stage[i]);
	row("sign-in", s->where[FLEET_SIGNING], &s->sign_in);
	worst(s);
	fprintf(stderr, "\033[%dA", LINES);
	fflush(stderr);
}

void live_clear(bool terminal)
{
	if (terminal)
		fputs("\r\033[J", stderr);
}
