/* tests/unit/store/test_front_ends.c: several front ends on one store: invitations, who runs, who is registered where, orders. */
#include "tests/unit/store/store_world.h"

#include <stdio.h>

static struct store_binding binding(const char *aor, const char *instance, const char *front_end, int64_t since)
{
	struct store_binding b = {.seconds = 600, .since = since, .outside = true};

	snprintf(b.aor, sizeof b.aor, "%s", aor);
	snprintf(b.instance, sizeof b.instance, "%s", instance);
	snprintf(b.front_end, sizeof b.front_end, "%s", front_end);
	snprintf(b.contact, sizeof b.contact, "sip:10.66.0.9:5061;transport=tls");
	snprintf(b.peer, sizeof b.peer, "10.66.0.9:50000");
	snprintf(b.user_agent, sizeof b.user_agent, "CPE/4.0");
	snprintf(b.epid, sizeof b.epid, "aabbccddee");
	return b;
}

static void an_invitation_is_good_once(void **state)
{
	struct store *s = store_world_open(state);

	assert_int_equal(s->ops->invite_put(s, "one", 5000, 1000), STORE_OK);
	assert_int_equal(s->ops->invite_put(s, "two", 5000, 1000), STORE_OK);
	assert_int_equal(s->ops->invite_use(s, "none", 1000), STORE_NONE);
	assert_int_equal(s->ops->invite_use(s, "one", 4999), STORE_OK);
	assert_int_equal(s->ops->invite_use(s, "one", 4999), STORE_NONE);
	assert_int_equal(s->ops->invite_use(s, "two", 5000), STORE_NONE); /* its hour is over */
	store_close(s);
}

struct seen {
	unsigned n, gone;
	bool any_order;
	uint64_t last;
	struct store_binding b;
};

static bool see(void *arg, const struct store_binding *b)
{
	struct seen *x = arg;

	assert_true(b->seq >= x->last || x->any_order);
	x->n++;
	x->gone += b->gone != 0;
	x->last = b->seq;
	x->b = *b;
	return true;
}

static struct seen behind(struct store *s, uint64_t after)
{
	struct seen x = {0};

	assert_int_equal(s->ops->binding_each(s, after, see, &x), STORE_OK);
	return x;
}

static void what_was_written_later_stands_behind(void **state)
{
	struct store *s = store_world_open(state);
	struct store_binding b[3] = {binding("Alice@contoso.test", "AA", "fe1", 1), binding("alice@contoso.test", "bb", "fe1", 2),
				     binding("bob@contoso.test", "cc", "fe2", 3)};
	struct seen all, later;

	assert_int_equal(s->ops->bindings_write(s, b, 3, 1000), STORE_OK);
	all = behind(s, 0);
	assert_int_equal(all.n, 3);
	assert_int_equal(all.gone, 0);
	assert_string_equal(all.b.aor, "bob@contoso.test");
	assert_string_equal(all.b.user_agent, "CPE/4.0");
	assert_true(all.b.outside && all.b.seconds == 600 && all.b.since == 3);
	assert_int_equal(behind(s, all.last).n, 0);
	/* the phone comes back through another front end: the one it left can drop nothing any more */
	b[0] = binding("alice@contoso.test", "aa", "fe3", 9);
	assert_int_equal(s->ops->bindings_write(s, b, 1, 1001), STORE_OK);
	b[0] = binding("alice@contoso.test", "aa", "fe1", 1);
	b[0].gone = 1;
	assert_int_equal(s->ops->bindings_write(s, b, 1, 1002), STORE_OK);
	later = behind(s, all.last);
	assert_int_equal(later.n, 1);
	assert_int_equal(later.gone, 0);
	assert_string_equal(later.b.front_end, "fe3");
	store_close(s);
}

static void a_front_end_takes_all_of_its_own(void **state)
{
	struct store *s = store_world_open(state);
	struct store_binding b[2] = {binding("alice@contoso.test", "aa", "fe1", 1), binding("alice@contoso.test", "bb", "fe2", 2)};
	struct seen all = {0}, later, hers = {.any_order = true};
	uint64_t n = 7;

	assert_int_equal(s->ops->bindings_write(s, b, 2, 1000), STORE_OK);
	all = behind(s, 0);
	assert_true(s->ops->bindings_at(s, "fe1", &n) == STORE_OK && n == 1);
	assert_int_equal(s->ops->bindings_drop(s, "fe1", 1001), STORE_OK);
	assert_true(s->ops->bindings_at(s, "fe1", &n) == STORE_OK && n == 0);
	assert_true(s->ops->bindings_at(s, "fe2", &n) == STORE_OK && n == 1);
	later = behind(s, all.last);
	assert_true(later.n == 1 && later.gone == 1 && later.b.gone == 1001);
	assert_int_equal(s->ops->bindings_of(s, "ALICE@contoso.test", see, &hers), STORE_OK);
	assert_true(hers.n == 2 && hers.gone == 1);
	assert_int_equal(s->ops->bindings_drop(s, "fe1", 1001 + 10000), STORE_OK); /* long gone: the row itself goes */
	assert_int_equal(behind(s, 0).n, 1);
	store_close(s);
}

static bool beat(void *arg, const char *name, uint64_t count)
{
	uint64_t *sum = arg;

	*sum = *sum * 100 + count + (name[2] == '2' ? 50 : 0);
	return true;
}

static void front_ends_are_counted(void **state)
{
	struct store *s = store_world_open(state);
	uint64_t sum = 0;

	assert_int_equal(s->ops->front_end_beat(s, "fe1"), STORE_OK);
	assert_int_equal(s->ops->front_end_beat(s, "fe1"), STORE_OK);
	assert_int_equal(s->ops->front_end_beat(s, "fe2"), STORE_OK);
	assert_int_equal(s->ops->front_end_each(s, beat, &sum), STORE_OK);
	assert_int_equal(sum, 251); /* fe1: 2, fe2: 1 */
	assert_int_equal(s->ops->front_end_remove(s, "fe2"), STORE_OK);
	assert_int_equal(s->ops->front_end_remove(s, "fe2"), STORE_NONE);
	sum = 0;
	assert_int_equal(s->ops->front_end_each(s, beat, &sum), STORE_OK);
	assert_int_equal(sum, 2);
	store_close(s);
}

static bool order(void *arg, const struct store_order *o)
{
	unsigned *n = arg;

	++*n;
	assert_string_equal(o->origin, "fe1");
	assert_string_equal(o->aor, "alice@contoso.test");
	assert_string_equal(o->reason, "User disabled");
	assert_true(o->kind == 1 && o->diag == 4141);
	return true;
}

static void orders_are_read_on_from_the_last(void **state)
{
	struct store *s = store_world_open(state);
	struct store_order o = {.origin = "fe1", .aor = "alice@contoso.test", .kind = 1, .diag = 4141, .reason = "User disabled"};
	int64_t last = -1;
	unsigned n = 0;

	assert_int_equal(s->ops->order_last(s, &last), STORE_OK);
	assert_int_equal(last, 0);
	assert_int_equal(s->ops->order_put(s, &o, 1000), STORE_OK);
	assert_int_equal(s->ops->order_last(s, &last), STORE_OK);
	assert_int_equal(s->ops->order_each(s, last, order, &n), STORE_OK);
	assert_int_equal(n, 0);
	assert_int_equal(s->ops->order_put(s, &o, 1000), STORE_OK);
	assert_int_equal(s->ops->order_each(s, last, order, &n), STORE_OK);
	assert_int_equal(n, 1);
	store_close(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, store_world_setup, store_world_teardown)

int main(void)
{
	const struct CMUnitTest all[] = {T(an_invitation_is_good_once), T(what_was_written_later_stands_behind),
					 T(a_front_end_takes_all_of_its_own), T(front_ends_are_counted), T(orders_are_read_on_from_the_last)};

	return store_world_run("front ends", all, sizeof all / sizeof *all, NULL, 0);
}
