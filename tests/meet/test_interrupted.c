/* tests/meet/test_interrupted.c: steps of the phone that are interrupted: a first sign-in between the 200 to REGISTER and the answer to
 * SUBSCRIBE (the Registrar has a binding, and the phone has no dial tone yet), the renewal of a lease, a refresh. */
#include "tests/meet/appliance.h"
#include "tests/meet/octets.h"

static bool swallowed;

static void swallow_settings(struct meet *m, struct buf *b)
{
	(void)m;
	if (!octets_count(b, "CSeq: 1 SUBSCRIBE"))
		return;
	buf_clear(b);
	swallowed = true;
}

static void deactivated(struct meet *m)
{
	assert_int_equal(location_order_user(m->location, ALICE, LOCATION_DEACTIVATED, 0, ""), 1);
	servers_orders(m);
}

static void signed_off(struct meet *m)
{
	assert_int_equal(location_order_user(m->location, ALICE, LOCATION_UNREGISTERED, 0, ""), 1);
	servers_orders(m);
}

static const struct {
	void (*interrupt)(struct meet *m);
	enum dt_failure failure;
} interruptions[] = {
    {servers_hang_up, DT_F_CLOSED},
    {deactivated, DT_F_CLOSED},
    {signed_off, DT_F_SIGNED_OFF},
};

static void sign_in_is_interrupted(bool stays, size_t i)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 15);

	assert_non_null(m);
	m->conf.appliance = stays;
	m->from_registrar = swallow_settings;
	swallowed = false;
	assert_true(meet_phone(m));
	while (!swallowed)
		assert_true(meet_step(m, m->mono + MINUTE));
	assert_null(meet_result(m));
	m->from_registrar = NULL;
	interruptions[i].interrupt(m);
	meet_run(m, 5000);
	if (meet_result(m) == NULL || meet_result(m)->ok || meet_result(m)->failure != interruptions[i].failure) {
		meet_dump(m);
		fail_msg("interruption %zu", i);
	}
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_registered(m->phone), stays);
	if (stays) { /* it came back by itself, with the certificate that it has */
		in_state(m, DT_PHASE_SIGNED_IN);
		assert_int_equal(bindings(m), 1);
		assert_int_equal(m->keys_made, 1);
	}
	end(m, &flash);
}

static void a_phone_that_stays(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof interruptions / sizeof *interruptions; i++)
		sign_in_is_interrupted(true, i);
}

static void a_phone_that_signs_in_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof interruptions / sizeof *interruptions; i++)
		sign_in_is_interrupted(false, i);
}

static void goes_on_for(struct meet *m, uint64_t ms)
{
	uint64_t end = m->mono + ms;

	while (m->mono < end)
		meet_run(m, end - m->mono);
}

/* A phone without an address asks for one before anything else. */
static void lease_ends(bool stays)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 16);

	assert_non_null(m);
	m->conf.appliance = stays;
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	assert_true(dt_phone_registered(m->phone));
	m->nrecord = 0;
	m->net.dhcp = false;
	goes_on_for(m, 30 * MINUTE);
	assert_false(dt_phone_registered(m->phone));
	assert_int_equal(m->lease.address, 0);
	m->net.dhcp = true;
	goes_on_for(m, HOUR);
	if (!dt_phone_registered(m->phone)) {
		meet_dump(m);
		fail_msg("no dial tone an hour after the DHCP server is back");
	}
	assert_int_not_equal(m->lease.address, 0);
	end(m, &flash);
}

static void a_lease_ends(void **state)
{
	(void)state;
	lease_ends(true);
	lease_ends(false);
}

static enum { CHALLENGES, SAYS_NOTHING, ANSWERS } registrar;

/* The first answer to REGISTER becomes a challenge, and the others are lost. */
static void answer_refresh(struct meet *m, struct buf *b)
{
	(void)m;
	if (!octets_count(b, " REGISTER\r\n") || registrar == ANSWERS)
		return;
	if (registrar == CHALLENGES)
		octets_swap(b, "SIP/2.0 200 OK", "SIP/2.0 401 Unauthorized");
	else
		buf_clear(b);
	registrar = SAYS_NOTHING;
}

/* A refresh is challenged, and the registration that follows gets no answer: the phone does not rest on a binding that ends. */
static void a_challenge_and_silence(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 17);

	(void)state;
	assert_non_null(m);
	m->conf.appliance = true;
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	registrar = CHALLENGES;
	m->from_registrar = answer_refresh;
	goes_on_for(m, 9 * MINUTE);
	assert_int_equal(registrar, SAYS_NOTHING);
	registrar = ANSWERS;
	goes_on_for(m, 11 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	assert_int_equal(bindings(m), 1);
	end(m, &flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_phone_that_stays),
	    cmocka_unit_test(a_phone_that_signs_in_once),
	    cmocka_unit_test(a_lease_ends),
	    cmocka_unit_test(a_challenge_and_silence),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
