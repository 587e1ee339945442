/* tests/unit/cmd/test_record_text.c: a run as people read it: its layout, in 80 columns, without colours off a terminal. */
#include "tests/support/check.h"

#include "cmd/phone/record_text.h"

struct world {
	FILE *f;
	char *text;
	size_t n;
	struct record_text *t;
};

static void begin(struct world *w)
{
	*w = (struct world){0};
	w->f = open_memstream(&w->text, &w->n);
	assert_non_null(w->f);
	w->t = record_text_new(w->f);
	assert_non_null(w->t);
}

static void end(struct world *w)
{
	record_text_free(w->t);
	fclose(w->f);
	free(w->text);
}

static void line(struct world *w, enum dt_record_kind kind, enum dt_stage stage, const struct dt_record *more)
{
	struct dt_record r = more ? *more : (struct dt_record){.ok = true};

	r.kind = kind;
	r.stage = stage;
	record_text_line(w->t, &r);
	fflush(w->f);
}

static const char *at(const struct world *w, const char *what)
{
	const char *found = strstr(w->text, what);

	if (found == NULL)
		fail_msg("'%s' is not in\n%s", what, w->text);
	return found;
}

static void narrow_and_plain(const struct world *w)
{
	const char *s = w->text;

	while (*s) {
		size_t n = strcspn(s, "\n");

		if (n > 80)
			fail_msg("%zu columns: %.*s", n, (int)n, s);
		s += n + (s[n] != '\0');
	}
	assert_null(strchr(w->text, '\033'));
}

/* An oddity stands below its own stage, once, whenever it was noticed. */
static void notes(void **state)
{
	static const char odd[] = "the server's certificate could not be verified: self-signed certificate in certificate chain";
	struct world w;

	(void)state;
	begin(&w);
	line(&w, DT_REC_BEGIN, DT_STAGE_FIND, NULL);
	line(&w, DT_REC_STAGE, DT_STAGE_FIND, &(struct dt_record){.ok = true, .found = "ucupdates-r2.contoso.test", .ms = 8});
	line(&w, DT_REC_BEGIN, DT_STAGE_UPDATE, NULL);
	for (int i = 0; i < 3; i++)
		line(&w, DT_REC_ATTEMPT, DT_STAGE_UPDATE, &(struct dt_record){.ok = true, .what = "update question", .warn = odd});
	assert_null(strstr(w.text, "note: "));
	line(&w, DT_REC_STAGE, DT_STAGE_UPDATE, &(struct dt_record){.ok = true, .found = "4.0.7577.4363 is up to date", .warn = odd});
	assert_true(at(&w, "note: ") > at(&w, "Check for Updates"));
	assert_null(strstr(at(&w, "note: ") + 1, "note: "));
	line(&w, DT_REC_BEGIN, DT_STAGE_DISCOVER, NULL);
	line(&w, DT_REC_STAGE, DT_STAGE_DISCOVER, NULL);
	assert_null(strstr(at(&w, "Obtain Registrar"), "note: "));
	/* a phone that stays has no stage: it is said at once */
	line(&w, DT_REC_ATTEMPT, DT_STAGE_LOGON, &(struct dt_record){.ok = true, .what = "refresh", .warn = "late"});
	at(&w, "note: late");
	narrow_and_plain(&w);
	end(&w);
}

/* A stage that fails tells what was tried; the end tells what, why, and what to do. Nothing the network said gets through raw. */
static void failure(void **state)
{
	char *argv[] = {(char *)"connect", (char *)"--interface", (char *)"eth0", (char *)"--stay", (char *)"5", (char *)"--user",
			(char *)"CONTOSO\\alice", (char *)"--json", NULL};
	struct run_result r = {.known = true, .stage = DT_STAGE_DISCOVER, .failure = DT_F_REGISTRAR_NONE, .ms = 12345};
	struct world w;

	(void)state;
	begin(&w);
	line(&w, DT_REC_BEGIN, DT_STAGE_DISCOVER, NULL);
	for (int i = 0; i < 20; i++)
		line(&w, DT_REC_ATTEMPT, DT_STAGE_DISCOVER,
		     &(struct dt_record){.what = "srv _sipinternaltls._tcp.contoso.test", .failure = DT_F_DNS_NONE, .ms = 5,
					 .why = "evil\033[2Jtext\x07 of a server that says very much and does not end when it should end"});
	line(&w, DT_REC_STAGE, DT_STAGE_DISCOVER, &(struct dt_record){.failure = DT_F_REGISTRAR_NONE});
	at(&w, "FAILED: neither DNS nor option 120 names a Registrar");
	at(&w, "tried ... 8 more");
	why_set(&r.why, "nothing at all");
	record_text_result(w.t, &r, 8, argv);
	fflush(w.f);
	at(&w, "no dial tone: stage 5, Obtain Registrar FQDN");
	at(&w, "why    nothing at all");
	at(&w, "do     create SRV");
	at(&w, "dialtone doctor --interface eth0 --user 'CONTOSO\\alice'\n");
	narrow_and_plain(&w);
	end(&w);
}

static void long_titles(void **state)
{
	struct world w;

	(void)state;
	for (int lost = 0; lost < 2; lost++)
		for (int stage = DT_STAGE_NONE; stage < DT_STAGE_COUNT; stage++) {
			struct run_result r = {.known = true, .dial_tone = lost, .stage = (enum dt_stage)stage, .failure = DT_F_STORE};

			begin(&w);
			record_text_result(w.t, &r, 0, NULL);
			fflush(w.f);
			at(&w, lost ? "dial tone lost" : "no dial tone");
			narrow_and_plain(&w);
			end(&w);
		}
}

static void dial_tone(void **state)
{
	struct run_result r = {.known = true, .ok = true, .stage = DT_STAGE_LOGON, .ms = 1449};
	struct world w;

	(void)state;
	begin(&w);
	record_text_result(w.t, &r, 0, NULL);
	fflush(w.f);
	assert_string_equal(w.text, "\ndial tone after 1.4 s\n");
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(notes), cmocka_unit_test(failure), cmocka_unit_test(long_titles),
					   cmocka_unit_test(dial_tone)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
