/* tests/unit/net/test_shares.c: what the addresses of strangers may hold, and who gives way. */
#include "net/shares.h"

#include "tests/support/check.h"

struct peer {
	struct hold hold;
	bool ended;
};

static void peer_end(void *arg, const char *why)
{
	struct peer *p = arg;

	assert_non_null(why);
	p->ended = true;
}

static bool takes(struct shares *s, struct peer *p, const char *address, size_t octets)
{
	*p = (struct peer){.hold = {.end = peer_end, .arg = p}};
	return shares_take(s, &p->hold, address, octets);
}

/* An address has its share; what it gives back may be taken again. */
static void test_shares(void **state)
{
	struct shares *s = shares_new(&(struct shares_conf){.connections = 2});
	struct peer a, b, c, d, six[4], local[5];

	(void)state;
	assert_non_null(s);
	assert_true(takes(s, &a, "192.0.2.1", 1) && takes(s, &b, "192.0.2.1", 1));
	assert_false(takes(s, &c, "192.0.2.1", 1));
	assert_true(takes(s, &d, "192.0.2.2", 1));
	shares_give(&a.hold);
	assert_true(takes(s, &a, "192.0.2.1", 1));
	/* a host has 64 bits of IPv6 for itself */
	assert_true(takes(s, &six[0], "2001:db8::1", 1) && takes(s, &six[1], "2001:db8::2", 1));
	assert_false(takes(s, &six[2], "2001:db8::ffff:3", 1));
	assert_true(takes(s, &six[3], "2001:db8:0:1::1", 1));
	for (int i = 0; i < 5; i++)
		assert_true(takes(s, &local[i], "local", 1));
	assert_int_equal(shares_held(s), 6);
	shares_free(s);
}

/* Memory: a quarter for an address, whose own oldest gives way; then the oldest of the address that holds the most. A known peer never does. */
static void test_who_gives_way(void **state)
{
	static const char *const address[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5"};
	struct shares *s = shares_new(&(struct shares_conf){.memory = 400});
	struct peer p[5][3], big, fresh, one;

	(void)state;
	assert_false(takes(s, &big, address[0], 101)); /* more than any address may have */
	assert_int_equal(shares_held(s), 0);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++)
			assert_true(takes(s, &p[i][k], address[i], i ? 30 : 33));
	assert_int_equal(shares_held(s), 369);
	assert_true(shares_hold(&p[1][2].hold, 45)); /* 105 of its address: its own oldest */
	assert_true(p[1][0].ended && !p[1][1].ended && !p[0][0].ended);
	assert_int_equal(shares_held(s), 354);
	assert_true(takes(s, &fresh, address[4], 40)); /* a new address finds room */
	assert_false(shares_hold(&fresh.hold, 55)); /* it holds more than half of the most: it gets no more */
	assert_true(shares_hold(&fresh.hold, 33));
	assert_true(takes(s, &one, address[4], 15));
	assert_true(p[0][0].ended && !p[0][1].ended && !p[2][0].ended && !p[3][0].ended); /* the one with the most gives way */
	assert_int_equal(shares_held(s), 369);
	shares_know(&p[2][0].hold); /* it has proved who it is: it does not count, and stays */
	assert_int_equal(shares_held(s), 339);
	assert_true(shares_hold(&p[2][0].hold, 1000));
	assert_int_equal(shares_held(s), 339);
	while (shares_make_room(s))
		;
	assert_int_equal(shares_held(s), 0);
	assert_false(p[2][0].ended);
	assert_true(p[2][1].ended && p[2][2].ended && p[3][2].ended && fresh.ended && one.ended);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < 3; k++)
			shares_give(&p[i][k].hold);
	shares_give(&fresh.hold);
	shares_give(&one.hold);
	shares_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shares), cmocka_unit_test(test_who_gives_way)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
