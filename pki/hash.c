/* pki/hash.c: hashes, MACs, sealing: what the other rooms need of OpenSSL's symmetric half. */
#include "pki/key.h"

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

void pki_sha1(const void *p, size_t n, uint8_t out[20])
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha1(), NULL) != 1)
		abort(); /* only out of memory; going on with no hash would be worse */
}

void pki_sha256(const void *p, size_t n, uint8_t out[32])
{
	if (EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

static void hmac(const EVP_MD *md, const void *key, size_t nkey, const void *p, size_t n, uint8_t *out)
{
	/* HMAC() takes a NULL key for "the one of last time" */
	if (nkey > INT_MAX || HMAC(md, key ? key : "", (int)nkey, p, n, out, NULL) == NULL)
		abort();
}

void pki_hmac_sha1(const void *key, size_t nkey, const void *p, size_t n, uint8_t out[20])
{
	hmac(EVP_sha1(), key, nkey, p, n, out);
}

void pki_hmac_sha256(const void *key, size_t nkey, const void *p, size_t n, uint8_t out[32])
{
	hmac(EVP_sha256(), key, nkey, p, n, out);
}

bool pki_equal(const void *a, const void *b, size_t n)
{
	return CRYPTO_memcmp(a, b, n) == 0;
}

bool pki_random(void *p, size_t n)
{
	return n <= INT_MAX && RAND_bytes(p, (int)n) == 1;
}

unsigned pki_random_between(unsigned least, unsigned most)
{
	uint32_t r;

	return pki_random(&r, sizeof r) ? least + r % (most - least + 1) : least;
}

/* nonce | ciphertext | tag */
enum { NONCE = 12, TAG = 16 };

bool pki_seal(const uint8_t key[32], struct sv context, const void *p, size_t n, struct buf *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	size_t was = out->n;
	uint8_t *to;
	bool good = false;
	int got = 0;

	if (c && n < INT_MAX && context.n < INT_MAX && buf_reserve(out, NONCE + n + TAG)) {
		to = out->p + out->n;
		good = pki_random(to, NONCE) && EVP_EncryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, to) &&
		       (context.n == 0 ||
			EVP_EncryptUpdate(c, NULL, &got, (const uint8_t *)context.p, (int)context.n)) &&
		       (n == 0 || EVP_EncryptUpdate(c, to + NONCE, &got, p, (int)n)) &&
		       EVP_EncryptFinal_ex(c, to + NONCE + n, &got) &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, to + NONCE + n);
		out->n = good ? was + NONCE + n + TAG : was;
	}
	EVP_CIPHER_CTX_free(c);
	return good;
}

bool pki_unseal(const uint8_t key[32], struct sv context, const void *p, size_t n, struct buf *out)
{
	const uint8_t *in = p;
	EVP_CIPHER_CTX *c;
	uint8_t tag[TAG], *to;
	bool good = false;
	int got = 0, last = 0;
	size_t body;

	if (n < NONCE + TAG || n > INT_MAX || context.n > INT_MAX)
		return false;
	body = n - NONCE - TAG;
	c = EVP_CIPHER_CTX_new();
	if (c && buf_reserve(out, body + 1)) {
		to = out->p + out->n;
		memcpy(tag, in + NONCE + body, TAG);
		good = EVP_DecryptInit_ex(c, EVP_aes_256_gcm(), NULL, key, in) &&
		       (context.n == 0 ||
			EVP_DecryptUpdate(c, NULL, &got, (const uint8_t *)context.p, (int)context.n)) &&
		       (body == 0 || EVP_DecryptUpdate(c, to, &got, in + NONCE, (int)body)) &&
		       EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) && EVP_DecryptFinal_ex(c, to + body, &last);
		if (good)
			out->n += body;
		else
			OPENSSL_cleanse(to, body); /* unauthenticated plaintext is not used */
	}
	EVP_CIPHER_CTX_free(c);
	return good;
}

/* GnuTLS's takes less than half of the time of OpenSSL's (3.0), whose HMAC is looked up anew in each round. */
bool pki_pbkdf2(const void *secret, size_t ns, const void *salt, size_t nsalt, unsigned rounds, uint8_t out[32])
{
	const gnutls_datum_t password = {(unsigned char *)secret, (unsigned)ns}, salted = {(unsigned char *)salt, (unsigned)nsalt};

	return ns <= INT_MAX && nsalt <= INT_MAX && rounds <= INT_MAX &&
	       gnutls_pbkdf2(GNUTLS_MAC_SHA256, &password, &salted, rounds, out, 32) == 0;
}

/* RFC 2246 5:
 *     P_hash(secret, seed) = HMAC_hash(secret, A(1) + seed) + HMAC_hash(secret, A(2) + seed) + ...
 *     A(0) = seed, A(i) = HMAC_hash(secret, A(i-1))
 */
void pki_p_sha1(const void *secret, size_t ns, const void *seed, size_t nseed, uint8_t *out, size_t n)
{
	uint8_t a[20], part[20], in[sizeof a + PKI_SEED_MAX];

	if (nseed > PKI_SEED_MAX)
		abort();
	pki_hmac_sha1(secret, ns, seed, nseed, a);
	if (nseed)
		memcpy(in + sizeof a, seed, nseed);
	while (n > 0) {
		size_t take = n < sizeof part ? n : sizeof part;

		memcpy(in, a, sizeof a);
		pki_hmac_sha1(secret, ns, in, sizeof a + nseed, part);
		memcpy(out, part, take);
		out += take;
		n -= take;
		pki_hmac_sha1(secret, ns, a, sizeof a, part);
		memcpy(a, part, sizeof a);
	}
	OPENSSL_cleanse(a, sizeof a);
	OPENSSL_cleanse(part, sizeof part);
	OPENSSL_cleanse(in, sizeof in);
}

/* struct pki_sha256_ctx is an EVP_MD_CTX under a name of ours. */
struct pki_sha256_ctx *pki_sha256_new(void)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	if (c != NULL && EVP_DigestInit_ex(c, EVP_sha256(), NULL) != 1) {
		EVP_MD_CTX_free(c);
		c = NULL;
	}
	return (struct pki_sha256_ctx *)c;
}

void pki_sha256_add(struct pki_sha256_ctx *c, const void *p, size_t n)
{
	EVP_DigestUpdate((EVP_MD_CTX *)c, p, n);
}

void pki_sha256_end(struct pki_sha256_ctx *c, uint8_t out[32])
{
	if (EVP_DigestFinal_ex((EVP_MD_CTX *)c, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free((EVP_MD_CTX *)c);
}
