/* tests/unit/store/test_quotas.c: rows of strangers have an end, and push out no others. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/store.h"
#include "tests/support/check.h"

struct world {
	char path[64];
	sqlite3 *db;
	struct store *s;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	int fd;

	strcpy(w->path, "/tmp/dialtone-quotas.XXXXXX");
	fd = mkstemp(w->path);
	assert_true(fd >= 0);
	close(fd);
	w->s = store_sqlite(w->path, NULL);
	assert_non_null(w->s);
	assert_int_equal(sqlite3_open(w->path, &w->db), SQLITE_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char more[80];

	sqlite3_close(w->db);
	store_close(w->s);
	for (size_t i = 0; i < 3; i++) {
		snprintf(more, sizeof more, "%s%s", w->path, (const char *const[]){"", "-wal", "-shm"}[i]);
		unlink(more);
	}
	free(w);
	return 0;
}

static void quick(struct world *w, const char *sql)
{
	assert_int_equal(sqlite3_exec(w->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static int number(struct world *w, const char *sql)
{
	sqlite3_stmt *st;
	int n;

	assert_int_equal(sqlite3_prepare_v2(w->db, sql, -1, &st, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return n;
}

/* Half a million failures before, and a thousand more: rows of administrators and of who signed in are all there, the oldest
 * failures are not. */
static void guessing_flushes_no_audit(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 6; i++)
		assert_int_equal(w->s->ops->audit(w->s, 1, STORE_ADMINISTRATOR, "", true, "user add"), STORE_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(w->s->ops->audit(w->s, 2, "pin", "alice@contoso.test", true, ""), STORE_OK);
	assert_int_equal(w->s->ops->audit(w->s, 3, "pin", "", false, "the first"), STORE_OK);
	quick(w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500000) "
		 "INSERT INTO audit (at, what, whom, ok, detail) SELECT 4, 'ntlm', '', 0, 'wrong password' FROM n");
	for (int i = 0; i < 1100; i++)
		assert_int_equal(w->s->ops->audit(w->s, 5, "ntlm", "", false, "wrong password"), STORE_OK);
	assert_in_range(number(w, "SELECT count(*) FROM audit WHERE ok = 0"), 500000, 501100);
	assert_int_equal(number(w, "SELECT count(*) FROM audit WHERE detail = 'the first'"), 0);
	assert_int_equal(number(w, "SELECT count(*) FROM audit WHERE what = 'administrator'"), 6);
	assert_int_equal(number(w, "SELECT count(*) FROM audit WHERE what = 'pin' AND ok = 1"), 5);
}

/* Devices that were seen on more than one day stay; a flood of new ones pushes out itself. */
static void new_devices_push_out_new_ones(void **state)
{
	struct store_device d = {.mac = "00-04-F2-00-01-76", .vendor = "POLYCOM", .model = "CX600", .last_seen = 1000000};
	struct world *w = *state;

	assert_int_equal(w->s->ops->device_put(w->s, &d), STORE_OK);
	d.last_seen += 100000;
	assert_int_equal(w->s->ops->device_put(w->s, &d), STORE_OK);
	quick(w, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) "
		 "INSERT INTO device (key, mac, serial, vendor, model, revision, locale, device_type, version, account, address, first_seen, last_seen) "
		 "SELECT 'x' || i, '', 'x' || i, '', '', '', '', '', '', '', '', 2000000, 2000000 FROM n");
	for (int i = 0; i < 1100; i++) {
		struct store_device flood = {.last_seen = 2000001};

		snprintf(flood.serial, sizeof flood.serial, "flood%d", i);
		assert_int_equal(w->s->ops->device_put(w->s, &flood), STORE_OK);
	}
	assert_in_range(number(w, "SELECT count(*) FROM device"), 200000, 201100);
	assert_int_equal(number(w, "SELECT count(*) FROM device WHERE mac = '00-04-F2-00-01-76'"), 1);
}

/* One user's: 128 at most, and those that have expired go with the next one. */
static void certificates_have_an_end(void **state)
{
	struct store_user alice = {.aor = "alice@contoso.test", .enabled = true, .created = 1};
	struct world *w = *state;

	assert_int_equal(w->s->ops->user_add(w->s, &alice), STORE_OK);
	for (int i = 0; i < 300; i++) {
		struct store_cert c = {.user = alice.id, .published = 1000 + i, .expires = i < 100 ? 1150 : 5000};

		snprintf(c.device, sizeof c.device, "device-%d", i);
		snprintf((char *)c.sha1, sizeof c.sha1, "sha1 %d", i);
		buf_str(&c.der, "der");
		assert_int_equal(w->s->ops->cert_put(w->s, &c), STORE_OK);
		store_cert_clear(&c);
		if (i == 160)
			assert_int_equal(number(w, "SELECT count(*) FROM cert WHERE expires = 1150"), 0);
	}
	assert_int_equal(number(w, "SELECT count(*) FROM cert"), 128);
	assert_int_equal(number(w, "SELECT count(*) FROM cert WHERE device = 'device-299'"), 1);
}

static enum store_result publish(struct world *w, int64_t user, unsigned serial, uint8_t key)
{
	struct store_cert c = {.user = user, .published = 1000, .expires = 5000};
	enum store_result r;

	snprintf(c.device, sizeof c.device, "device-%u", serial);
	memcpy(c.sha1, &serial, sizeof serial);
	memset(c.key, key, sizeof c.key);
	buf_str(&c.der, "der");
	r = w->s->ops->cert_put(w->s, &c);
	store_cert_clear(&c);
	return r;
}

/* A key that a second user enrols serves the first one no more, and whoever is signed in with it is looked at again. */
static void a_key_serves_one_user(void **state)
{
	struct store_user alice = {.aor = "alice@contoso.test", .enabled = true, .created = 1};
	struct store_user bob = {.aor = "bob@contoso.test", .enabled = true, .created = 1};
	struct world *w = *state;
	struct store_cert got = {0};
	uint8_t sha1[20] = {4};
	uint64_t before, after;

	assert_int_equal(w->s->ops->user_add(w->s, &alice), STORE_OK);
	assert_int_equal(w->s->ops->user_add(w->s, &bob), STORE_OK);
	assert_int_equal(publish(w, alice.id, 1, 7), STORE_OK);
	assert_int_equal(publish(w, alice.id, 2, 7), STORE_OK); /* renewed, on another device: the same user */
	assert_int_equal(publish(w, alice.id, 3, 8), STORE_OK);
	assert_int_equal(number(w, "SELECT count(*) FROM cert"), 3);
	assert_int_equal(w->s->ops->changes(w->s, &before), STORE_OK);
	assert_int_equal(publish(w, bob.id, 4, 7), STORE_OK);
	assert_int_equal(w->s->ops->changes(w->s, &after), STORE_OK);
	assert_true(after != before);
	assert_int_equal(number(w, "SELECT count(*) FROM cert"), 2);
	assert_int_equal(number(w, "SELECT count(*) FROM cert WHERE device = 'device-3'"), 1);
	assert_int_equal(w->s->ops->cert_find(w->s, sha1, &got), STORE_OK);
	assert_int_equal(got.key[0], 7);
	store_cert_clear(&got);
	/* certificates of before this was written down are nobody's double */
	assert_int_equal(publish(w, alice.id, 5, 0), STORE_OK);
	assert_int_equal(publish(w, bob.id, 6, 0), STORE_OK);
	assert_int_equal(number(w, "SELECT count(*) FROM cert"), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(guessing_flushes_no_audit, setup, teardown),
					   cmocka_unit_test_setup_teardown(new_devices_push_out_new_ones, setup, teardown),
					   cmocka_unit_test_setup_teardown(certificates_have_an_end, setup, teardown),
					   cmocka_unit_test_setup_teardown(a_key_serves_one_user, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
