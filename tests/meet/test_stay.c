/* tests/meet/test_stay.c: after the first dial tone: hours and days of staying, what the administrator does in the
 * meantime, and the phone outside.
 */
#include "tests/support/check.h"

#include "tests/meet/changes.h"
#include "tests/meet/meet.h"
#include "tests/meet/octets.h"

#define LONG_ENOUGH (300 * 1000)
#define HOUR (3600 * 1000ull)
#define ALICE "alice@contoso.test"

static struct meet *world(struct meet_flash *flash)
{
	struct meet *m = meet_new(flash, 11);

	assert_non_null(m);
	return m;
}

static void end(struct meet *m, struct meet_flash *flash)
{
	meet_free(m);
	meet_flash_free(flash);
}

static void ends_with(struct meet *m, bool ok, enum dt_stage stage, enum dt_failure failure)
{
	const struct meet_record *r = meet_result(m);

	if (r == NULL || r->ok != ok || r->stage != stage || r->failure != failure) {
		meet_dump(m);
		if (r)
			fail_msg("ended at stage %d with %s, expected stage %d with %s", r->stage,
				 dt_failures[r->failure].code, stage, dt_failures[failure].code);
		fail_msg("no result");
	}
}

static void run(struct meet *m, bool ok, enum dt_stage stage, enum dt_failure failure)
{
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	ends_with(m, ok, stage, failure);
}

static void dial_tone(struct meet *m)
{
	run(m, true, DT_STAGE_LOGON, DT_F_OK);
	assert_true(dt_phone_registered(m->phone));
}

static void dial_tone_still(struct meet *m)
{
	struct location_binding b[4];

	if (!dt_phone_registered(m->phone)) {
		meet_dump(m);
		fail_msg("no dial tone any more");
	}
	location_expire(m->location);
	assert_int_equal(location_list(m->location, ALICE, b, 4), 1);
}

static unsigned attempts(const struct meet *m, const char *what)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->nrecord; i++)
		n += m->record[i].kind == DT_REC_ATTEMPT && strncmp(m->record[i].what, what, strlen(what)) == 0;
	return n;
}

static void change_alice(struct meet *m, void (*change)(struct store_user *))
{
	struct store_user u;

	assert_int_equal(m->store->ops->user_get(m->store, ALICE, &u), STORE_OK);
	change(&u);
	assert_int_equal(m->store->ops->user_set(m->store, &u), STORE_OK);
}

static void disable(struct store_user *u)
{
	u->enabled = false;
}
static void no_remote(struct store_user *u)
{
	u->remote = false;
}
static void elsewhere(struct store_user *u)
{
	sv_copy(u->home_pool, sizeof u->home_pool, SV("sip.contoso.test"));
}
static void nowhere(struct store_user *u)
{
	sv_copy(u->home_pool, sizeof u->home_pool, SV("pool9.contoso.test"));
}

static void order(struct meet *m, enum location_order o)
{
	assert_int_equal(location_order_user(m->location, ALICE, o, 4141, "User disabled"), 1);
	servers_orders(m);
}

static void revoke(struct meet *m)
{
	struct store_user u;
	unsigned n = 0;

	assert_int_equal(m->store->ops->user_get(m->store, ALICE, &u), STORE_OK);
	assert_int_equal(m->store->ops->cert_revoke(m->store, u.id, m->unix_ms / 1000, &n), STORE_OK);
	assert_int_equal(n, 1);
}

/* ---- time goes by --------------------------------------------------------------------------------------- */

/* Two days: some 360 refreshes, six re-authentications, one update question a day, DHCP renewed in between. */
static void two_days(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	m->nrecord = 0;
	for (unsigned h = 0; h < 48; h++) {
		meet_run(m, HOUR);
		dial_tone_still(m);
		assert_int_equal(attempts(m, "registration"), 0); /* it was never lost */
		assert_true(attempts(m, "refresh") >= 6);
		m->nrecord = 0;
	}
	assert_int_equal(m->keys_made, 1); /* 180 days: not half gone */
	meet_stop(m);
	end(m, &flash);
}

/* "The old one kept until the new one has registered." */
static void renewal(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	m->site.DefaultValidityPeriodHours = 24;
	m->site.MinValidityPeriodHours = 8;
	dial_tone(m);
	meet_run(m, 11 * HOUR);
	assert_int_equal(m->keys_made, 1);
	meet_run(m, 2 * HOUR);
	dial_tone_still(m);
	assert_int_equal(m->keys_made, 2);
	for (unsigned h = 0; h < 48; h++) {
		m->nrecord = 0;
		meet_run(m, HOUR);
		dial_tone_still(m);
	}
	assert_true(m->keys_made >= 4);
	/* What it holds now is good for a warm start without the PIN. */
	meet_phone_off(m);
	m->conf.pin = m->conf.number = NULL;
	dial_tone(m);
	end(m, &flash);
}

/* The Web Services are away when the certificate should be renewed: dial tone stays, and later it is renewed. */
static void renewal_waits(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	m->site.DefaultValidityPeriodHours = 24;
	m->site.MinValidityPeriodHours = 8;
	dial_tone(m);
	meet_listener(m, MEET_FE, 443)->down = true;
	for (unsigned h = 0; h < 15; h++) {
		m->nrecord = 0;
		meet_run(m, HOUR);
		dial_tone_still(m);
	}
	meet_listener(m, MEET_FE, 443)->down = false;
	meet_run(m, 2 * HOUR);
	dial_tone_still(m);
	assert_true(flash.file[0].there);
	m->nrecord = 0;
	for (unsigned h = 0; h < 12; h++) { /* the first certificate is over by now */
		m->nrecord = 0;
		meet_run(m, HOUR);
		dial_tone_still(m);
	}
	end(m, &flash);
}

static void worker_dies(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	servers_stop(m, MEET_WORKER);
	meet_run(m, 60 * 1000);
	assert_false(dt_phone_registered(m->phone));
	assert_true(servers_start(m, MEET_WORKER));
	meet_run(m, 10 * 60 * 1000);
	dial_tone_still(m);
	/* And silently: nobody has told the phone that its binding is gone. */
	servers_stop(m, MEET_LOCATION);
	assert_true(servers_start(m, MEET_LOCATION));
	meet_run(m, 20 * 60 * 1000);
	dial_tone_still(m);
	end(m, &flash);
}

/* ---- the administrator ------------------------------------------------------------------------------------- */

static void busy(struct meet *m, struct buf *b)
{
	(void)m;
	if (!sv_starts(buf_view(b), SV("SIP/2.0 401")))
		return;
	octets_swap(b, "SIP/2.0 401 Unauthorized", "SIP/2.0 503 Service Unavailable");
	octets_strike(b, "WWW-Authenticate:");
	octets_swap(b, "Content-Length:", "Retry-After: 400 (a storm)\r\nContent-Length:");
}

/* A Registrar that is busy says when it wants to be asked again: not before, though the phone alone would have tried sooner. */
static void comes_back_when_told(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);
	const struct meet_record *r;
	uint64_t told;

	(void)state;
	dial_tone(m);
	m->from_registrar = busy;
	servers_stop(m, MEET_WORKER);
	assert_true(servers_start(m, MEET_WORKER));
	meet_run(m, 30 * 1000);
	r = meet_failed(m, DT_F_SIP_STATUS);
	assert_non_null(r);
	assert_true(r->fact.sip == 503 && r->fact.seconds == 400);
	told = r->at;
	m->from_registrar = NULL;
	while (!dt_phone_registered(m->phone) && m->mono < told + 1200 * 1000)
		meet_run(m, 1000);
	dial_tone_still(m);
	assert_in_range(m->mono - told, 400 * 1000, 610 * 1000); /* and up to half as much more: no two phones together */
	end(m, &flash);
}

static void disabled(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);
	struct location_binding b[4];

	(void)state;
	dial_tone(m);
	change_alice(m, disable);
	order(m, LOCATION_REJECTED);
	meet_run(m, 60 * 1000);
	ends_with(m, false, DT_STAGE_LOGON, DT_F_SIGNED_OFF);
	assert_false(dt_phone_registered(m->phone));
	assert_non_null(strstr(meet_result(m)->why, "User disabled"));
	assert_int_equal(location_list(m->location, ALICE, b, 4), 0);
	/* A later try is refused, certificate or not. */
	meet_phone_off(m);
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	assert_non_null(meet_result(m));
	assert_false(meet_result(m)->ok);
	end(m, &flash);
}

/* Disabled without an order (the notice was lost): the next refresh is refused. */
static void disabled_quietly(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	change_alice(m, disable);
	meet_run(m, HOUR);
	ends_with(m, false, DT_STAGE_LOGON, DT_F_SIP_NOT_FOUND);
	assert_false(dt_phone_registered(m->phone));
	end(m, &flash);
}

static void revoked(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	revoke(m);
	order(m, LOCATION_UNREGISTERED);
	meet_run(m, 60 * 1000);
	ends_with(m, false, DT_STAGE_LOGON, DT_F_SIGNED_OFF);
	/* A warm start: the Registrar takes the certificate no more; with the PIN at hand the phone enrols again, once. */
	meet_phone_off(m);
	dial_tone(m);
	assert_non_null(meet_failed(m, DT_F_CERT_REFUSED));
	assert_int_equal(m->keys_made, 2);
	assert_int_equal(attempts(m, "web ticket"), 1);
	/* Without the PIN it stops there. */
	revoke(m);
	meet_phone_off(m);
	m->conf.pin = m->conf.number = NULL;
	run(m, false, DT_STAGE_LOGON, DT_F_CERT_REFUSED);
	end(m, &flash);
}

/* "deactivated: register again (will be redirected)" */
static void deactivated(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	order(m, LOCATION_DEACTIVATED);
	meet_run(m, 120 * 1000);
	dial_tone_still(m);
	end(m, &flash);
}

static void redirects(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	change_alice(m, elsewhere); /* both names are this server: it never is at home */
	run(m, false, DT_STAGE_AUTH, DT_F_REDIRECTS);
	assert_non_null(strstr(meet_result(m)->why, "to https://sip.contoso.test/CertProv/CertProvisioningService.svc again"));
	change_alice(m, nowhere);
	meet_phone_off(m);
	run(m, false, DT_STAGE_AUTH, DT_F_DNS_NONE);
	assert_non_null(strstr(meet_result(m)->why, "pool9.contoso.test"));
	end(m, &flash);
}

/* ---- outside ------------------------------------------------------------------------------------------------ */

static void carried_home(struct meet *m)
{
	meet_phone_off(m);
	change_home(m);
}

static void outside_by_certificate(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	carried_home(m);
	m->conf.pin = m->conf.number = NULL;
	dial_tone(m);
	assert_int_equal(m->keys_made, 1);
	for (unsigned h = 0; h < 10; h++) {
		m->nrecord = 0;
		meet_run(m, HOUR);
		dial_tone_still(m);
	}
	/* An update that is offered meanwhile is asked for with the phone's credentials. */
	servers_offer(m, "4.0.7577.4512", false);
	meet_phone_off(m);
	dial_tone(m);
	assert_int_equal(m->restarts, 1);
	assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4512");
	end(m, &flash);
}

static void outside_with_pin(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	dial_tone(m);
	carried_home(m);
	m->site.external_require_pin = true;
	m->conf.pin = "00000";
	run(m, false, DT_STAGE_AUTH, DT_F_PIN_REFUSED);
	meet_phone_off(m);
	m->conf.pin = m->conf.number = NULL;
	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	assert_non_null(meet_result(m));
	assert_false(meet_result(m)->ok);
	meet_phone_off(m);
	m->conf.number = "4411";
	m->conf.pin = "73914";
	dial_tone(m);
	end(m, &flash);
}

static void cx700(struct meet *m)
{
	m->conf.model = dt_model_find("cx700");
	m->conf.number = m->conf.pin = NULL;
	m->conf.login = "CONTOSO\\alice";
	m->conf.password = "Pa$$word";
	m->conf.sip = ALICE;
	m->conf.trust = (const char *)meet_keys()->root_pem.p; /* as the host's public roots would be */
}

static void outside_refused(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	/* never inside */
	carried_home(m);
	run(m, false, DT_STAGE_FIND, DT_F_NEVER_INSIDE);
	end(m, &flash);
	/* no remote access: the Web Services say so first, and to a phone that asks the Registrar first, its 403 */
	m = world(&flash);
	dial_tone(m);
	change_alice(m, no_remote);
	carried_home(m);
	run(m, false, DT_STAGE_AUTH, DT_F_REMOTE_OFF);
	end(m, &flash);
	m = world(&flash);
	change_alice(m, no_remote);
	cx700(m);
	meet_was_inside(m);
	carried_home(m);
	run(m, false, DT_STAGE_LOGON, DT_F_REMOTE_OFF);
	assert_non_null(strstr(meet_result(m)->why, "403"));
	assert_non_null(strstr(meet_result(m)->why, "4003"));
	end(m, &flash);
}

/* The CX700: NTLM first, its certificate from then on. */
static void outside_by_ntlm(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = world(&flash);

	(void)state;
	cx700(m);
	meet_was_inside(m);
	carried_home(m);
	dial_tone(m);
	assert_int_equal(m->keys_made, 1);
	meet_phone_off(m);
	m->conf.login = m->conf.password = NULL;
	dial_tone(m);
	assert_int_equal(m->keys_made, 1);
	end(m, &flash);
	/* a wrong password ends it */
	m = world(&flash);
	cx700(m);
	m->conf.password = "no";
	meet_was_inside(m);
	carried_home(m);
	run(m, false, DT_STAGE_LOGON, DT_F_PASSWORD_REFUSED);
	end(m, &flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(two_days),
	    cmocka_unit_test(renewal),
	    cmocka_unit_test(renewal_waits),
	    cmocka_unit_test(worker_dies),
	    cmocka_unit_test(comes_back_when_told), cmocka_unit_test(disabled),
	    cmocka_unit_test(disabled_quietly),
	    cmocka_unit_test(revoked),
	    cmocka_unit_test(deactivated),
	    cmocka_unit_test(redirects),
	    cmocka_unit_test(outside_by_certificate),
	    cmocka_unit_test(outside_with_pin),
	    cmocka_unit_test(outside_refused),
	    cmocka_unit_test(outside_by_ntlm),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
