/* tests/unit/store/test_shared.c: one store for many threads: nothing is lost, writes that come together share a commit, and one
 * write's failure is no other's.
 */
#include "tests/support/check.h"

#include <pthread.h>
#include <unistd.h>

#include "store/store.h"

enum { THREADS = 8, STEPS = 50 };

static struct {
	char dir[64], path[96];
	struct store *store;
	int64_t user;
} w;

/* ---- a store that is watched ------------------------------------------------------------------------------------------ */

static struct {
	struct store store; /* first */
	struct store *real;
	struct store_ops ops;
	unsigned begins, slow_us;
	int64_t fails_for; /* pin_step of this user fails */
} spy;

static enum store_result spy_begin(struct store *s)
{
	(void)s;
	spy.begins++;
	return spy.real->ops->begin(spy.real);
}

static enum store_result spy_end(struct store *s, enum store_result r)
{
	(void)s;
	usleep(spy.slow_us); /* the disk */
	return spy.real->ops->end(spy.real, r);
}

static enum store_result spy_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *arg, size_t i, struct store_pin *p), void *arg)
{
	(void)s;
	usleep(spy.slow_us);
	if (users[0] == spy.fails_for)
		return STORE_FAILED;
	return spy.real->ops->pin_step(spy.real, users, n, step, arg);
}

static enum store_result spy_password(struct store *s, int64_t user, void (*step)(void *arg, struct store_tries *t), void *arg)
{
	(void)s;
	usleep(spy.slow_us);
	return spy.real->ops->password_step(spy.real, user, step, arg);
}

static enum store_result spy_tries(struct store *s, int64_t user, struct store_tries *ret)
{
	(void)s;
	return spy.real->ops->password_get(spy.real, user, ret);
}

static enum store_result spy_changes(struct store *s, uint64_t *ret)
{
	(void)s;
	return spy.real->ops->changes(spy.real, ret);
}

static enum store_result spy_put(struct store *s, const struct store_cert *c)
{
	(void)s;
	return spy.real->ops->cert_put(spy.real, c);
}

static enum store_result spy_settle(struct store *s, const struct store_cert *c)
{
	(void)s;
	return spy.real->ops->cert_settle(spy.real, c);
}

static const char *spy_why(struct store *s)
{
	(void)s;
	return "this one fails";
}

static void spy_close(struct store *s)
{
	(void)s;
	store_close(spy.real);
}

static int setup(void **state)
{
	struct store_user u = {.aor = "alice@contoso.test", .enabled = true};
	struct why why = {0};

	(void)state;
	memset(&spy, 0, sizeof spy);
	strcpy(w.dir, "/tmp/dialtone-shared.XXXXXX");
	assert_non_null(mkdtemp(w.dir));
	snprintf(w.path, sizeof w.path, "%s/store.db", w.dir);
	spy.real = store_sqlite(w.path, &why);
	assert_non_null(spy.real);
	assert_int_equal(spy.real->ops->user_add(spy.real, &u), STORE_OK);
	w.user = u.id;
	spy.fails_for = -1;
	spy.ops = (struct store_ops){.begin = spy_begin, .end = spy_end, .pin_step = spy_step, .password_step = spy_password,
				     .password_get = spy_tries, .changes = spy_changes,
				     .cert_put = spy_put, .cert_settle = spy_settle, .why = spy_why, .close = spy_close};
	spy.store.ops = &spy.ops;
	w.store = store_shared(&spy.store);
	assert_non_null(w.store);
	return 0;
}

static int teardown(void **state)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	char path[128];

	(void)state;
	store_close(w.store);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s%s", w.path, ends[i]);
		unlink(path);
	}
	return rmdir(w.dir);
}

/* ---- many threads ------------------------------------------------------------------------------------------------------- */

static void count(void *arg, size_t i, struct store_pin *p)
{
	(void)arg, (void)i;
	p->global++;
}

static void *steps(void *arg)
{
	uintptr_t bad = 0;

	(void)arg;
	for (unsigned i = 0; i < STEPS; i++)
		bad += w.store->ops->pin_step(w.store, &w.user, 1, count, NULL) != STORE_OK;
	return (void *)bad;
}

static void run(void *(*fn)(void *), unsigned n)
{
	pthread_t t[THREADS];

	for (unsigned i = 0; i < n; i++)
		assert_int_equal(pthread_create(&t[i], NULL, fn, NULL), 0);
	for (unsigned i = 0; i < n; i++) {
		void *bad;

		assert_int_equal(pthread_join(t[i], &bad), 0);
		assert_null(bad);
	}
}

static void nothing_is_lost(void **state)
{
	struct store_pin p;

	(void)state;
	spy.slow_us = 300;
	run(steps, THREADS);
	assert_int_equal(spy.real->ops->pin_get(spy.real, w.user, &p), STORE_OK);
	assert_int_equal(p.global, THREADS * STEPS);
	assert_in_range(spy.begins, 1, THREADS * STEPS / 2); /* they have shared their commits */
}

static void wrong_password(void *arg, struct store_tries *t)
{
	(void)arg;
	t->all++;
}

static void *passwords(void *arg)
{
	uintptr_t bad = 0;

	(void)arg;
	for (unsigned i = 0; i < STEPS; i++)
		bad += w.store->ops->password_step(w.store, w.user, wrong_password, NULL) != STORE_OK;
	return (void *)bad;
}

/* The tries of passwords are counted like those of PINs. */
static void no_try_is_lost(void **state)
{
	struct store_tries t;

	(void)state;
	spy.slow_us = 300;
	run(passwords, THREADS);
	assert_int_equal(w.store->ops->password_get(w.store, w.user, &t), STORE_OK);
	assert_int_equal(t.all, THREADS * STEPS);
	assert_in_range(spy.begins, 1, THREADS * STEPS / 2);
}

/* One thread's writes always fail: the others succeed all the same, and it hears why. */
static void *failing(void *arg)
{
	uintptr_t bad = 0;
	int64_t nobody = 4711;

	(void)arg;
	for (unsigned i = 0; i < STEPS; i++) {
		bad += w.store->ops->pin_step(w.store, &nobody, 1, count, NULL) != STORE_FAILED;
		bad += strcmp(store_why(w.store), "this one fails") != 0;
	}
	return (void *)bad;
}

static void failures_are_separate(void **state)
{
	struct store_pin p;
	pthread_t t;
	void *bad;

	(void)state;
	spy.slow_us = 200;
	spy.fails_for = 4711;
	assert_int_equal(pthread_create(&t, NULL, failing, NULL), 0);
	run(steps, THREADS - 1);
	assert_int_equal(pthread_join(t, &bad), 0);
	assert_null(bad);
	assert_int_equal(spy.real->ops->pin_get(spy.real, w.user, &p), STORE_OK);
	assert_int_equal(p.global, (THREADS - 1) * STEPS);
}

/* ---- changes -------------------------------------------------------------------------------------------------------------- */

static void changes(void **state)
{
	struct store_cert c = {.user = w.user, .device = "d", .expires = 2000000000};
	struct store_user u;
	struct store *other;
	uint64_t a = 0, b = 0;
	struct why why = {0};

	(void)state;
	assert_int_equal(w.store->ops->changes(w.store, &a), STORE_OK);
	assert_int_equal(w.store->ops->pin_step(w.store, &w.user, 1, count, NULL), STORE_OK);
	buf_str(&c.der, "one");
	assert_int_equal(w.store->ops->cert_put(w.store, &c), STORE_OK);
	assert_int_equal(w.store->ops->changes(w.store, &b), STORE_OK);
	assert_true(a == b); /* written by this store itself, and nothing has gone */

	other = store_sqlite(w.path, &why);
	assert_non_null(other);
	assert_int_equal(other->ops->user_get(other, "alice@contoso.test", &u), STORE_OK);
	assert_int_equal(w.store->ops->changes(w.store, &b), STORE_OK);
	assert_true(a == b); /* reading is no change */
	u.enabled = false;
	assert_int_equal(other->ops->user_set(other, &u), STORE_OK);
	assert_int_equal(w.store->ops->changes(w.store, &b), STORE_OK);
	assert_true(a != b);
	store_close(other);

	a = b;
	c.sha1[0] = 1; /* a second certificate, which is then seen in use: the first one goes */
	assert_int_equal(w.store->ops->cert_put(w.store, &c), STORE_OK);
	assert_int_equal(w.store->ops->changes(w.store, &b), STORE_OK);
	assert_true(a == b);
	assert_int_equal(w.store->ops->cert_settle(w.store, &c), STORE_OK);
	assert_int_equal(w.store->ops->changes(w.store, &b), STORE_OK);
	assert_true(a != b);
	buf_free(&c.der);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(no_try_is_lost), T(nothing_is_lost), T(failures_are_separate), T(changes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
