/* wire/utf16.c: UTF-8 and UTF-16LE, and the simple upper-casing that NTOWFv2 asks for ([MS-NLMP] 3.3.2, "UpperCase"). */
#include "wire/ntlm.h"

#include "base/utf8.h"

/* Code points first..last; step 1: all of them, 2: every second one; what is added gives the upper case. */
static const struct {
	uint16_t first, last;
	uint8_t step;
	int16_t add;
} cases[] = {
	{'a', 'z', 1, -32},
	{0xb5, 0xb5, 1, 743},
	{0xe0, 0xf6, 1, -32},
	{0xf8, 0xfe, 1, -32},
	{0xff, 0xff, 1, 121},
	{0x101, 0x12f, 2, -1},
	{0x133, 0x137, 2, -1},
	{0x13a, 0x148, 2, -1},
	{0x14b, 0x177, 2, -1},
	{0x17a, 0x17e, 2, -1},
	{0x3ac, 0x3ac, 1, -38},
	{0x3ad, 0x3af, 1, -37},
	{0x3b1, 0x3c1, 1, -32},
	{0x3c2, 0x3c2, 1, -31},
	{0x3c3, 0x3cb, 1, -32},
	{0x3cc, 0x3cc, 1, -64},
	{0x3cd, 0x3ce, 1, -63},
	{0x430, 0x44f, 1, -32},
	{0x450, 0x45f, 1, -80},
	{0x461, 0x481, 2, -1},
	{0x48b, 0x4bf, 2, -1},
	{0x4d1, 0x52f, 2, -1},
};

static uint32_t upper_case(uint32_t c)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (c >= cases[i].first && c <= cases[i].last && (c - cases[i].first) % cases[i].step == 0)
			return (uint32_t)((int32_t)c + cases[i].add);
	return c;
}

static void unit(struct buf *to, uint32_t u)
{
	buf_add(to, (uint8_t[]){(uint8_t)u, (uint8_t)(u >> 8)}, 2);
}

bool utf16_from_utf8(struct buf *to, struct sv s, bool upper)
{
	size_t was = to->n, n;
	uint32_t c = 0;

	for (; s.n; s = sv_from(s, n)) {
		n = utf8_next(s, &c);
		if (n == 0) {
			to->n = was;
			return false;
		}
		if (upper)
			c = upper_case(c);
		if (c >= 0x10000) {
			unit(to, 0xd800 + ((c - 0x10000) >> 10));
			unit(to, 0xdc00 + ((c - 0x10000) & 0x3ff));
		} else {
			unit(to, c);
		}
	}
	return true;
}

bool utf8_from_utf16(struct buf *to, struct sv s)
{
	struct rd r = rd_of(s.p, s.n);
	size_t was = to->n;

	while (rd_left(&r)) {
		uint32_t c = (uint32_t)rd_le(&r, 2);

		if (c >= 0xdc00 && c < 0xe000)
			rd_fail(&r, "half a character");
		if (c >= 0xd800 && c < 0xdc00) {
			uint32_t low = (uint32_t)rd_le(&r, 2);

			if (low < 0xdc00 || low >= 0xe000)
				rd_fail(&r, "half a character");
			c = 0x10000 + ((c - 0xd800) << 10) + (low & 0x3ff);
		}
		if (r.err == NULL)
			utf8_add(to, c);
	}
	if (r.err) {
		to->n = was;
		return false;
	}
	return true;
}
