/* wire/tls_hello.c: a ClientHello, in both forms that phones send.
 *
 * RFC 5246 6.2.1, 7.4.1.2 (TLS 1.0: RFC 2246, the same):
 *
 *     22 | version 2 | length 2 |   1 | length 3 | version 2 | random 32 | session id 1+n | suites 2+n | compression 1+n |
 *     record                        handshake      extensions 2+n, or nothing
 *
 * RFC 5246 E.2, the form of SSL 2.0, without extensions; a suite has three octets, the first 0 for those of TLS:
 *
 *     1 length 15 bits | 1 | version 2 | suites' length 2 | session id's length 2 | challenge's length 2 | suites | ...
 */
#include "wire/tls_hello.h"

#include "base/cursor.h"

enum { HANDSHAKE = 22, CLIENT_HELLO = 1, RECORD_HEAD = 5, RECORD_MAX = 16384, SERVER_NAME = 0, SUPPORTED_VERSIONS = 43, TLS10 = 0x0301 };

/* Suites that no modern library offers any more (RFC 7465, RFC 9325 4.1): NULL, export, RC4, DES, 3DES, and signals. */
static bool suite_is_old(unsigned suite)
{
	static const struct {
		uint16_t first, last;
	} rows[] = {
		{0x0000, 0x002e}, /* all of SSL 3.0, Kerberos' among them, and NULL with a shared key */
		{0x0060, 0x0066}, {0x008a, 0x008b}, {0x008e, 0x008f}, {0x0092, 0x0093}, {0x00ff, 0x00ff}, {0x5600, 0x5600},
		{0xc001, 0xc003}, {0xc006, 0xc008}, {0xc00b, 0xc00d}, {0xc010, 0xc012}, {0xc015, 0xc017}, {0xc01a, 0xc01c},
		{0xfefe, 0xfeff},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (suite >= rows[i].first && suite <= rows[i].last)
			return true;
	return (suite & 0x0f0f) == 0x0a0a && suite >> 8 == (suite & 0xff); /* RFC 8701: a value that means nothing */
}

/* SSL 2.0: "the high bit of the first octet is set, and length counts what follows the two octets" */
static enum tls_hello_result sslv2_read(const uint8_t *p, size_t n, struct tls_hello *ret)
{
	struct tls_hello h = {.sslv2 = true};
	struct rd r, suites;
	size_t length;

	if (n < 3)
		return TLS_HELLO_MORE;
	length = (size_t)(p[0] & 0x7f) << 8 | p[1];
	if (p[2] != CLIENT_HELLO || length < 9)
		return TLS_HELLO_NONE;
	if (n < length + 2)
		return TLS_HELLO_MORE;
	r = rd_of(p + 3, length - 1);
	h.version = (uint16_t)rd_be(&r, 2);
	length = (size_t)rd_be(&r, 2);
	rd_take(&r, 4);
	suites = rd_sub(&r, length);
	if (r.err || length % 3 != 0 || h.version >> 8 != 3)
		return TLS_HELLO_NONE;
	while (rd_left(&suites)) {
		unsigned suite = (unsigned)rd_be(&suites, 3);

		h.modern |= suite <= 0xffff && !suite_is_old(suite);
	}
	*ret = h;
	return TLS_HELLO_READ;
}

/* RFC 8446 4.2.1: the list counts, not the version of the hello. */
static void extensions_read(struct rd *r, struct tls_hello *h)
{
	struct rd all = rd_sub(r, (size_t)rd_be(r, 2));

	while (rd_left(&all) && all.err == NULL) {
		unsigned type = (unsigned)rd_be(&all, 2);
		struct rd one = rd_sub(&all, (size_t)rd_be(&all, 2)), list;

		if (all.err == NULL && type == SERVER_NAME) { /* list 2: type 1, length 2, name */
			rd_take(&one, 3);
			h->name = rd_sv(&one, (size_t)rd_be(&one, 2));
			if (one.err)
				h->name = (struct sv){0};
		}
		if (all.err || type != SUPPORTED_VERSIONS)
			continue;
		list = rd_sub(&one, (size_t)rd_be(&one, 1));
		while (rd_left(&list) >= 2) {
			unsigned version = (unsigned)rd_be(&list, 2);

			if (version >> 8 == 3 && version > h->version)
				h->version = (uint16_t)version;
		}
	}
}

static enum tls_hello_result record_read(const uint8_t *p, size_t n, struct tls_hello *ret)
{
	struct tls_hello h = {0};
	struct rd r, suites;
	size_t length;

	if (n > 1 && p[1] != 3)
		return TLS_HELLO_NONE;
	if (n < RECORD_HEAD)
		return TLS_HELLO_MORE;
	length = (size_t)p[3] << 8 | p[4];
	if (length < 4 || length > RECORD_MAX + 2048)
		return TLS_HELLO_NONE;
	if (n > RECORD_HEAD && p[RECORD_HEAD] != CLIENT_HELLO)
		return TLS_HELLO_NONE;
	if (n < RECORD_HEAD + length)
		return TLS_HELLO_MORE;
	r = rd_of(p + RECORD_HEAD, length);
	rd_take(&r, 4);
	h.version = (uint16_t)rd_be(&r, 2);
	rd_take(&r, 32);
	rd_take(&r, (size_t)rd_be(&r, 1));
	suites = rd_sub(&r, (size_t)rd_be(&r, 2));
	if (r.err || h.version >> 8 != 3)
		return TLS_HELLO_NONE;
	while (rd_left(&suites) >= 2)
		h.modern |= !suite_is_old((unsigned)rd_be(&suites, 2));
	rd_take(&r, (size_t)rd_be(&r, 1));
	if (r.err == NULL && rd_left(&r))
		extensions_read(&r, &h);
	*ret = h;
	return TLS_HELLO_READ;
}

enum tls_hello_result tls_hello_read(const void *p, size_t n, struct tls_hello *ret)
{
	const uint8_t *o = p;

	if (n == 0)
		return TLS_HELLO_MORE;
	if (o[0] == HANDSHAKE)
		return record_read(o, n, ret);
	return o[0] & 0x80 ? sslv2_read(o, n, ret) : TLS_HELLO_NONE;
}

size_t tls_hello_needs(const void *p, size_t n)
{
	const uint8_t *o = p;

	if (n == 0)
		return 1;
	if (o[0] == HANDSHAKE)
		return n < RECORD_HEAD ? RECORD_HEAD : RECORD_HEAD + ((size_t)o[3] << 8 | o[4]);
	return n < 3 ? 3 : 2 + ((size_t)(o[0] & 0x7f) << 8 | o[1]);
}
