#include "base/enc.h"

#include <string.h>

static const char b64_std[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char b64_url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void hex_write(char *out, const void *p, size_t n, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_read(struct sv s, uint8_t *out, size_t cap)
{
	if (s.n != 2 * cap)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (hex_digit(s.p[i]) < 0)
			return false;
	for (size_t i = 0; i < cap; i++)
		out[i] = (uint8_t)((unsigned)hex_digit(s.p[2 * i]) << 4 | (unsigned)hex_digit(s.p[2 * i + 1]));
	return true;
}

static void b64_with(struct buf *to, const uint8_t *b, size_t n, const char *abc, bool pad)
{
	if (!buf_reserve(to, n / 3 * 4 + 4))
		return;
	for (size_t i = 0; i < n; i += 3) {
		size_t k = n - i < 3 ? n - i : 3;
		uint32_t v = (uint32_t)b[i] << 16 | (k > 1 ? (uint32_t)b[i + 1] << 8 : 0) | (k > 2 ? b[i + 2] : 0);
		char q[4] = {abc[v >> 18], abc[v >> 12 & 63], abc[v >> 6 & 63], abc[v & 63]};

		if (k < 3 && pad)
			q[3] = '=', q[2] = (char)(k < 2 ? '=' : q[2]);
		buf_add(to, q, pad ? 4 : k + 1);
	}
}

void b64_add(struct buf *to, const void *p, size_t n)
{
	b64_with(to, p, n, b64_std, true);
}

void b64url_add(struct buf *to, const void *p, size_t n)
{
	b64_with(to, p, n, b64_url, false);
}

static int b64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool b64_read(struct buf *to, struct sv s)
{
	size_t was = to->n, digits = 0, pads = 0;
	uint32_t v = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		int d = b64_digit(c);

		if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if (d < 0 || pads)
			goto refuse;
		v = v << 6 | (uint32_t)d;
		if (++digits % 4 == 0) {
			uint8_t o[3] = {(uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

			buf_add(to, o, 3);
			v = 0;
		}
	}
	switch (digits % 4) {
	case 0:
		if (pads)
			goto refuse;
		break;
	case 2:
		if (pads != 2 || (v & 15))
			goto refuse;
		buf_add(to, &(uint8_t){(uint8_t)(v >> 4)}, 1);
		break;
	case 3:
		if (pads != 1 || (v & 3))
			goto refuse;
		buf_add(to, (uint8_t[]){(uint8_t)(v >> 10), (uint8_t)(v >> 2)}, 2);
		break;
	default:
		goto refuse;
	}
	if (!to->oom)
		return true;
refuse:
	to->n = was;
	return false;
}

/* ---- UUIDs and MAC addresses: hexadecimal digits in groups ---------------------------------------------------------- */

/* `octets` of them, `between` before each one that `starts` marks (bit i: octet i begins a group). */
static char *groups_text(char *out, const uint8_t *p, unsigned octets, uint32_t starts, char between, bool upper)
{
	size_t n = 0;

	for (unsigned i = 0; i < octets; i++) {
		if (starts >> i & 1 && between)
			out[n++] = between;
		hex_write(out + n, p + i, 1, upper);
		n += 2;
	}
	return out;
}

static bool groups_read(struct sv s, uint8_t *ret, unsigned octets, uint32_t starts, char between)
{
	uint8_t got[16];
	size_t at = 0;

	for (unsigned i = 0; i < octets; i++) {
		if (starts >> i & 1 && between) {
			if (at >= s.n || s.p[at] != between)
				return false;
			at++;
		}
		if (s.n - at < 2 || !hex_read((struct sv){s.p + at, 2}, got + i, 1))
			return false;
		at += 2;
	}
	if (at != s.n)
		return false;
	memcpy(ret, got, octets);
	return true;
}

enum {
	UUID_STARTS = 1 << 4 | 1 << 6 | 1 << 8 | 1 << 10, /* 8-4-4-4-12 digits */
	MAC_PAIRS = 0x3e,
	MAC_FOURS = 1 << 2 | 1 << 4
};

char *uuid_text(char out[UUID_TEXT_MAX], const uint8_t uuid[16])
{
	return groups_text(out, uuid, 16, UUID_STARTS, '-', false);
}

char *uuid_random(char out[UUID_TEXT_MAX], const uint8_t random[16])
{
	uint8_t u[16];

	memcpy(u, random, sizeof u);
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	return uuid_text(out, u);
}

bool uuid_read(struct sv s, uint8_t ret[16])
{
	return groups_read(s, ret, 16, UUID_STARTS, '-');
}

char *mac_text(char out[MAC_TEXT_MAX], const uint8_t mac[6])
{
	return groups_text(out, mac, 6, MAC_PAIRS, ':', false);
}

char *mac_text_upper(char out[MAC_TEXT_MAX], const uint8_t mac[6], char between)
{
	return groups_text(out, mac, 6, MAC_PAIRS, between, true);
}

bool mac_read(struct sv s, uint8_t ret[6])
{
	return groups_read(s, ret, 6, MAC_PAIRS, ':') || groups_read(s, ret, 6, MAC_PAIRS, '-') ||
	       groups_read(s, ret, 6, MAC_FOURS, '.') || hex_read(s, ret, 6);
}
