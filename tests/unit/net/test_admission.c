/* Which handshakes begin: so many a turn, none for who has hung up, none for strangers while the vault is behind or turns are long, and
 * nobody who has waited too long again and again. */
#include "net/admission.h"
#include "tests/support/net_world.h"

#include <arpa/inet.h>

#define PEERS 8

struct pairs {
	struct loop *loop;
	int client[PEERS], server[PEERS];
	uint64_t behind, now; /* now: of a test that has its own clock */
};

static uint64_t behind(void *arg)
{
	return ((struct pairs *)arg)->behind;
}

static void pairs_make(struct pairs *w, struct admission *a, const struct admission_conf *conf)
{
	struct sockaddr_in at;
	socklen_t n = sizeof at;
	struct why why = {0};
	int listener = listen_tcp("127.0.0.1", 0, &why);
	struct admission_conf c = *conf;

	*w = (struct pairs){.loop = loop_new()};
	assert_true(w->loop && listener >= 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	for (unsigned i = 0; i < PEERS; i++) {
		w->client[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(w->client[i], (struct sockaddr *)&at, n), 0);
		do
			w->server[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		while (w->server[i] < 0 && errno == EAGAIN);
		assert_int_equal(send(w->client[i], "hello", 5, 0), 5);
	}
	close(listener);
	c.loop = w->loop;
	c.behind_ms = behind;
	c.arg = w;
	admission_init(a, &c);
}

static void pairs_clear(struct pairs *w)
{
	for (unsigned i = 0; i < PEERS; i++) {
		close(w->client[i]);
		close(w->server[i]);
	}
	loop_free(w->loop);
}

static struct admission a; /* its table is large */

static void so_many_a_turn(void **state)
{
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 3, .wait_ms = 60000, .known_ms = 60000});
	for (unsigned i = 0; i < PEERS; i++) {
		if (i == 3 || i == 6)
			turn(w.loop, 1); /* everybody who is ready has had a call */
		assert_int_equal(admission_ask(&a, w.server[i], "10.0.0.1"), ADMIT_NOW);
		if (i % 3 == 2)
			assert_int_equal(admission_ask(&a, w.server[7], "10.0.0.1"), ADMIT_TURN);
	}
	assert_int_equal(a.admitted, PEERS);
	pairs_clear(&w);
}

static void none_for_who_has_hung_up(void **state)
{
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 3, .wait_ms = 60000, .known_ms = 60000});
	assert_int_equal(shutdown(w.client[0], SHUT_WR), 0);
	turn(w.loop, 10);
	assert_int_equal(admission_ask(&a, w.server[0], "10.0.0.1"), ADMIT_NEVER);
	assert_true(a.hung_up == 1 && a.admitted == 0 && a.turned_away == 0);
	assert_int_equal(admission_ask(&a, w.server[1], "10.0.0.1"), ADMIT_NOW);
	pairs_clear(&w);
}

static void strangers_wait_for_others(void **state)
{
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 3, .wait_ms = 60000, .known_ms = 60000});
	admission_through(&a, "10.0.0.2");
	w.behind = 200;
	assert_int_equal(admission_ask(&a, w.server[0], "10.0.0.1"), ADMIT_LATER);
	w.behind = 1000;
	assert_int_equal(admission_ask(&a, w.server[1], "10.0.0.2"), ADMIT_LATER);
	w.behind = 200;
	assert_int_equal(admission_ask(&a, w.server[1], "10.0.0.2"), ADMIT_KNOWN); /* it is on its way */
	w.behind = 0;
	assert_int_equal(admission_ask(&a, w.server[0], "10.0.0.1"), ADMIT_NOW);
	pairs_clear(&w);
}

/* An office behind one address: each stranger that has come through is followed by one, not by everybody. */
static void one_further_for_each(void **state)
{
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 100, .wait_ms = 60000, .known_ms = 60000});
	admission_through(&a, "10.0.0.2");
	admission_through(&a, "10.0.0.2");
	w.behind = 200;
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(admission_ask(&a, w.server[i], "10.0.0.2"), ADMIT_KNOWN);
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.2"), ADMIT_LATER);
	w.behind = 0;
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.2"), ADMIT_NOW);
	pairs_clear(&w);
}

static uint64_t own_clock(void *arg)
{
	return ((struct pairs *)arg)->now;
}

static void nothing(void *arg)
{
	(void)arg;
}

/* The next turn of the loop, so many ms later. */
static void turn_of(struct pairs *w, uint64_t ms)
{
	struct loop_timer due;

	loop_timer_init(&due, w->loop, nothing, NULL);
	loop_timer_at(&due, 0);
	loop_once(w->loop);
	loop_timer_stop(&due);
	w->now += ms;
}

static void strangers_wait_for_short_turns(void **state)
{
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 1, .wait_ms = 60000, .known_ms = 60000, .turn_ms = 20, .now_ms = own_clock});
	w.now = 1000;
	admission_through(&a, "10.0.0.2");
	turn_of(&w, 0);
	assert_int_equal(admission_ask(&a, w.server[0], "10.0.0.1"), ADMIT_NOW);
	turn_of(&w, 20); /* as long as a turn may be */
	assert_int_equal(admission_ask(&a, w.server[1], "10.0.0.1"), ADMIT_NOW);
	turn_of(&w, 21);
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.1"), ADMIT_TURN);
	assert_int_equal(admission_ask(&a, w.server[3], "10.0.0.2"), ADMIT_KNOWN); /* it is on its way */
	turn_of(&w, 21);
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.1"), ADMIT_TURN);
	turn_of(&w, 5);
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.1"), ADMIT_NOW);
	turn_of(&w, 30);
	turn_of(&w, 30); /* the loop did without a question in between: nobody waited */
	assert_int_equal(admission_ask(&a, w.server[4], "10.0.0.1"), ADMIT_NOW);
	for (unsigned i = 0; i < 4; i++) { /* for ten times as long as a turn may be */
		turn_of(&w, 50);
		assert_int_equal(admission_ask(&a, w.server[5], "10.0.0.1"), i < 3 ? ADMIT_TURN : ADMIT_NOW);
	}
	pairs_clear(&w);
}

static void who_waited_too_long(void **state)
{
	uint64_t began = clock_mono_ms();
	enum admission_verdict v;
	struct pairs w;

	(void)state;
	pairs_make(&w, &a, &(struct admission_conf){.at_once = 100, .wait_ms = 30, .known_ms = 60000});
	admission_through(&a, "10.0.0.2");
	turn(w.loop, 60);
	assert_int_equal(admission_ask(&a, w.server[0], "10.0.0.1"), ADMIT_NOW); /* a stall turns nobody away */
	while ((v = admission_ask(&a, w.server[1], "10.0.0.1")) == ADMIT_NOW && clock_mono_ms() - began < 5000)
		turn(w.loop, 10);
	assert_int_equal(v, ADMIT_NEVER);
	assert_true(clock_mono_ms() - began >= 1000);
	assert_int_equal(admission_ask(&a, w.server[2], "10.0.0.2"), ADMIT_KNOWN);
	assert_int_equal(send(w.client[3], "more", 4, 0), 4);
	assert_int_equal(admission_ask(&a, w.server[3], "10.0.0.1"), ADMIT_NOW); /* it has just come */
	assert_int_equal(a.turned_away, 1);
	pairs_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(so_many_a_turn), cmocka_unit_test(none_for_who_has_hung_up),
					   cmocka_unit_test(strangers_wait_for_others), cmocka_unit_test(one_further_for_each),
					   cmocka_unit_test(strangers_wait_for_short_turns), cmocka_unit_test(who_waited_too_long)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
