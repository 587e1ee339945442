/* tests/unit/server/test_far.c: two front ends and what they tell each other of their phones: each has all, and acts on its own. */
#include "tests/support/check.h"

#include <stdio.h>
#include <string.h>

#include "server/location/location.h"

struct front_end {
	const char *name;
	struct location *l;
	struct front_end *other;
	unsigned reported, noticed, asked;
	struct location_notice last;
};

static int64_t now = 1000000;

static int64_t seconds(void *arg)
{
	(void)arg;
	return now;
}

static void notice(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct front_end *f = arg;

	(void)worker;
	if (n->order == LOCATION_ASK) { /* a refresh over there is asked about again */
		f->asked++;
		return;
	}
	f->noticed++;
	f->last = *n;
}

static void changed(void *arg, const struct location_far *x)
{
	struct front_end *f = arg;

	f->reported++;
	assert_string_equal(x->front_end, f->name);
	assert_int_equal(x->binding.conn, 0);
	location_far_put(f->other->l, x);
}

static struct {
	struct front_end a, b;
} w;

static int setup(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	w.a = (struct front_end){.name = "fe1", .other = &w.b, .l = location_new(seconds, notice, &w.a)};
	w.b = (struct front_end){.name = "fe2", .other = &w.a, .l = location_new(seconds, notice, &w.b)};
	location_watch(w.a.l, "fe1", changed, &w.a);
	location_watch(w.b.l, "fe2", changed, &w.b);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	location_free(w.a.l);
	location_free(w.b.l);
	return 0;
}

static enum location_action put(struct front_end *f, const char *instance, uint32_t cseq, unsigned quota)
{
	struct location_ask q = {.kind = LOCATION_PUT, .put.quota = quota};
	struct location_reply r;
	enum location_action ret;

	snprintf(q.put.binding.aor, sizeof q.put.binding.aor, "alice@contoso.test");
	snprintf(q.put.binding.instance, sizeof q.put.binding.instance, "%s", instance);
	snprintf(q.put.binding.contact, sizeof q.put.binding.contact, "sip:10.0.0.%s:5061", instance);
	snprintf(q.put.binding.call_id, sizeof q.put.binding.call_id, "call-%s", instance);
	q.put.binding.cseq = cseq;
	q.put.binding.conn = 7;
	q.put.binding.expires = now + 600;
	location_answer(f->l, 0, &q, &r);
	ret = r.action;
	location_reply_clear(&r);
	now++;
	return ret;
}

static size_t listed(struct front_end *f, struct location_binding all[8])
{
	return location_list(f->l, "alice@contoso.test", all, 8);
}

/* A refresh that changes nothing is told to nobody; a 200 lists the endpoints of both. */
static void both_know_all(void **state)
{
	struct location_binding all[8];

	(void)state;
	assert_int_equal(put(&w.a, "1", 1, 8), LOCATION_ADDED);
	assert_int_equal(w.a.asked, 0);
	assert_int_equal(put(&w.b, "2", 1, 8), LOCATION_ADDED);
	assert_int_equal(w.a.asked, 1); /* its phone's 200 lists both from now on */
	assert_int_equal(put(&w.a, "1", 2, 8), LOCATION_REFRESHED);
	assert_int_equal(w.a.reported, 1);
	assert_int_equal(listed(&w.a, all), 2);
	assert_int_equal(listed(&w.b, all), 2);
	for (int i = 0; i < 2; i++)
		assert_string_equal(location_far_name(w.b.l, all[i].worker), strcmp(all[i].instance, "1") == 0 ? "fe1" : "");
	now += 10000; /* its own has expired; the other front end keeps count of the other one */
	assert_int_equal(listed(&w.b, all), 1);
	assert_string_equal(all[0].instance, "1");
	assert_int_equal(all[0].expires, now + 600);
}

static void drop(struct front_end *f, const char *instance)
{
	struct location_ask q = {.kind = LOCATION_DROP, .drop.conn = 7};
	struct location_reply r;

	snprintf(q.drop.aor, sizeof q.drop.aor, "alice@contoso.test");
	snprintf(q.drop.instance, sizeof q.drop.instance, "%s", instance);
	location_answer(f->l, 0, &q, &r);
}

/* The phone's connection to the first one ends only later: that takes nothing away any more. */
static void a_phone_moves(void **state)
{
	struct location_binding all[8];

	(void)state;
	put(&w.a, "1", 1, 8);
	assert_int_equal(put(&w.b, "1", 1, 8), LOCATION_REFRESHED);
	assert_int_equal(listed(&w.a, all), 1);
	assert_string_equal(location_far_name(w.a.l, all[0].worker), "fe2");
	drop(&w.a, "1");
	assert_int_equal(listed(&w.a, all), 1);
	assert_int_equal(listed(&w.b, all), 1);
	drop(&w.b, "1");
	assert_int_equal(listed(&w.a, all), 0);
	assert_true(w.a.noticed == 0 && w.b.noticed == 0);
}

/* The quota is the user's, not the front end's: the oldest goes, and its own front end tells it, once. */
static void quota_holds_across(void **state)
{
	struct location_binding all[8];

	(void)state;
	put(&w.a, "1", 1, 2);
	put(&w.b, "2", 1, 2);
	put(&w.b, "3", 1, 2);
	assert_int_equal(w.a.noticed, 1);
	assert_int_equal(w.a.last.order, LOCATION_UNREGISTERED);
	assert_string_equal(w.a.last.instance, "1");
	assert_int_equal(w.b.noticed, 0);
	assert_int_equal(listed(&w.a, all), 2);
	assert_int_equal(listed(&w.b, all), 2);
}

/* An order reaches each phone through its own front end only. */
static void an_order_is_each_ones_own(void **state)
{
	(void)state;
	put(&w.a, "1", 1, 8);
	put(&w.b, "2", 1, 8);
	assert_int_equal(location_order_user(w.a.l, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled"), 1);
	assert_int_equal(w.a.noticed, 1);
	assert_int_equal(w.b.noticed, 0);
	put(&w.b, "3", 1, 8);
	assert_int_equal(location_order_some(w.a.l, 8, LOCATION_DEACTIVATED, ""), 0);
	assert_int_equal(location_order_some(w.b.l, 1, LOCATION_DEACTIVATED, ""), 1);
}

static void count_far(void *arg, const struct location_far *f)
{
	(void)f;
	++*(unsigned *)arg;
}

static void a_front_end_is_lost(void **state)
{
	struct location_binding all[8];
	struct location_walk walk = {0};
	unsigned own = 0;

	(void)state;
	put(&w.a, "1", 1, 8);
	put(&w.b, "2", 1, 8);
	location_far_lost(w.b.l, "fe3");
	assert_int_equal(listed(&w.b, all), 2);
	location_far_lost(w.b.l, "fe1");
	assert_int_equal(listed(&w.b, all), 1);
	while (location_far_walk(w.b.l, &walk, count_far, &own))
		;
	assert_int_equal(own, 1);
	location_far_lost(w.a.l, NULL);
	assert_int_equal(listed(&w.a, all), 1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(both_know_all), T(a_phone_moves), T(quota_holds_across), T(an_order_is_each_ones_own), T(a_front_end_is_lost)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
