/* tests/unit/server/test_journey.c: reports of phones, joined: to which phone a step belongs, where it stands, and which
 * one has to go when the table is full. */
#include <time.h>

#include "tests/support/check.h"

#include "server/location/feed.h"
#include "server/location/journey.h"

struct world {
	struct journeys *t;
	uint64_t now;
	unsigned events[JOURNEY_NAMED + 1];
};

static void count(void *arg, const struct journey *j, enum journey_event what)
{
	struct world *w = arg;

	assert_true(j->address[0] != '\0');
	w->events[what]++;
}

static int setup_with(void **state, unsigned proved, unsigned strange)
{
	struct world *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->now = 1000000;
	w->t = journeys_new(&(struct journeys_conf){.proved = proved, .strange = strange, .event = count, .arg = w});
	assert_non_null(w->t);
	*state = w;
	return 0;
}

static int setup(void **state)
{
	return setup_with(state, 0, 0);
}

static int setup_small(void **state)
{
	return setup_with(state, 8, 16);
}

static int teardown(void **state)
{
	struct world *w = *state;

	journeys_free(w->t);
	free(w);
	return 0;
}

#define MAC "00:04:f2:00:00:06"
#define INSTANCE "5ccdb10d-dca1-559e-ad2b-b514060a2da2"
static const struct seen base = {.evidence = SEEN_ADDRESS, .address = "10.66.0.148"};

static void see(struct world *w, enum seen_step step, struct seen s)
{
	s.step = step;
	s.began = w->now - 5;
	journeys_seen(w->t, &s, w->now);
	w->now += 100;
}

static void refuse(struct world *w, enum seen_step step, struct seen s, enum dt_failure code, const char *cause)
{
	seen_refused(&s, code, cause);
	see(w, step, s);
}

static void update(struct world *w, const char *address, const char *mac)
{
	struct seen s = base;

	strcpy(s.address, address);
	strcpy(s.mac, mac);
	strcpy(s.model, "CX600");
	strcpy(s.firmware, "4.0.7577.1");
	see(w, SEEN_UPDATE, s);
}

static void bind(struct world *w, const char *aor, const char *instance, uint64_t conn)
{
	struct location_binding b = {.conn = conn, .expires = 5000, .peer = "10.66.0.148:51234",
				     .user_agent = "CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)"};

	strcpy(b.aor, aor);
	strcpy(b.instance, instance);
	journeys_bound(w->t, &b, w->now, false);
	w->now += 100;
}

struct found {
	struct journey j[64];
	size_t n;
};

static void add(void *arg, const struct journey *j)
{
	struct found *f = arg;

	assert_true(f->n < 64);
	f->j[f->n++] = *j;
}

static struct found all(const struct world *w)
{
	struct location_walk walk = {0};
	struct found f = {.n = 0};

	while (journeys_walk(w->t, &walk, add, &f))
		;
	return f;
}

static struct journey only(const struct world *w)
{
	struct found f = all(w);

	assert_int_equal(f.n, 1);
	return f.j[0];
}

/* From the first question to dial tone, and off again: one phone all the way. */
static void one_way(void **state)
{
	struct world *w = *state;
	struct seen s = base;
	struct journey j;

	update(w, base.address, MAC);
	j = only(w);
	assert_int_equal(journey_stage(&j), 5);
	see(w, SEEN_METADATA, base);
	see(w, SEEN_CHAIN, base);
	s.result = SEEN_ASKED;
	see(w, SEEN_TICKET, s);
	j = only(w);
	assert_int_equal(journey_stage(&j), 7);
	s.result = SEEN_ANSWERED;
	s.evidence = SEEN_PROVED;
	strcpy(s.user, "alice@contoso.test");
	strcpy(s.number, "4411");
	see(w, SEEN_TICKET, s);
	j = only(w);
	assert_int_equal(j.steps[SEEN_TICKET].ended - j.steps[SEEN_TICKET].began, 105); /* challenge and answer are one step */
	strcpy(s.instance, INSTANCE);
	see(w, SEEN_CERT, s);
	j = only(w);
	assert_int_equal(journey_stage(&j), 9);
	bind(w, "alice@contoso.test", INSTANCE, 7);
	j = only(w);
	assert_int_equal(journey_stage(&j), 0);
	assert_string_equal(journey_state_name(&j, w->now), "registered");
	assert_string_equal(j.mac, MAC);
	assert_string_equal(j.model, "CX600");
	assert_string_equal(j.number, "4411");
	bind(w, "alice@contoso.test", INSTANCE, 7); /* a refresh is no news */
	assert_int_equal(w->events[JOURNEY_SIGN_IN], 1);
	journeys_unbound(w->t, "alice@contoso.test", INSTANCE, 8, "", w->now); /* of another connection */
	assert_int_equal(w->events[JOURNEY_SIGN_OFF], 0);
	journeys_unbound(w->t, "ALICE@contoso.test", INSTANCE, 7, "User disabled", w->now);
	j = only(w);
	assert_string_equal(journey_code(&j, w->now), "signed-off");
	assert_string_equal(journey_cause(&j, w->now), "User disabled");
	update(w, base.address, MAC); /* it begins anew */
	j = only(w);
	assert_int_equal(j.ways, 2);
	assert_int_equal(j.steps[SEEN_TICKET].ended, 0);
}

/* A refusal stands at its own stage until the phone gets further; silence comes after half a minute. */
static void where_it_stands(void **state)
{
	struct world *w = *state;
	struct seen s = base;
	struct journey j;

	update(w, base.address, MAC);
	strcpy(s.user, "alice@contoso.test");
	refuse(w, SEEN_TICKET, s, DT_F_PIN_REFUSED, "wrong PIN");
	j = only(w);
	assert_int_equal(journey_stage(&j), 7);
	assert_string_equal(journey_code(&j, w->now), "pin-refused");
	assert_string_equal(journey_cause(&j, w->now + 3600000), "wrong PIN");
	assert_int_equal(w->events[JOURNEY_REFUSAL], 1);
	see(w, SEEN_CHAIN, base);
	j = only(w);
	assert_int_equal(journey_stage(&j), 6);
	assert_int_equal(j.steps[SEEN_TICKET].ended, 0); /* of the try before */
	assert_string_equal(journey_state_name(&j, w->now), "under-way");
	assert_string_equal(journey_state_name(&j, w->now + JOURNEY_SILENT_MS), "silent");
	assert_string_equal(journey_cause(&j, w->now + JOURNEY_SILENT_MS), seen_steps[SEEN_CHAIN].silent);
	assert_int_equal(j.failed, DT_F_PIN_REFUSED); /* the last failure stays to be read */
}

/* Another MAC on the same address is another phone; its claim touches nothing that was proved of the first one. */
static void two_phones_one_address(void **state)
{
	struct world *w = *state;
	struct found f;

	update(w, base.address, MAC);
	bind(w, "alice@contoso.test", INSTANCE, 7);
	update(w, base.address, "00:04:f2:00:00:07");
	f = all(w);
	assert_int_equal(f.n, 2);
	see(w, SEEN_CHAIN, base); /* the one that was seen last goes on */
	f = all(w);
	for (size_t i = 0; i < f.n; i++)
		assert_int_equal(f.j[i].steps[SEEN_CHAIN].ended != 0, strcmp(f.j[i].mac, MAC) != 0);
	update(w, "10.9.9.9", MAC); /* a stranger claims the MAC of the phone that is registered */
	f = all(w);
	assert_int_equal(f.n, 3);
	for (size_t i = 0; i < f.n; i++)
		if (strcmp(f.j[i].mac, MAC) == 0 && f.j[i].evidence == SEEN_PROVED)
			assert_string_equal(f.j[i].address, base.address);
}

/* Outside, many phones speak from one address: a stranger's refusal is not that of the phone that is registered there. */
static void behind_one_router(void **state)
{
	struct world *w = *state;
	struct location_binding b = {.conn = 1, .expires = 5000, .outside = true, .peer = "192.0.2.1:4711"};
	struct seen s = {.evidence = SEEN_ADDRESS, .address = "192.0.2.1", .outside = true};
	struct found f;

	strcpy(b.aor, "alice@contoso.test");
	strcpy(b.instance, INSTANCE);
	journeys_bound(w->t, &b, w->now, false);
	refuse(w, SEEN_TICKET, s, DT_F_METHOD_OFF, "no PIN from outside");
	f = all(w);
	assert_int_equal(f.n, 2);
	for (size_t i = 0; i < f.n; i++)
		assert_int_equal(f.j[i].state, f.j[i].user[0] ? JOURNEY_REGISTERED : JOURNEY_REFUSED);
}

/* However many phones come from the address of one router: the cost of each does not grow with them. */
static void a_crowd_behind_one_router(void **state)
{
	enum { MANY = 20000 };
	struct world *w = *state;
	clock_t began = clock();

	for (unsigned i = 0; i < MANY; i++) {
		struct location_binding b = {.conn = i, .expires = 5000, .outside = true, .peer = "192.0.2.1:4711"};

		snprintf(b.aor, sizeof b.aor, "user%u@contoso.test", i);
		snprintf(b.instance, sizeof b.instance, "%08x-dca1-559e-ad2b-b514060a2da2", i);
		journeys_bound(w->t, &b, w->now, false);
	}
	assert_true((clock() - began) / CLOCKS_PER_SEC < 10); /* a walk over all of them takes a minute here */
}

/* A phone that moved, or whose MAC became known only now, is still one phone. */
static void joined_by_instance(void **state)
{
	struct world *w = *state;
	struct journey j;

	bind(w, "alice@contoso.test", INSTANCE, 7);
	journeys_worker_gone(w->t, 0, w->now);
	j = only(w);
	assert_string_equal(journey_cause(&j, w->now), "the server process ended");
	update(w, "10.66.0.150", MAC); /* with another lease: not known yet whose it is */
	assert_int_equal(all(w).n, 2);
	{
		struct location_binding b = {.conn = 8, .expires = 5000, .peer = "10.66.0.150:1"};

		strcpy(b.aor, "alice@contoso.test");
		strcpy(b.instance, INSTANCE);
		journeys_bound(w->t, &b, w->now, false);
	}
	j = only(w);
	assert_string_equal(j.mac, MAC);
	assert_string_equal(j.address, "10.66.0.150");
	assert_int_equal(j.state, JOURNEY_REGISTERED);
	journeys_expire(w->t, 5000, w->now);
	j = only(w);
	assert_int_equal(j.state, JOURNEY_SIGNED_OFF);
}

/* The inventory hears of a registered phone's MAC when it becomes known, once; of one that was registered before this process
 * began nobody here knows when it signed in. */
static void named_later(void **state)
{
	struct world *w = *state;
	struct location_binding held = {.conn = 9, .expires = 5000, .peer = "10.66.0.151:1", .aor = "bob@contoso.test",
					.instance = "11111111-dca1-559e-ad2b-b514060a2da2"};

	bind(w, "alice@contoso.test", INSTANCE, 7);
	see(w, SEEN_CERT, base);
	assert_int_equal(w->events[JOURNEY_NAMED], 0);
	update(w, base.address, MAC);
	update(w, base.address, MAC);
	assert_int_equal(w->events[JOURNEY_NAMED], 1);
	journeys_bound(w->t, &held, w->now, true);
	update(w, "10.66.0.151", "00:04:f2:00:00:07");
	assert_int_equal(w->events[JOURNEY_NAMED], 1);
}

/* ---- what the inventory is told ------------------------------------------------------------------------------------- */

struct told {
	struct vault_ask q;
	unsigned n;
};

static void keep(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct told *t = arg;
	struct vault_reply r = {.kind = q->kind, .status = VAULT_OK};

	t->q = *q;
	t->n++;
	done(done_arg, &r);
}

static void told_to_the_inventory(void **state)
{
	struct told t = {.n = 0};
	struct vault_link link = {.send = keep, .arg = &t};
	struct journeys *j = feed_new(&link);
	struct location_reply added = {.kind = LOCATION_PUT, .action = LOCATION_ADDED};
	struct location_ask seen = {.kind = LOCATION_SEEN, .seen = base}, put = {.kind = LOCATION_PUT}, drop = {.kind = LOCATION_DROP};
	time_t now = time(NULL);

	(void)state;
	assert_non_null(j);
	seen.seen.step = SEEN_UPDATE;
	strcpy(seen.seen.mac, MAC);
	strcpy(seen.seen.model, "CX600");
	feed_question(j, 0, &seen, &(struct location_reply){.kind = LOCATION_SEEN});
	assert_int_equal(t.n, 0);
	put.put.binding = (struct location_binding){.conn = 7, .expires = now + 600, .peer = "10.66.0.148:51234", .aor = "alice@contoso.test",
						    .instance = INSTANCE};
	feed_question(j, 0, &put, &added);
	feed_question(j, 0, &put, &added); /* a refresh */
	assert_int_equal(t.n, 1);
	assert_int_equal(t.q.kind, VAULT_DEVICE_SIGNED);
	assert_false(t.q.device_signed.off);
	assert_string_equal(t.q.device_signed.mac, MAC);
	assert_string_equal(t.q.device_signed.instance, INSTANCE);
	assert_string_equal(t.q.device_signed.user, "alice@contoso.test");
	assert_string_equal(t.q.device_signed.model, "CX600");
	assert_in_range(t.q.device_signed.at, now, now + 5);
	strcpy(drop.drop.aor, "alice@contoso.test");
	strcpy(drop.drop.instance, INSTANCE);
	feed_question(j, 0, &drop, &(struct location_reply){.kind = LOCATION_DROP, .found = true});
	assert_int_equal(t.n, 2);
	assert_true(t.q.device_signed.off);
	assert_string_equal(t.q.device_signed.instance, INSTANCE);
	journeys_free(j);
}

/* ---- who goes -------------------------------------------------------------------------------------------------------- */

static bool there(const struct world *w, const char *mac)
{
	struct found f = all(w);

	for (size_t i = 0; i < f.n; i++)
		if (strcmp(f.j[i].mac, mac) == 0)
			return true;
	return false;
}

/* A flood from one network, then one of datagrams with made-up senders: the phone that hangs and the one that is registered
 * stay. */
static void strangers_push_out_each_other(void **state)
{
	struct world *w = *state;
	char address[32], mac[18];

	bind(w, "alice@contoso.test", INSTANCE, 7);
	update(w, "10.66.0.20", "00:04:f2:00:00:20");
	for (unsigned i = 0; i < 200; i++) {
		snprintf(address, sizeof address, "10.9.9.%u", i);
		snprintf(mac, sizeof mac, "02:00:00:00:00:%02x", i);
		update(w, address, mac);
	}
	assert_true(there(w, "00:04:f2:00:00:20"));
	assert_int_equal(all(w).n, 1 + 16);
	for (unsigned i = 0; i < 200; i++) {
		struct seen s = {.evidence = SEEN_DATAGRAM};

		snprintf(s.address, sizeof s.address, "10.%u.1.1", i);
		snprintf(s.mac, sizeof s.mac, "02:00:00:00:01:%02x", i);
		see(w, SEEN_DHCP, s);
	}
	assert_true(there(w, "00:04:f2:00:00:20"));
	assert_int_equal(journeys_count(w->t, SEEN_PROVED), 1);
	assert_int_equal(all(w).n, 1 + 16);
}

/* Users of the site are many; those that are registered stay before those that left. */
static void proved_ones_are_bounded_too(void **state)
{
	struct world *w = *state;
	char aor[32], instance[40];

	for (unsigned i = 0; i < 20; i++) {
		snprintf(aor, sizeof aor, "u%u@contoso.test", i);
		snprintf(instance, sizeof instance, "00000000-0000-5000-8000-0000000000%02u", i);
		bind(w, aor, instance, i + 1);
		if (i != 3)
			journeys_unbound(w->t, aor, instance, 0, "", w->now);
	}
	struct found f = all(w);
	bool three = false;

	assert_int_equal(f.n, 8);
	for (size_t i = 0; i < f.n; i++)
		three |= strcmp(f.j[i].user, "u3@contoso.test") == 0;
	assert_true(three);
}

/* ---- what is told ------------------------------------------------------------------------------------------------------ */

static void texts(void **state)
{
	struct seen s = {.step = SEEN_UPDATE};
	struct buf b = {0};
	struct world *w = *state;
	struct journey j;

	seen_agent(&s, SV("CPE/4.0.7577.4363 OCPhone/4.0.7577.4363 (Microsoft Lync Phone Edition)"));
	assert_string_equal(s.model, "Microsoft Lync Phone Edition");
	assert_string_equal(s.firmware, "4.0.7577.4363");
	seen_mac(&s, SV("0004F2000006"));
	assert_string_equal(s.mac, MAC);
	seen_mac(&s, SV("not a mac"));
	assert_string_equal(s.mac, MAC);
	seen_number_masked(&s, "482915"); /* it may be a PIN in the wrong field */
	assert_null(strstr(s.number, "4829"));
	seen_number_masked(&s, "48");
	assert_null(strstr(s.number, "48"));
	s = base;
	seen_tls(&s, 48, "tlsv1 alert unknown ca");
	assert_int_equal(s.code, DT_F_TLS_UNTRUSTED);
	seen_tls(&s, 0, "unsupported protocol");
	assert_int_equal(s.code, DT_F_TLS_HANDSHAKE);
	assert_string_equal(s.cause, "unsupported protocol");
	strcpy(s.user, "a\"b\n c@contoso.test");
	refuse(w, SEEN_TICKET, s, DT_F_PIN_REFUSED, "wrong PIN");
	j = only(w);
	feed_line(&b, &j, JOURNEY_REFUSAL, w->now);
	assert_string_equal(buf_cstr(&b), "event=refused user=\"a'b? c@contoso.test\" stage=7 step=ticket code=pin-refused address=10.66.0.148 "
					  "side=inside cause=\"wrong PIN\"");
	buf_free(&b);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define SMALL(f) cmocka_unit_test_setup_teardown(f, setup_small, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(one_way), T(where_it_stands), T(two_phones_one_address), T(behind_one_router), T(a_crowd_behind_one_router),
					   T(joined_by_instance), T(named_later), cmocka_unit_test(told_to_the_inventory), SMALL(strangers_push_out_each_other),
					   SMALL(proved_ones_are_bounded_too), T(texts)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
