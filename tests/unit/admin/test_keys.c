/* tests/unit/admin/test_keys.c tries the functions of `dialtone key`: the list, a new key, and an old one's end. */
#include "tests/support/check.h"

#include "admin/keys/keys.h"
#include "server/vault/ring.h"

#define NOW 1795000000

struct keys_seen {
	unsigned n;
	struct key_info k[8];
};

static void see(void *arg, const struct key_info *k)
{
	struct keys_seen *s = arg;

	assert_in_range(s->n, 0, 7);
	s->k[s->n++] = *k;
}

static struct keys_seen listed(struct admin *a)
{
	struct keys_seen s = {0};
	struct why why = {0};

	assert_int_equal(keys_each(a, see, &s, &why), ADMIN_OK);
	return s;
}

static void rolls(void **state)
{
	struct site site = {.ticket_seconds = 28800};
	struct admin a = {.now = NOW};
	struct why why = {0};
	char path[128];
	struct keys_seen s;
	unsigned id = 0;

	(void)state;
	strcpy(site.dir, "/tmp/dialtone-keys.XXXXXX");
	assert_non_null(mkdtemp(site.dir));
	assert_true(vault_keys_make(site.dir, NOW - 1000, &why));
	snprintf(path, sizeof path, "%s/" STORE_FILE, site.dir);
	store_close(store_sqlite(path, &why));
	assert_int_equal(admin_open(&a, &site, NOW, "root", &why), ADMIN_OK);
	s = listed(&a);
	assert_int_equal(s.n, 1);
	assert_true(s.k[0].id == 1 && s.k[0].until == 0 && s.k[0].accepted && s.k[0].made == NOW - 1000);

	assert_int_equal(keys_roll(&a, "pin", false, &id, &why), ADMIN_REFUSED);
	assert_string_equal(why.text, "'pin' is no kind of key; type: dialtone key roll ticket");
	assert_int_equal(keys_roll(&a, "ticket", false, &id, &why), ADMIN_OK);
	assert_int_equal(id, 2);
	s = listed(&a);
	assert_true(s.n == 2 && s.k[0].id == 2 && s.k[0].until == 0 && s.k[1].id == 1 && s.k[1].until == NOW + 28860 && s.k[1].accepted);
	a.now = NOW + 28860;
	assert_false(listed(&a).k[1].accepted);
	assert_int_equal(keys_roll(&a, "ticket", true, &id, &why), ADMIN_OK);
	s = listed(&a);
	assert_true(s.n == 3 && s.k[0].id == 3 && !s.k[1].accepted && s.k[1].until == a.now);
	assert_int_equal(keys_roll(&a, "ticket", false, &id, &why), ADMIN_OK); /* the second is retired: nothing is left of it */
	s = listed(&a);
	assert_true(s.n == 3 && s.k[0].id == 4 && s.k[1].id == 3 && s.k[1].accepted && s.k[2].id == 1 && !s.k[2].accepted);
	admin_close(&a);
	folder_remove(site.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rolls)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
