/* tests/unit/wire/test_sntp.c */
#include "wire/sntp.h"
#include "tests/support/check.h"

#define COOKIE UINT64_C(0x0011223344556677)
#define NINE 1768467600500 /* 2026-01-15T09:00:00.5Z in ms */

static void question(void **state)
{
	uint8_t out[64];
	struct wr w = wr_of(out, sizeof out);

	(void)state;
	sntp_ask(&w, COOKIE);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), 48);
	assert_int_equal(out[0], 0x23);
	for (unsigned i = 1; i < 40; i++)
		assert_int_equal(out[i], 0);
	assert_memory_equal(out + 40, "\x00\x11\x22\x33\x44\x55\x66\x77", 8);
}

static bool read_octets(const uint8_t *p, size_t have, size_t n, uint64_t cookie, int64_t *ms)
{
	uint8_t *in = exact_copy(p, have, n);
	struct rd r = rd_of(in, n);
	bool ok = sntp_read(&r, cookie, ms) == SNTP_TIME;

	free(in);
	return ok;
}

static void answer(void **state)
{
	struct buf v = {0};
	int64_t ms = 7;

	(void)state;
	vector_read(&v, "sntp/answer.hex");
	assert_int_equal(v.n, 48);
	assert_true(read_octets(v.p, v.n, v.n, COOKIE, &ms));
	assert_true(ms == NINE);
	assert_true(read_octets(v.p, v.n, v.n + 20, COOKIE, &ms)); /* a digest behind it */
	for (size_t n = 0; n < v.n; n++) {
		ms = 7;
		assert_false(read_octets(v.p, v.n, n, COOKIE, &ms));
		assert_true(ms == 7);
	}
	buf_free(&v);
}

/* Each octet changed so that the answer must not be believed. */
static void refusals(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
		const char *what;
	} wrong[] = {
	    {0, 0xe4, "leap indicator 3"},  {0, 0x23, "mode 3"}, {0, 0x25, "mode 5"}, {1, 0, "stratum 0"},
	    {1, 16, "stratum 16"},	    {24, 1, "another originate timestamp"},
	};
	struct buf v = {0};

	(void)state;
	vector_read(&v, "sntp/answer.hex");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint8_t was = v.p[wrong[i].at];
		int64_t ms = 7;

		v.p[wrong[i].at] = wrong[i].value;
		if (read_octets(v.p, v.n, v.n, COOKIE, &ms) || ms != 7)
			fail_msg("%s was believed", wrong[i].what);
		v.p[wrong[i].at] = was;
	}
	memset(v.p + 40, 0, 8);
	assert_false(read_octets(v.p, v.n, v.n, COOKIE, &(int64_t){0}));
	buf_free(&v);
}

/* RFC 4330 3: the first second of the next era, 2036-02-07T06:28:16Z, is written 0. */
static void next_era(void **state)
{
	struct buf v = {0};
	int64_t ms = 0;

	(void)state;
	vector_read(&v, "sntp/answer.hex");
	memset(v.p + 40, 0, 8);
	v.p[44] = 0x80;
	assert_true(read_octets(v.p, v.n, v.n, COOKIE, &ms));
	assert_true(ms == INT64_C(2085978496500));
	buf_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(question),
	    cmocka_unit_test(answer),
	    cmocka_unit_test(refusals),
	    cmocka_unit_test(next_era),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
