/* tests/meet/test_desk.c: hot-desking: guests at a common-area phone, and the account of the room that comes back. */
#include "tests/support/check.h"

#include "dialtone/handset.h"
#include "server/vault/make.h"
#include "tests/meet/meet.h"

#define ROOM "5b1c9f34-6c61-4c38-9d27-01f0c2b6d0aa@contoso.test"
#define ALICE "alice@contoso.test"
#define MINUTE (60 * 1000ull)

static const struct dt_sign_in room = {.number = "6710", .pin = "482913"}, alice = {.number = "4411", .pin = "73914"},
			       wrong = {.number = "4411", .pin = "11111"};

static struct dt_status status(struct meet *m)
{
	struct dt_status s;

	dt_phone_status(m->phone, &s);
	return s;
}

static unsigned bindings(struct meet *m, const char *aor)
{
	struct location_binding b[4];

	location_expire(m->location);
	return (unsigned)location_list(m->location, aor, b, 4);
}

static bool kept(const struct meet_flash *flash, const char *name, const char *text)
{
	for (size_t i = 0; i < sizeof flash->file / sizeof *flash->file; i++)
		if (flash->file[i].there && strcmp(flash->file[i].name, name) == 0)
			return memmem(flash->file[i].data.p, flash->file[i].data.n, text, strlen(text)) != NULL;
	return false;
}

static void signed_in(struct meet *m, const char *who, bool guest)
{
	struct dt_status s = status(m);

	if (s.state == DT_PHASE_SIGNED_IN && strcmp(s.user, who) == 0 && s.guest == guest && bindings(m, who) == 1)
		return;
	meet_dump(m);
	fail_msg("%s, %s%s; expected %s", dt_phase_names[s.state], s.user, s.guest ? ", a guest" : "", who);
}

/* A phone in a lobby, signed in with the account of that room. */
static struct meet *lobby_of(struct meet_flash *flash, bool allowed, bool common)
{
	struct store_user u = {.aor = ROOM, .display = "Lobby", .display_number = "6710", .extension = "6710", .enabled = true,
			       .common_area = common};
	struct meet *m = meet_new(flash, 6);
	struct why why = {0};

	assert_non_null(m);
	m->site.EnableHotdesking = allowed;
	m->site.HotdeskingTimeout = 600;
	m->site.EnforcePhoneLock = true;
	assert_int_equal(m->store->ops->user_add(m->store, &u), STORE_OK);
	assert_null(vault_pin_set(meet_secret, &m->site, m->store, &u, sv_of(room.pin), false, m->unix_ms / 1000, &why));
	m->conf.model = dt_model_find("6721ip");
	m->conf.appliance = true;
	m->conf.number = m->conf.pin = NULL;
	assert_true(meet_phone(m));
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_sign_in(m->phone, &room), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	signed_in(m, ROOM, false);
	return m;
}

static struct meet *lobby(struct meet_flash *flash)
{
	return lobby_of(flash, true, true);
}

static void end(struct meet *m, struct meet_flash *flash)
{
	meet_free(m);
	meet_flash_free(flash);
}

static void a_guest(struct meet *m)
{
	assert_int_equal(dt_phone_guest(m->phone, &alice), DT_H_OK);
	meet_run(m, MINUTE);
	signed_in(m, ALICE, true);
	assert_int_equal(bindings(m, ROOM), 0);
}

/* "HotdeskingTimeout": counted from the last touch; then the phone is the room's again, and nothing of the guest is left. */
static void given_back_after_the_time(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby(&flash);

	(void)state;
	a_guest(m);
	assert_true(kept(&flash, DT_STATE_ACCOUNT, ROOM));
	assert_false(kept(&flash, DT_STATE_ACCOUNT, ALICE));
	assert_int_equal(dt_phone_guest(m->phone, &room), DT_H_BUSY);
	assert_int_equal(dt_phone_lock(m->phone, "123456"), DT_H_GUEST);
	meet_run(m, 8 * MINUTE);
	dt_phone_touch(m->phone);
	meet_run(m, 9 * MINUTE);
	signed_in(m, ALICE, true);
	meet_run(m, 2 * MINUTE);
	signed_in(m, ROOM, false);
	assert_int_equal(bindings(m, ALICE), 0);
	assert_true(kept(&flash, DT_STATE_ACCOUNT, ROOM));
	assert_int_equal(status(m).failure, DT_F_OK);
	meet_run(m, 30 * MINUTE);
	assert_false(status(m).locked); /* everybody's phone locks nobody out */
	a_guest(m); /* and the next one */
	end(m, &flash);
}

static void guest_signs_out(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby(&flash);

	(void)state;
	a_guest(m);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_OK);
	meet_run(m, MINUTE);
	signed_in(m, ROOM, false);
	assert_int_equal(bindings(m, ALICE), 0);
	end(m, &flash);
}

static void wrong_pin_gives_back(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby(&flash);

	(void)state;
	assert_int_equal(dt_phone_guest(m->phone, &wrong), DT_H_OK);
	while (meet_run(m, MINUTE))
		;
	signed_in(m, ROOM, false);
	assert_int_equal(status(m).failure, DT_F_PIN_REFUSED);
	assert_int_equal(status(m).stage, DT_STAGE_AUTH);
	a_guest(m);
	assert_int_equal(status(m).failure, DT_F_OK);
	end(m, &flash);
}

static void power_cut_gives_back(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby(&flash);

	(void)state;
	a_guest(m);
	meet_phone_off(m);
	assert_true(meet_phone(m));
	meet_run(m, 5 * MINUTE);
	signed_in(m, ROOM, false);
	a_guest(m);
	assert_int_equal(dt_phone_power_cycle(m->phone), DT_H_OK);
	meet_run(m, 5 * MINUTE);
	signed_in(m, ROOM, false);
	end(m, &flash);
}

/* The daily question waits for the guest to go, and so does the image. */
static void no_update_under_a_guest(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby(&flash);

	(void)state;
	m->site.HotdeskingTimeout = 86400;
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_OK);
	meet_run(m, MINUTE);
	assert_int_equal(dt_phone_sign_in(m->phone, &room), DT_H_OK); /* to be told the other time */
	meet_run(m, MINUTE);
	meet_run(m, 20 * 60 * MINUTE);
	a_guest(m);
	servers_offer(m, "4.0.7577.9999", false);
	meet_run(m, 6 * 60 * MINUTE);
	assert_int_equal(m->restarts, 0);
	assert_int_equal(dt_phone_sign_out(m->phone), DT_H_OK);
	for (int i = 0; i < 4; i++)
		meet_run(m, 15 * MINUTE);
	assert_int_equal(m->restarts, 1);
	signed_in(m, ROOM, false);
	end(m, &flash);
}

/* Only where the site allows it, and only at a phone of a room. */
static void refused_elsewhere(void **state)
{
	struct meet_flash flash = {0};
	struct meet *m = lobby_of(&flash, false, true);

	(void)state;
	assert_int_equal(dt_phone_guest(m->phone, &alice), DT_H_NO_DESK);
	end(m, &flash);
	m = lobby_of(&flash, true, false);
	assert_int_equal(dt_phone_guest(m->phone, &alice), DT_H_NO_DESK);
	end(m, &flash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(given_back_after_the_time), cmocka_unit_test(guest_signs_out),	   cmocka_unit_test(wrong_pin_gives_back),
	    cmocka_unit_test(power_cut_gives_back),	 cmocka_unit_test(no_update_under_a_guest), cmocka_unit_test(refused_elsewhere),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
