/* tests/meet/test_crash.c: the power goes, at instants chosen by a seed; afterwards everything starts, nothing
 * that was acknowledged is lost, and the next sign-in works.
 */
#include "tests/support/check.h"

#include "tests/meet/crashfs.h"
#include "tests/meet/meet.h"

#define LONG_ENOUGH (300 * 1000)
#define PER_STAGE 5

/* How many things happen in each stage of a cold sign-in: random numbers choose among them. */
static void count_steps(unsigned ret[DT_STAGE_COUNT])
{
	struct meet_flash flash = {0};
	struct meet *m = meet_new(&flash, 3);

	assert_non_null(m);
	assert_true(meet_phone(m));
	m->ended = false;
	do
		ret[dt_phone_stage(m->phone)]++; /* where the next thing finds it, as run_into() counts */
	while (meet_step(m, UINT64_MAX - 1) && !m->ended);
	assert_true(meet_result(m)->ok);
	meet_free(m);
	meet_flash_free(&flash);
}

/* Runs the phone into the n-th event of that stage. */
static void run_into(struct meet *m, enum dt_stage stage, unsigned n)
{
	m->ended = false;
	while (!m->ended && !m->dead && (dt_phone_stage(m->phone) != stage || n-- > 0))
		if (!meet_step(m, UINT64_MAX - 1))
			break;
}

static bool phone_has_certificate(const struct meet_flash *f)
{
	for (size_t i = 0; i < sizeof f->file / sizeof *f->file; i++)
		if (strcmp(f->file[i].name, DT_STATE_USER) == 0 && f->file[i].there)
			return true;
	return false;
}

static void must_sign_in(struct meet *m, const char *when)
{
	const struct meet_record *r;

	assert_true(meet_phone(m));
	meet_run(m, LONG_ENOUGH);
	r = meet_result(m);
	if (r == NULL || !r->ok) {
		meet_dump(m);
		fail_msg("no dial tone %s", when);
	}
}

/* After whatever happened: a warm start without the PIN if the phone holds a certificate, else a cold one with it. */
static void must_recover(struct meet *m, const char *when)
{
	bool warm = phone_has_certificate(m->flash);

	meet_phone_off(m);
	m->conf.pin = warm ? NULL : "73914";
	m->conf.number = warm ? NULL : "4411";
	must_sign_in(m, when);
}

static void phone_killed_in_each_stage(void **state)
{
	unsigned steps[DT_STAGE_COUNT] = {0};
	char when[64];

	(void)state;
	count_steps(steps);
	for (int stage = DT_STAGE_VLAN; stage < DT_STAGE_COUNT; stage++) {
		assert_true(steps[stage] > 0);
		for (unsigned i = 0; i < PER_STAGE; i++) {
			struct meet_flash flash = {0};
			struct meet *m = meet_new(&flash, 100 * (unsigned)stage + i);
			unsigned at = (i * 7919 + 13) % steps[stage];

			assert_non_null(m);
			assert_true(meet_phone(m));
			run_into(m, (enum dt_stage)stage, at);
			snprintf(when, sizeof when, "after a kill in stage %d, event %u", stage, at);
			must_recover(m, when);
			meet_free(m);
			meet_flash_free(&flash);
		}
	}
}

/* At each single call that changes what lasts, before or after the change, with an update under way. */
static void phone_killed_at_each_write(void **state)
{
	char when[64];
	unsigned n = 0;
	bool died;

	(void)state;
	do {
		struct meet_flash flash = {0};
		struct meet *m = meet_new(&flash, 41 + n);

		assert_non_null(m);
		servers_offer(m, "4.0.7577.4512", false);
		m->die_at = ++n;
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		died = m->dead;
		snprintf(when, sizeof when, "after a kill at write %u", n);
		must_recover(m, when);
		assert_string_equal(dt_phone_version(m->phone), "4.0.7577.4512");
		meet_free(m);
		meet_flash_free(&flash);
		if (n > 20) /* the pieces of the image are alike: not every one of them */
			n += 6;
	} while (died && n < 400);
	assert_true(n > 5);
}

static void servers_killed_in_each_stage(void **state)
{
	static const enum meet_process who[] = {MEET_VAULT, MEET_WORKER, MEET_LOCATION};
	unsigned steps[DT_STAGE_COUNT] = {0};
	char when[80];

	(void)state;
	count_steps(steps);
	for (int stage = DT_STAGE_FIND; stage < DT_STAGE_COUNT; stage++)
		for (unsigned i = 0; i < PER_STAGE * 3; i++) {
			struct meet_flash flash = {.store = "crash.db"};
			unsigned at = (i * 7919 + 13) % steps[stage];
			struct meet *m;

			crashfs_on(1000 * (unsigned)stage + i);
			m = meet_new(&flash, 31 * (unsigned)stage + i);
			assert_non_null(m);
			assert_true(meet_phone(m));
			run_into(m, (enum dt_stage)stage, at);
			servers_stop(m, who[i % 3]);
			if (who[i % 3] == MEET_VAULT)
				crashfs_power();
			assert_true(servers_start(m, who[i % 3]));
			meet_run(m, LONG_ENOUGH); /* the phone may notice, or not */
			snprintf(when, sizeof when, "after process %d was killed in stage %d, event %u", who[i % 3], stage, at);
			must_recover(m, when);
			meet_free(m);
			crashfs_off();
			meet_flash_free(&flash);
		}
}

/* The vault's disk fails at each single call of a sign-in, then the power goes. */
static void disk_fails_at_each_write(void **state)
{
	char when[64];
	bool failed;
	unsigned n = 0;

	(void)state;
	do {
		struct meet_flash flash = {.store = "crash.db"};
		struct store_user u;
		struct meet *m;

		crashfs_on(77 + n);
		m = meet_new(&flash, 5);
		assert_non_null(m);
		crashfs_fail_at(++n);
		assert_true(meet_phone(m));
		meet_run(m, LONG_ENOUGH);
		failed = crashfs_failed();
		servers_stop(m, MEET_VAULT);
		crashfs_power();
		assert_true(servers_start(m, MEET_VAULT));
		assert_int_equal(m->store->ops->user_get(m->store, "alice@contoso.test", &u), STORE_OK);
		snprintf(when, sizeof when, "after the disk failed at call %u", n);
		must_recover(m, when);
		meet_free(m);
		crashfs_off();
		meet_flash_free(&flash);
	} while (failed && n < 300);
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(phone_killed_in_each_stage),
	    cmocka_unit_test(phone_killed_at_each_write),
	    cmocka_unit_test(servers_killed_in_each_stage),
	    cmocka_unit_test(disk_fails_at_each_write),
	};
	int n = cmocka_run_group_tests(tests, NULL, NULL);

	meet_keys_done();
	return n;
}
