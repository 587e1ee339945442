/* cmd/fleet/report.c: the results of a run: for people, as JSON, as CSV of the curve. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/date.h"
#include "cmd/fleet/verb.h"
#include "cmd/json_line.h"
#include "cmd/text.h"

void usage_read(struct usage *u)
{
	struct rusage r;
	char line[128] = "";
	const char *second;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f) { /* proc(5): the whole size, then what is resident, in pages */
		second = fgets(line, sizeof line, f) ? strchr(line, ' ') : NULL;
		u->rss_kb = second ? strtoul(second, NULL, 10) * ((uint64_t)sysconf(_SC_PAGESIZE) / 1024) : 0;
		fclose(f);
	}
	if (getrusage(RUSAGE_SELF, &r) == 0)
		u->cpu_s = (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

struct times_row {
	const char *key;
	const struct fleet_times *t;
};

static unsigned times_rows(const struct fleet_stats *s, struct times_row ret[DT_STAGE_COUNT + 3])
{
	unsigned n = 0;

	for (unsigned i = DT_STAGE_FIND; i <= DT_STAGE_LOGON; i++)
		ret[n++] = (struct times_row){dt_stage_keys[i], &s->by_stage[i]};
	ret[n++] = (struct times_row){"sign-in", &s->sign_in};
	ret[n++] = (struct times_row){"arrival", &s->arrival};
	ret[n++] = (struct times_row){"refresh", &s->refresh};
	return n;
}

/* ---- for people: the answer, the times, the failures -------------------------------------------------------------------------- */

static void answer(FILE *to, const struct fleet_stats *s)
{
	double seconds = (double)(s->last_ms ? s->last_ms : s->ms) / 1000;

	if (s->done == s->phones)
		fprintf(to, "All %u phones had dial tone, the last after %.1f s: %.1f sign-ins a second.\n", s->phones, seconds,
			seconds > 0 ? (double)s->done / seconds : 0);
	else
		fprintf(to, "%u of %u phones had dial tone within %.1f s.\n", s->done, s->phones, (double)s->ms / 1000);
	if (s->lost)
		fprintf(to, "Dial tone was lost %" PRIu64 " times.\n", s->lost);
	if (s->refreshed || s->refresh_failed)
		fprintf(to, "Registrations were refreshed %" PRIu64 " times, %" PRIu64 " refreshes failed.\n", s->refreshed, s->refresh_failed);
	if (s->signed_off)
		fprintf(to, "%" PRIu64 " phones signed off.\n", s->signed_off);
	if (s->held)
		fprintf(to, "Nobody got in for a while: tries were held back, to one a second at first.\n");
	if (s->unnamed)
		fprintf(to, "%" PRIu64 " connections would have gone to addresses that are no --target; they were not made.\n", s->unnamed);
}

static void failures(FILE *to, const struct fleet_stats *s)
{
	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++) {
		const struct fleet_failures *f = &s->failure[i];

		if (f->n == 0)
			continue;
		fprintf(to, "\n%" PRIu64 " x %s: %s (look at the %s)\n", f->n, dt_failures[i].code, dt_failures[i].what, dt_fault_names[dt_failures[i].fault]);
		fprintf(to, "  in stage");
		for (unsigned g = 0; g < DT_STAGE_COUNT; g++)
			if (f->at[g])
				fprintf(to, " %s (%" PRIu64 ")", g ? dt_stage_keys[g] : "-", f->at[g]);
		fputc('\n', to);
		if (f->why[0]) {
			fputs("  the last: ", to);
			text_put(to, f->why, strlen(f->why));
			fputc('\n', to);
		}
		fprintf(to, "  %s\n", dt_failures[i].fix);
	}
}

void report_text(FILE *to, const struct fleet_stats *s, const struct usage *u)
{
	struct times_row rows[DT_STAGE_COUNT + 3];
	unsigned n = times_rows(s, rows);

	answer(to, s);
	fprintf(to, "\n%-10s %10s %8s %8s %8s %8s\n", "", "times", "p50 ms", "p90", "p99", "most");
	for (unsigned i = 0; i < n; i++)
		if (rows[i].t->n)
			fprintf(to, "%-10s %10" PRIu64 " %8u %8u %8u %8u\n", rows[i].key, rows[i].t->n, fleet_times_at(rows[i].t, 500),
				fleet_times_at(rows[i].t, 900), fleet_times_at(rows[i].t, 990), rows[i].t->most);
	failures(to, s);
	fprintf(to, "\nTries %" PRIu64 ", of them %" PRIu64 " again after a refusal; %" PRIu64 " connections, %" PRIu64 " TLS handshakes, %" PRIu64
		    " resumed.\nThis process: %.1f s CPU, %" PRIu64 " KB, %.1f KB a phone.\n",
		s->tries, s->retries, s->streams, s->handshakes, s->resumed, u->cpu_s, u->rss_kb,
		s->phones ? (double)(u->rss_kb - (u->rss_before_kb < u->rss_kb ? u->rss_before_kb : u->rss_kb)) / s->phones : 0);
}

/* ---- JSON (dialtone-output(5)) ------------------------------------------------------------------------------------------------- */

static void put(json_t *to, const char *key, uint64_t n)
{
	json_object_set_new(to, key, json_integer((json_int_t)n));
}

static json_t *times_json(const char *key, const struct fleet_times *t)
{
	json_t *j = json_object();

	json_object_set_new(j, "of", json_string(key));
	put(j, "times", t->n);
	put(j, "mean_ms", t->n ? t->sum / t->n : 0);
	put(j, "p50_ms", fleet_times_at(t, 500));
	put(j, "p90_ms", fleet_times_at(t, 900));
	put(j, "p99_ms", fleet_times_at(t, 990));
	put(j, "most_ms", t->most);
	return j;
}

static json_t *failures_json(const struct fleet_stats *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++) {
		json_t *j, *stages;

		if (s->failure[i].n == 0)
			continue;
		j = json_object();
		stages = json_object();
		json_object_set_new(j, "error", json_string(dt_failures[i].code));
		json_object_set_new(j, "fault", json_string(dt_fault_names[dt_failures[i].fault]));
		put(j, "times", s->failure[i].n);
		for (unsigned g = 0; g < DT_STAGE_COUNT; g++)
			if (s->failure[i].at[g])
				put(stages, g ? dt_stage_keys[g] : "none", s->failure[i].at[g]);
		json_object_set_new(j, "stages", stages);
		json_object_set_new(j, "why", json_text(s->failure[i].why));
		json_array_append_new(list, j);
	}
	return list;
}

static json_t *curve_json(const struct fleet_stats *s)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < s->points; i++) {
		const struct fleet_point *p = &s->point[i];
		json_t *j = json_object();

		put(j, "ms", (uint64_t)i * s->point_ms);
		put(j, "tries", p->tries);
		put(j, "signed_in", p->signed_in);
		put(j, "failed", p->failed);
		put(j, "refreshed", p->refreshed);
		put(j, "registered", p->on);
		put(j, "signing_in", p->signing);
		put(j, "waiting", p->waiting);
		put(j, "mean_ms", p->signed_in ? p->sum_ms / p->signed_in : 0);
		put(j, "most_ms", p->most_ms);
		json_array_append_new(list, j);
	}
	return list;
}

json_t *report_json(const struct fleet_stats *s, const struct usage *u, const struct fleet_options *o)
{
	const struct {
		const char *key;
		uint64_t n;
	} numbers[] = {{"phones", s->phones}, {"done", s->done}, {"ms", s->ms}, {"last_ms", s->last_ms}, {"prepared_ms", s->prepared_ms},
		       {"tries", s->tries}, {"retries", s->retries}, {"signed_in", s->signed_in}, {"failed", s->failed}, {"lost", s->lost},
		       {"refreshed", s->refreshed}, {"refresh_failed", s->refresh_failed}, {"signed_off", s->signed_off},
		       {"restarts", s->restarts}, {"held", s->held}, {"unnamed", s->unnamed}, {"connections", s->streams},
		       {"handshakes", s->handshakes}, {"resumed", s->resumed}, {"refused", s->where[FLEET_REFUSED]},
		       {"rss_kb", u->rss_kb}, {"rss_before_kb", u->rss_before_kb}, {"cpu_ms", (uint64_t)(u->cpu_s * 1000)}};
	struct times_row rows[DT_STAGE_COUNT + 3];
	unsigned n = times_rows(s, rows);
	json_t *j = json_object(), *times = json_array();
	char began[ISO_TIME_MAX];

	json_object_set_new(j, "v", json_integer(1));
	iso_time(began, s->began_unix_ms / 1000);
	json_object_set_new(j, "began", json_string(began));
	json_object_set_new(j, "scenario", json_string(fleet_scenarios[o->scenario]));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		put(j, numbers[i].key, numbers[i].n);
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(times, times_json(rows[i].key, rows[i].t));
	json_object_set_new(j, "times", times);
	json_object_set_new(j, "failures", failures_json(s));
	json_object_set_new(j, "curve", curve_json(s));
	return j;
}

/* ---- the curve as CSV --------------------------------------------------------------------------------------------------------- */

bool report_csv(FILE *to, const struct fleet_stats *s)
{
	fputs("ms,tries,signed_in,failed,refreshed,registered,signing_in,waiting,mean_ms,most_ms\r\n", to);
	for (unsigned i = 0; i < s->points; i++) {
		const struct fleet_point *p = &s->point[i];

		fprintf(to, "%" PRIu64 ",%u,%u,%u,%u,%u,%u,%u,%" PRIu64 ",%u\r\n", (uint64_t)i * s->point_ms, p->tries, p->signed_in, p->failed,
			p->refreshed, p->on, p->signing, p->waiting, p->signed_in ? p->sum_ms / p->signed_in : 0, p->most_ms);
	}
	return fflush(to) == 0;
}

/* ---- Prometheus' text format ---------------------------------------------------------------------------------------------------- */

static void summary(struct buf *to, const char *label, const char *value, const struct fleet_times *t)
{
	static const unsigned at[] = {500, 900, 990};

	for (unsigned i = 0; i < 3 && t->n; i++)
		buf_printf(to, "dialtone_fleet_seconds{%s=\"%s\",quantile=\"%g\"} %.3f\n", label, value, at[i] / 1000.0, fleet_times_at(t, at[i]) / 1000.0);
	buf_printf(to, "dialtone_fleet_seconds_sum{%s=\"%s\"} %.3f\n", label, value, (double)t->sum / 1000);
	buf_printf(to, "dialtone_fleet_seconds_count{%s=\"%s\"} %" PRIu64 "\n", label, value, t->n);
}

void report_metrics(struct buf *to, const struct fleet_stats *s)
{
	const struct {
		const char *name;
		uint64_t n;
	} counters[] = {{"tries", s->tries}, {"retries", s->retries}, {"signed_in", s->signed_in}, {"failed", s->failed}, {"lost", s->lost},
			{"refreshed", s->refreshed}, {"refresh_failed", s->refresh_failed}, {"signed_off", s->signed_off},
			{"connections", s->streams}, {"handshakes", s->handshakes}, {"resumed", s->resumed}};
	struct times_row rows[DT_STAGE_COUNT + 3];
	unsigned n = times_rows(s, rows);

	buf_str(to, "# HELP dialtone_fleet_phones Phones by where they are.\n# TYPE dialtone_fleet_phones gauge\n");
	for (unsigned i = 0; i < FLEET_WHERES; i++)
		buf_printf(to, "dialtone_fleet_phones{where=\"%s\"} %u\n", fleet_wheres[i], s->where[i]);
	buf_str(to, "# HELP dialtone_fleet_stage Phones in each stage.\n# TYPE dialtone_fleet_stage gauge\n");
	for (unsigned i = DT_STAGE_VLAN; i < DT_STAGE_COUNT; i++)
		buf_printf(to, "dialtone_fleet_stage{stage=\"%s\"} %u\n", dt_stage_keys[i], s->stage[i]);
	for (size_t i = 0; i < sizeof counters / sizeof *counters; i++)
		buf_printf(to, "# TYPE dialtone_fleet_%s_total counter\ndialtone_fleet_%s_total %" PRIu64 "\n", counters[i].name, counters[i].name, counters[i].n);
	buf_str(to, "# HELP dialtone_fleet_failures_total Tries that failed, by code.\n# TYPE dialtone_fleet_failures_total counter\n");
	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++)
		if (s->failure[i].n)
			buf_printf(to, "dialtone_fleet_failures_total{error=\"%s\"} %" PRIu64 "\n", dt_failures[i].code, s->failure[i].n);
	buf_str(to, "# HELP dialtone_fleet_seconds How long stages, sign-ins and refreshes took.\n# TYPE dialtone_fleet_seconds summary\n");
	for (unsigned i = 0; i < n; i++)
		summary(to, "of", rows[i].key, rows[i].t);
}
