/* pki/rsa.c: RSA keys as numbers: a key is made of them, and a modulus is looked at. */
#include <openssl/param_build.h>

#include "pki/internal.h"

EVP_PKEY *pki_rsa_of(const struct pki_number *numbers, size_t n, int selection)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY *pkey = NULL;
	bool good = b && c;

	for (size_t i = 0; good && i < n; i++)
		good = OSSL_PARAM_BLD_push_BN(b, numbers[i].name, numbers[i].value) == 1;
	if (good && (params = OSSL_PARAM_BLD_to_param(b)) != NULL && EVP_PKEY_fromdata_init(c) == 1)
		EVP_PKEY_fromdata(c, &pkey, selection, params);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(b);
	EVP_PKEY_CTX_free(c);
	return pkey;
}

/* ---- the modulus --------------------------------------------------------------------------------------------------------- */

#define FACTORS_BELOW 752 /* as EVP_PKEY_public_check(3) looks for (SP 800-56B 6.4.2.1) */

static bool is_prime(unsigned odd)
{
	for (unsigned i = 3; i * i <= odd; i += 2)
		if (odd % i == 0)
			return false;
	return true;
}

static bool have_common_factor(BN_ULONG a, BN_ULONG b)
{
	while (b) {
		BN_ULONG rest = a % b;

		a = b;
		b = rest;
	}
	return a > 1;
}

/* A division of the modulus costs more than all that comes behind it: it is by as many primes at once as a half word holds. */
static bool has_small_factor(const BIGNUM *n)
{
	BN_ULONG product = 1;

	for (unsigned i = 3; i < FACTORS_BELOW; i += 2) {
		if (!is_prime(i))
			continue;
		product *= i;
		if (product <= UINT32_MAX / FACTORS_BELOW)
			continue;
		if (have_common_factor(product, BN_mod_word(n, product)))
			return true;
		product = 1;
	}
	return product > 1 && have_common_factor(product, BN_mod_word(n, product));
}

/* "If n is prime, 2^(n-1) = 1 (mod n)" (Fermat): whatever gives another number is no prime, by whoever it was chosen.  That is all that
 * is asked here, so one base is enough, and the cheapest one will do.  A product of two primes that gives 1, too, is refused: nobody
 * meets one by chance.  EVP_PKEY_public_check(3) has a random base, and answers the question which others than primes would pass. */
static bool may_be_prime(const BIGNUM *n, BN_CTX *c)
{
	BIGNUM *less = BN_dup(n), *power = BN_new();
	bool may = !less || !power || !BN_sub_word(less, 1) || !BN_mod_exp_mont_word(power, 2, less, n, c, NULL) || BN_is_one(power);

	BN_free(less);
	BN_free(power);
	return may;
}

bool pki_modulus_is_sound(const BIGNUM *n)
{
	BN_CTX *c = BN_CTX_new();
	bool is = c && BN_is_odd(n) && !has_small_factor(n) && !may_be_prime(n, c);

	BN_CTX_free(c);
	return is;
}
