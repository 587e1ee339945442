/* tests/unit/wire/test_eth.c */
#include "wire/eth.h"
#include "tests/support/check.h"

static const uint8_t phone[6] = {0x00, 0x04, 0xf2, 0x00, 0x01, 0x76};
static const uint8_t all[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

static void frame(void **state)
{
	struct buf v = {0};
	struct eth e;

	(void)state;
	vector_read(&v, "eth/udp.hex");
	for (size_t n = 0; n <= v.n; n++) {
		uint8_t *in = exact_copy(v.p, v.n, n);
		struct rd r = rd_of(in, n);
		bool ok = eth_read(&r, &e);

		assert_int_equal(ok, n >= 14);
		if (ok) {
			assert_int_equal(e.type, ETH_IPV4);
			assert_int_equal(e.payload.n, n - 14);
			assert_memory_equal(e.src, phone, 6);
			assert_memory_equal(e.dst, all, 6);
		}
		free(in);
	}
	v.p[12] = 0; /* an 802.3 length */
	v.p[13] = 46;
	assert_false(eth_read(&(struct rd){v.p, v.p + v.n, NULL, v.p}, &e));
	buf_free(&v);
}

static const struct udp sent = {.src = 0x0a420065, .dst = 0xffffffff, .sport = 68, .dport = 67, .payload = {"hello", 5}};

/* What we write is the vector, and what we write we read back; cut anywhere it is refused. */
static void udp(void **state)
{
	uint8_t out[128];
	struct wr w = wr_of(out, sizeof out);
	struct buf v = {0};
	struct udp u;

	(void)state;
	vector_read(&v, "eth/udp.hex");
	eth_write(&w, all, phone, ETH_IPV4);
	udp_write(&w, &sent, 46);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), v.n);
	assert_memory_equal(out, v.p, v.n);
	for (size_t n = 0; n <= v.n - 14 + 18; n++) { /* beyond its length: the padding of a short frame */
		uint8_t *in = exact_copy(v.p + 14, v.n - 14, n);
		struct rd r = rd_of(in, n);
		bool ok = udp_read(&r, &u);

		assert_int_equal(ok, n >= v.n - 14);
		if (ok) {
			assert_int_equal(u.src, sent.src);
			assert_int_equal(u.dst, sent.dst);
			assert_int_equal(u.sport, 68);
			assert_int_equal(u.dport, 67);
			assert_true(sv_eq(u.payload, sent.payload));
		}
		free(in);
	}
	buf_free(&v);
}

/* Any single wrong octet is found, but for those that no checksum covers (there are none but the UDP checksum's
 * own absence). */
static void udp_flipped(void **state)
{
	struct buf v = {0};
	struct udp u;
	struct rd r;

	(void)state;
	vector_read(&v, "eth/udp.hex");
	for (size_t i = 14; i < v.n; i++) {
		v.p[i] ^= 0x10;
		r = rd_of(v.p + 14, v.n - 14);
		if (udp_read(&r, &u))
			fail_msg("octet %zu changed and believed", i);
		v.p[i] ^= 0x10;
	}
	v.p[14 + 26] = v.p[14 + 27] = 0; /* no checksum was made */
	r = rd_of(v.p + 14, v.n - 14);
	assert_true(udp_read(&r, &u));
	buf_free(&v);
}

static void resum(uint8_t *ip)
{
	unsigned sum = 0;

	ip[10] = ip[11] = 0;
	for (unsigned i = 0; i < 20; i += 2)
		sum += (unsigned)(ip[i] << 8 | ip[i + 1]);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = ~((sum & 0xffff) + (sum >> 16));
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;
}

static void ip_refusals(void **state)
{
	static const struct {
		unsigned at;
		uint8_t value;
		const char *what;
	} wrong[] = {
	    {0, 0x65, "IPv6's version"},      {0, 0x44, "a header of 16 octets"}, {2, 0x40, "a length beyond the frame"},
	    {6, 0x20, "more fragments"},      {7, 0x01, "a fragment's offset"},	  {9, 6, "TCP"},
	    {3, 19, "a length below its header"},
	};
	struct buf v = {0};
	struct udp u;

	(void)state;
	vector_read(&v, "eth/udp.hex");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		uint8_t ip[64];
		struct rd r = rd_of(ip, v.n - 14);

		memcpy(ip, v.p + 14, v.n - 14);
		ip[wrong[i].at] = wrong[i].value;
		resum(ip);
		if (udp_read(&r, &u))
			fail_msg("%s was read", wrong[i].what);
		assert_non_null(r.err);
	}
	buf_free(&v);
}

/* What a sender on the same machine left out is put in as it would have put it; a frame that is not UDP, or is cut,
 * stays as it is. */
static void missing_checksum(void **state)
{
	struct buf v = {0};
	uint8_t *frame;

	(void)state;
	vector_read(&v, "eth/udp.hex");
	for (size_t n = 0; n <= v.n; n++) {
		frame = exact_copy(v.p, n, n);
		if (n > 41)
			frame[40] = frame[41] = 0;
		udp_checksum(frame, n);
		if (n == v.n)
			assert_memory_equal(frame, v.p, v.n);
		else if (n > 41)
			assert_int_equal(frame[40] | frame[41], 0);
		free(frame);
	}
	frame = exact_copy(v.p, v.n, v.n);
	frame[23] = 6; /* TCP */
	frame[40] = frame[41] = 0;
	udp_checksum(frame, v.n);
	assert_int_equal(frame[40] | frame[41], 0);
	free(frame);
	buf_free(&v);
}

static void arp(void **state)
{
	struct arp a = {.op = 1, .spa = 0, .tpa = 0x0a420065}, b;
	uint8_t out[64];
	struct wr w = wr_of(out, sizeof out);
	struct buf v = {0};

	(void)state;
	vector_read(&v, "eth/arp-probe.hex");
	memcpy(a.sha, phone, 6);
	eth_write(&w, all, phone, ETH_ARP);
	arp_write(&w, &a);
	assert_null(w.err);
	assert_int_equal(wr_n(&w), v.n);
	assert_memory_equal(out, v.p, v.n);
	for (size_t n = 0; n <= 28 + 18; n++) {
		uint8_t *in = exact_copy(v.p + 14, 28, n);
		struct rd r = rd_of(in, n);

		memset(&b, 0x55, sizeof b);
		if (arp_read(&r, &b)) {
			assert_true(n >= 28);
			assert_int_equal(b.op, 1);
			assert_int_equal(b.tpa, 0x0a420065);
			assert_memory_equal(b.sha, phone, 6);
		} else {
			assert_true(n < 28);
			assert_int_equal(b.op, 0x5555); /* untouched */
		}
		free(in);
	}
	buf_free(&v);
}

/* 10.66.0.1 forbids (13) what 10.66.0.101:40000 sends to 10.20.0.10:443. */
static const uint8_t forbidden[] = {
	0x45, 0, 0, 56, 0, 1, 0, 0, 64, 1, 0x65, 0xdb, 10, 66, 0, 1, 10, 66, 0, 101,		/* IPv4, ICMP */
	3, 13, 0x5f, 0xba, 0, 0, 0, 0,								/* unreachable */
	0x45, 0, 0, 60, 0, 2, 0x40, 0, 63, 6, 0x26, 0x32, 10, 66, 0, 101, 10, 20, 0, 10,	/* the packet: its length is more than there is */
	0x9c, 0x40, 0x01, 0xbb, 0, 0, 0, 1,							/* TCP ports */
};

static bool icmp_of(const uint8_t *p, size_t n, struct icmp_error *ret)
{
	uint8_t *in = exact_copy(p, sizeof forbidden, n);
	struct rd r = rd_of(in, n);
	bool ok = icmp_error_read(&r, ret);

	assert_int_equal(ok, r.err == NULL);
	free(in);
	return ok;
}

static void icmp(void **state)
{
	struct icmp_error e = {0};
	uint8_t changed[sizeof forbidden];

	(void)state;
	assert_true(icmp_of(forbidden, sizeof forbidden, &e));
	assert_int_equal(e.from, 0x0a420001);
	assert_int_equal(e.type, ICMP_UNREACHABLE);
	assert_int_equal(e.code, ICMP_FORBIDDEN);
	assert_int_equal(e.protocol, 6);
	assert_int_equal(e.src, 0x0a420065);
	assert_int_equal(e.dst, 0x0a14000a);
	assert_int_equal(e.sport, 40000);
	assert_int_equal(e.dport, 443);
	for (size_t n = 0; n < sizeof forbidden; n++) {
		memset(&e, 0x55, sizeof e);
		assert_false(icmp_of(forbidden, n, &e));
		assert_int_equal(e.from, 0x55555555); /* untouched */
	}
	for (size_t at = 0; at < 28; at++) { /* the headers, each octet: checksums and lengths hold */
		memcpy(changed, forbidden, sizeof forbidden);
		changed[at] ^= 0x08;
		assert_false(icmp_of(changed, sizeof forbidden, &e));
	}
}

/* An echo reply, a redirect, the packet in it of IPv6: with right sums, and still no error of ours. */
static void icmp_refusals(void **state)
{
	static const struct {
		size_t at;
		uint8_t value, sum[2]; /* the checksum then */
	} rows[] = {{20, 0x00, {0x62, 0xba}}, {20, 0x05, {0x5d, 0xba}}, {28, 0x65, {0x3f, 0xba}}, {28, 0x44, {0x60, 0xba}}};
	struct icmp_error e;
	uint8_t changed[sizeof forbidden];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct rd r;

		memcpy(changed, forbidden, sizeof forbidden);
		changed[rows[i].at] = rows[i].value;
		memcpy(changed + 22, rows[i].sum, 2);
		r = rd_of(changed, sizeof changed);
		assert_false(icmp_error_read(&r, &e));
		assert_null(strstr(r.err, "checksum"));
	}
}

static void too_little_room(void **state)
{
	(void)state;
	for (size_t n = 0; n < 33; n++) {
		uint8_t *out = exact_copy("", 0, n);
		struct wr w = wr_of(out, n);

		udp_write(&w, &sent, 0);
		assert_non_null(w.err);
		free(out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(frame),	   cmocka_unit_test(udp), cmocka_unit_test(udp_flipped),
	    cmocka_unit_test(ip_refusals), cmocka_unit_test(missing_checksum), cmocka_unit_test(arp), cmocka_unit_test(icmp), cmocka_unit_test(icmp_refusals), cmocka_unit_test(too_little_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
