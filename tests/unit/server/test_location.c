/* tests/unit/server/test_location.c: bindings, quota, expiry, orders; then against a plain list over many random steps. */
#include "tests/support/check.h"

#include "server/location/packed.h"
#include "tests/support/location_calls.h"

struct world {
	int64_t now;
	unsigned n, asks; /* orders; LOCATION_ASKs */
	uint32_t worker[256], asked; /* asked: the last one's */

	struct location_notice notice[256];
};

static int64_t clock_of(void *arg)
{
	return ((struct world *)arg)->now;
}

/* A worker speaks for itself only. */
static bool drop_of(struct location *l, uint32_t worker, const char *aor, const char *instance, uint64_t conn)
{
	struct location_ask q = {.kind = LOCATION_DROP, .drop.conn = conn};
	struct location_reply r;

	strcpy(q.drop.aor, aor);
	strcpy(q.drop.instance, instance);
	location_answer(l, worker, &q, &r);
	return r.found;
}

static void heard(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct world *w = arg;

	if (n->order == LOCATION_ASK) {
		w->asks++;
		w->asked = worker;
		return;
	}
	assert_true(w->n < 256);
	w->worker[w->n] = worker;
	w->notice[w->n++] = *n;
}

static struct location_binding phone(const char *aor, unsigned which, uint32_t worker, uint64_t conn, int64_t expires)
{
	struct location_binding b = {.worker = worker, .conn = conn, .expires = expires};

	(void)sv_copy(b.aor, sizeof b.aor, sv_of(aor));
	snprintf(b.instance, sizeof b.instance, "%08x-0000-5000-8000-000000000000", which);
	snprintf(b.epid, sizeof b.epid, "%010x", which);
	snprintf(b.contact, sizeof b.contact, "sip:192.0.2.%u:5060;transport=tls", which);
	return b;
}

static void comes_and_goes(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_link o;
	struct location_binding all[8], b = phone("alice@contoso.test", 1, 0, 11, 1600);
	size_t n = 0;

	(void)state;
	location_direct(l, &o);
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(n, 1);
	assert_string_equal(all[0].contact, b.contact);
	b.expires = 1700;
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_REFRESHED);
	assert_int_equal(n, 1);
	assert_int_equal(all[0].expires, 1700);

	/* another of the same user, whose name is written otherwise */
	b = phone("Alice@CONTOSO.test", 2, 1, 12, 1650);
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(n, 2);
	assert_int_equal(call_put(&o, &b, 8, all, 1, &n), LOCATION_REFRESHED);
	assert_int_equal(n, 1); /* no more than there is room for */
	assert_int_equal(location_list(l, "alice@contoso.test", all, 8), 2);
	assert_int_equal(location_list(l, NULL, all, 8), 2);
	assert_int_equal(location_list(l, "bob@contoso.test", all, 8), 0);

	/* the endpoint came back over another connection: the old one's end takes nothing away */
	b.conn = 13;
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_REFRESHED);
	assert_false(call_drop(&o, "alice@contoso.test", b.instance, 12));
	assert_false(drop_of(l, 2, "alice@contoso.test", b.instance, 13)); /* the 13 of another worker */
	assert_int_equal(location_list(l, "alice@contoso.test", all, 8), 2);
	assert_true(drop_of(l, 1, "alice@contoso.test", b.instance, 13));
	assert_int_equal(location_list(l, "alice@contoso.test", all, 8), 1);

	w.now = 1700;
	assert_int_equal(location_list(l, "alice@contoso.test", all, 8), 0);
	location_expire(l);
	b = phone("alice@contoso.test", 1, 0, 11, 2000);
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_ADDED);
	assert_true(call_drop(&o, "alice@contoso.test", b.instance, 0));
	assert_false(call_drop(&o, "alice@contoso.test", b.instance, 0));
	assert_int_equal(call_put(&o, &b, 0, all, 8, &n), LOCATION_FULL);
	assert_int_equal(w.n, 0);
	location_free(l);
	location_free(NULL);
}

static void quota_pushes_out_the_oldest(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_binding all[8], b;
	struct location_link o;
	size_t n;

	(void)state;
	location_direct(l, &o);
	for (unsigned i = 1; i <= 3; i++) {
		b = phone("alice@contoso.test", i, i, i, 2000);
		assert_int_equal(call_put(&o, &b, 3, all, 8, &n), LOCATION_ADDED);
	}
	b = phone("alice@contoso.test", 1, 1, 1, 2000);
	assert_int_equal(call_put(&o, &b, 3, all, 8, &n), LOCATION_REFRESHED); /* a refresh pushes nobody out */
	assert_int_equal(w.n, 0);
	b = phone("bob@contoso.test", 4, 4, 4, 2000); /* nor does another user */
	assert_int_equal(call_put(&o, &b, 3, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(w.n, 0);
	b = phone("alice@contoso.test", 5, 5, 5, 2000);
	assert_int_equal(call_put(&o, &b, 3, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(n, 3);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.notice[0].order, LOCATION_UNREGISTERED);
	assert_int_equal(w.notice[0].conn, 1);
	assert_int_equal(w.worker[0], 1);
	b = phone("alice@contoso.test", 6, 6, 6, 2000); /* the quota was lowered meanwhile */
	assert_int_equal(call_put(&o, &b, 1, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(n, 1);
	assert_int_equal(w.n, 4);
	location_free(l);
}

static void orders(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_binding all[8], b;
	struct location_link o;
	size_t n;

	(void)state;
	location_direct(l, &o);
	for (unsigned i = 1; i <= 4; i++) {
		b = phone(i == 4 ? "bob@contoso.test" : "alice@contoso.test", i, i % 2, i, i == 3 ? 1001 : 2000);
		assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_ADDED);
	}
	w.now = 1001; /* the third is gone already */
	assert_int_equal(location_order_user(l, "ALICE@contoso.test", LOCATION_REJECTED, 4141, "User disabled"), 2);
	assert_int_equal(w.n, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(w.notice[i].order, LOCATION_REJECTED);
		assert_int_equal(w.notice[i].diag, 4141);
		assert_string_equal(w.notice[i].reason, "User disabled");
		assert_string_equal(w.notice[i].aor, "alice@contoso.test");
		assert_int_equal(w.worker[i], w.notice[i].conn % 2);
		assert_int_equal(strlen(w.notice[i].instance), 36);
	}
	assert_int_equal(location_order_user(l, "alice@contoso.test", LOCATION_REJECTED, 4141, "User disabled"), 0);
	assert_int_equal(location_list(l, NULL, all, 8), 1);
	location_drop_worker(l, 1);
	assert_int_equal(location_list(l, NULL, all, 8), 1);
	location_drop_worker(l, 0);
	assert_int_equal(location_list(l, NULL, all, 8), 0);
	location_free(l);
}

/* The same steps on a list that nobody can get wrong. */
static void against_a_list(void **state)
{
	enum { USERS = 40, PHONES = 6, QUOTA = 4 };
	static struct {
		bool there;
		int64_t expires;
		unsigned since;
	} list[USERS][PHONES];
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_binding all[PHONES], b;
	struct location_link o;
	uint32_t rnd = 5;
	char aor[32];
	size_t n;

	(void)state;
	location_direct(l, &o);
	for (unsigned step = 1; step <= 20000; step++) {
		rnd = rnd * 1664525u + 1013904223u;
		unsigned u = (rnd >> 24) % USERS, p = (rnd >> 16) % PHONES, live = 0, oldest = PHONES;

		w.n = 0;
		w.now += (rnd >> 12) % 3;
		snprintf(aor, sizeof aor, "user%u@contoso.test", u);
		for (unsigned i = 0; i < PHONES; i++) {
			list[u][i].there = list[u][i].there && list[u][i].expires > w.now;
			if (list[u][i].there && i != p) {
				live++;
				if (oldest == PHONES || list[u][i].since < list[u][oldest].since)
					oldest = i;
			}
		}
		b = phone(aor, p, 0, p + 1, w.now + 1 + (rnd >> 8) % 900);
		if ((rnd >> 4) % 4 == 0) {
			assert_int_equal(call_drop(&o, aor, b.instance, 0), list[u][p].there);
			list[u][p].there = false;
			continue;
		}
		assert_int_equal(call_put(&o, &b, QUOTA, all, PHONES, &n),
				 list[u][p].there ? LOCATION_REFRESHED : LOCATION_ADDED);
		if (!list[u][p].there) {
			if (live >= QUOTA) {
				assert_int_equal(w.n, 1);
				assert_int_equal(w.notice[0].conn, oldest + 1);
				list[u][oldest].there = false;
				live--;
			}
			list[u][p].since = step;
		}
		list[u][p].there = true;
		list[u][p].expires = b.expires;
		assert_int_equal(n, live + 1);
	}
	location_free(l);
}

/* Enough users that the table grows several times. */
static void many(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_binding one, b;
	struct location_link o;
	char aor[32];
	size_t n;

	(void)state;
	location_direct(l, &o);
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(aor, sizeof aor, "user%u@contoso.test", i);
		b = phone(aor, i, i % 4, i, 2000);
		assert_int_equal(call_put(&o, &b, 8, &one, 1, &n), LOCATION_ADDED);
	}
	for (unsigned i = 0; i < 5000; i++) {
		snprintf(aor, sizeof aor, "user%u@contoso.test", i);
		assert_int_equal(location_list(l, aor, &one, 1), 1);
		assert_int_equal(one.conn, i);
	}
	location_drop_worker(l, 2);
	assert_int_equal(location_list(l, "user2@contoso.test", &one, 1), 0);
	assert_int_equal(location_list(l, "user3@contoso.test", &one, 1), 1);
	location_free(l);
}

/* ---- through all of them, while they come and go ---------------------------------------------------------------------- */

struct walked {
	unsigned n, twice;
	uint8_t times[20000];
};

static void see(void *arg, const struct location_binding *b)
{
	struct walked *s = arg;

	assert_true(b->conn < sizeof s->times);
	s->n++;
	s->twice += s->times[b->conn]++ > 0;
}

/* An endpoint that is there all the while is reported once, although the table grows between two parts, and some leave. */
static void a_walk(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct walked *s = calloc(1, sizeof *s);
	struct location_walk walk = {0};
	struct location_binding b, one;
	struct location_link o;
	unsigned most = 0, made = 0, before;
	char aor[40];
	size_t n;
	bool more;

	(void)state;
	assert_non_null(s);
	location_direct(l, &o);
	assert_true(location_walk(l, &(struct location_walk){0}, see, s));
	assert_int_equal(s->n, 0);
	do {
		for (unsigned upto = made ? made + 50 : 1000; made < upto && made < 10000; made++) {
			snprintf(aor, sizeof aor, "user%u@contoso.test", made);
			b = phone(aor, made, 0, made, made % 7 ? 2000 : 1001);
			assert_int_equal(call_put(&o, &b, 8, &one, 1, &n), LOCATION_ADDED);
		}
		w.now = 1001; /* one in seven is gone, at once or before it is ever seen */
		before = s->n;
		more = location_walk(l, &walk, see, s);
		if (s->n - before > most)
			most = s->n - before;
	} while (more);
	assert_int_equal(made, 10000);
	assert_int_equal(s->twice, 0);
	for (unsigned i = 0; i < made; i++) {
		if (i % 7 == 0)
			assert_int_equal(s->times[i], 0);
		else if (i < 1000)
			assert_int_equal(s->times[i], 1);
	}
	assert_true(most < made / 20); /* in parts */
	free(s);
	location_free(l);
}

/* At rest a binding takes what its texts need; the longest texts come back whole, and so do none. */
static void at_rest(void **state)
{
	struct location_binding b = phone("alice@contoso.test", 1, 3, 11, 1600), back;
	struct location_packed *p;

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		if (i == 1)
			b = (struct location_binding){.conn = UINT64_MAX, .expires = INT64_MAX, .cseq = UINT32_MAX, .outside = true};
		if (i == 2) {
			memset(b.aor, 'a', sizeof b.aor - 1);
			memset(b.instance, 'i', sizeof b.instance - 1);
			memset(b.epid, 'e', sizeof b.epid - 1);
			memset(b.contact, 'c', sizeof b.contact - 1);
			memset(b.user_agent, 'u', sizeof b.user_agent - 1);
			memset(b.call_id, 'd', sizeof b.call_id - 1);
			memset(b.peer, 'p', sizeof b.peer - 1);
		}
		p = location_pack(&b);
		assert_non_null(p);
		location_unpack(p, &back);
		free(p);
		assert_true(back.conn == b.conn && back.expires == b.expires && back.worker == b.worker && back.cseq == b.cseq);
		assert_int_equal(back.outside, b.outside);
		assert_string_equal(back.aor, b.aor);
		assert_string_equal(back.instance, b.instance);
		assert_string_equal(back.epid, b.epid);
		assert_string_equal(back.contact, b.contact);
		assert_string_equal(back.user_agent, b.user_agent);
		assert_string_equal(back.call_id, b.call_id);
		assert_string_equal(back.peer, b.peer);
	}
}

static void keep(struct location *l, uint32_t worker, const struct location_binding *b, uint64_t conn, int64_t expires)
{
	struct location_kept k = {.conn = conn, .expires = expires, .cseq = b->cseq + 1};
	struct location_ask q = {.kind = LOCATION_KEEP, .keep = {&k, 1}};
	struct location_reply r;

	strcpy(k.aor, b->aor);
	strcpy(k.instance, b->instance);
	location_answer(l, worker, &q, &r);
}

/* A worker answers refreshes of an only endpoint by itself until it hears that there are others. */
static void kept_without_a_question(void **state)
{
	struct world w = {.now = 1000};
	struct location *l = location_new(clock_of, heard, &w);
	struct location_binding all[8], b = phone("alice@contoso.test", 1, 3, 11, 1600), other = phone("alice@contoso.test", 2, 4, 12, 1600);
	struct location_link o;
	size_t n = 0;

	(void)state;
	location_direct(l, &o);
	assert_int_equal(call_put(&o, &b, 8, all, 8, &n), LOCATION_ADDED);
	w.now = 1500;
	keep(l, 3, &b, 11, 2100);
	assert_int_equal(location_list(l, b.aor, all, 8), 1);
	assert_int_equal(all[0].expires, 2100);
	assert_int_equal(all[0].cseq, b.cseq + 1);
	assert_int_equal(w.asks, 0);
	w.now = 1700; /* it would have expired */
	other.expires = 2300;
	assert_int_equal(call_put(&o, &other, 8, all, 8, &n), LOCATION_ADDED);
	assert_int_equal(n, 2);
	assert_int_equal(w.asks, 1); /* the worker of the first one: its 200 has two Contacts from now on */
	assert_int_equal(w.asked, 3);
	other.cseq++;
	assert_int_equal(call_put(&o, &other, 8, all, 8, &n), LOCATION_REFRESHED);
	assert_int_equal(w.asks, 1);
	keep(l, 3, &b, 77, 2400); /* of an earlier connection, of another worker's: neither is known */
	keep(l, 4, &b, 11, 2400);
	assert_int_equal(w.asks, 3);
	assert_int_equal(w.asked, 4);
	assert_int_equal(location_list(l, b.aor, all, 8), 2);
	assert_true(all[0].expires < 2400 && all[1].expires < 2400);
	assert_int_equal(w.n, 0);
	location_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(at_rest), cmocka_unit_test(comes_and_goes), cmocka_unit_test(kept_without_a_question), cmocka_unit_test(quota_pushes_out_the_oldest), cmocka_unit_test(orders),
	    cmocka_unit_test(against_a_list), cmocka_unit_test(many), cmocka_unit_test(a_walk),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
