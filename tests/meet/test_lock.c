/* tests/meet/test_lock.c: a phone is locked by its user, by the time, and by a PC on its USB port. */
#include "tests/meet/appliance.h"

/* ---- the lock ------------------------------------------------------------------------------------------------- */

static void lock_and_unlock(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	m->site.EnforcePhoneLock = false;
	m->site.MinPhonePinLength = 6;
	signed_in(m);
	assert_int_equal(dt_phone_lock(m->phone, NULL), DT_H_NO_PIN); /* alice's own has five digits */
	assert_int_equal(dt_phone_lock(m->phone, "12345"), DT_H_SHORT);
	assert_int_equal(dt_phone_lock(m->phone, "12x456"), DT_H_SHORT);
	assert_int_equal(dt_phone_lock(m->phone, "824650"), DT_H_OK);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_LOCKED);
	assert_int_equal(dt_phone_send_logs(m->phone), DT_H_LOCKED);
	assert_int_equal(dt_phone_lock(m->phone, "111111"), DT_H_LOCKED);
	assert_int_equal(dt_phone_unlock(m->phone, "111111"), DT_H_WRONG);
	assert_int_equal(dt_phone_power_cycle(m->phone), DT_H_OK); /* pulling the plug opens nothing */
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	assert_true(status(m).locked);
	assert_int_equal(dt_phone_unlock(m->phone, "824650"), DT_H_OK);
	assert_false(status(m).locked);
	meet_run(m, 24 * HOUR);
	assert_false(status(m).locked); /* the site does not enforce it */
	/* the fifth wrong PIN in a row, the power going in between */
	assert_int_equal(dt_phone_lock(m->phone, NULL), DT_H_OK);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(dt_phone_unlock(m->phone, "000000"), DT_H_WRONG);
		meet_phone_off(m);
		assert_true(meet_phone(m));
		meet_run(m, 5 * MINUTE);
	}
	assert_int_equal(dt_phone_unlock(m->phone, "000000"), DT_H_FORGOT);
	meet_run(m, MINUTE);
	in_state(m, DT_PHASE_READY);
	assert_false(kept(&flash, DT_STATE_USER) || kept(&flash, DT_STATE_LOCK));
	end(m, &flash);
}

/* EnforcePhoneLock, PhoneLockTimeout: by itself, counted from the last touch; the PIN is that of the sign-in. */
static void locks_itself(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	m->site.EnforcePhoneLock = true;
	m->site.PhoneLockTimeout = 10;
	m->site.MinPhonePinLength = 5;
	signed_in(m);
	assert_true(status(m).lock_set);
	meet_run(m, 9 * MINUTE);
	assert_int_equal(dt_phone_send_logs(m->phone), DT_H_OK); /* a touch */
	meet_run(m, 9 * MINUTE);
	assert_false(status(m).locked);
	meet_run(m, 2 * MINUTE);
	assert_true(status(m).locked);
	assert_int_equal(dt_phone_unlock(m->phone, alice.pin), DT_H_OK);
	end(m, &flash);
}

/* ---- a PC on the USB port ---------------------------------------------------------------------------------------- */

static const struct dt_sign_in through_pc = {.login = "CONTOSO\\alice", .password = "Pa$$word", .sip = ALICE};

/* "6725ip, 4120, CX600, CX700, CX3000 also allow users to sign in by connecting the device to their computer by USB" */
static void five_models(void **state)
{
	static const struct {
		const char *model;
		bool can;
	} rows[] = {{"6725ip", true}, {"4120", true}, {"cx600", true}, {"cx700", true}, {"cx3000", true}, {"6721ip", false}, {"4110", false}, {"cx500", false}};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 5);

		m->conf.appliance = true;
		m->conf.number = m->conf.pin = NULL;
		m->conf.model = dt_model_find(rows[i].model);
		assert_true(meet_phone(m));
		meet_run(m, MINUTE);
		assert_int_equal(dt_phone_tether(m->phone, &through_pc), rows[i].can ? DT_H_OK : DT_H_MODEL);
		meet_run(m, 5 * MINUTE);
		in_state(m, rows[i].can ? DT_PHASE_SIGNED_IN : DT_PHASE_READY);
		assert_int_equal(status(m).tethered, rows[i].can);
		end(m, &flash);
	}
}

/* Locked and opened with the PC; the user goes with the cable, locked or not. */
static void user_goes_with_the_cable(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_tether_lock(m->phone, true), DT_H_UNTETHERED);
	assert_int_equal(dt_phone_tether(m->phone, &through_pc), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	assert_int_equal(dt_phone_tether(m->phone, &through_pc), DT_H_OK); /* the PC's program was started again */
	assert_int_equal(dt_phone_tether_lock(m->phone, true), DT_H_OK);
	assert_true(status(m).locked);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_LOCKED);
	assert_int_equal(dt_phone_unlock(m->phone, "123456"), DT_H_WRONG);
	assert_int_equal(dt_phone_tether_lock(m->phone, false), DT_H_OK);
	assert_false(status(m).locked);
	dt_phone_tether_lock(m->phone, true);
	dt_phone_tether_gone(m->phone);
	meet_run(m, MINUTE);
	in_state(m, DT_PHASE_READY);
	assert_int_equal(bindings(m), 0);
	assert_false(status(m).locked || kept(&flash, DT_STATE_USER));
	signed_in(m); /* somebody who types a PIN is no PC's user */
	dt_phone_tether_gone(m->phone);
	meet_run(m, MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	end(m, &flash);
}

/* The power goes, and the cable with it: the certificate that is stored signs nobody in. */
static void cable_goes_with_the_power(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	assert_int_equal(dt_phone_tether(m->phone, &through_pc), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	assert_true(kept(&flash, DT_STATE_USER));
	meet_phone_off(m);
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_READY);
	assert_false(kept(&flash, DT_STATE_USER));
	end(m, &flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lock_and_unlock),
	    cmocka_unit_test(locks_itself),
	    cmocka_unit_test(five_models),
	    cmocka_unit_test(user_goes_with_the_cable),
	    cmocka_unit_test(cable_goes_with_the_power),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
