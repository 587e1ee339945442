/* tests/unit/store/test_postgres.c: PostgreSQL alone: a server that goes and comes back, several front ends on one store. */
#include "tests/unit/store/store_world.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "store/postgres.h"
#include "tests/unit/store/pg.h"

static char database[160];

static struct store *opened(void)
{
	struct why why = {0};
	struct store *s = store_postgres(database, &why);

	if (s == NULL)
		fail_msg("%s", why.text);
	return s;
}

static int setup(void **state)
{
	(void)state;
	pg_database(database, sizeof database);
	return 0;
}

static void one_more(void *arg, size_t i, struct store_pin *p)
{
	(void)arg;
	(void)i;
	p->global++;
}

static unsigned tries_of(struct store *s, int64_t user)
{
	struct store_pin p = {0};

	assert_int_equal(s->ops->pin_get(s, user, &p), STORE_OK);
	return p.global;
}

/* While no server answers, each call fails, and soon; when one does, the same store goes on, and every counted try is there. */
static void goes_and_comes_back(void **state)
{
	struct store *s = opened();
	struct store_user a = store_world_user("alice@contoso.test", "", "", ""), got;
	unsigned counted = 0;
	uint64_t began;

	(void)state;
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	for (int i = 0; i < 20; i++)
		counted += s->ops->pin_step(s, &a.id, 1, one_more, NULL) == STORE_OK;
	pg_kill();
	began = clock_mono_ms();
	for (int i = 0; i < 50; i++) {
		assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_FAILED);
		assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &got), STORE_FAILED);
		assert_int_equal(strncmp(store_why(s), "PostgreSQL: ", 12), 0);
	}
	assert_in_range(clock_mono_ms() - began, 0, 2000);
	assert_int_equal(s->ops->begin(s), STORE_FAILED);
	pg_again();
	usleep(1100 * 1000); /* it was not asked again at once */
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &got), STORE_OK);
	assert_int_equal(tries_of(s, a.id), counted);
	assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_OK);
	assert_int_equal(tries_of(s, a.id), counted + 1);
	store_close(s);
}

/* The server goes in the middle of a transaction: all of it is undone, and nobody is told otherwise. */
static void in_the_middle(void **state)
{
	struct store *s = opened();
	struct store_user a = store_world_user("alice@contoso.test", "", "", ""), b = store_world_user("bob@contoso.test", "", "", ""), got;

	(void)state;
	assert_int_equal(s->ops->begin(s), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	pg_kill();
	pg_again();
	assert_int_equal(s->ops->user_add(s, &b), STORE_FAILED);
	assert_int_equal(s->ops->end(s, STORE_FAILED), STORE_FAILED);
	usleep(1100 * 1000);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &got), STORE_NONE);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	store_close(s);
}

enum { FRONT_ENDS = 3, TRIES = 40 };

static void *guess(void *arg)
{
	struct store *s = store_shared(opened());
	uintptr_t lost = 0;
	int64_t user = *(int64_t *)arg;

	for (int i = 0; i < TRIES; i++)
		lost += s->ops->pin_step(s, &user, 1, one_more, NULL) != STORE_OK;
	store_close(s);
	return (void *)lost;
}

/* A guesser who spreads over three front ends gets no try that is not counted. */
static void spread_over_front_ends(void **state)
{
	struct store *s = opened();
	struct store_user a = store_world_user("alice@contoso.test", "", "", "");
	pthread_t t[FRONT_ENDS];

	(void)state;
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	for (int i = 0; i < FRONT_ENDS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, guess, &a.id), 0);
	for (int i = 0; i < FRONT_ENDS; i++) {
		void *lost;

		assert_int_equal(pthread_join(t[i], &lost), 0);
		assert_null(lost);
	}
	assert_int_equal(tries_of(s, a.id), FRONT_ENDS * TRIES);
	store_close(s);
}

/* A certificate revoked by one front end: the count of changes is another one for all. */
static void changes_are_seen_by_all(void **state)
{
	struct store *one = opened(), *two = opened();
	struct store_user a = store_world_user("alice@contoso.test", "", "", "");
	uint64_t before = 0, after = 0;
	unsigned n;

	(void)state;
	assert_int_equal(one->ops->user_add(one, &a), STORE_OK);
	assert_int_equal(store_world_put(one, a.id, "phone", 7), STORE_OK);
	assert_int_equal(two->ops->changes(two, &before), STORE_OK);
	assert_int_equal(one->ops->cert_revoke(one, a.id, 5, &n), STORE_OK);
	assert_int_equal(two->ops->changes(two, &after), STORE_OK);
	assert_true(before != after && !store_world_has(two, 7));
	store_close(one);
	store_close(two);
}

static void typed(const char *text)
{
	PGconn *c = PQconnectdb(database);
	PGresult *r = PQexec(c, text);

	if (PQresultStatus(r) == PGRES_FATAL_ERROR)
		fail_msg("%s", PQresultErrorMessage(r));
	PQclear(r);
	PQfinish(c);
}

/* A full disk refuses each kind of write, with a reason; reading goes on meanwhile, and all goes on when there is room again. */
static void a_full_disk(void **state)
{
	static const char *const tables[] = {"audit", "account", "pin"};
	struct store *s = opened();
	struct store_user a = store_world_user("alice@contoso.test", "", "", ""), b = store_world_user("bob@contoso.test", "", "", ""), got;
	char text[200];

	(void)state;
	assert_int_equal(s->ops->user_add(s, &a), STORE_OK);
	assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_OK);
	typed("CREATE FUNCTION no_room() RETURNS trigger AS 'BEGIN RAISE disk_full; END' LANGUAGE plpgsql");
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		snprintf(text, sizeof text, "CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON %s EXECUTE FUNCTION no_room()", tables[i]);
		typed(text);
	}
	assert_int_equal(s->ops->audit(s, 1, "pin", "alice@contoso.test", true, ""), STORE_FAILED);
	assert_string_equal(store_why(s), "PostgreSQL: ERROR:  disk_full");
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &got), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_FAILED);
	assert_int_equal(s->ops->user_get(s, "alice@contoso.test", &got), STORE_OK);
	assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_FAILED);
	assert_int_equal(s->ops->audit(s, 1, "pin", "alice@contoso.test", true, ""), STORE_FAILED);
	typed("DROP FUNCTION no_room CASCADE");
	assert_int_equal(s->ops->pin_step(s, &a.id, 1, one_more, NULL), STORE_OK);
	assert_int_equal(s->ops->audit(s, 1, "pin", "alice@contoso.test", true, ""), STORE_OK);
	assert_int_equal(s->ops->user_add(s, &b), STORE_OK);
	assert_int_equal(tries_of(s, a.id), 2);
	store_close(s);
}

static void refusals(void **state)
{
	struct why why = {0};
	PGconn *c;

	(void)state;
	store_close(opened());
	c = PQconnectdb(database);
	PQclear(PQexec(c, "UPDATE schema_version SET n = n + 1"));
	PQfinish(c);
	assert_null(store_postgres(database, &why));
	assert_non_null(strstr(why.text, "newer version"));
	assert_null(store_postgres("postgresql://nobody:Pa55word@/nothing?host=/nowhere", &why));
	assert_non_null(strstr(why.text, "'nothing' at /nowhere"));
	assert_null(strstr(why.text, "Pa55word"));
	assert_null(store_postgres("postgresql://[", &why));
	assert_true(store_is_postgres("postgresql://a/b") && !store_is_postgres("/etc/dialtone"));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, setup)
	const struct CMUnitTest tests[] = {T(goes_and_comes_back), T(in_the_middle), T(spread_over_front_ends), T(changes_are_seen_by_all),
					   T(a_full_disk), T(refusals)};
	const char *no = pg_start();

	if (no) {
		printf("%s\n", no);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
