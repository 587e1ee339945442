/* pki/csr.c: PKCS#10 requests (RFC 2986), made and read. */
#include <limits.h>
#include <openssl/core_names.h>
#include <string.h>

#include "pki/internal.h"

#define PKI_CSR_BITS_MAX 8192

bool pki_csr_make(const struct pki_key *k, const char *cn, bool sha1, struct buf *der)
{
	X509_REQ *req = X509_REQ_new();
	unsigned char *p = NULL;
	bool good;
	int n = 0;

	ERR_clear_error();
	good = req && X509_REQ_set_version(req, X509_REQ_VERSION_1) && X509_REQ_set_pubkey(req, k->pkey) &&
	       X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(req), "CN", MBSTRING_UTF8,
					  (const unsigned char *)cn, -1, -1, 0) &&
	       X509_REQ_sign(req, k->pkey, sha1 ? EVP_sha1() : EVP_sha256()) > 0 && (n = i2d_X509_REQ(req, &p)) > 0;
	if (good) {
		buf_add(der, p, (size_t)n);
		good = !der->oom;
	}
	OPENSSL_free(p);
	X509_REQ_free(req);
	return good;
}

/* OpenSSL 3.5 verifies no request of another version than 0: those are verified over their octets, encoded again: DER has one form. */
static bool csr_is_signed(X509_REQ *req, EVP_PKEY *pkey)
{
	const ASN1_BIT_STRING *sig = NULL;
	const X509_ALGOR *alg = NULL;
	const ASN1_OBJECT *oid = NULL;
	unsigned char *tbs = NULL;
	int md = NID_undef, n;
	EVP_MD_CTX *c;
	bool good;

	if (X509_REQ_get_version(req) == X509_REQ_VERSION_1)
		return X509_REQ_verify(req, pkey) == 1;
	X509_REQ_get0_signature(req, &sig, &alg);
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	if (!OBJ_find_sigid_algs(OBJ_obj2nid(oid), &md, NULL) || (n = i2d_re_X509_REQ_tbs(req, &tbs)) <= 0)
		return false;
	c = EVP_MD_CTX_new();
	good = c && EVP_get_digestbynid(md) && EVP_DigestVerifyInit(c, NULL, EVP_get_digestbynid(md), NULL, pkey) == 1 &&
	       EVP_DigestVerify(c, sig->data, (size_t)sig->length, tbs, (size_t)n) == 1;
	EVP_MD_CTX_free(c);
	OPENSSL_free(tbs);
	return good;
}

#define FACTORS_BELOW 752 /* as EVP_PKEY_public_check(3) looks for (SP 800-56B 6.4.2.1) */

/* What EVP_PKEY_public_check(3) says of a modulus, in half of its time, which was a third of a certificate's. */
static bool csr_modulus_is_sound(const BIGNUM *n)
{
	BN_CTX *c = BN_CTX_new();
	bool good = c && BN_is_odd(n);

	for (BN_ULONG i = 3; good && i < FACTORS_BELOW; i += 2)
		good = BN_mod_word(n, i) != 0;
	good = good && BN_check_prime(n, c, NULL) == 0;
	BN_CTX_free(c);
	return good;
}

/* Whoever publishes a key that can be computed from its public half lets everybody sign in with its certificate: a small or even
 * exponent, a modulus that is a prime or has small factors.  A long key costs whoever verifies. */
static const char *csr_key_is_weak(EVP_PKEY *pkey)
{
	const char *why = NULL;
	BIGNUM *e = NULL, *n = NULL;

	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
		return NULL; /* its caller takes no other */
	if (EVP_PKEY_get_bits(pkey) > PKI_CSR_BITS_MAX)
		why = "its key is longer than 8192 bits";
	else if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) || !BN_is_odd(e) || BN_num_bits(e) < 17 || BN_num_bits(e) > 33)
		why = "its key's exponent is not an odd number from 65537 to 2^33";
	else if (!EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) || !csr_modulus_is_sound(n))
		why = "its key is not sound";
	BN_free(e);
	BN_free(n);
	return why;
}

/* The modulus alone says which key it is: whoever can compute the private half for one exponent can for all. */
static bool csr_key_digest(EVP_PKEY *pkey, uint8_t ret[32])
{
	unsigned char octets[PKI_CSR_BITS_MAX / 8];
	BIGNUM *n = NULL;
	int len = -1;

	if (EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_N, &n) && BN_num_bytes(n) <= (int)sizeof octets)
		len = BN_bn2bin(n, octets);
	BN_free(n);
	if (len > 0)
		pki_sha256(octets, (size_t)len, ret);
	return len > 0;
}

const char *pki_csr_read(const void *der, size_t n, struct pki_csr *ret)
{
	const unsigned char *p = der;
	struct pki_csr csr = {0};
	const char *why = NULL;
	X509_REQ *req;
	EVP_PKEY *pkey;
	long version;

	ERR_clear_error();
	if (n == 0 || n > LONG_MAX)
		return "the request is empty";
	req = d2i_X509_REQ(NULL, &p, (long)n);
	if (req == NULL)
		return "this is not a PKCS#10 request";
	version = X509_REQ_get_version(req);
	pkey = X509_REQ_get0_pubkey(req);
	/* SIPE writes version 2 where RFC 2986 has only 0: both are taken. */
	if (p != (const unsigned char *)der + n)
		why = "there are octets behind the request";
	else if (version < 0 || version > 2)
		why = "its version is none of 0, 1, 2";
	else if (pkey == NULL)
		why = "its public key cannot be read";
	else if (!csr_is_signed(req, pkey))
		why = "its signature is not by its own key";
	else
		why = csr_key_is_weak(pkey);
	if (why == NULL) {
		/* "Ignore subject and extensions": the requester is known by its ticket */
		if (!pki_name_cn(X509_REQ_get_subject_name(req), csr.cn, sizeof csr.cn))
			csr.cn[0] = '\0';
		csr.rsa = EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA;
		csr.bits = (unsigned)EVP_PKEY_get_bits(pkey);
		if (csr.rsa && !csr_key_digest(pkey, csr.key))
			why = "its public key cannot be read";
		else
			*ret = csr;
	}
	X509_REQ_free(req);
	return why;
}
