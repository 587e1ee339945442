/* Packets and DNS messages of a capture, as somebody reads them who looks on. */
#include "tests/support/check.h"

#include "wire/capture/capture.h"
#include "wire/capture/dns.h"
#include "wire/capture/packet.h"

#define ETHERNET "ffffffffffff 0004f2123456 "
#define IP_UDP_DNS "4500 0020 0000 4000 4011 0000 0a420064 0a420001  d431 0035 000c 0000 61626364"
#define IP_TCP_SYN "4500 0028 0000 4000 4006 0000 0a420064 0a14000a  bbd8 01bb 01020304 00000000 5002 fa00 0000 0000"

/* Whether it is read; cut at each octet, it is read or refused, and no octet too far is touched. */
static bool read_hex(unsigned link, const char *hex, struct packet_view *v, struct buf *keep)
{
	bool good;

	buf_clear(keep);
	hex_of(keep, hex);
	for (size_t n = 0; n < keep->n; n++) {
		uint8_t *cut = exact_copy(keep->p, keep->n, n);
		struct packet_view part, about;

		if (packet_view_read(link, (struct sv){(const char *)cut, n}, &part))
			packet_unreachable(&part, &about);
		free(cut);
	}
	good = packet_view_read(link, buf_view(keep), v);
	return good;
}

static void links(void **state)
{
	static const struct {
		unsigned link;
		const char *hex;
		bool has_mac;
		unsigned vlan;
	} rows[] = {
		{LINK_ETHERNET, ETHERNET "0800 " IP_UDP_DNS, true, 0},
		{LINK_ETHERNET, ETHERNET "8100 a042 0800 " IP_UDP_DNS, true, 66},
		{LINK_ETHERNET, ETHERNET "88a8 0005 8100 0042 0800 " IP_UDP_DNS, true, 66}, /* the inner tag counts */
		{LINK_ETHERNET, ETHERNET "8100 a000 0800 " IP_UDP_DNS, true, 0},	    /* priority only */
		{LINK_SLL, "0000 0001 0006 0004f2123456 0000 0800 " IP_UDP_DNS, true, 0},
		{LINK_SLL2, "0800 0000 00000002 0001 00 06 0004f2123456 0000 " IP_UDP_DNS, true, 0},
		{LINK_RAW, IP_UDP_DNS, false, 0},
		{LINK_IPV4, IP_UDP_DNS, false, 0},
	};
	struct buf keep = {0};
	struct packet_view v;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!read_hex(rows[i].link, rows[i].hex, &v, &keep) || !v.ip || v.proto != IP_UDP)
			fail_msg("row %zu", i);
		assert_int_equal(v.has_mac, rows[i].has_mac);
		assert_int_equal(v.vlan, rows[i].vlan);
		assert_int_equal(v.src, 0x0a420064);
		assert_int_equal(v.dst, 0x0a420001);
		assert_int_equal(v.dport, 53);
		assert_true(sv_eq(v.data, SV("abcd")));
		if (v.has_mac)
			assert_memory_equal(v.src_mac, "\x00\x04\xf2\x12\x34\x56", 6);
	}
	assert_false(read_hex(147, IP_UDP_DNS, &v, &keep)); /* a link type of nobody's */
	assert_false(read_hex(LINK_ETHERNET, ETHERNET "8100 0001 8100 0001 8100 0001 8100 0001 8100 0001 0800", &v, &keep));
	buf_free(&keep);
}

static void tcp(void **state)
{
	struct buf keep = {0};
	struct packet_view v, about;

	(void)state;
	assert_true(read_hex(LINK_ETHERNET, ETHERNET "0800 " IP_TCP_SYN "000000000000", &v, &keep)); /* padded to 60 octets */
	assert_true(v.ip && v.proto == IP_TCP && v.flags == TCP_SYN && v.seq == 0x01020304 && v.data.n == 0);
	assert_false(packet_unreachable(&v, &about));
	/* a total length of 0: the card divides it later */
	assert_true(read_hex(LINK_RAW, "4500 0000 0000 4000 4006 0000 0a420064 0a14000a bbd8 01bb 01020304 00000000 5018 fa00 0000 0000 6162", &v, &keep));
	assert_true(sv_eq(v.data, SV("ab")));
	/* a later fragment, a header of less than 20 octets, version 6 */
	assert_true(read_hex(LINK_RAW, "4500 0028 0000 0005 4006 0000 0a420064 0a14000a", &v, &keep) && !v.ip);
	assert_true(read_hex(LINK_RAW, "4400 0028 0000 4000 4006 0000 0a420064 0a14000a", &v, &keep) && !v.ip);
	assert_true(read_hex(LINK_RAW, "6500 0028 0000 4000 4006 0000 0a420064 0a14000a", &v, &keep) && !v.ip);
	buf_free(&keep);
}

static void unreachable(void **state)
{
	struct buf keep = {0};
	struct packet_view v, about;

	(void)state;
	assert_true(read_hex(LINK_RAW, "4500 0038 0000 0000 4001 0000 0a420001 0a420064  03 01 0000 00000000 "
				       "4500 0028 0000 4000 4006 0000 0a420064 0a14000a bbd8 01bb 01020304",
			     &v, &keep));
	assert_true(packet_unreachable(&v, &about));
	assert_int_equal(about.proto, IP_TCP);
	assert_int_equal(about.src, 0x0a420064);
	assert_int_equal(about.dst, 0x0a14000a);
	assert_int_equal(about.sport, 0xbbd8);
	assert_int_equal(about.dport, 443);
	buf_free(&keep);
}

/* ---- DNS --------------------------------------------------------------------------------------------------------- */

static bool dns_hex(const char *hex, struct dns_message *m)
{
	struct buf b = {0};
	struct rd r;
	bool good;

	hex_of(&b, hex);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *cut = exact_copy(b.p, b.n, n);
		struct rd part = rd_of(cut, n);

		dns_read(&part, m);
		free(cut);
	}
	r = rd_of(b.p, b.n);
	good = dns_read(&r, m);
	buf_free(&b);
	return good;
}

#define NAME "04 66653031 07 636f6e746f736f 04 74657374 00 " /* fe01.contoso.test */

static void dns(void **state)
{
	struct dns_message *m = calloc(1, sizeof *m);

	(void)state;
	assert_true(dns_hex("1234 0100 0001 0000 0000 0000 " NAME "0001 0001", m));
	assert_true(!m->answer && m->id == 0x1234 && m->type == DNS_A && m->n == 0);
	assert_string_equal(m->name, "fe01.contoso.test");
	/* a CNAME before the address; the names point back */
	assert_true(dns_hex("1234 8180 0001 0002 0000 0000 " NAME "0001 0001  c00c 0005 0001 00000e10 0006 03 777777 c011  "
			    "c02f 0001 0001 00000e10 0004 0a14000a",
			    m));
	assert_true(m->answer && m->rcode == 0 && m->n == 1 && m->rr[0].address == 0x0a14000a);
	/* SRV: 0 0 5061 fe01.contoso.test */
	assert_true(dns_hex("1234 8180 0001 0001 0000 0000 " NAME "0021 0001  c00c 0021 0001 00000e10 0008 0000 0000 13c5 c00c", m));
	assert_true(m->n == 1 && m->rr[0].port == 5061);
	assert_string_equal(m->rr[0].target, "fe01.contoso.test");
	assert_true(dns_hex("1234 8183 0001 0000 0000 0000 " NAME "0001 0001", m));
	assert_int_equal(m->rcode, 3);
	/* a name that points at itself, one that points nowhere, two questions, another class, a control in a name */
	assert_false(dns_hex("1234 0100 0001 0000 0000 0000 c00c 0001 0001", m));
	assert_false(dns_hex("1234 0100 0001 0000 0000 0000 cfff 0001 0001", m));
	assert_false(dns_hex("1234 0100 0002 0000 0000 0000 " NAME "0001 0001", m));
	assert_false(dns_hex("1234 0100 0001 0000 0000 0000 " NAME "0001 0003", m));
	assert_false(dns_hex("1234 0100 0001 0000 0000 0000 02 610a 00 0001 0001", m));
	free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(links), cmocka_unit_test(tcp), cmocka_unit_test(unreachable), cmocka_unit_test(dns)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
