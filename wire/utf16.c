/* wire/utf16.c: UTF-8 and UTF-16LE, in upper case where NTOWFv2 asks for it ([MS-NLMP] 3.3.2, "UpperCase"). */
#include "wire/ntlm.h"

#include "base/utf8.h"

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
