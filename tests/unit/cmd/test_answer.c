/* The doctor's answer: one screen, what is broken first, then what to type; and each row of the table explained. */
#include "tests/support/check.h"

#include "cmd/doctor/answer.h"
#include "cmd/doctor/explain.h"
#include "doctor/fill.h"

enum { SCREEN = 24 };

static char *said(const struct doctor_run *r, bool verbose)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);
	struct record_text *ink = record_text_new(to);
	struct findings f;

	assert_non_null(ink);
	f.n = doctor_diagnose(r, f.one, FINDINGS);
	answer_print(to, ink, r, &f, verbose);
	record_text_free(ink);
	fclose(to);
	return text;
}

static unsigned lines_of(const char *text, size_t *widest)
{
	unsigned lines = 0;

	*widest = 0;
	for (; *text; lines++) {
		size_t n = strcspn(text, "\n");

		const char *word = text + strspn(text, " ");

		lines += (unsigned)(n / 81);
		if (memchr(word, ' ', n - (size_t)(word - text))) /* one word cannot be folded */
			*widest = n > *widest ? n : *widest;
		text += n + (text[n] == '\n');
	}
	return lines;
}

static bool has(const char *text, const char *words) /* whatever the folding */
{
	for (; *text; text++) {
		const char *t = text, *w = words;

		while (*w && *t) {
			if (*w == ' ' && (*t == ' ' || *t == '\n')) {
				t += strspn(t, " \n");
				w++;
			} else if (*w == *t) {
				w++;
				t++;
			} else if (*t == '\n') {
				t += strspn(t, " \n");
			} else {
				break;
			}
		}
		if (*w == '\0')
			return true;
	}
	return false;
}

/* A sentence of the table with this run's names; of the last two calls. */
static const char *filled(const struct doctor_finding *f, const char *text)
{
	static char out[2][DOCTOR_TEXT_MAX];
	static unsigned n;

	return doctor_fill(f, text, out[n++ % 2]);
}

/* A run that fails in the way of this row, after a stage that was odd in five ways. */
static void run_of(const struct doctor_cause *c, struct doctor_run *r)
{
	enum dt_stage stage = c->stage ? c->stage : DT_STAGE_CHAIN;
	struct dt_record vlan = {.kind = DT_REC_STAGE, .stage = DT_STAGE_VLAN, .ok = true, .skipped = true, .failure = DT_F_VLAN_NONE};
	struct dt_record odd = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .what = "dhcp",
				.sign = {DT_SIGN_OFFER_SLOW, DT_SIGN_DOMAIN_ABSENT, DT_SIGN_VLAN_CONFLICT}};
	struct dt_record tried = {.kind = DT_REC_ATTEMPT, .stage = stage, .failure = c->failure ? c->failure : DT_F_CONNECT, .peer = "10.20.0.10:80",
				  .what = "root chain http://a-very-long-name-of-a-server.contoso.test/CertProv/CertProvisioningService.svc",
				  .why = "Connection refused, and a sentence of some length that comes from somewhere else, behind it"};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = stage, .failure = tried.failure, .why = tried.why};

	*r = (struct doctor_run){0};
	if (c->sees == SEES_SIGN)
		tried.sign[0] = c->value;
	assert_true(doctor_run_add(r, &vlan) && doctor_run_add(r, &odd) && doctor_run_add(r, &tried) && doctor_run_add(r, &end));
}

static void one_screen(void **state)
{
	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		struct doctor_run r;
		struct doctor_finding f[FINDINGS];
		size_t widest;
		char *text;
		unsigned lines, n;

		run_of(&doctor_causes[i], &r);
		text = said(&r, false);
		n = doctor_diagnose(&r, f, FINDINGS);
		lines = lines_of(text, &widest);
		if (lines > SCREEN || widest > 80)
			fail_msg("%u lines, %zu columns:\n%s", lines, widest, text);
		assert_int_equal(strncmp(text, "STAGE ", 6), 0); /* the first line is the answer */
		assert_true(n > 0);
		if (f[0].ncause) {
			char *remedy = strstr(text, "\nDO: ");

			assert_non_null(remedy);
			assert_true(remedy < strstr(text, "\n\n")); /* in the first paragraph */
			assert_true(has(text, filled(&f[0], f[0].cause[0]->cause)) && has(remedy, filled(&f[0], f[0].cause[0]->remedy)));
			assert_non_null(strstr(text, f[0].cause[0]->id));
		}
		free(text);
		doctor_run_free(&r);
	}
}

static void verbose_has_everything(void **state)
{
	struct doctor_run r;
	struct doctor_finding f[FINDINGS];
	unsigned n;
	char *text;

	(void)state;
	run_of(&(struct doctor_cause){.stage = DT_STAGE_CHAIN, .failure = DT_F_CONNECT}, &r);
	r.answers = 1;
	strcpy(r.answer[0].what, "tcp 10.20.0.10:443");
	strcpy(r.answer[0].text, "open");
	n = doctor_diagnose(&r, f, FINDINGS);
	text = said(&r, true);
	for (unsigned i = 0; i < n; i++)
		for (unsigned c = 0; c < f[i].ncause && (i == 0 || c == 0); c++)
			assert_true(f[i].because || (has(text, filled(&f[i], f[i].cause[c]->cause)) && has(text, filled(&f[i], f[i].cause[c]->remedy))));
	assert_true(has(text, "tcp 10.20.0.10:443: open"));
	assert_null(strstr(text, "--verbose"));
	free(text);
	text = said(&r, false);
	assert_false(has(text, "tcp 10.20.0.10:443: open"));
	free(text);
	doctor_run_free(&r);
}

static void dial_tone(void **state)
{
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true, .ms = 1234};
	struct dt_record odd = {.kind = DT_REC_ATTEMPT, .stage = DT_STAGE_ADDRESS, .ok = true, .what = "dhcp", .sign = {DT_SIGN_OFFER_SLOW}};
	struct doctor_run r = {0};
	char *text;

	(void)state;
	assert_true(doctor_run_add(&r, &end));
	text = said(&r, false);
	assert_string_equal(text, "Dial tone after 1.2 s: nothing to cure\n");
	free(text);
	doctor_run_free(&r);
	assert_true(doctor_run_add(&r, &odd) && doctor_run_add(&r, &end));
	text = said(&r, false);
	assert_int_equal(strncmp(text, "Dial tone, but stage 2: ", 24), 0);
	free(text);
	doctor_run_free(&r);
}

static char *explained(const char *id, int status)
{
	char *text = NULL;
	size_t n = 0;
	FILE *to = open_memstream(&text, &n);

	assert_int_equal(explain(to, id), status);
	fclose(to);
	return text;
}

static void each_row_is_explained(void **state)
{
	char *all = explained("all", 0), *page = explained("mdoc", 0);
	size_t widest;
	static const struct doctor_run empty;
	const struct doctor_finding nowhere = {.run = &empty};

	(void)state;
	for (size_t i = 0; i < doctor_cause_count; i++) {
		const char *cause = filled(&nowhere, doctor_causes[i].cause), *remedy = filled(&nowhere, doctor_causes[i].remedy);
		char *one = explained(doctor_causes[i].id, 0), entry[32];

		snprintf(entry, sizeof entry, ".It Sy %s\n", doctor_causes[i].id);
		if (!has(one, cause) || !has(one, remedy))
			fail_msg("%s is not explained whole", doctor_causes[i].id);
		assert_true(has(all, cause) && strstr(page, entry) != NULL);
		if (strchr(cause, '\\') == NULL)
			assert_true(has(page, cause));
		free(one);
	}
	lines_of(all, &widest);
	assert_true(widest <= 80);
	free(all);
	free(page);
	free(explained("c-13", 0));
	free(explained("Q-99", 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_screen), cmocka_unit_test(verbose_has_everything), cmocka_unit_test(dial_tone),
					   cmocka_unit_test(each_row_is_explained)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
