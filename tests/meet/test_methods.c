/* tests/meet/test_methods.c: the phones that can sign in, and how, when a site switches methods off: every combination of
 * UseCertificateAuth, UseWindowsAuth, UsePinAuth, offer_tls_dsk and offer_ntlm, for each model, inside, outside and tethered; and the sentence
 * of a phone that cannot.
 *
 * The outcome of each is told here from the documents, not taken from the phone: "Authentication Process" of the product (certificate
 * authentication off in the Web Services: new phones work when paired with a computer, the CX700 "will continue to connect externally and
 * internally"; off at the Registrar: the CX700 by NTLM), and "Device Connection Process".
 */
#include "tests/support/check.h"

#include "tests/meet/changes.h"
#include "tests/meet/meet.h"

enum place { INSIDE, TETHERED, OUTSIDE_ENROLLED /* it has a certificate from inside */, OUTSIDE_WITHOUT /* NTLM was enough inside */, PLACES };

struct site_offers {
	bool cert, windows, pin, dsk, ntlm;
};

struct outcome {
	enum dt_stage stage;
	enum dt_failure failure; /* DT_F_OK: dial tone ... */
	bool by_ntlm;		 /* ... by NTLM at the Registrar; else by its certificate */
	const char *words;	 /* in the sentence of one that cannot */
};

/* Its certificate, when it has one and the Registrar takes such; else user name and password. */
static struct outcome at_the_registrar(const struct site_offers *s, bool has_cert, bool has_password)
{
	if (has_cert && s->dsk)
		return (struct outcome){DT_STAGE_LOGON, DT_F_OK};
	if (has_password && s->ntlm)
		return (struct outcome){DT_STAGE_LOGON, DT_F_OK, .by_ntlm = true};
	return (struct outcome){DT_STAGE_LOGON, DT_F_SIP_SCHEME, .words = s->dsk || s->ntlm ? "it offers" : "no scheme that this phone has"};
}

static struct outcome what_must_come(const struct site_offers *s, enum place where, bool password)
{
	if (where == OUTSIDE_ENROLLED)
		return at_the_registrar(s, true, password);
	if (where == OUTSIDE_WITHOUT)
		return at_the_registrar(s, false, true);
	if (password) /* "The CX700 can use certificate or NTLM" */
		return at_the_registrar(s, s->cert && s->windows, true);
	if (!s->cert)
		return (struct outcome){DT_STAGE_AUTH, DT_F_METHOD_OFF, .words = "give no certificates"};
	if (!s->pin)
		return (struct outcome){DT_STAGE_AUTH, DT_F_METHOD_OFF, .words = "offers no such port"};
	return at_the_registrar(s, true, false);
}

static void offers_of(struct meet *m, const struct site_offers *s)
{
	m->site.UseCertificateAuth = s->cert;
	m->site.UseWindowsAuth = s->windows ? SITE_WINDOWS_NTLM : SITE_WINDOWS_NONE;
	m->site.UsePinAuth = s->pin;
	m->site.offer_tls_dsk = s->dsk;
	m->site.offer_ntlm = s->ntlm;
}

static void by_password(struct meet *m)
{
	m->conf.number = m->conf.pin = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "Pa$$word";
	m->conf.sip = "alice@contoso.test";
}

static void carried_home(struct meet *m)
{
	meet_phone_off(m);
	change_home(m);
}

/* What it must have done inside before it is carried home. */
static void was_inside(struct meet *m, enum place where)
{
	static const struct site_offers all = {true, true, true, true, true}, no_cert = {false, true, true, true, true};

	offers_of(m, where == OUTSIDE_ENROLLED ? &all : &no_cert);
	assert_true(meet_phone(m));
	meet_run(m, 300000);
	assert_true(meet_result(m) && meet_result(m)->ok);
	m->nrecord = 0;
	carried_home(m);
}

static void one(const struct dt_model *model, const struct site_offers *s, enum place where)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 7);
	bool password = where == TETHERED || where == OUTSIDE_WITHOUT || !(model->auth & DT_AUTH_PIN);
	struct outcome want = what_must_come(s, where, password);
	const struct meet_record *r, *on;

	assert_non_null(m);
	m->conf.model = model;
	m->conf.tethered = where == TETHERED;
	if (password)
		by_password(m);
	if (where >= OUTSIDE_ENROLLED)
		was_inside(m, where);
	if (where == OUTSIDE_ENROLLED && !password)
		m->conf.number = m->conf.pin = NULL;
	offers_of(m, s);
	assert_true(meet_phone(m));
	meet_run(m, 300000);
	r = meet_result(m);
	on = meet_find(m, "register");
	if (r == NULL || r->ok != (want.failure == DT_F_OK) || r->stage != want.stage || r->failure != want.failure ||
	    (r->ok && (strstr(on->found, "NTLM") != NULL) != want.by_ntlm) || (want.words && strstr(r->why, want.words) == NULL)) {
		meet_dump(m);
		fail_msg("%s, place %d, cert %d windows %d pin %d dsk %d ntlm %d: %s at stage %d: %s", model->key, (int)where, s->cert, s->windows,
			 s->pin, s->dsk, s->ntlm, r ? dt_failures[r->failure].code : "no result", r ? (int)r->stage : 0, r ? r->why : "");
	}
	if (r->ok)
		assert_true(dt_phone_registered(m->phone));
	meet_free(m);
	meet_flash_free(&flash);
}

static bool can_be(const struct dt_model *model, enum place where)
{
	return where == TETHERED ? (model->auth & DT_AUTH_TETHER) != 0 : where == OUTSIDE_WITHOUT ? (model->auth & DT_AUTH_NTLM) != 0 : true;
}

static unsigned every_model(const struct site_offers *s, enum place where, bool all)
{
	unsigned n = 0, kinds = 0;

	for (size_t i = 0; i < dt_model_count; i++) {
		const struct dt_model *model = &dt_models[i];

		/* All that is asked of a model is in its row: two of the same kind are not told apart in each of the combinations. */
		if (!can_be(model, where) || (!all && (kinds & 1u << (model->auth & 7))))
			continue;
		kinds |= 1u << (model->auth & 7);
		one(model, s, where);
		n++;
	}
	return n;
}

static void every_combination(void **state)
{
	unsigned n = 0;

	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		struct site_offers s = {bits & 1, bits & 2, bits & 4, bits & 8, bits & 16};

		for (enum place where = INSIDE; where < PLACES; where++)
			n += every_model(&s, where, bits == 31 || bits == 30);
	}
	print_message("# %u phones\n", n);
}

/* "Before an external IP phone can connect to Lync Server, it must have had a successful connection, internally": the CX700, too. */
static void never_inside(void **state)
{
	(void)state;
	for (size_t i = 0; i < dt_model_count; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 7);

		assert_non_null(m);
		m->conf.model = &dt_models[i];
		m->conf.trust = (const char *)meet_keys()->root_pem.p;
		if (!(m->conf.model->auth & DT_AUTH_PIN))
			by_password(m);
		carried_home(m);
		assert_true(meet_phone(m));
		meet_run(m, 300000);
		assert_true(meet_result(m) && !meet_result(m)->ok);
		assert_int_equal(meet_result(m)->failure, DT_F_NEVER_INSIDE);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* "... and returns the user's home pool and SIP URI": with user name and password alone, the ticket tells whose they are. */
static void the_servers_tell_the_uri(void **state)
{
	(void)state;
	for (int tethered = 0; tethered < 2; tethered++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 7);
		struct location_binding b[2];

		m->conf.model = dt_model_find(tethered ? "cx600" : "cx700");
		m->conf.tethered = tethered;
		by_password(m);
		m->conf.sip = NULL;
		assert_true(meet_phone(m));
		meet_run(m, 300000);
		if (meet_result(m) == NULL || !meet_result(m)->ok)
			meet_dump(m);
		assert_true(meet_result(m) && meet_result(m)->ok);
		assert_int_equal(location_list(m->location, "alice@contoso.test", b, 2), 1);
		meet_free(m);
		meet_flash_free(&flash);
	}
}

/* The Web Services fail behind a log on by NTLM: the dial tone stays. */
static void dial_tone_is_not_thrown_away(void **state)
{
	static const struct site_offers no_cert = {false, true, true, true, true};
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 7);

	(void)state;
	m->conf.model = dt_model_find("cx700");
	by_password(m);
	was_inside(m, OUTSIDE_WITHOUT);
	offers_of(m, &no_cert);
	for (unsigned i = 0; i < m->nlistener; i++)
		m->listener[i].down |= m->listener[i].service <= MEET_HTTPS;
	assert_true(meet_phone(m));
	meet_run(m, 300000);
	if (meet_result(m) == NULL || !meet_result(m)->ok)
		meet_dump(m);
	assert_true(meet_result(m) && meet_result(m)->ok && dt_phone_registered(m->phone));
	meet_free(m);
	meet_flash_free(&flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_combination),
	    cmocka_unit_test(never_inside),
	    cmocka_unit_test(the_servers_tell_the_uri),
	    cmocka_unit_test(dial_tone_is_not_thrown_away),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
