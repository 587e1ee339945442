/* Sentences of the table of causes with this site's names in them: each name in braces, known here, known elsewhere, and not known. */
#include "doctor/fill.h"
#include "tests/support/check.h"

#define ALL                                                                                                                           \
	{                                                                                                                             \
		.host = "fe01", .domain = "contoso.test", .cert = "other", .said = "no", .address = 0x0a14000a, .by = 0x0a420001, .port = 443, .vlan = 66, \
		.option = 43, .seconds = 7260, .http = 503, .sip = 480                                                               \
	}

/* clang-format off */
static const struct {
	const char *name, *here, *elsewhere, *unknown;
} names[] = {
	{"{host}",    "fe01",         "the server",        "the server"},
	{"{address}", "10.20.0.10",   "its address",       "its address"},
	{"{by}",      "10.66.0.1",    "10.66.0.1",         "a machine between"},
	{"{port}",    "443",          "PORT",              "PORT"},
	{"{vlan}",    "66",           "66",                "N"},
	{"{domain}",  "contoso.test", "contoso.test",      "DOMAIN"},
	{"{cert}",    "other",        "another name",      "another name"},
	{"{option}",  "43",           "N",                 "N"},
	{"{seconds}", "7260",         "some",              "some"},
	{"{hours}",   "2",            "some",              "some"},
	{"{http}",    "503",          "an error",          "an error"},
	{"{sip}",     "480",          "an error",          "an error"},
	{"{said}",    "no",           "no reason",         "no reason"},
	{"{vlans}",   "{vlans}",      "{vlans}",           "{vlans}"},
	{"a { b",     "a { b",        "a { b",             "a { b"},
};
/* clang-format on */

static void each_is(const struct doctor_finding *f, size_t column)
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const char *const wanted[] = {names[i].here, names[i].elsewhere, names[i].unknown};
		char text[64], line[DOCTOR_TEXT_MAX], out[DOCTOR_TEXT_MAX];

		snprintf(text, sizeof text, "so %s.", names[i].name);
		snprintf(line, sizeof line, "so %s.", wanted[column]);
		assert_string_equal(doctor_fill(f, text, out), line);
	}
}

static void filled(void **state)
{
	struct doctor_run r = {0}, empty = {0};
	struct doctor_line none = {.kind = DT_REC_ATTEMPT}, all = {.kind = DT_REC_ATTEMPT, .fact = ALL};
	struct dt_record other = {.kind = DT_REC_ATTEMPT, .fact = ALL};

	(void)state;
	assert_true(doctor_run_add(&r, &other));
	r.answer[r.answers++] = (struct doctor_answer){.fact = {.by = 0x0a420001}};
	each_is(&(struct doctor_finding){.run = &empty, .evidence = &all}, 0);
	each_is(&(struct doctor_finding){.run = &empty, .evidence = &none, .asked = &(struct doctor_answer){.fact = ALL}}, 0);
	each_is(&(struct doctor_finding){.run = &r, .evidence = &none}, 1);
	each_is(&(struct doctor_finding){.run = &empty, .evidence = &none}, 2);
	doctor_run_free(&r);
}

/* The answer that names a machine between is about the same address. */
static void of_the_same_address(void **state)
{
	struct doctor_run r = {.answers = 2, .answer = {{.fact = {.address = 2, .by = 0x0a420002}}, {.fact = {.address = 3, .by = 0x0a420003}}}};
	struct doctor_line at = {.kind = DT_REC_ATTEMPT, .fact = {.address = 3}};
	char out[DOCTOR_TEXT_MAX];

	(void)state;
	assert_string_equal(doctor_fill(&(struct doctor_finding){.run = &r, .evidence = &at}, "{by}", out), "10.66.0.3");
	at.fact.address = 4;
	assert_string_equal(doctor_fill(&(struct doctor_finding){.run = &r, .evidence = &at}, "{by}", out), "a machine between");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(filled),
	    cmocka_unit_test(of_the_same_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
