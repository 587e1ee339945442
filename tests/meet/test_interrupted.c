/* tests/meet/test_interrupted.c: a first sign-in that is interrupted between the 200 to REGISTER and the answer to SUBSCRIBE: the
 * Registrar has a binding, and the phone has no dial tone yet. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_phone_that_stays),
	    cmocka_unit_test(a_phone_that_signs_in_once),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
