/* tests/unit/pki/tls_pair.h: a CA with a server's and a user's certificate, and two ends of pki/tls without a socket.
 *
 * The certificates are valid at TLS_PAIR_NOW; the server's name is fe01.contoso.test, the user's alice@contoso.test.
 */
#ifndef DIALTONE_TESTS_PKI_TLS_PAIR_H
#define DIALTONE_TESTS_PKI_TLS_PAIR_H

#include "pki/tls.h"

#define TLS_PAIR_NOW 1795000000
#define TLS_PAIR_SERVER "fe01.contoso.test"

struct tls_keys {
	struct pki_key *ca, *server, *user, *other; /* other: has no certificate of this CA */
	struct buf ca_der, ca_pem;
	struct buf server_der, chain_pem; /* server's certificate, then the CA's */
	struct buf user_der, user_pem;
};

void tls_keys_make(struct tls_keys *k);
void tls_keys_clear(struct tls_keys *k);
/* A certificate of key `of`, signed with `by`, whose certificate is `issuer` (NULL: self-signed); added to der (unless NULL) and pem. */
void tls_keys_issue(enum pki_profile profile, const char *cn, const struct pki_key *of, const struct pki_key *by, const struct buf *issuer,
		    struct buf *der, struct buf *pem);

struct tls_pair {
	struct tls_ctx *server_ctx, *client_ctx;
	struct tls *server, *client;
};

void tls_pair_end(struct tls_pair *p); /* frees all four */
/* Everything that one has to send goes to the other, `step` octets at a time; returns how many octets that were. */
size_t tls_pair_carry(struct tls *from, struct tls *to, size_t step);
/* Octets go to and fro until neither has any; true: both ends are up. */
bool tls_pair_shake(struct tls_pair *p, size_t step);
/* As tls_pair_shake(), but octet `at` (counted round) of flight number `flight` is changed by exclusive or. */
bool tls_pair_shake_bent(struct tls_pair *p, unsigned flight, size_t at, uint8_t change);
/* One end reads the octets that the other one writes. */
void tls_pair_send(struct tls *from, struct tls *to, const void *p, size_t n);

#endif
