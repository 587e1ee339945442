/* auth/md4.c: MD4 (RFC 1320), for the NT hash alone: OpenSSL 3 keeps it in its legacy provider. */
#include <string.h>

#include "auth/ntlm.h"

static uint32_t left(uint32_t x, unsigned n)
{
	return x << n | x >> (32 - n);
}

static void block(uint32_t s[4], const uint8_t *p)
{
	static const uint8_t order[3][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
					     {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15},
					     {0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15}};
	static const uint8_t shift[3][4] = {{3, 7, 11, 19}, {3, 5, 9, 13}, {3, 9, 11, 15}};
	static const uint32_t add[3] = {0, 0x5a827999, 0x6ed9eba1};
	uint32_t a = s[0], b = s[1], c = s[2], d = s[3], x[16], t;

	for (size_t i = 0; i < 16; i++)
		x[i] = (uint32_t)p[4 * i] | (uint32_t)p[4 * i + 1] << 8 | (uint32_t)p[4 * i + 2] << 16 | (uint32_t)p[4 * i + 3] << 24;
	for (unsigned round = 0; round < 3; round++)
		for (unsigned i = 0; i < 16; i++) {
			t = round == 0 ? (b & c) | (~b & d) : round == 1 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
			t = left(a + t + x[order[round][i]] + add[round], shift[round][i % 4]);
			a = d;
			d = c;
			c = b;
			b = t;
		}
	s[0] += a;
	s[1] += b;
	s[2] += c;
	s[3] += d;
	explicit_bzero(x, sizeof x);
}

void md4(const void *p, size_t n, uint8_t out[16])
{
	uint32_t s[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
	const uint8_t *at = p;
	uint8_t last[128] = {0};
	size_t left_n = n % 64, last_n = left_n < 56 ? 64 : 128;

	for (size_t i = 0; i + 64 <= n; i += 64)
		block(s, at + i);
	if (left_n)
		memcpy(last, at + (n - left_n), left_n);
	last[left_n] = 0x80;
	for (unsigned i = 0; i < 8; i++)
		last[last_n - 8 + i] = (uint8_t)((uint64_t)n * 8 >> (8 * i));
	for (size_t i = 0; i < last_n; i += 64)
		block(s, last + i);
	for (unsigned i = 0; i < 16; i++)
		out[i] = (uint8_t)(s[i / 4] >> (8 * (i % 4)));
	explicit_bzero(last, sizeof last);
}
