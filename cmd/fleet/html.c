/* cmd/fleet/html.c: a run of the fleet as one page for a browser: the answer, the curves (SVG), the times, the failures.  Nothing is
 * fetched, no script runs. */
#include <inttypes.h>
#include <math.h>

#include "base/date.h"
#include "cmd/doctor/html.h"
#include "cmd/fleet/verb.h"

#define W 900 /* of a chart, in pixels */
#define H 200
#define LEFT 60
#define CHART_MOST 4

struct series {
	const char *name, *colour;
	/* NAN: there was nothing to measure, and the curve has a gap. */
	double (*at)(const struct fleet_stats *s, const struct fleet_point *p);
};

static double on(const struct fleet_stats *s, const struct fleet_point *p)
{
	(void)s;
	return p->on;
}

static double signing(const struct fleet_stats *s, const struct fleet_point *p)
{
	(void)s;
	return p->signing;
}

static double waiting(const struct fleet_stats *s, const struct fleet_point *p)
{
	(void)s;
	return p->waiting;
}

static double tries(const struct fleet_stats *s, const struct fleet_point *p)
{
	return p->tries * 1000.0 / s->point_ms;
}

static double signed_in(const struct fleet_stats *s, const struct fleet_point *p)
{
	return p->signed_in * 1000.0 / s->point_ms;
}

static double failed(const struct fleet_stats *s, const struct fleet_point *p)
{
	return p->failed * 1000.0 / s->point_ms;
}

static double refreshed(const struct fleet_stats *s, const struct fleet_point *p)
{
	return p->refreshed * 1000.0 / s->point_ms;
}

static double mean(const struct fleet_stats *s, const struct fleet_point *p)
{
	(void)s;
	return p->signed_in ? (double)p->sum_ms / p->signed_in / 1000 : NAN;
}

static double most(const struct fleet_stats *s, const struct fleet_point *p)
{
	(void)s;
	return p->signed_in ? p->most_ms / 1000.0 : NAN;
}

static const struct chart {
	const char *title;
	struct series series[CHART_MOST];
} charts[] = {
    {"Phones", {{"registered", "#2a7d2a", on}, {"signing in", "#2b6cb0", signing}, {"waiting", "#c05621", waiting}}},
    {"Sign-ins a second", {{"tries", "#8a8a8a", tries}, {"dial tone", "#2a7d2a", signed_in}, {"failed", "#c53030", failed}}},
    {"Time of a sign-in, in seconds", {{"longest", "#c05621", most}, {"mean", "#2b6cb0", mean}}},
    {"Refreshes a second", {{"refreshes", "#6b46c1", refreshed}}},
};

/* The least of 1.2, 2, 4, 8 times a power of ten that is at least v: a quarter of it is a short number. */
static double round_up(double v)
{
	static const double steps[] = {1.2, 2, 4, 8};
	double power = 0.001;

	for (;; power *= 10)
		for (unsigned i = 0; i < 4; i++)
			if (steps[i] * power >= v)
				return steps[i] * power;
}

static double chart_top(const struct fleet_stats *s, const struct chart *c)
{
	double top = 0;

	for (unsigned k = 0; k < CHART_MOST && c->series[k].name; k++)
		for (unsigned i = 0; i < s->points; i++)
			if (c->series[k].at(s, &s->point[i]) > top)
				top = c->series[k].at(s, &s->point[i]);
	return top > 0 ? round_up(top) : 0;
}

/* A step of time of which the run has at most eight. */
static unsigned time_step(double seconds)
{
	static const unsigned steps[] = {1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800};
	unsigned i = 0, ret = 86400;

	while (i < sizeof steps / sizeof *steps && seconds / steps[i] > 8)
		i++;
	if (i < sizeof steps / sizeof *steps)
		return steps[i];
	while (seconds / ret > 8)
		ret *= 2;
	return ret;
}

static void times_axis(struct buf *to, double seconds)
{
	unsigned step = time_step(seconds);

	for (unsigned t = 0; t <= seconds; t += step) {
		double x = LEFT + (W - LEFT) * t / seconds;

		html_put(to, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#999\"/>", x, x, H, H + 4);
		html_put(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\">", x, H + 18, t == 0 ? "start" : x > W - 20 ? "end" : "middle");
		if (step >= 60)
			html_put(to, "%u:%02u h</text>", t / 3600, t / 60 % 60);
		else
			html_put(to, "%u:%02u min</text>", t / 60, t % 60);
	}
}

static void axes(struct buf *to, const struct fleet_stats *s, double top)
{
	for (unsigned i = 0; i <= 4; i++) {
		double y = H - (double)H * i / 4;

		html_put(to, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>", LEFT, W, y, y);
		html_put(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.12g</text>", LEFT - 6, y + 4, top * i / 4);
	}
	times_axis(to, (double)s->points * s->point_ms / 1000);
}

/* One line for each stretch without a gap.  Round ends: a single point is seen. */
static void curve(struct buf *to, const struct fleet_stats *s, const struct series *c, double top)
{
	bool open = false;

	html_put(to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" stroke-linecap=\"round\" d=\"", c->colour);
	for (unsigned i = 0; i < s->points; i++) {
		double v = c->at(s, &s->point[i]), x = LEFT + (double)(W - LEFT) * (i + 0.5) / s->points;

		if (!isnan(v))
			html_put(to, open ? "L%.1f,%.1f" : "M%.1f,%.1fh0", x, H - H * v / top);
		open = !isnan(v);
	}
	buf_str(to, "\"/>");
}

static void chart(struct buf *to, const struct fleet_stats *s, const struct chart *c)
{
	double top = chart_top(s, c);

	if (s->points == 0 || top <= 0)
		return;
	html_put(to, "<h2>%s</h2>\n<div><svg viewBox=\"0 -24 %d %d\" width=\"100%%\" font-size=\"12\" font-family=\"sans-serif\" role=\"img\"><title>%s</title>",
		 c->title, W + 4, H + 48, c->title);
	axes(to, s, top);
	for (unsigned k = 0; k < CHART_MOST && c->series[k].name; k++) {
		curve(to, s, &c->series[k], top);
		html_put(to, "<text x=\"%u\" y=\"-10\" fill=\"%s\">%s</text>", LEFT + 120 * k, c->series[k].colour, c->series[k].name);
	}
	buf_str(to, "</svg></div>\n");
}

static void times(struct buf *to, const struct fleet_stats *s)
{
	struct {
		const char *name;
		const struct fleet_times *t;
	} rows[DT_STAGE_COUNT + 3];
	unsigned n = 0;

	for (unsigned i = DT_STAGE_FIND; i < DT_STAGE_COUNT; i++)
		rows[n].name = dt_stage_titles[i], rows[n++].t = &s->by_stage[i];
	rows[n].name = "Sign-in, the try that succeeded", rows[n++].t = &s->sign_in;
	rows[n].name = "From the first try to dial tone, waits included", rows[n++].t = &s->arrival;
	rows[n].name = "Refresh", rows[n++].t = &s->refresh;
	buf_str(to, "<h2>Times</h2>\n<div><table><tr><th></th><th>times</th><th>p50 ms</th><th>p90</th><th>p99</th><th>most</th></tr>\n");
	for (unsigned i = 0; i < n; i++)
		if (rows[i].t->n)
			html_put(to, "<tr><td>%s</td><td>%" PRIu64 "</td><td>%u</td><td>%u</td><td>%u</td><td>%u</td></tr>\n", rows[i].name, rows[i].t->n,
				 fleet_times_at(rows[i].t, 500), fleet_times_at(rows[i].t, 900), fleet_times_at(rows[i].t, 990), rows[i].t->most);
	buf_str(to, "</table></div>\n");
}

static void failures(struct buf *to, const struct fleet_stats *s)
{
	buf_str(to, "<h2>Failures</h2>\n");
	if (s->failed + s->lost == 0)
		buf_str(to, "<p>None.</p>\n");
	for (unsigned i = 0; i < DT_FAILURE_COUNT; i++) {
		if (s->failure[i].n == 0)
			continue;
		html_put(to, "<p><b>%" PRIu64 " &times; %s</b>: %s", s->failure[i].n, dt_failures[i].code, dt_failures[i].what);
		if (s->failure[i].why[0]) {
			buf_str(to, "<br>The last: ");
			html_text(to, s->failure[i].why);
		}
		buf_str(to, "<br>The cure: ");
		html_text(to, dt_failures[i].fix);
		buf_str(to, "</p>\n");
	}
}

void report_html(struct buf *to, const struct fleet_stats *s, const struct usage *u, const struct fleet_options *o)
{
	char began[ISO_TIME_MAX];

	iso_time(began, s->began_unix_ms / 1000);
	/* Narrow windows: a chart whose words can still be read, and a table, are moved sideways inside the page. */
	buf_str(to, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
		    "<title>dialtone fleet</title>\n<style>body{font:15px/1.4 sans-serif;max-width:960px;margin:2em auto;padding:0 1em}"
		    "div{overflow-x:auto}svg{min-width:640px}table{border-collapse:collapse}td,th{padding:2px 12px;text-align:right}"
		    "td:first-child{text-align:left}tr:nth-child(even){background:#f4f4f4}"
		    "@media(max-width:640px){td,th{padding:2px 5px}}</style></head><body>\n");
	html_put(to, "<h1>%u of %u phones had dial tone</h1>\n", s->done, s->phones);
	html_put(to, "<p>Scenario %s, begun %s, measured %.1f s; the last phone had dial tone after %.1f s. %" PRIu64 " tries, %" PRIu64 " failed, %" PRIu64
		     " lost, %" PRIu64 " refreshes.</p>\n",
		 fleet_scenarios[o->scenario], began, (double)s->ms / 1000, (double)s->last_ms / 1000, s->tries, s->failed, s->lost, s->refreshed);
	for (size_t i = 0; i < sizeof charts / sizeof *charts; i++)
		chart(to, s, &charts[i]);
	times(to, s);
	failures(to, s);
	html_put(to, "<p>This process: %.1f s CPU, %.1f MB. %" PRIu64 " connections, %" PRIu64 " TLS handshakes, %" PRIu64 " resumed.</p>\n</body></html>\n",
		 u->cpu_s, (double)u->rss_kb / 1024, s->streams, s->handshakes, s->resumed);
}
