/* server/vault/ring.h holds the keys that sign web tickets, by number: one is in use, those before it are accepted for a while.
 *
 * The first is the file vault/ticket.pem.  The others are rows of the store, so that every front end of the pool has them: key and
 * certificate as PEM, sealed by a key out of vault/secret.  A ticket names its key ("pool.contoso.test ticket key 2"): a front end that
 * does not know it yet reads the store, once in a second.  The keys of PINs have numbers, too (make.h).
 */
#ifndef DIALTONE_SERVER_VAULT_RING_H
#define DIALTONE_SERVER_VAULT_RING_H

#include "server/vault/make.h"

#define RING_TICKET "ticket"

struct ring_key {
	struct ring_key *next; /* the one before it */
	unsigned id;
	struct pki_key *key;
	struct buf der;	  /* its certificate */
	uint8_t seal[32]; /* of the proof keys inside its tickets */
	int64_t ends;	  /* tickets of it are good until (UNIX seconds); 0: it is the newest */
};

/* A new key with its certificate, for the row: k->kind and k->id are given, *k is filled.  Slow: an RSA key. */
bool ring_make(const struct vault_keys *by, int64_t unix_s, struct store_key *k, struct why *why);
/* A row's key, which the caller frees.  NULL: *why. */
struct ring_key *ring_open(const uint8_t secret[32], const struct store_key *k, struct why *why);
void ring_free(struct ring_key *k); /* and all before it; wipes */

#endif
