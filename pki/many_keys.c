/* pki/many_keys.c makes an RSA key for each of many test phones, for the price of few.
 *
 * Most of the time of making a key goes into finding its two primes.  n primes make n (n - 1) / 2 pairs, and each pair is a key.
 * Whoever knows one of these keys can compute those that share a prime with it: they are for tests of load.
 */
#include "pki/many_keys.h"

#include <openssl/core_names.h>
#include <stdlib.h>

#include "pki/internal.h"

#define PRIME_BITS 1024
#define EXPONENT 65537

struct pki_many_keys {
	unsigned n;
	BIGNUM *prime[];
};

/* Another one than those before.  The exponent must have an inverse: it is a prime and must not divide p - 1. */
static bool prime_make(struct pki_many_keys *m, unsigned at)
{
	bool good;

	if ((m->prime[at] = BN_new()) == NULL)
		return false;
	do {
		if (!BN_generate_prime_ex(m->prime[at], PRIME_BITS, 0, NULL, NULL, NULL))
			return false;
		good = BN_mod_word(m->prime[at], EXPONENT) != 1;
		for (unsigned i = 0; good && i < at; i++)
			good = BN_cmp(m->prime[i], m->prime[at]) != 0;
	} while (!good);
	return true;
}

struct pki_many_keys *pki_many_keys_new(unsigned keys)
{
	unsigned n = 2;
	struct pki_many_keys *m;

	while ((uint64_t)n * (n - 1) / 2 < keys)
		n++;
	ERR_clear_error();
	if ((m = calloc(1, sizeof *m + n * sizeof(BIGNUM *))) == NULL)
		return NULL;
	for (; m->n < n; m->n++)
		if (!prime_make(m, m->n)) {
			m->n++;
			pki_many_keys_free(m);
			return NULL;
		}
	return m;
}

void pki_many_keys_free(struct pki_many_keys *m)
{
	if (m == NULL)
		return;
	for (unsigned i = 0; i < m->n; i++)
		BN_clear_free(m->prime[i]);
	free(m);
}

struct parts { /* RFC 8017, A.1.2 */
	BIGNUM *n, *e, *d, *dp, *dq, *qi;
};

static bool compute(const struct parts *k, const BIGNUM *p, const BIGNUM *q, BN_CTX *c)
{
	BIGNUM *p1 = BN_CTX_get(c), *q1 = BN_CTX_get(c), *phi = BN_CTX_get(c);

	return phi && BN_set_word(k->e, EXPONENT) && BN_mul(k->n, p, q, c) && BN_sub(p1, p, BN_value_one()) &&
	       BN_sub(q1, q, BN_value_one()) && BN_mul(phi, p1, q1, c) && BN_mod_inverse(k->d, k->e, phi, c) &&
	       BN_mod(k->dp, k->d, p1, c) && BN_mod(k->dq, k->d, q1, c) && BN_mod_inverse(k->qi, q, p, c);
}

static EVP_PKEY *assemble(const struct parts *k, const BIGNUM *p, const BIGNUM *q)
{
	const struct pki_number numbers[] = {
		{OSSL_PKEY_PARAM_RSA_N, k->n},	       {OSSL_PKEY_PARAM_RSA_E, k->e},	       {OSSL_PKEY_PARAM_RSA_D, k->d},
		{OSSL_PKEY_PARAM_RSA_FACTOR1, p},      {OSSL_PKEY_PARAM_RSA_FACTOR2, q},       {OSSL_PKEY_PARAM_RSA_EXPONENT1, k->dp},
		{OSSL_PKEY_PARAM_RSA_EXPONENT2, k->dq}, {OSSL_PKEY_PARAM_RSA_COEFFICIENT1, k->qi}};

	return pki_rsa_of(numbers, sizeof numbers / sizeof *numbers, EVP_PKEY_KEYPAIR);
}

struct pki_key *pki_many_keys_one(const struct pki_many_keys *m, unsigned number)
{
	BN_CTX *c = BN_CTX_new();
	unsigned second = 1;
	EVP_PKEY *pkey = NULL;
	struct parts k;

	while (number >= second) /* pairs whose larger one is `second`: as many as `second` */
		number -= second++;
	ERR_clear_error();
	if (c == NULL || second >= m->n) {
		BN_CTX_free(c);
		return NULL;
	}
	BN_CTX_start(c);
	k = (struct parts){BN_CTX_get(c), BN_CTX_get(c), BN_CTX_get(c), BN_CTX_get(c), BN_CTX_get(c), BN_CTX_get(c)};
	if (k.qi && compute(&k, m->prime[second], m->prime[number], c))
		pkey = assemble(&k, m->prime[second], m->prime[number]);
	BN_CTX_end(c);
	BN_CTX_free(c);
	return pkey ? pki_key_take(pkey) : NULL;
}
