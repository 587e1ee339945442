/* tests/unit/cmd/test_input.c: what `dialtone decode` reads: hex dumps of every kind, and captures. */
#include "tests/support/check.h"

#include "cmd/decode/frame.h"
#include "cmd/decode/input.h"
#include "wire/capture/capture.h"

/* An LLDP frame, as far as a capture cares. */
#define ETH "01 80 C2 00 00 0E 00 1B 21 AA BB 01 88 CC "
#define FIRST "02 07 04 00 1B 21 AA BB 01 04 08 05 47 69 31 2F 30 2F 37 06 02 00 78 "

/* ---- hex dumps ------------------------------------------------------------------------------------------------------ */

static const struct {
	const char *text;
	enum dump how;
	const char *hex;
} dump_rows[] = {
    {"0180c200", DUMP_READ, "0180c200"},
    {"01 80 C2 00  # a comment\n\n  0E 00\n", DUMP_READ, "0180c2000e00"},
    {"01:80:c2:00", DUMP_READ, "0180c200"},
    {"0x01, 0x80,\n0xC2, 0x00", DUMP_READ, "0180c200"},
    {"00000000: 0180 c200 000e 001b 21aa bb01 88cc 0207  ........!.......\n"
     "00000010: 0400                                     ..\n",
     DUMP_READ, "0180c200000e001b21aabb0188cc02070400"}, /* xxd */
    {"00000000  01 80 c2 00 00 0e 00 1b  21 aa bb 01 88 cc 02 07  |........!.......|\n00000010  04 00  |..|\n00000012\n",
     DUMP_READ, "0180c200000e001b21aabb0188cc02070400"}, /* hexdump -C */
    {"00000000  02 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n"
     "00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n"
     "00000030  63 82  |c.|\n00000032\n",
     DUMP_READ, "0200000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000006382"},
    {"12:00:00.000000 LLDP, length 4\n\t0x0000:  0180 c200 000e 001b 21aa bb01 88cc 0207\n\t0x0010:  0400\n",
     DUMP_READ, "0180c200000e001b21aabb0188cc02070400"}, /* tcpdump -xx */
    {"0000   01 80 c2 00 00 0e 00 1b 21 aa bb 01 88 cc 02 07   ........!.......\n0010   04 00   ab\n",
     DUMP_READ, "0180c200000e001b21aabb0188cc02070400"}, /* Wireshark */
    {"000000 01 80 c2 00\n000004 ff\n", DUMP_READ, "0180c200ff"}, /* text2pcap */
    {"0180\r\nc200\r\n", DUMP_READ, "0180c200"},
    {"02 01 06 00\n0000\n", DUMP_READ, "020106000000"},
    {"", DUMP_NONE, ""},
    {"   \n\n", DUMP_NONE, ""},
    {"# nothing\n", DUMP_NONE, ""},
    {"018", DUMP_NONE, ""},
    {"01 8", DUMP_NONE, ""},
    {"INVITE sip:a@b SIP/2.0\r\n", DUMP_NONE, ""},
    {"<?xml version", DUMP_NONE, ""},
    {"BYE", DUMP_NONE, ""},
    {"\x02\x01\x06", DUMP_NONE, ""},
    {"00000000: 0180\n00000010: 0400\n", DUMP_BAD, ""}, /* a line is missing */
    {"0000000 01 80 c2 00 00 0e 00 1b 21 aa bb 01 88 cc 02 07\n0000020 04 00\n", DUMP_BAD, ""}, /* od: octal */
    {"a\n\t0x0000:  0180\nb\n\t0x0000:  0180\n", DUMP_BAD, ""}, /* two packets */
    {"00000000  01\n*\n7fffffff  00\n", DUMP_BAD, ""},
};

static void dumps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof dump_rows / sizeof *dump_rows; i++) {
		size_t n = strlen(dump_rows[i].text);

		for (size_t k = 0; k <= n; k++) { /* cut anywhere: read or not, and never further than it goes */
			char *in = (char *)exact_copy(dump_rows[i].text, n, k);
			const char *why = NULL;
			struct buf got = {0}, want = {0};
			enum dump how = dump_read((struct sv){in, k}, 4096, &got, &why);

			assert_int_equal(how == DUMP_BAD, why != NULL);
			if (k == n) {
				hex_of(&want, dump_rows[i].hex);
				if (how != dump_rows[i].how || (how == DUMP_READ && !sv_eq(buf_view(&got), buf_view(&want))))
					fail_msg("row %zu: %d, %zu octets", i, (int)how, got.n);
			}
			buf_free(&got);
			buf_free(&want);
			free(in);
		}
	}
}

/* ---- captures ------------------------------------------------------------------------------------------------------- */

static void pcap(struct buf *to, bool big, const char *magic, const uint8_t *p, size_t n, unsigned packets)
{
	uint8_t room[64];
	struct wr w = wr_of(room, sizeof room);
	void (*put)(struct wr *, unsigned, uint64_t) = big ? wr_be : wr_le;

	buf_add(to, magic, 4);
	put(&w, 2, 2);
	put(&w, 2, 4);
	put(&w, 8, 0);
	put(&w, 4, 65535);
	put(&w, 4, LINK_ETHERNET);
	buf_add(to, room, wr_n(&w));
	while (packets--) {
		w = wr_of(room, sizeof room);
		put(&w, 8, 0);
		put(&w, 4, n);
		put(&w, 4, n + 1);
		buf_add(to, room, wr_n(&w));
		buf_add(to, p, n);
	}
}

static void block(struct buf *to, uint32_t type, const void *body, size_t n)
{
	uint8_t room[16];
	struct wr w = wr_of(room, sizeof room);
	size_t pad = (4 - n % 4) % 4;

	wr_le(&w, 4, type);
	wr_le(&w, 4, 12 + n + pad);
	buf_add(to, room, 8);
	buf_add(to, body, n);
	buf_add(to, "\0\0\0", pad);
	buf_add(to, room + 4, 4);
}

static void pcapng(struct buf *to, const uint8_t *p, size_t n)
{
	uint8_t body[256];
	struct wr w = wr_of(body, sizeof body);

	block(to, 0x0a0d0d0a, "\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 16);
	block(to, 1, "\x01\0\0\0\0\0\4\0", 8);
	block(to, 5, "anything", 8); /* statistics */
	wr_le(&w, 4, 0);
	wr_le(&w, 8, 0);
	wr_le(&w, 4, n);
	wr_le(&w, 4, n);
	wr_put(&w, p, n);
	assert_null(w.err);
	block(to, 6, body, wr_n(&w));
	w = wr_of(body, sizeof body);
	wr_le(&w, 4, n);
	wr_put(&w, p, n);
	block(to, 3, body, wr_n(&w));
}

static unsigned packets_of(const uint8_t *p, size_t n, const uint8_t *frame, size_t frame_n, bool whole)
{
	uint8_t *in = exact_copy(p, n, n);
	struct capture c;
	struct packet k;
	unsigned count = 0;

	if (capture_open(&c, in, n))
		for (; capture_next(&c, &k); count++) {
			assert_int_equal(k.link, LINK_ETHERNET);
			assert_true(sv_eq(k.octets, (struct sv){(const char *)frame, frame_n}));
		}
	if (whole)
		assert_true(c.is && c.err == NULL);
	free(in);
	return count;
}

static void captures(void **state)
{
	static const struct {
		bool big;
		const char *magic;
	} kinds[] = {{true, "\xa1\xb2\xc3\xd4"}, {false, "\xd4\xc3\xb2\xa1"}, {true, "\xa1\xb2\x3c\x4d"}, {false, "\x4d\x3c\xb2\xa1"}};
	struct buf frame = {0}, b = {0};

	(void)state;
	hex_of(&frame, ETH FIRST "00 00");
	assert_true(frame_has_lldp(frame.p, frame.n));
	assert_false(frame_has_dhcp(frame.p, frame.n));
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		buf_clear(&b);
		pcap(&b, kinds[i].big, kinds[i].magic, frame.p, frame.n, 3);
		assert_int_equal(packets_of(b.p, b.n, frame.p, frame.n, true), 3);
		for (size_t n = 0; n < b.n; n++)
			assert_in_range(packets_of(b.p, n, frame.p, frame.n, false), 0, 2);
	}
	buf_clear(&b);
	pcapng(&b, frame.p, frame.n);
	assert_int_equal(packets_of(b.p, b.n, frame.p, frame.n, true), 2);
	for (size_t n = 0; n < b.n; n++)
		assert_in_range(packets_of(b.p, n, frame.p, frame.n, false), 0, 1);
	for (size_t i = 0; i < b.n; i++) { /* each octet turned over */
		uint8_t *in = exact_copy(b.p, b.n, b.n);
		struct capture c;
		struct packet k;

		in[i] ^= 0xff;
		if (capture_open(&c, in, b.n))
			while (capture_next(&c, &k))
				assert_true(k.octets.n <= b.n);
		free(in);
	}
	assert_int_equal(packets_of(frame.p, frame.n, NULL, 0, false), 0);
	buf_free(&b);
	buf_free(&frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(dumps),
	    cmocka_unit_test(captures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
