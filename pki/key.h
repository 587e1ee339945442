/* pki/key.h: private keys, PKCS#10 requests, PKCS#8 in PEM.
 *
 * Everything of OpenSSL that the other rooms may see of keys.  Functions that make something return NULL or false
 * when OpenSSL refuses; pki_error() then has its own words.
 */
#ifndef DIALTONE_PKI_KEY_H
#define DIALTONE_PKI_KEY_H

#include "base/buf.h"
#include "base/sv.h"

struct pki_key; /* an EVP_PKEY */

struct pki_key *pki_key_make(unsigned rsa_bits); /* slow: 60 to 400 ms at 2048 */
struct pki_key *pki_key_read(struct sv pem);	 /* the first private key in it */
const char *pki_key_why(struct sv pem);		 /* why pki_key_read() found none there: a sentence */
void pki_key_write(const struct pki_key *k, struct buf *pem);
void pki_key_free(struct pki_key *k);

/* PKCS#10 with subject CN=`cn`, no attributes. sha1: for old servers. */
bool pki_csr_make(const struct pki_key *k, const char *cn, bool sha1, struct buf *der);
/* What a server reads of one: any version field 0..2 (SIPE writes 2), self-signature verified (SHA-1 too), and an RSA key
 * that is no key: its exponent and modulus are looked at. */
struct pki_csr {
	char cn[256];
	bool rsa;
	unsigned bits;
	uint8_t key[32]; /* SHA-256 of the RSA modulus: two requests of one key have the same */
};
const char *pki_csr_read(const void *der, size_t n, struct pki_csr *ret); /* NULL, or why it is refused */
/* The same, for pki_issue_request() to certify; *req is the caller's to free when it is not refused. */
struct pki_request;
const char *pki_request_read(const void *der, size_t n, struct pki_csr *ret, struct pki_request **req);
void pki_request_free(struct pki_request *r);

void pki_sha1(const void *p, size_t n, uint8_t out[20]);
void pki_sha256(const void *p, size_t n, uint8_t out[32]);
void pki_hmac_sha1(const void *key, size_t nkey, const void *p, size_t n, uint8_t out[20]);
void pki_hmac_sha256(const void *key, size_t nkey, const void *p, size_t n, uint8_t out[32]);
bool pki_equal(const void *a, const void *b, size_t n); /* in constant time */
bool pki_random(void *p, size_t n);
unsigned pki_random_between(unsigned least, unsigned most); /* of few numbers; `least` when there is no random number */
/* AES-256-GCM: out = nonce(12) | ciphertext | tag(16). `context` is authenticated with it. */
bool pki_seal(const uint8_t key[32], struct sv context, const void *p, size_t n, struct buf *out);
bool pki_unseal(const uint8_t key[32], struct sv context, const void *p, size_t n, struct buf *out);
bool pki_pbkdf2(const void *secret, size_t ns, const void *salt, size_t nsalt, unsigned rounds, uint8_t out[32]);
/* P_SHA1 of RFC 2246 5, no label: WS-Trust's computed key. */
#define PKI_SEED_MAX 1024 /* octets; a longer seed aborts: it is never the peer's to choose unchecked */
void pki_p_sha1(const void *secret, size_t ns, const void *seed, size_t nseed, uint8_t *out, size_t n);

struct pki_sha256_ctx; /* for images that are longer than memory */
struct pki_sha256_ctx *pki_sha256_new(void);
void pki_sha256_add(struct pki_sha256_ctx *c, const void *p, size_t n);
void pki_sha256_end(struct pki_sha256_ctx *c, uint8_t out[32]); /* frees it */

const char *pki_error(void); /* the last refusal in OpenSSL's words; static storage of the calling thread */
/* Counts from now on, from 0, in memory that other processes see; before the first key is used. */
void pki_count_in(_Atomic unsigned long *shared);
unsigned long pki_private_operations(void); /* RSA private-key operations of this process so far: for the benchmark */

#endif
