#include "base/utf8.h"

#include <string.h>

size_t utf8_next(struct sv s, uint32_t *ret)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t first = s.n ? (uint8_t)s.p[0] : 0xff;
	size_t n = first < 0x80 ? 1 : (first & 0xe0) == 0xc0 ? 2 : (first & 0xf0) == 0xe0 ? 3 : (first & 0xf8) == 0xf0 ? 4 : 0;
	uint32_t c = n == 1 ? first : n ? first & (0x7fu >> n) : 0;

	if (n == 0 || s.n < n)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)s.p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | ((uint8_t)s.p[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret = c;
	return n;
}

bool utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

bool utf8_shown(struct sv *s, char out[5])
{
	uint32_t c = 0;
	size_t n = utf8_next(*s, &c);

	if (s->n == 0)
		return false;
	if (n == 0) {
		memcpy(out, UTF8_REPLACEMENT, sizeof UTF8_REPLACEMENT);
	} else if (utf8_is_control(c)) {
		memcpy(out, "?", 2);
	} else {
		memcpy(out, s->p, n);
		out[n] = '\0';
	}
	*s = sv_from(*s, n ? n : 1);
	return true;
}

void utf8_add(struct buf *to, uint32_t c)
{
	unsigned n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	uint8_t o[4];

	for (unsigned i = n; i-- > 1; c >>= 6)
		o[i] = (uint8_t)(0x80 | (c & 0x3f));
	o[0] = n == 1 ? (uint8_t)c : (uint8_t)(0xf00u >> n | c);
	buf_add(to, o, n);
}
