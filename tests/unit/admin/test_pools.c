/* tests/unit/admin/test_pools.c: users of several pools: each pool knows each user, certificates move along. */
#include "tests/support/check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "admin/certs.h"
#include "admin/pins.h"
#include "admin/pools.h"
#include "admin/users.h"
#include "base/file.h"
#include "base/text.h"
#include "server/control/control.h"
#include "server/vault/make.h"

/* ---- a dialtoned that counts ---------------------------------------------------------------------------------------- */

static char ordered[512];

bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, struct why *why)
{
	(void)diag, (void)reason, (void)why;
	snprintf(ordered, sizeof ordered, "%s %s %d", strrchr(dir, '/') + 1, aor, order);
	*acted = 2;
	return true;
}

/* ---- three sites ---------------------------------------------------------------------------------------------------------- */

static const char *const names[] = {"dir", "p1", "p2"};
enum { DIRECTOR, P1, P2, SITES };

struct world {
	char dir[64];
	struct site site[SITES];
	struct admin admin[SITES];
	struct why why;
};

static void one_site(struct world *w, unsigned i, const char *secret)
{
	struct admin *a = &w->admin[i];
	struct site *s = &w->site[i];
	char path[sizeof s->dir + 32];

	text_set(s->dir, sizeof s->dir, "%s/%s", w->dir, names[i]);
	snprintf(s->pool, sizeof s->pool, "%s.contoso.test", names[i]);
	snprintf(s->fqdn, sizeof s->fqdn, "fe-%s.contoso.test", names[i]);
	strcpy(s->domain, "contoso.test");
	s->MinPasswordLength = 5;
	s->PINHistoryCount = 3;
	assert_int_equal(mkdir(s->dir, 0700), 0);
	snprintf(path, sizeof path, "%s/vault", s->dir);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof path, "%s/vault/secret", s->dir);
	assert_int_equal(file_write(NULL, path, secret, strlen(secret), 0600), 0);
	snprintf(path, sizeof path, "%s/" STORE_FILE, s->dir);
	store_close(store_sqlite(path, &w->why));
	assert_int_equal(admin_open(a, s, 1795000000, "root", &w->why), ADMIN_OK);
}

static int setup(void **state)
{
	static const char secret[] = "0707070707070707070707070707070707070707070707070707070707070707\n";
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	strcpy(w->dir, "/tmp/dialtone-pools.XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	for (unsigned i = 0; i < SITES; i++)
		one_site(w, i, secret);
	for (unsigned i = 0; i < SITES; i++)
		for (unsigned k = 0; k < SITES; k++) {
			const char *field[POOL_FIELDS] = {[POOL_STORE] = w->site[k].dir};

			if (i != k)
				assert_int_equal(pools_put(&w->admin[i], w->site[k].pool, field, true, &w->why), ADMIN_OK);
		}
	ordered[0] = '\0';
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];

	for (unsigned i = 0; i < SITES; i++)
		admin_close(&w->admin[i]);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	free(w);
	return system(command);
}

static struct store_user user_at(struct world *w, unsigned site)
{
	struct store_user u = {0};

	users_get(&w->admin[site], "alice@contoso.test", &u, &w->why);
	return u;
}

static struct store_pin pin_at(struct world *w, unsigned site)
{
	struct store *s = w->admin[site].store;
	struct store_pin p = {0};
	struct store_user u = user_at(w, site);

	s->ops->pin_get(s, u.id, &p);
	return p;
}

static bool pin_set_at(struct world *w, unsigned site, uint8_t hash[32])
{
	struct store_pin p = pin_at(w, site);

	if (!p.set)
		return false;
	memcpy(hash, p.hash, 32);
	return true;
}

static void add_alice(struct world *w)
{
	struct store_user u = {.enabled = true, .remote = true};

	strcpy(u.aor, "alice@contoso.test");
	strcpy(u.extension, "4411");
	strcpy(u.home_pool, "p1.contoso.test");
	assert_int_equal(users_put(&w->admin[DIRECTOR], &u, SV("Pa$$word"), SV("80642"), &w->why), ADMIN_OK);
}

/* Added at the Director with a home pool: every pool knows the user, PIN and password, and the same home. */
static void every_pool_knows(void **state)
{
	struct world *w = *state;
	uint8_t here[32], there[32], nt[16];
	struct store_user u;
	unsigned phones;

	add_alice(w);
	for (unsigned i = 0; i < SITES; i++) {
		u = user_at(w, i);
		assert_string_equal(u.home_pool, "p1.contoso.test");
		assert_true(pin_set_at(w, DIRECTOR, here) && pin_set_at(w, i, there));
		assert_memory_equal(here, there, 32);
		assert_true(vault_nt_hash_open(w->admin[DIRECTOR].secret, &u, nt));
	}
	u = user_at(w, P1);
	assert_int_equal(pins_set(&w->admin[P1], &u, SV("97531"), &w->why), ADMIN_OK);
	assert_true(pin_set_at(w, P1, here) && pin_set_at(w, DIRECTOR, there));
	assert_memory_equal(here, there, 32);
	assert_int_equal(users_enable(&w->admin[P1], &u, false, &phones, &w->why), ADMIN_OK);
	assert_false(user_at(w, P2).enabled);
	assert_int_equal(users_remove(&w->admin[P1], &u, &phones, &w->why), ADMIN_OK);
	assert_int_equal(user_at(w, DIRECTOR).id, 0);
	assert_int_equal(user_at(w, P2).id, 0);
}

static void pin_count(void *arg, size_t i, struct store_pin *p)
{
	(void)arg, (void)i;
	p->local = 4;
}

/* A PIN that was made anew with a later key is the same PIN: it goes to the others so, and none of before comes back. */
static void pin_made_anew(void **state)
{
	struct world *w = *state;
	struct store *p1 = w->admin[P1].store, *p2 = w->admin[P2].store;
	struct store_old_pin old[4];
	struct store_pin p;
	struct store_user u;
	unsigned phones;
	size_t n = 9;

	add_alice(w);
	p = pin_at(w, P1);
	assert_int_equal(p.key, 1);
	p.key = 2;
	assert_int_equal(p1->ops->pin_rehash(p1, user_at(w, P1).id, &p), STORE_OK);
	u = user_at(w, P2);
	assert_int_equal(p2->ops->pin_step(p2, &u.id, 1, pin_count, NULL), STORE_OK);
	u = user_at(w, DIRECTOR); /* which has the PIN of before */
	assert_int_equal(users_enable(&w->admin[DIRECTOR], &u, false, &phones, &w->why), ADMIN_OK);
	assert_int_equal(pin_at(w, P1).key, 2);
	u = user_at(w, P1);
	assert_int_equal(users_enable(&w->admin[P1], &u, true, &phones, &w->why), ADMIN_OK);
	p = pin_at(w, P2);
	assert_int_equal(p.key, 2);
	assert_int_equal(p.local, 4);
	assert_int_equal(p2->ops->pin_history(p2, user_at(w, P2).id, old, 4, &n), STORE_OK);
	assert_int_equal(n, 0);
}

static unsigned certs_at(struct world *w, unsigned site)
{
	struct store *s = w->admin[site].store;
	uint8_t sha1[20] = {1};
	struct store_cert c = {0};
	unsigned n = s->ops->cert_find(s, sha1, &c) == STORE_OK;

	store_cert_clear(&c);
	return n;
}

/* From the Director: the certificate goes along, phones of the old pool are told, everybody knows the new home. */
static void moved(void **state)
{
	struct world *w = *state;
	struct store *s = w->admin[P1].store;
	struct store_cert c = {.device = "phone", .sha1 = {1}, .expires = 2000000000};
	struct store_user u;
	unsigned phones = 0;

	add_alice(w);
	c.user = user_at(w, P1).id;
	buf_str(&c.der, "a certificate");
	assert_int_equal(s->ops->cert_put(s, &c), STORE_OK);
	u = user_at(w, DIRECTOR);
	assert_int_equal(pools_move(&w->admin[DIRECTOR], &u, "p1.contoso.test", &phones, &w->why), ADMIN_UNCHANGED);
	assert_int_equal(pools_move(&w->admin[DIRECTOR], &u, "p2.contoso.test", &phones, &w->why), ADMIN_OK);
	assert_int_equal(phones, 2);
	assert_string_equal(ordered, "p1 alice@contoso.test 2"); /* LOCATION_DEACTIVATED, where the phones were */
	assert_true(certs_at(w, P1) == 0 && certs_at(w, P2) == 1 && certs_at(w, DIRECTOR) == 0);
	for (unsigned i = 0; i < SITES; i++)
		assert_string_equal(user_at(w, i).home_pool, "p2.contoso.test");
	u = user_at(w, P2); /* and back, from the pool itself */
	assert_int_equal(pools_move(&w->admin[P2], &u, "p1.contoso.test", &phones, &w->why), ADMIN_OK);
	assert_string_equal(ordered, "p2 alice@contoso.test 2");
	assert_true(certs_at(w, P1) == 1 && certs_at(w, P2) == 0);
	assert_string_equal(user_at(w, DIRECTOR).home_pool, "p1.contoso.test");
	assert_int_equal(pools_move(&w->admin[P2], &u, "p7.contoso.test", &phones, &w->why), ADMIN_REFUSED);
	buf_free(&c.der);
}

/* Revoked at any pool: the certificate is gone from the home pool, and none from before counts anywhere. */
static void revoked(void **state)
{
	struct world *w = *state;
	struct store *s = w->admin[P1].store;
	struct store_cert c = {.device = "phone", .sha1 = {1}, .expires = 2000000000};
	struct store_user u;
	unsigned n = 9, phones;

	add_alice(w);
	c.user = user_at(w, P1).id;
	buf_str(&c.der, "a certificate");
	assert_int_equal(s->ops->cert_put(s, &c), STORE_OK);
	u = user_at(w, DIRECTOR);
	assert_int_equal(certs_revoke(&w->admin[DIRECTOR], &u, &n, &phones, &w->why), ADMIN_UNCHANGED); /* this one had none */
	assert_true(n == 0 && certs_at(w, P1) == 0);
	for (unsigned i = 0; i < SITES; i++)
		assert_int_equal(user_at(w, i).tickets_after, w->admin[DIRECTOR].now);
	assert_int_equal(s->ops->cert_put(s, &c), STORE_OK);
	assert_int_equal(pools_report(&w->admin[DIRECTOR], u.aor, false, &w->why), ADMIN_OK); /* anything else: the new one stays */
	assert_int_equal(certs_at(w, P1), 1);
	buf_free(&c.der);
}

/* A pool that is not reached is named, with what to type; another company's is refused. */
static void not_reached(void **state)
{
	struct world *w = *state;
	char path[sizeof w->site[0].dir + 32];
	const char *nowhere[POOL_FIELDS] = {[POOL_STORE] = "/nowhere/at/all"};
	struct store_user u;
	size_t n = 0;
	unsigned phones;

	add_alice(w);
	assert_int_equal(pools_put(&w->admin[P1], "p2.contoso.test", nowhere, false, &w->why), ADMIN_OK);
	u = user_at(w, P1);
	assert_int_equal(pins_set(&w->admin[P1], &u, SV("97531"), &w->why), ADMIN_AWAY);
	assert_non_null(strstr(w->why.text, "type: dialtone pool sync p2.contoso.test"));
	nowhere[POOL_STORE] = w->site[P2].dir;
	assert_int_equal(pools_put(&w->admin[P1], "p2.contoso.test", nowhere, false, &w->why), ADMIN_OK);
	assert_int_equal(pools_sync(&w->admin[P1], "p2.contoso.test", &n, &w->why), ADMIN_OK);
	assert_int_equal(n, 1);
	snprintf(path, sizeof path, "%s/vault/secret", w->site[P2].dir);
	assert_int_equal(file_write(NULL, path, "0808080808080808080808080808080808080808080808080808080808080808\n", 65, 0600), 0);
	assert_int_equal(pools_move(&w->admin[P1], &u, "p2.contoso.test", &phones, &w->why), ADMIN_SITE);
	assert_non_null(strstr(w->why.text, "is of another company"));
	assert_int_equal(pools_remove(&w->admin[DIRECTOR], "p1.contoso.test", &w->why), ADMIN_REFUSED);
	assert_int_equal(pools_put(&w->admin[P1], "p1.contoso.test", nowhere, true, &w->why), ADMIN_REFUSED); /* itself */
}

/* A front end of this pool that is gone for good. */
static void a_front_end_is_removed(void **state)
{
	struct world *w = *state;
	struct store *s = w->admin[P1].store;

	assert_int_equal(s->ops->front_end_beat(s, "fe9.contoso.test"), STORE_OK);
	assert_int_equal(pools_remove(&w->admin[P1], "fe9.contoso.test", &w->why), ADMIN_OK);
	assert_int_equal(pools_remove(&w->admin[P1], "fe9.contoso.test", &w->why), ADMIN_NONE);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(every_pool_knows), T(pin_made_anew), T(moved), T(revoked), T(not_reached), T(a_front_end_is_removed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
