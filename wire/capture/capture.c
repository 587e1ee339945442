/* wire/capture/capture.c
 *
 * pcap (draft-ietf-opsawg-pcap): magic 4 | version 4 | zone 4 | accuracy 4 | most 4 | link type 4, then packets:
 * seconds 4 | fraction 4 | length here 4 | length on the wire 4 | octets.  Either order of octets.
 *
 * pcapng (draft-ietf-opsawg-pcapng): blocks, type 4 | length 4 | body | length 4.
 */
#include "wire/capture/capture.h"

#include <string.h>

enum { SECTION = 0x0a0d0d0a, INTERFACE = 1, SIMPLE = 3, ENHANCED = 6, SECRETS = 10, TLS_KEY_LOG = 0x544c534b, ORDER = 0x1a2b3c4d };

static uint32_t u32(struct capture *c)
{
	return (uint32_t)(c->swapped ? rd_le(&c->r, 4) : rd_be(&c->r, 4));
}

bool capture_open(struct capture *c, const void *p, size_t n)
{
	static const struct {
		uint32_t magic;
		bool swapped, ng;
		uint8_t ticks;
	} kinds[] = {{0xa1b2c3d4, false, false, 6}, {0xd4c3b2a1, true, false, 6}, {0xa1b23c4d, false, false, 9},
		     {0x4d3cb2a1, true, false, 9}, {SECTION, false, true, 6}};
	uint32_t magic;

	*c = (struct capture){.r = rd_of(p, n)};
	magic = (uint32_t)rd_be(&c->r, 4);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds && c->r.err == NULL; i++)
		if (kinds[i].magic == magic) {
			c->is = true;
			c->swapped = kinds[i].swapped;
			c->ng = kinds[i].ng;
			c->ticks[0] = kinds[i].ticks;
		}
	if (c->is && c->ng) {
		c->r.p -= 4; /* the block is read as the others */
	} else if (c->is) {
		rd_take(&c->r, 16);
		c->link[c->links++] = (uint16_t)u32(c);
	}
	return c->is;
}

static uint32_t capture_le32(const uint8_t *p)
{
	struct rd r = rd_of(p, 4);

	return (uint32_t)rd_le(&r, 4);
}

/* An event trace log has no magic.  Its buffers begin with WMI_BUFFER_HEADER: the size of the buffer, a power of two, how much of
 * it is saved, how much is in use, and how often it is referenced, which is never when it is on disk. */
static bool event_trace_log(const uint8_t *p, size_t n)
{
	uint32_t size = n < 72 ? 0 : capture_le32(p), saved = n < 72 ? 0 : capture_le32(p + 4);

	return size >= 1024 && size <= 16 << 20 && (size & (size - 1)) == 0 && saved >= 72 && saved <= size && capture_le32(p + 8) <= size &&
	       capture_le32(p + 12) == 0;
}

/* People bring what their tool saves.  Each row: the first octets, where they stand, what such a file is. */
const char *capture_foreign(const void *p, size_t n)
{
#define SAVE "open it in Wireshark and save it as pcap or pcapng"
	static const struct {
		const char *magic;
		uint8_t n, at;
		const char *what;
	} kinds[] = {
		{"GMBU", 4, 0, "a capture of Network Monitor: " SAVE},
		{"RTSS", 4, 0, "a capture of Network Monitor: " SAVE},
		{"snoop\0\0\0", 8, 0, "a capture of snoop: " SAVE},
		{"btsnoop\0", 8, 0, "a capture of Bluetooth"},
		{"\xa1\xb2\xcd\x34", 4, 0, "a capture in the modified pcap of old Linux systems: " SAVE},
		{"\x34\xcd\xb2\xa1", 4, 0, "a capture in the modified pcap of old Linux systems: " SAVE},
		{"iptrace ", 8, 0, "a capture of iptrace: " SAVE},
		{"TRSNIFF data", 12, 0, "a capture of Sniffer: " SAVE},
		{"XCP\0", 4, 0, "a capture of NetXray or Sniffer: " SAVE},
		{"\x7fver", 4, 0, "a capture of OmniPeek: " SAVE},
		{"\xaa\xaa\xaa\xaa", 4, 0, "a capture of 5View: " SAVE},
		{"\x1f\x8b", 2, 0, "packed by gzip: unpack it (gunzip) first"},
		{"BZh", 3, 0, "packed by bzip2: unpack it (bunzip2) first"},
		{"\xfd" "7zXZ\0", 6, 0, "packed by xz: unpack it (unxz) first"},
		{"\x28\xb5\x2f\xfd", 4, 0, "packed by zstd: unpack it (unzstd) first"},
		{"\x04\x22\x4d\x18", 4, 0, "packed by lz4: unpack it (unlz4) first"},
		{"PK\3\4", 4, 0, "a zip archive: unpack it first"},
		{"7z\xbc\xaf\x27\x1c", 6, 0, "a 7z archive: unpack it first"},
		{"MSCF", 4, 0, "a cabinet (netsh trace makes one): unpack it, convert the .etl in it with etl2pcapng"},
	};
#undef SAVE
	const uint8_t *o = p;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (n >= (size_t)kinds[i].at + kinds[i].n && memcmp(o + kinds[i].at, kinds[i].magic, kinds[i].n) == 0)
			return kinds[i].what;
	return event_trace_log(o, n) ? "an event trace log (netsh trace, pktmon): convert it with etl2pcapng" : NULL;
}

/* if_tsresol: "If the Most Significant Bit is equal to zero, the remaining bits indicate the resolution of the timestamp as a
 * negative power of 10 ...  If the Most Significant Bit is equal to one, ... as a negative power of 2" */
static int64_t microseconds(uint64_t ticks, uint8_t resolution)
{
	unsigned n = resolution & 0x7f;
	uint64_t per_second = 1;

	if (resolution & 0x80) {
		uint64_t part;

		if (n > 63)
			return 0;
		part = n ? ticks & ((1ull << n) - 1) : 0;
		return (int64_t)((ticks >> n) % (INT64_MAX / 2000000) * 1000000 + (n > 32 ? (part >> (n - 32)) * 1000000 >> 32 : part * 1000000 >> n));
	}
	if (n > 18)
		return 0;
	for (unsigned i = 0; i < n; i++)
		per_second *= 10;
	return (int64_t)(ticks / per_second % (INT64_MAX / 2000000) * 1000000 +
			 (per_second > 1000000 ? ticks % per_second / (per_second / 1000000) : ticks % per_second * (1000000 / per_second)));
}

static bool packet_of(struct capture *c, struct packet *ret, unsigned interface, int64_t us, uint32_t here, uint32_t wire)
{
	*ret = (struct packet){.octets = rd_sv(&c->r, here), .cut = here < wire, .unix_us = us};
	if (interface >= c->links && c->r.err == NULL)
		rd_fail(&c->r, "a packet names an interface that the capture does not describe");
	else if (interface >= CAPTURE_INTERFACES && c->r.err == NULL)
		rd_fail(&c->r, "a packet is of an interface beyond the first 1024");
	if (c->r.err)
		return false;
	ret->link = c->link[interface];
	c->packets++;
	return true;
}

static bool pcap_next(struct capture *c, struct packet *ret)
{
	uint32_t here, wire, seconds, part;

	if (rd_left(&c->r) == 0)
		return false;
	seconds = u32(c);
	part = u32(c);
	here = u32(c);
	wire = u32(c);
	return packet_of(c, ret, 0, seconds * INT64_C(1000000) + part / (c->ticks[0] == 9 ? 1000 : 1), here, wire);
}

/* Opens the next block: the cursor is within it, the end of it becomes *after. */
static bool block_next(struct capture *c, uint32_t *type, const uint8_t **after)
{
	struct rd r = c->r;
	uint32_t length;

	if (rd_left(&c->r) == 0)
		return false;
	if ((uint32_t)rd_be(&r, 4) == SECTION) { /* tells its own order of octets */
		rd_take(&r, 4);
		c->swapped = (uint32_t)rd_be(&r, 4) != ORDER;
		c->links = 0;
	}
	*type = u32(c);
	length = u32(c);
	if (c->r.err == NULL && (length < 12 || length - 8 > rd_left(&c->r)))
		rd_fail(&c->r, "a block of the capture runs past its end");
	*after = c->r.err ? c->r.p : c->r.p + length - 8;
	return c->r.err == NULL;
}

static unsigned u16(struct capture *c)
{
	return (unsigned)(c->swapped ? rd_le(&c->r, 2) : rd_be(&c->r, 2));
}

/* Interface Description Block: link type 2 | reserved 2 | snapshot length 4 | options: code 2, length 2, value, padding. */
static void interface_next(struct capture *c)
{
	enum { TSRESOL = 9 };
	unsigned link = u16(c);
	uint8_t ticks = 6;

	rd_take(&c->r, 6);
	while (c->r.err == NULL && rd_left(&c->r) >= 8) { /* the block's second length stands behind them */
		unsigned code = u16(c), n = u16(c);
		const uint8_t *value = rd_take(&c->r, n);

		if (code == 0)
			break;
		if (value && code == TSRESOL && n == 1)
			ticks = value[0];
		rd_take(&c->r, (4 - n % 4) % 4);
	}
	if (c->links < CAPTURE_INTERFACES) {
		c->link[c->links] = (uint16_t)link;
		c->ticks[c->links] = ticks;
	}
	c->links++;
	c->r.err = NULL; /* options that run past the block are none: the block itself is whole */
}

static bool pcapng_next(struct capture *c, struct packet *ret)
{
	const uint8_t *after = c->r.p, *end = c->r.end;
	uint32_t type = 0;

	while (block_next(c, &type, &after)) {
		bool got = false;

		c->r.end = after;
		if (type == INTERFACE) {
			interface_next(c);
		} else if (type == ENHANCED) {
			unsigned interface = u32(c);
			uint64_t high = u32(c), ticks = high << 32 | u32(c);
			uint32_t here = u32(c), wire = u32(c);

			got = packet_of(c, ret, interface,
					interface < CAPTURE_INTERFACES ? microseconds(ticks, c->ticks[interface]) : 0, here, wire);
		} else if (type == SECRETS) {
			uint32_t kind = u32(c), n = u32(c);
			struct sv lines = rd_sv(&c->r, n);

			c->secrets = kind == TLS_KEY_LOG && c->r.err == NULL ? lines : (struct sv){0};
		} else if (type == SIMPLE) {
			uint32_t wire = u32(c);
			size_t room = rd_left(&c->r) < 4 ? 0 : rd_left(&c->r) - 4; /* the length behind */

			got = packet_of(c, ret, 0, 0, wire < room ? wire : (uint32_t)room, wire);
		}
		c->r.end = end;
		if (c->r.err)
			return false;
		c->r.p = after;
		if (got)
			return true;
	}
	return false;
}

bool capture_next(struct capture *c, struct packet *ret)
{
	bool got = c->err == NULL && (c->ng ? pcapng_next(c, ret) : pcap_next(c, ret));

	if (!got && c->err == NULL)
		c->err = c->r.err;
	return got;
}

size_t capture_piece(const struct capture *c, bool first, const void *p, size_t n)
{
	const uint8_t *o = p;
	struct rd r = rd_of(p, n);
	bool swapped = c->swapped;
	uint32_t length;

	if (first && (n < 4 || memcmp(o, "\x0a\x0d\x0d\x0a", 4) != 0))
		return CAPTURE_PIECE_HEAD;
	if (n < 12)
		return 0;
	if (!first && !c->ng) { /* a packet of pcap */
		rd_take(&r, 8);
		length = (uint32_t)(swapped ? rd_le(&r, 4) : rd_be(&r, 4));
		return length > CAPTURE_PIECE_MAX - 16 ? 0 : length + 16;
	}
	if (memcmp(o, "\x0a\x0d\x0d\x0a", 4) == 0)
		swapped = o[8] != 0x1a;
	rd_take(&r, 4);
	length = (uint32_t)(swapped ? rd_le(&r, 4) : rd_be(&r, 4));
	return length < 12 || length > CAPTURE_PIECE_MAX ? 0 : length;
}

void capture_feed(struct capture *c, const void *p, size_t n)
{
	c->r = rd_of(p, n);
}
