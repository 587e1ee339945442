/* The page: whole by itself, and nothing that a network wrote becomes markup. */
#include "tests/support/check.h"

#include "cmd/doctor/html.h"

static json_t *line(const char *t, const char *kind, int stage, const char *what, bool ok, int ms, const char *text)
{
	return json_pack("{ss ss si ss sb si ss}", "t", t, "kind", kind, "stage", stage, "try", what, "ok", ok, "ms", ms, ok ? "found" : "why", text);
}

static char *page(const struct doctor_run *r, const json_t *lines)
{
	struct findings f;
	struct buf b = {0};
	char *text;

	f.n = doctor_diagnose(r, f.one, FINDINGS);
	html_begin(&b, "a <title>");
	html_phone(&b, "cx600 & more", r, &f, lines);
	html_end(&b);
	assert_false(b.oom);
	text = strdup(buf_cstr(&b));
	buf_free(&b);
	return text;
}

static unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text += strlen(what))
		n++;
	return n;
}

static void hostile(struct doctor_run *r, json_t **lines)
{
	static const char evil[] = "\"><script>alert(1)</script>&\x1b[2J<img src=x onerror=y>";
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_CHAIN, .what = evil, .peer = evil, .failure = DT_F_CONNECT, .why = evil,
				  .fact = {.host = evil}};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_CHAIN, .failure = DT_F_CONNECT, .why = evil};

	*r = (struct doctor_run){0};
	assert_true(doctor_run_add(r, &tried) && doctor_run_add(r, &end));
	r->answers = 1;
	snprintf(r->answer[0].what, sizeof r->answer[0].what, "%s", evil);
	snprintf(r->answer[0].text, sizeof r->answer[0].text, "%s", evil);
	*lines = json_array();
	json_array_append_new(*lines, line("2026-11-30T06:00:01.000Z", "attempt", 6, evil, false, 500, evil));
	json_array_append_new(*lines, line("2026-11-30T06:00:01.000Z", "stage", 6, evil, false, 900, evil));
}

static void nothing_becomes_markup(void **state)
{
	struct doctor_run r;
	json_t *lines;
	char *text;

	(void)state;
	hostile(&r, &lines);
	text = page(&r, lines);
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<img"));
	assert_null(strchr(text, '\x1b'));
	assert_non_null(strstr(text, "&lt;script&gt;"));
	assert_non_null(strstr(text, "cx600 &amp; more"));
	assert_non_null(strstr(text, "<title>a &lt;title&gt;</title>"));
	free(text);
	json_decref(lines);
	doctor_run_free(&r);
}

static void whole_by_itself(void **state)
{
	static const char *const elsewhere[] = {"href=", "@import", "url(", "<link", "<iframe", "http-equiv"};
	static const char *const pairs[][2] = {{"<div", "</div>"}, {"<dl", "</dl>"}, {"<table", "</table>"}, {"<tr", "</tr>"}, {"<td", "</td>"},
					       {"<svg", "</svg>"}, {"<g ", "</g>"}, {"<text", "</text>"}, {"<h2", "</h2>"}, {"<p ", "</p>"}};
	struct doctor_run r;
	json_t *lines;
	char *text;

	(void)state;
	hostile(&r, &lines);
	text = page(&r, lines);
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (strstr(text, elsewhere[i]))
			fail_msg("%s", elsewhere[i]);
	assert_int_equal(count(text, "src="), count(text, "&lt;img src=")); /* of the hostile text, escaped */
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
		assert_int_equal(count(text, pairs[i][0]), count(text, pairs[i][1]));
	free(text);
	json_decref(lines);
	doctor_run_free(&r);
}

/* A bar is where its time is: the second of two attempts of 500 ms within 1 s begins in the middle. */
static void bars_are_where_their_time_is(void **state)
{
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true, .ms = 1000};
	struct doctor_run r = {0};
	json_t *lines = json_array();
	char *text;

	(void)state;
	assert_true(doctor_run_add(&r, &end));
	json_array_append_new(lines, line("2026-11-30T06:00:00.500Z", "attempt", 2, "dhcp", true, 500, "10.66.0.1"));
	json_array_append_new(lines, line("2026-11-30T06:00:01.000Z", "attempt", 3, "a ucupdates-r2.contoso.test", true, 500, "10.20.0.10"));
	text = page(&r, lines);
	assert_non_null(strstr(text, "left:0.00%;width:50.00%"));
	assert_non_null(strstr(text, "left:50.00%;width:50.00%"));
	assert_non_null(strstr(text, "Where the time went: 1.0 s"));
	assert_non_null(strstr(text, "Dial tone: nothing to cure"));
	assert_int_equal(count(text, "class=\"arrow\""), 2);
	free(text);
	json_decref(lines);
	lines = json_array(); /* a record of v = 1, without times */
	text = page(&r, lines);
	assert_null(strstr(text, "class=\"arrow\""));
	free(text);
	json_decref(lines);
	doctor_run_free(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_becomes_markup), cmocka_unit_test(whole_by_itself),
					   cmocka_unit_test(bars_are_where_their_time_is)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
