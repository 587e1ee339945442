/* pki/tls_open.h: reading the records of somebody else's TLS 1.3 connection, with its secrets (RFC 8446 5.2, 7.3). */
#ifndef DIALTONE_PKI_TLS_OPEN_H
#define DIALTONE_PKI_TLS_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_SECRET_MAX = 48 };

struct tls_open { /* one direction, from its first record of application data on */
	uint16_t suite;
	uint8_t key[32], iv[12];
	uint64_t sequence;
};

/* secret: of CLIENT_TRAFFIC_SECRET_0 or SERVER_TRAFFIC_SECRET_0.  false: a suite that TLS 1.3 does not have, or another length. */
bool tls_open_begin(struct tls_open *o, uint16_t suite, const uint8_t *secret, size_t n);

/* One record: its head, and the n octets behind it; out has room for n.  The octets of its content, whose type goes to *type; -1: it
 * is not of these keys (of the handshake, or damaged), and nothing has changed. */
long tls_open_record(struct tls_open *o, const uint8_t head[5], const uint8_t *p, size_t n, uint8_t *out, uint8_t *type);

#endif
