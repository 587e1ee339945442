/* pki/tls_open_old.h: reading the records of somebody else's connection of TLS 1.0 to 1.2, with its master secret.
 *
 * RFC 2246 and 4346 6.2.3, RFC 5246 6.2.3 and 6.3 (keys), RFC 5288 (GCM), RFC 7366 (encrypt-then-MAC), RFC 7905 (ChaCha20).
 */
#ifndef DIALTONE_PKI_TLS_OPEN_OLD_H
#define DIALTONE_PKI_TLS_OPEN_OLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TLS_MASTER = 48, TLS_RANDOM = 32 };

struct tls_open_old; /* one direction, from its first record behind ChangeCipherSpec on */

struct tls_open_hello { /* what the server's hello settled */
	uint16_t version, suite;
	bool encrypt_then_mac;
	uint8_t client[TLS_RANDOM], server[TLS_RANDOM];
};

/* side: 0 for what the client sends, 1 for the server.  NULL: the suite is not known, or out of memory. */
struct tls_open_old *tls_open_old_new(const struct tls_open_hello *h, const uint8_t master[TLS_MASTER], unsigned side);
void tls_open_old_free(struct tls_open_old *o); /* keys are wiped */

/* One record, in the order they were sent: its head, and the n octets behind it, which are overwritten.  *content points into p: as
 * many octets as are returned, of the type in head[0].  -1: it is not of these keys, or damaged; no later one can be read either. */
long tls_open_old_record(struct tls_open_old *o, const uint8_t head[5], uint8_t *p, size_t n, const uint8_t **content);

#endif
