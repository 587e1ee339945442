/* pki/request.c: PKCS#10 requests (RFC 2986) of others, read once and certified.
 *
 * The templates are those of OpenSSL's X509_REQ but for the key, which stays the octets that came: X509_PUBKEY looks for a decoder of
 * it in every provider, whenever one is read or set, and takes as long for that as for half of a signature (OpenSSL 3.0).  What a key
 * of RSA says stands in RFC 8017 A.1.1, and is read as that.
 */
#include <limits.h>
#include <openssl/asn1t.h>
#include <openssl/core_names.h>
#include <stdlib.h>

#include "pki/internal.h"

#define PKI_CSR_BITS_MAX 8192

/* clang-format off */
typedef struct { /* SubjectPublicKeyInfo, RFC 5280 4.1 */
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *key;
} CSR_KEY;
ASN1_SEQUENCE(CSR_KEY) = {
	ASN1_SIMPLE(CSR_KEY, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CSR_KEY, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CSR_KEY)

typedef struct { /* CertificationRequestInfo, RFC 2986 4.1 */
	ASN1_INTEGER *version;
	X509_NAME *subject;
	CSR_KEY *key;
	STACK_OF(X509_ATTRIBUTE) *attributes; /* some leave them out */
	ASN1_ENCODING enc; /* the octets that came, which the signature is over */
} CSR_INFO;
ASN1_SEQUENCE_enc(CSR_INFO, enc, NULL) = {
	ASN1_SIMPLE(CSR_INFO, version, ASN1_INTEGER),
	ASN1_SIMPLE(CSR_INFO, subject, X509_NAME),
	ASN1_SIMPLE(CSR_INFO, key, CSR_KEY),
	ASN1_IMP_SET_OF_OPT(CSR_INFO, attributes, X509_ATTRIBUTE, 0),
} static_ASN1_SEQUENCE_END_ref(CSR_INFO, CSR_INFO)

typedef struct { /* CertificationRequest, the same */
	CSR_INFO *info;
	X509_ALGOR *algorithm;
	ASN1_BIT_STRING *signature;
} CSR;
ASN1_SEQUENCE(CSR) = {
	ASN1_SIMPLE(CSR, info, CSR_INFO),
	ASN1_SIMPLE(CSR, algorithm, X509_ALGOR),
	ASN1_SIMPLE(CSR, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CSR)

typedef struct { /* RSAPublicKey, RFC 8017 A.1.1 */
	BIGNUM *n, *e;
} CSR_RSA;
ASN1_SEQUENCE(CSR_RSA) = {
	ASN1_SIMPLE(CSR_RSA, n, BIGNUM),
	ASN1_SIMPLE(CSR_RSA, e, BIGNUM),
} static_ASN1_SEQUENCE_END(CSR_RSA)
/* clang-format on */

struct pki_request {
	CSR_RSA *key;
};

void pki_request_free(struct pki_request *r)
{
	if (r)
		ASN1_item_free((ASN1_VALUE *)r->key, ASN1_ITEM_rptr(CSR_RSA));
	free(r);
}

/* NULL as well when there are octets behind it. */
static void *item_of(const unsigned char *p, long n, const ASN1_ITEM *item)
{
	const unsigned char *at = p;
	ASN1_VALUE *v = ASN1_item_d2i(NULL, &at, n, item);

	if (v && at != p + n) {
		ASN1_item_free(v, item);
		v = NULL;
	}
	return v;
}

static CSR_RSA *request_key(const CSR_KEY *k)
{
	return item_of(ASN1_STRING_get0_data(k->key), ASN1_STRING_length(k->key), ASN1_ITEM_rptr(CSR_RSA));
}

static EVP_PKEY *request_pkey(const CSR *csr, const CSR_RSA *key)
{
	const struct pki_number numbers[] = {{OSSL_PKEY_PARAM_RSA_N, key ? key->n : NULL}, {OSSL_PKEY_PARAM_RSA_E, key ? key->e : NULL}};
	unsigned char *octets = NULL;
	const unsigned char *p;
	EVP_PKEY *pkey;
	int n;

	if (key)
		return pki_rsa_of(numbers, 2, EVP_PKEY_PUBLIC_KEY);
	n = ASN1_item_i2d((ASN1_VALUE *)csr->info->key, &octets, ASN1_ITEM_rptr(CSR_KEY));
	p = octets;
	pkey = n > 0 ? d2i_PUBKEY(NULL, &p, n) : NULL;
	OPENSSL_free(octets);
	return pkey;
}

/* X509_REQ_verify() would verify no request of another version than 0 (OpenSSL 3.5), and reads the key its own way. */
static const char *request_verified(const CSR *csr, const CSR_RSA *key, unsigned *bits)
{
	EVP_PKEY *pkey = request_pkey(csr, key);
	const char *why = NULL;

	if (pkey == NULL)
		why = "its public key cannot be read";
	else if (ASN1_item_verify(ASN1_ITEM_rptr(CSR_INFO), csr->algorithm, csr->signature, csr->info, pkey) != 1)
		why = "its signature is not by its own key";
	else
		*bits = (unsigned)EVP_PKEY_get_bits(pkey);
	EVP_PKEY_free(pkey);
	return why;
}

/* Whoever publishes a key that can be computed from its public half lets everybody sign in with its certificate: a small or even
 * exponent, a modulus that is a prime or has small factors.  A long key costs whoever verifies.  The dearest look is the last. */
static const char *request_refused(const CSR *csr, const CSR_RSA *key, unsigned *bits)
{
	const char *why;

	if (BN_num_bits(key->n) > PKI_CSR_BITS_MAX)
		return "its key is longer than 8192 bits";
	if (!BN_is_odd(key->e) || BN_num_bits(key->e) < 17 || BN_num_bits(key->e) > 33)
		return "its key's exponent is not an odd number from 65537 to 2^33";
	if ((why = request_verified(csr, key, bits)) != NULL)
		return why;
	return pki_modulus_is_sound(key->n) ? NULL : "its key is not sound";
}

/* The modulus alone says which key it is: whoever can compute the private half for one exponent can for all. */
static void request_key_digest(const CSR_RSA *key, uint8_t ret[32])
{
	unsigned char octets[PKI_CSR_BITS_MAX / 8];

	pki_sha256(octets, (size_t)BN_bn2bin(key->n, octets), ret);
}

static const char *request_read(const CSR *csr, struct pki_csr *ret, struct pki_request *req)
{
	int64_t version = -1;
	const char *why;

	/* SIPE writes version 2 where RFC 2986 has only 0: both are taken. */
	if (!ASN1_INTEGER_get_int64(&version, csr->info->version) || version < 0 || version > 2)
		return "its version is none of 0, 1, 2";
	/* "Ignore subject and extensions": the requester is known by its ticket */
	if (!pki_name_cn(csr->info->subject, ret->cn, sizeof ret->cn))
		ret->cn[0] = '\0';
	ret->rsa = OBJ_obj2nid(csr->info->key->algorithm->algorithm) == NID_rsaEncryption;
	if (!ret->rsa)
		return request_verified(csr, NULL, &ret->bits);
	if ((req->key = request_key(csr->info->key)) == NULL)
		return "its public key cannot be read";
	if ((why = request_refused(csr, req->key, &ret->bits)) == NULL)
		request_key_digest(req->key, ret->key);
	return why;
}

const char *pki_request_read(const void *der, size_t n, struct pki_csr *ret, struct pki_request **req)
{
	struct pki_request *r = calloc(1, sizeof *r);
	struct pki_csr read = {0};
	const char *why = "this is not a PKCS#10 request";
	CSR *csr;

	ERR_clear_error();
	csr = r && n > 0 && n <= LONG_MAX ? item_of(der, (long)n, ASN1_ITEM_rptr(CSR)) : NULL;
	if (csr)
		why = request_read(csr, &read, r);
	ASN1_item_free((ASN1_VALUE *)csr, ASN1_ITEM_rptr(CSR));
	if (why == NULL) {
		*ret = read;
		*req = r;
		return NULL;
	}
	pki_request_free(r);
	return why;
}

const char *pki_csr_read(const void *der, size_t n, struct pki_csr *ret)
{
	struct pki_request *r = NULL;
	const char *why = pki_request_read(der, n, ret, &r);

	pki_request_free(r);
	return why;
}

/* RFC 3279 2.3.1: "The rsaEncryption OID is intended to be used in the algorithm field [...]. The parameters field MUST have ASN.1 type
 * NULL for this algorithm identifier." */
bool pki_request_certify(const struct pki_request *r, X509 *x)
{
	unsigned char *octets = NULL;
	int n = r->key ? ASN1_item_i2d((ASN1_VALUE *)r->key, &octets, ASN1_ITEM_rptr(CSR_RSA)) : -1;

	if (n > 0 && X509_PUBKEY_set0_param(X509_get_X509_PUBKEY(x), OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, octets, n))
		return true;
	OPENSSL_free(octets);
	return false;
}
