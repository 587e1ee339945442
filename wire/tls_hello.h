/* wire/tls_hello.h: what a ClientHello offers, read from the first octets of a connection without taking them. */
#ifndef DIALTONE_WIRE_TLS_HELLO_H
#define DIALTONE_WIRE_TLS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

enum tls_hello_result {
	TLS_HELLO_MORE, /* it may be one; more octets are needed */
	TLS_HELLO_READ,
	TLS_HELLO_NONE /* it is no ClientHello, or a damaged one */
};

struct tls_hello {
	bool sslv2;	  /* in the format of SSL 2.0 (RFC 5246 E.2), as a Schannel of 2006 sends it */
	uint16_t version; /* the highest that is offered: 0x0301 is TLS 1.0, 0x0304 TLS 1.3 */
	struct sv name;	  /* the server that it wants (RFC 6066 3), in the octets that were read; n 0: not said */
	bool modern;	  /* a suite other than RC4, 3DES, DES, export and NULL ones is among those offered */
};

/* p, n: all that has come so far.  A hello larger than 16,384 octets, or in more than one record, is READ by what its first record
 * holds.  *ret is set when READ only. */
enum tls_hello_result tls_hello_read(const void *p, size_t n, struct tls_hello *ret);

/* The octets that tls_hello_read() must have for its next answer, given what has come: at most TLS_HELLO_MAX of a hello that it will
 * read. */
#define TLS_HELLO_MAX ((size_t)16384 + 2048 + 5)
size_t tls_hello_needs(const void *p, size_t n);

/* Whether TLS 1.2 or later can be spoken with that client. */
static inline bool tls_hello_is_old(const struct tls_hello *h)
{
	return h->version < 0x0303;
}

#endif
