/* cmd/doctor/html_time.c: the run in time: bars of stages and attempts, and the ladder between the phone and those that it spoke with. */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "cmd/doctor/html.h"
#include "dialtone/phone.h"

struct step { /* of one line of the record */
	int stage;
	bool is_stage, ok, odd;
	int64_t ms, until; /* it took; it ended, UNIX ms */
	const char *what, *peer, *result;
};

static const char *string_of(const json_t *l, const char *key)
{
	const char *s = json_string_value(json_object_get(l, key));

	return s ? s : "";
}

static int64_t time_of(const json_t *l)
{
	const char *t = string_of(l, "t"), *dot = strchr(t, '.');
	int64_t s = 0, ms = 0;

	if (!iso_time_read(sv_of(t), &s))
		return 0;
	for (unsigned i = 1; dot && i <= 3 && dot[i] >= '0' && dot[i] <= '9'; i++)
		ms = ms * 10 + (dot[i] - '0');
	return s * 1000 + ms;
}

/* false: the line is neither an attempt nor the end of a stage. */
static bool step_of(const json_t *l, struct step *ret)
{
	const char *kind = string_of(l, "kind");

	*ret = (struct step){.stage = (int)json_integer_value(json_object_get(l, "stage")), .is_stage = strcmp(kind, "stage") == 0,
			     .ok = json_is_true(json_object_get(l, "ok")), .odd = json_object_get(l, "warn") || json_object_get(l, "error"),
			     .ms = json_integer_value(json_object_get(l, "ms")), .until = time_of(l), .what = string_of(l, "try"),
			     .peer = string_of(l, "peer"), .result = string_of(l, json_object_get(l, "found") ? "found" : "why")};
	return (ret->is_stage || strcmp(kind, "attempt") == 0) && ret->stage > 0 && ret->stage < DT_STAGE_COUNT && ret->until > 0;
}

static bool span_of(const json_t *lines, int64_t *from, int64_t *until)
{
	const json_t *l;
	struct step s;
	size_t i;

	*from = INT64_MAX;
	*until = 0;
	json_array_foreach(lines, i, l)
		if (step_of(l, &s)) {
			*from = s.until - s.ms < *from ? s.until - s.ms : *from;
			*until = s.until > *until ? s.until : *until;
		}
	return *until > *from;
}

/* ---- waterfall ---------------------------------------------------------------------------------------------------- */

static void duration(struct buf *to, int64_t ms)
{
	if (ms < 1000)
		html_put(to, "%d ms", (int)ms);
	else
		html_put(to, "%d.%d s", (int)(ms / 1000), (int)(ms % 1000 / 100));
}

static void bar(struct buf *to, const struct step *s, int64_t from, int64_t until)
{
	double whole = (double)(until - from), left = (double)(s->until - s->ms - from) * 100 / whole, width = (double)s->ms * 100 / whole;

	html_put(to, "<div class=\"row %s\"><div class=\"n\">", s->is_stage ? "stage" : "try");
	if (s->is_stage)
		html_put(to, "%d %s", s->stage, dt_stage_titles[s->stage]);
	else
		html_text(to, s->what);
	html_put(to, "</div><div class=\"track\"><div class=\"bar%s%s\" style=\"left:%.2f%%;width:%.2f%%\"></div></div><div class=\"ms\">",
		 s->is_stage ? "" : " thin", !s->ok ? " no" : s->odd ? " odd" : "", left < 0 ? 0 : left, width > 100 ? 100 : width);
	duration(to, s->ms);
	html_put(to, "</div></div>\n");
}

/* Each stage, and below it its attempts: a stage's line stands behind them in the record. */
void html_waterfall(struct buf *to, const json_t *lines)
{
	int64_t from, until;
	struct step s, a;

	if (!span_of(lines, &from, &until))
		return;
	html_put(to, "<h2>Where the time went: ");
	duration(to, until - from);
	html_put(to, "</h2>\n<div>\n");
	for (int stage = DT_STAGE_VLAN; stage < DT_STAGE_COUNT; stage++) {
		struct step whole = {.stage = stage, .is_stage = true, .ok = true};
		bool any = false;
		const json_t *l;
		size_t i;

		json_array_foreach(lines, i, l)
			if (step_of(l, &s) && s.stage == stage) {
				any = true;
				if (s.is_stage)
					whole = s;
				else if (whole.until < s.until && !whole.ms) /* a stage that never ended */
					whole.until = s.until, whole.ok = s.ok;
			}
		if (!any)
			continue;
		bar(to, &whole, from, until);
		json_array_foreach(lines, i, l)
			if (step_of(l, &a) && a.stage == stage && !a.is_stage)
				bar(to, &a, from, until);
	}
	html_put(to, "</div>\n");
}

/* ---- ladder ------------------------------------------------------------------------------------------------------- */

enum { PHONE_AT = 70, STEP_DOWN = 34, FIRST = 40, WIDTH = 940, PLACES = 7, TEXT = 52 };

static const char *const places[PLACES] = {"switch", "DHCP", "network", "DNS", "update service", "web service", "Registrar"};

static int place_of(const struct step *s)
{
	static const struct {
		const char *begins;
		int place;
	} rows[] = {{"lldp", 0}, {"dhcp", 1}, {"arp", 2}, {"ntp", 2}, {"time", 2}, {"a ", 3}, {"srv ", 3}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strncmp(s->what, rows[i].begins, strlen(rows[i].begins)) == 0)
			return rows[i].place;
	return s->stage <= DT_STAGE_ADDRESS ? 2 : s->stage <= DT_STAGE_UPDATE ? 4 : s->stage <= DT_STAGE_CERT ? 5 : 6;
}

static int place_x(int place)
{
	return PHONE_AT + 100 + place * (WIDTH - PHONE_AT - 150) / (PLACES - 1);
}

static void cut_text(struct buf *to, const char *s)
{
	char text[TEXT + 8];
	size_t n = strlen(s);

	snprintf(text, sizeof text, "%.*s%s", TEXT, s, n > TEXT ? "..." : "");
	html_text(to, text);
}

static void rung(struct buf *to, const struct step *s, int y)
{
	int x = place_x(place_of(s));

	html_put(to, "<g class=\"%s\"><text x=\"%d\" y=\"%d\">", s->ok ? "" : "bad", PHONE_AT + 8, y - 5);
	cut_text(to, s->what);
	html_put(to, "</text><path class=\"arrow\" d=\"M%d %dH%d\"/><path class=\"tip\" d=\"M%d %dl-7 -3v6z\"/>", PHONE_AT, y, x, x, y);
	if (s->ok || s->result[0]) {
		html_put(to, "<text class=\"note dim\" x=\"%d\" y=\"%d\">", PHONE_AT + 8, y + 11);
		cut_text(to, s->ok && !s->result[0] ? "ok" : s->result);
		html_put(to, "</text>");
	}
	html_put(to, "</g>\n");
}

void html_ladder(struct buf *to, const json_t *lines)
{
	unsigned rungs = 0, at = 0;
	const json_t *l;
	struct step s;
	size_t i;

	json_array_foreach(lines, i, l)
		rungs += step_of(l, &s) && !s.is_stage;
	if (rungs == 0)
		return;
	html_put(to, "<h2>Who spoke with whom</h2>\n<div class=\"wide\"><svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"ladder of the sign-in\">\n",
		 WIDTH, FIRST + rungs * STEP_DOWN + 20);
	html_put(to, "<text x=\"%d\" y=\"14\" text-anchor=\"middle\">phone</text><path class=\"life\" d=\"M%d 22V%u\"/>\n", PHONE_AT, PHONE_AT,
		 FIRST + rungs * STEP_DOWN + 10);
	for (int p = 0; p < PLACES; p++)
		html_put(to, "<text x=\"%d\" y=\"14\" text-anchor=\"middle\">%s</text><path class=\"life\" d=\"M%d 22V%u\"/>\n", place_x(p), places[p],
			 place_x(p), FIRST + rungs * STEP_DOWN + 10);
	json_array_foreach(lines, i, l)
		if (step_of(l, &s) && !s.is_stage) {
			int y = FIRST + (int)at++ * STEP_DOWN;

			html_put(to, "<text class=\"dim\" x=\"4\" y=\"%d\">%d</text>", y, s.stage);
			rung(to, &s, y);
		}
	html_put(to, "</svg></div>\n");
}
