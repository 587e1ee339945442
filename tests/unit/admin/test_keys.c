/* tests/unit/admin/test_keys.c tries the functions of `dialtone key`: the list, a new key, and an old one's end. */
#include "tests/support/check.h"

#include "admin/keys/keys.h"
#include "admin/pins.h"
#include "server/control/control.h"
#include "server/vault/ring.h"

#define NOW 1795000000

/* There is no dialtoned in this program. */
bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason, unsigned *acted,
			struct why *why)
{
	(void)dir, (void)aor, (void)order, (void)diag, (void)reason, (void)acted, (void)why;
	return true;
}

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

static struct keys_seen listed(struct admin *a, const char *kind)
{
	struct keys_seen s = {0}, ret = {0};
	struct why why = {0};

	assert_int_equal(keys_each(a, see, &s, &why), ADMIN_OK);
	for (unsigned i = 0; i < s.n; i++)
		if (strcmp(s.k[i].kind, kind) == 0)
			ret.k[ret.n++] = s.k[i];
	return ret;
}

static void site_make(struct site *site, struct admin *a)
{
	struct why why = {0};
	char path[128];

	*site = (struct site){.ticket_seconds = 28800, .MinPasswordLength = 5};
	strcpy(site->dir, "/tmp/dialtone-keys.XXXXXX");
	assert_non_null(mkdtemp(site->dir));
	assert_true(vault_keys_make(site->dir, NOW - 1000, &why));
	snprintf(path, sizeof path, "%s/" STORE_FILE, site->dir);
	store_close(store_sqlite(path, &why));
	assert_int_equal(admin_open(a, site, NOW, "root", &why), ADMIN_OK);
}

static void rolls(void **state)
{
	struct site site;
	struct admin a;
	struct why why = {0};
	struct keys_seen s;
	unsigned id = 0;

	(void)state;
	site_make(&site, &a);
	s = listed(&a, "ticket");
	assert_int_equal(s.n, 1);
	assert_true(s.k[0].id == 1 && s.k[0].until == 0 && s.k[0].accepted && s.k[0].made == NOW - 1000);

	assert_int_equal(keys_roll(&a, "door", false, &id, &why), ADMIN_REFUSED);
	assert_string_equal(why.text, "'door' is no kind of key; type: dialtone key roll ticket, or: dialtone key roll pin");
	assert_int_equal(keys_roll(&a, "ticket", false, &id, &why), ADMIN_OK);
	assert_int_equal(id, 2);
	s = listed(&a, "ticket");
	assert_true(s.n == 2 && s.k[0].id == 2 && s.k[0].until == 0 && s.k[1].id == 1 && s.k[1].until == NOW + 28860 && s.k[1].accepted);
	a.now = NOW + 28860;
	assert_false(listed(&a, "ticket").k[1].accepted);
	assert_int_equal(keys_roll(&a, "ticket", true, &id, &why), ADMIN_OK);
	s = listed(&a, "ticket");
	assert_true(s.n == 3 && s.k[0].id == 3 && !s.k[1].accepted && s.k[1].until == a.now);
	assert_int_equal(keys_roll(&a, "ticket", false, &id, &why), ADMIN_OK); /* the second is retired: nothing is left of it */
	s = listed(&a, "ticket");
	assert_true(s.n == 3 && s.k[0].id == 4 && s.k[1].id == 3 && s.k[1].accepted && s.k[2].id == 1 && !s.k[2].accepted);
	admin_close(&a);
	folder_remove(site.dir);
}

static void pin_keys(void **state)
{
	struct store_user u = {.aor = "alice@contoso.test", .enabled = true};
	struct admin a, later;
	struct why why = {0};
	struct keys_seen s;
	struct site site;
	unsigned id = 0;

	(void)state;
	site_make(&site, &a);
	assert_int_equal(a.store->ops->user_add(a.store, &u), STORE_OK);
	assert_int_equal(pins_set(&a, &u, SV("73914"), &why), ADMIN_OK);
	s = listed(&a, "pin");
	assert_true(s.n == 1 && s.k[0].id == 1 && s.k[0].pins == 1 && s.k[0].until == 0 && s.k[0].made == NOW - 1000);

	assert_int_equal(keys_roll(&a, "pin", false, &id, &why), ADMIN_OK);
	assert_int_equal(id, 2);
	s = listed(&a, "pin");
	assert_true(s.n == 2 && s.k[0].id == 2 && s.k[0].pins == 0 && s.k[0].made == NOW);
	assert_true(s.k[1].pins == 1 && s.k[1].accepted && s.k[1].until == 0);
	assert_int_equal(admin_open(&later, &site, NOW + 9, "root", &why), ADMIN_OK);
	assert_int_equal(pins_set(&later, &u, SV("73914"), &why), ADMIN_OK); /* the same PIN, made anew */
	assert_int_equal(pins_set(&later, &u, SV("73914"), &why), ADMIN_UNCHANGED);
	s = listed(&later, "pin");
	assert_true(s.k[0].pins == 1 && s.k[1].pins == 0);

	assert_int_equal(keys_roll(&later, "pin", true, &id, &why), ADMIN_OK);
	s = listed(&later, "pin");
	assert_true(s.n == 3 && s.k[0].accepted && !s.k[1].accepted && !s.k[2].accepted && s.k[2].until == NOW + 9);
	assert_int_equal(keys_roll(&later, "pin", false, &id, &why), ADMIN_OK);
	s = listed(&later, "pin");
	assert_true(s.n == 3 && s.k[0].id == 4 && s.k[1].id == 3 && s.k[1].accepted && s.k[2].id == 1 && !s.k[2].accepted);
	assert_int_equal(listed(&later, "ticket").n, 1);
	admin_close(&later);
	admin_close(&a);
	folder_remove(site.dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(rolls), cmocka_unit_test(pin_keys)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
