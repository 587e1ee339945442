/* tests/unit/host/test_dns_answer.c */
#include "host/dns_answer.h"
#include "tests/support/check.h"

static void answer_read(struct dt_dns_answer *a, enum dt_rr type, const uint8_t *p, size_t n)
{
#if ARES_VERSION >= 0x012200
	ares_dns_record_t *record = NULL;

	(void)type;
	if (ares_dns_parse(p, n, 0, &record) == ARES_SUCCESS)
		dns_answer_read(a, record);
	ares_dns_record_destroy(record);
#else
	dns_answer_read(a, type, p, (int)n);
#endif
}

/* fe01.contoso.test, CNAME real.contoso.test, 10.10.0.10, in either order.  RFC 1034 3.6: "The order of RRs in a set is not
 * significant"; a public resolver sent the alias last for a day (1.1.1.1, 8 January 2026). */
static void alias_in_any_order(void **state)
{
	static const char head[] = "1234 8180 0001 0002 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 0001 0001",
			  alias[] = "c00c 0005 0001 0000003c 0007 04 7265616c c011",
			  address[] = "04 7265616c c011 0001 0001 0000003c 0004 0a0a000a";

	(void)state;
	for (int alias_first = 0; alias_first < 2; alias_first++) {
		struct buf v = {0};

		hex_of(&v, head);
		hex_of(&v, alias_first ? alias : address);
		hex_of(&v, alias_first ? address : alias);
		for (size_t n = 0; n <= v.n; n++) {
			uint8_t *cut = exact_copy(v.p, v.n, n);
			struct dt_dns_answer a = {.status = DT_DNS_OK};

			answer_read(&a, DT_RR_A, cut, n);
			if (n == v.n) {
				assert_int_equal(a.status, DT_DNS_OK);
				assert_int_equal(a.n, 1);
				assert_int_equal(a.rr[0].address, 0x0a0a000a);
			}
			free(cut);
		}
		buf_free(&v);
	}
}

/* An alias that leads nowhere is an answer without an address. */
static void alias_alone(void **state)
{
	struct dt_dns_answer a = {.status = DT_DNS_OK};
	struct buf v = {0};

	(void)state;
	hex_of(&v, "1234 8180 0001 0001 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 0001 0001"
		   "c00c 0005 0001 0000003c 0007 04 7265616c c011");
	answer_read(&a, DT_RR_A, v.p, v.n);
	assert_int_equal(a.status, DT_DNS_NODATA);
	buf_free(&v);
}

/* More addresses than there is room for: the first ones count. */
static void many_addresses(void **state)
{
	struct dt_dns_answer a = {.status = DT_DNS_OK};
	struct buf v = {0};

	(void)state;
	hex_of(&v, "1234 8180 0001 0014 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 0001 0001");
	for (unsigned i = 0; i < 20; i++) {
		hex_of(&v, "c00c 0001 0001 0000003c 0004 0a0a00");
		buf_add(&v, &(uint8_t){(uint8_t)i}, 1);
	}
	answer_read(&a, DT_RR_A, v.p, v.n);
	assert_int_equal(a.n, sizeof a.rr / sizeof *a.rr);
	assert_int_equal(a.rr[15].address, 0x0a0a000f);
	buf_free(&v);
}

/* What the doctor asks of a name without an address: its alias, its IPv6 addresses.  A record of another length is none. */
static void alias_and_ipv6(void **state)
{
	struct dt_dns_answer a = {.status = DT_DNS_OK}, b = a, c = a;
	struct buf v = {0}, w = {0}, x = {0};

	(void)state;
	hex_of(&v, "1234 8180 0001 0001 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 0005 0001"
		   "c00c 0005 0001 0000003c 0007 04 7265616c c011");
	answer_read(&a, DT_RR_CNAME, v.p, v.n);
	assert_int_equal(a.n, 1);
	assert_string_equal(a.rr[0].target, "real.contoso.test");
	hex_of(&w, "1234 8180 0001 0001 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 001c 0001"
		   "c00c 001c 0001 0000003c 0010 fd00 0000 0000 0000 0000 0000 0000 0010");
	answer_read(&b, DT_RR_AAAA, w.p, w.n);
	assert_int_equal(b.n, 1);
	assert_string_equal(b.rr[0].target, "fd00::10");
	hex_of(&x, "1234 8180 0001 0001 0000 0000 04 66653031 07 636f6e746f736f 04 74657374 00 001c 0001"
		   "c00c 001c 0001 0000003c 0004 0a0a000a");
	answer_read(&c, DT_RR_AAAA, x.p, x.n);
	assert_int_equal(c.n, 0);
	buf_free(&v);
	buf_free(&w);
	buf_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alias_in_any_order),
		cmocka_unit_test(alias_alone),
		cmocka_unit_test(many_addresses),
		cmocka_unit_test(alias_and_ipv6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
