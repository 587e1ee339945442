/* tests/meet/test_handset.c: the phone as an appliance: it comes up without a user, people sign in and out, send its log,
 * switch it off; it obeys what the site tells it in-band.
 */
#include "tests/meet/appliance.h"

#include <dirent.h>

/* "The log on process begins when the user starts to sign in": without a user VLAN, address, updates, and no more. */
static void comes_up_and_waits(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	in_state(m, DT_PHASE_STARTING);
	assert_false(meet_run(m, 10 * MINUTE)); /* no result: nothing has failed, nobody has signed in */
	in_state(m, DT_PHASE_READY);
	assert_int_equal(records(m, DT_REC_READY, NULL), 1);
	assert_int_equal(m->vlan, m->net.voice);
	assert_int_not_equal(m->lease.address, 0);
	assert_int_equal(records(m, DT_REC_ATTEMPT, "update question"), 1);
	assert_int_equal(records(m, DT_REC_STAGE, "Connect to the Web"), 0);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_NOBODY);
	assert_int_equal(dt_phone_lock(m->phone, "123456"), DT_H_NOBODY);
	signed_in(m);
	assert_string_equal(status(m).user, ALICE);
	assert_int_equal(records(m, DT_REC_ATTEMPT, "update question"), 2); /* at power-on, at sign-in */
	assert_int_equal(dt_phone_sign_in(m->phone, &alice), DT_H_BUSY);
	end(m, &flash);
}

/* Every 24 hours, also while it waits; its lease is renewed. */
static void asks_daily(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	for (unsigned day = 0; day < 3; day++) {
		assert_false(meet_run(m, 24 * HOUR + 11 * MINUTE));
		in_state(m, DT_PHASE_READY);
		assert_int_equal(records(m, DT_REC_ATTEMPT, "update question"), day == 0 ? 2 : 1);
		m->nrecord = 0;
	}
	assert_int_not_equal(m->lease.address, 0);
	end(m, &flash);
}

/* Offered at night, installed at night; the phone comes back and waits again. */
static void updates_while_it_waits(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	meet_run(m, HOUR);
	servers_offer(m, "4.0.7577.9999", false);
	meet_run(m, 26 * HOUR);
	assert_int_equal(m->restarts, 1);
	in_state(m, DT_PHASE_READY);
	assert_string_equal(status(m).version, "4.0.7577.9999");
	signed_in(m);
	end(m, &flash);
}

static void set_rule(struct meet *m, const char *approved, const char *withdrawn)
{
	struct store_rule rule = {.device_type = "UCPhone", .revision = "A", .locale = "ENU"};

	snprintf(rule.brand, sizeof rule.brand, "%s", m->conf.model->vendor);
	snprintf(rule.model, sizeof rule.model, "%s", m->conf.model->model);
	assert_int_equal(m->store->ops->rule_find(m->store, &rule, &rule), STORE_OK);
	snprintf(rule.approved, sizeof rule.approved, "%s", approved);
	snprintf(rule.withdrawn, sizeof rule.withdrawn, "%s", withdrawn);
	assert_int_equal(m->store->ops->rule_put(m->store, &rule), STORE_OK);
}

/* "With no such previous version the update will simply be uninstalled": the phone goes back to what it had, and the same version may
 * be approved again later. */
static void uninstalls(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	signed_in(m);
	servers_offer(m, "4.0.7577.9999", false);
	meet_run(m, 26 * HOUR);
	assert_int_equal(m->restarts, 1);
	assert_string_equal(status(m).version, "4.0.7577.9999");
	set_rule(m, "", "4.0.7577.9999");
	meet_run(m, 26 * HOUR);
	assert_int_equal(m->restarts, 2);
	assert_string_equal(status(m).version, m->conf.model->firmware);
	meet_run(m, 26 * HOUR);
	assert_int_equal(m->restarts, 2);
	in_state(m, DT_PHASE_SIGNED_IN);
	set_rule(m, "4.0.7577.9999", "");
	meet_run(m, 26 * HOUR);
	assert_int_equal(m->restarts, 3);
	assert_string_equal(status(m).version, "4.0.7577.9999");
	end(m, &flash);
}

/* Its version is taken back by the server, and runs a day later still. */
static void stays_as_it_is(struct meet *m)
{
	m->nrecord = 0;
	set_rule(m, "", "4.0.7577.9999");
	meet_run(m, 26 * HOUR);
	assert_string_equal(status(m).version, "4.0.7577.9999");
	assert_non_null(meet_failed(m, DT_F_UPDATE_OLDER));
}

/* A version below the floor of the running image does not come back by an uninstallation, either. */
static void back_to_the_floor(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	signed_in(m);
	m->net.not_below = "4.0.7577.9998";
	servers_offer(m, "4.0.7577.9999", false);
	meet_run(m, 26 * HOUR);
	assert_string_equal(status(m).version, "4.0.7577.9999");
	stays_as_it_is(m);
	end(m, &flash);
}

/* A server whose certificate the phone cannot check orders no such thing. */
static void uninstalls_for_nobody_else(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	servers_offer(m, "4.0.7577.9999", false);
	meet_run(m, 26 * HOUR); /* nobody has signed in: no root chain is there */
	assert_string_equal(status(m).version, "4.0.7577.9999");
	stays_as_it_is(m);
	end(m, &flash);
}

static void typed_while_it_starts(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	in_state(m, DT_PHASE_STARTING);
	signed_in(m);
	end(m, &flash);
}

static void signs_out_and_forgets(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	signed_in(m);
	assert_true(kept(&flash, DT_STATE_USER));
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_OK);
	meet_run(m, MINUTE);
	in_state(m, DT_PHASE_READY);
	assert_int_equal(bindings(m), 0);
	assert_false(kept(&flash, DT_STATE_USER));
	assert_true(kept(&flash, DT_STATE_ROOTS)); /* the chain is the phone's, not the user's */
	assert_string_equal(status(m).user, "");
	meet_phone_off(m); /* the power goes: nobody is signed in afterwards either */
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_READY);
	signed_in(m);
	/* the power goes while alice is signed in: the certificate signs in again */
	meet_phone_off(m);
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	end(m, &flash);
}

/* A sign-out whose answer never comes is over soon all the same. */
static void signs_out_of_silence(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	signed_in(m);
	servers_stop(m, MEET_WORKER);
	dt_phone_sign_out(m->phone);
	meet_run(m, 10 * 1000);
	in_state(m, DT_PHASE_READY);
	assert_false(kept(&flash, DT_STATE_USER));
	end(m, &flash);
}

static void wrong_pin_is_typed_again(void **state)
{
	static const struct dt_sign_in wrong = {.number = "4411", .pin = "11111"}, half = {.number = "4411"};
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_sign_in(m->phone, &half), DT_H_SECRET);
	assert_int_equal(dt_phone_sign_in(m->phone, &wrong), DT_H_OK);
	assert_true(meet_run(m, 5 * MINUTE));
	in_state(m, DT_PHASE_READY);
	assert_int_equal(status(m).failure, DT_F_PIN_REFUSED);
	assert_int_equal(status(m).stage, DT_STAGE_AUTH);
	meet_run(m, HOUR); /* one attempt: it is not tried again by itself */
	assert_int_equal(records(m, DT_REC_RESULT, NULL), 1);
	signed_in(m);
	assert_int_equal(status(m).failure, DT_F_OK);
	end(m, &flash);
}

static void cx700_wants_no_pin(void **state)
{
	static const struct dt_sign_in ntlm = {.login = "CONTOSO\\alice", .password = "Pa$$word", .sip = ALICE};
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 5);

	(void)state;
	m->conf.appliance = true;
	m->conf.number = m->conf.pin = NULL;
	m->conf.model = dt_model_find("cx700");
	assert_true(meet_phone(m));
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_sign_in(m->phone, &alice), DT_H_MODEL);
	assert_int_equal(dt_phone_sign_in(m->phone, &ntlm), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	end(m, &flash);
}

/* No DHCP server: it tries again by itself, and is ready when there is one. */
static void network_comes_late(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 5);

	(void)state;
	m->conf.appliance = true;
	m->conf.number = m->conf.pin = NULL;
	m->net.dhcp = false;
	assert_true(meet_phone(m));
	assert_true(meet_run(m, 10 * MINUTE));
	assert_int_equal(status(m).failure, DT_F_DHCP_SILENT);
	m->net.dhcp = true;
	while (meet_run(m, 30 * MINUTE))
		;
	in_state(m, DT_PHASE_READY);
	signed_in(m);
	end(m, &flash);
}

/* Servers that are away when the power comes back: the stored certificate is tried until they are there. */
static void servers_come_late(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	signed_in(m);
	meet_phone_off(m);
	m->net.srv_outside = false;
	meet_listener(m, MEET_FE, 5061)->down = meet_listener(m, MEET_FE, 443)->down = true;
	assert_true(meet_phone(m));
	meet_run(m, 10 * MINUTE);
	in_state(m, DT_PHASE_RETRYING);
	meet_listener(m, MEET_FE, 5061)->down = meet_listener(m, MEET_FE, 443)->down = false;
	for (int i = 0; i < 10 && status(m).state != DT_PHASE_SIGNED_IN; i++)
		meet_run(m, 20 * MINUTE);
	in_state(m, DT_PHASE_SIGNED_IN);
	end(m, &flash);
}

/* ---- the log -------------------------------------------------------------------------------------------------- */

/* What the service has taken; "" when there is none. */
static void uploaded(const struct meet *m, char *ret, size_t cap)
{
	char path[600];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof path, "%s/Client/CE Log", m->files_dir);
	ret[0] = '\0';
	for (d = opendir(path); d && (e = readdir(d)) != NULL;) {
		size_t n;
		FILE *f;

		if (e->d_name[0] == '.')
			continue;
		assert_non_null(strstr(e->d_name, "_phone.clg"));
		snprintf(path, sizeof path, "%s/Client/CE Log/%s", m->files_dir, e->d_name);
		f = fopen(path, "r");
		assert_non_null(f);
		n = fread(ret, 1, cap - 1, f);
		ret[n] = '\0';
		fclose(f);
	}
	if (d)
		closedir(d);
}

static void sends_its_log(void **state)
{
	static const char *const levels[] = {"Off", "Low", "Medium", "High"};
	static char text[65536];
	size_t before = 0;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct meet_flash flash = {0};
		struct meet *m = powered(&flash);

		strcpy(m->site.LoggingLevel, levels[i]);
		signed_in(m);
		meet_run(m, 3 * HOUR);
		assert_int_equal(dt_phone_send_logs(m->phone), DT_H_OK);
		meet_run(m, MINUTE);
		assert_int_equal(status(m).logs, DT_LOGS_SENT);
		in_state(m, DT_PHASE_SIGNED_IN);
		uploaded(m, text, sizeof text);
		assert_non_null(strstr(text, "POLYCOM CX600"));
		assert_non_null(strstr(text, levels[i]));
		assert_null(strstr(text, alice.pin));
		if (i == 3)
			assert_non_null(strstr(text, "refresh"));
		assert_true(strlen(text) >= before && (i != 3 || strlen(text) > before));
		before = strlen(text);
		end(m, &flash);
	}
}

static void nobody_takes_the_log(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = powered(&flash);

	(void)state;
	meet_run(m, MINUTE);
	servers_stop(m, MEET_WORKER);
	meet_listener(m, MEET_FE, 443)->down = true;
	assert_int_equal(dt_phone_send_logs(m->phone), DT_H_OK);
	assert_int_equal(dt_phone_send_logs(m->phone), DT_H_LATER);
	meet_run(m, 10 * MINUTE);
	assert_int_equal(status(m).logs, DT_LOGS_FAILED);
	in_state(m, DT_PHASE_READY);
	end(m, &flash);
}

/* ---- what the site says ------------------------------------------------------------------------------------------- */

/* "SIPSecurityMode High: NTLM or Kerberos, and TLS": a Registrar over plain TCP is left, and not tried again. */
static void plain_tcp(void **state)
{
	static const char *const modes[] = {"Low", "High"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct meet_flash flash = {0};
		struct meet *m = powered(&flash);

		strcpy(m->site.SIPSecurityMode, modes[i]);
		m->net.srv_outside = false;
		meet_listener(m, MEET_FE, 5061)->down = true;
		assert_int_equal(dt_phone_sign_in(m->phone, &alice), DT_H_OK);
		meet_run(m, 10 * MINUTE);
		if (i == 0) {
			in_state(m, DT_PHASE_SIGNED_IN);
		} else {
			assert_int_not_equal(status(m).state, DT_PHASE_SIGNED_IN);
			meet_listener(m, MEET_FE, 5061)->down = false;
			if (status(m).state == DT_PHASE_READY)
				dt_phone_sign_in(m->phone, &alice);
			for (int k = 0; k < 10 && status(m).state != DT_PHASE_SIGNED_IN; k++)
				meet_run(m, 20 * MINUTE);
			in_state(m, DT_PHASE_SIGNED_IN);
			assert_non_null(strstr(status(m).registrar, "tls"));
		}
		end(m, &flash);
	}
}

/* A phone that nobody waits for (dialtone connect without --stay) has no handset. */
static void not_every_phone(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 5);

	(void)state;
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_WAITS);
	assert_int_equal(dt_phone_power_cycle(m->phone), DT_H_WAITS);
	end(m, &flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(comes_up_and_waits),
	    cmocka_unit_test(asks_daily),
	    cmocka_unit_test(updates_while_it_waits),
	    cmocka_unit_test(uninstalls),
	    cmocka_unit_test(uninstalls_for_nobody_else),
	    cmocka_unit_test(back_to_the_floor),
	    cmocka_unit_test(typed_while_it_starts),
	    cmocka_unit_test(signs_out_and_forgets),
	    cmocka_unit_test(signs_out_of_silence),
	    cmocka_unit_test(wrong_pin_is_typed_again),
	    cmocka_unit_test(cx700_wants_no_pin),
	    cmocka_unit_test(network_comes_late),
	    cmocka_unit_test(servers_come_late),
	    cmocka_unit_test(sends_its_log),
	    cmocka_unit_test(nobody_takes_the_log),
	    cmocka_unit_test(plain_tcp),
	    cmocka_unit_test(not_every_phone),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
