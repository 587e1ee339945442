/* net/proxy.c: PROXY protocol version 2, section 2.2.
 *
 *     0d 0a 0d 0a 00 0d 0a 51 55 49 54 0a | version, command | family, protocol | length | addresses | TLVs
 *                  12                     |    4       4     |    4       4     |   16   |  by family, within length
 *
 * TLVs are stepped over: nothing in them changes who connected.
 */
#include "net/proxy.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/cursor.h"

static const uint8_t signature[12] = {0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};

enum { LOCAL = 0, PROXIED = 1 };
enum { UNSPEC = 0x00, TCP4 = 0x11, TCP6 = 0x21 };

static enum proxy_result bad(const char **why, const char *text)
{
	*why = text;
	return PROXY_BAD;
}

static void address(struct rd *r, int family, size_t octets, struct proxy *to)
{
	const uint8_t *source = rd_take(r, octets);

	rd_take(r, octets); /* where it went: our own address */
	to->port = (uint16_t)rd_be(r, 2);
	rd_be(r, 2);
	if (r->err)
		return;
	if (family == AF_INET6 && memcmp(source, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
		family = AF_INET;
		source += 12;
	}
	if (inet_ntop(family, source, to->address, sizeof to->address) == NULL)
		rd_fail(r, "its address has no text");
}

enum proxy_result proxy_read(const void *p, size_t n, struct proxy *ret, size_t *used, const char **why)
{
	size_t look = n < sizeof signature ? n : sizeof signature;
	struct rd r = rd_of(p, n), body;
	struct proxy got = {0};
	unsigned version, family;
	size_t len;

	if (n >= 6 && memcmp(p, "PROXY ", 6) == 0)
		return bad(why, "it is version 1 of the PROXY protocol: version 2 is wanted (HAProxy: send-proxy-v2)");
	if (look && memcmp(p, signature, look) != 0 && !(n < 6 && memcmp(p, "PROXY ", n) == 0))
		return bad(why, "it does not begin with the PROXY protocol's signature");
	if (n < 16)
		return PROXY_MORE;
	rd_take(&r, sizeof signature);
	version = (unsigned)rd_be(&r, 1);
	family = (unsigned)rd_be(&r, 1);
	len = (size_t)rd_be(&r, 2);
	if (version >> 4 != 2)
		return bad(why, "its version is not 2");
	if ((version & 15) > PROXIED)
		return bad(why, "its command is neither LOCAL nor PROXY");
	if (len > PROXY_MAX - 16)
		return bad(why, "it is too long");
	if (rd_left(&r) < len)
		return PROXY_MORE;
	body = rd_sub(&r, len);
	/* "If the announced transport protocol is not supported ... the receiver may drop" (2.2); LOCAL: "the receiver must
	 * accept this connection as valid and must use the real connection endpoints". */
	if ((version & 15) == PROXIED) {
		if (family == TCP4)
			address(&body, AF_INET, 4, &got);
		else if (family == TCP6)
			address(&body, AF_INET6, 16, &got);
		else if (family != UNSPEC)
			return bad(why, "its family is neither TCP over IPv4 nor TCP over IPv6");
	}
	if (body.err)
		return bad(why, "its addresses run past its end");
	*ret = got;
	*used = 16 + len;
	return PROXY_OK;
}

size_t proxy_missing(const void *p, size_t n)
{
	const uint8_t *o = p;
	size_t whole = n < 16 ? 16 : 16 + ((size_t)o[14] << 8 | o[15]);

	return whole > n ? whole - n : 0;
}
