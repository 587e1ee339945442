/* tests/unit/cmd/test_captures.c: captures after public bug reports of other programs (tests/vectors/reports/README). */
#include "wire/capture/capture.h"
#include "tests/support/check.h"

static void of_another_kind(void **state)
{
	static const struct {
		const char *name, *what;
	} rows[] = {
		{"netmon2.cap", "Network Monitor"}, {"snoop.cap", "snoop"},   {"kuznetzov.pcap", "modified pcap"},
		{"dhcp.pcap.gz", "gunzip"},	    {"trace.etl", "etl2pcapng"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf v = {0};
		char name[128];
		const char *what;

		snprintf(name, sizeof name, "capture-of-another-kind/%s", rows[i].name);
		report_read(&v, name);
		what = capture_foreign(v.p, v.n);
		if (what == NULL || strstr(what, rows[i].what) == NULL)
			fail_msg("%s: %s", rows[i].name, what ? what : "not named");
		for (size_t n = 0; n < v.n; n++) { /* cut anywhere: no octet too far is read */
			uint8_t *cut = exact_copy(v.p, v.n, n);

			capture_foreign(cut, n);
			free(cut);
		}
		buf_free(&v);
	}
	assert_null(capture_foreign("\x01\x01\x06\x00\x12\x34\x56\x78", 8)); /* a DHCP message */
	assert_null(capture_foreign("\x01\x80\xc2\x00\x00\x0e", 6));	     /* an LLDP frame */
	assert_null(capture_foreign("", 0));
}

/* How many packets there are on Ethernet, and whether the capture is read to its end. */
static unsigned ethernet(const char *name, const char **err)
{
	struct capture c;
	struct packet p;
	struct buf v = {0};
	unsigned n = 0;

	report_read(&v, name);
	assert_true(capture_open(&c, v.p, v.n));
	while (capture_next(&c, &p))
		n += p.link == LINK_ETHERNET;
	*err = c.err;
	buf_free(&v);
	return n;
}

static void interfaces(void **state)
{
	static const char *const names[] = {"pcapng-11-interfaces/nine.pcapng", "pcapng-11-interfaces/eleven.pcapng",
					    "pcapng-mixed-links/cooked-and-ethernet.pcapng",
					    "pcapng-mixed-links/nanoseconds.pcap", "pcapng-mixed-links/two-snaplens.pcapng"};
	const char *err;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (ethernet(names[i], &err) == 0 || err)
			fail_msg("%s: %s", names[i], err ? err : "no packet on Ethernet");
	}
}

/* More interfaces than are remembered: packets of the first ones are read, and one of a later one is refused by name. */
static void very_many_interfaces(void **state)
{
	struct capture c;
	struct packet p;
	struct buf v = {0};

	(void)state;
	hex_of(&v, "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c");
	for (unsigned i = 0; i < CAPTURE_INTERFACES + 1; i++)
		hex_of(&v, "00000001 00000014 0001 0000 00000000 00000014");
	hex_of(&v, "00000006 00000024 00000000 00000000 00000000 00000001 00000001 aa000000 00000024");
	hex_of(&v, "00000006 00000024 00000400 00000000 00000000 00000001 00000001 aa000000 00000024");
	assert_true(capture_open(&c, v.p, v.n));
	assert_true(capture_next(&c, &p));
	assert_int_equal(p.link, LINK_ETHERNET);
	assert_false(capture_next(&c, &p));
	assert_string_equal(c.err, "a packet is of an interface beyond the first 1024");
	buf_free(&v);
}

static void snapped(void **state)
{
	struct capture c;
	struct packet p;
	struct buf v = {0};

	(void)state;
	report_read(&v, "pcap-snapped/snap96.pcap");
	assert_true(capture_open(&c, v.p, v.n));
	assert_true(capture_next(&c, &p));
	assert_true(p.cut);
	assert_int_equal(p.octets.n, 96);
	buf_free(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_another_kind),
		cmocka_unit_test(interfaces),
		cmocka_unit_test(very_many_interfaces),
		cmocka_unit_test(snapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
