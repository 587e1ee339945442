/* pki/internal.h: OpenSSL behind the room's own types.  For pki/ and auth/ only: no other room sees the library. */
#ifndef DIALTONE_PKI_INTERNAL_H
#define DIALTONE_PKI_INTERNAL_H

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/cert.h"

struct pki_key {
	EVP_PKEY *pkey; /* an RSA key's private operations are counted: pki/count.c */
};

struct pki_key *pki_key_take(EVP_PKEY *pkey); /* takes it over, also when it fails and gives NULL */
EVP_PKEY *pki_key_evp(const struct pki_key *k); /* borrowed */
/* The same key, its private operations counted; takes it over. Keys that are not RSA come back as they are. */
EVP_PKEY *pki_counted(EVP_PKEY *pkey);
void pki_count_one(void);

/* An RSA key of its numbers, which have OpenSSL's names; NULL: they make none. */
struct pki_number {
	const char *name; /* OSSL_PKEY_PARAM_RSA_N ... */
	const BIGNUM *value;
};
EVP_PKEY *pki_rsa_of(const struct pki_number *numbers, size_t n, int selection /* EVP_PKEY_KEYPAIR ... */);
/* Returns whether the number is no prime and has no small factor. */
bool pki_modulus_is_sound(const BIGNUM *n);
/* Puts the request's key into the certificate. */
bool pki_request_certify(const struct pki_request *r, X509 *x);

/* Counted: X509_free().  Not to be written to: others have it, too (x509_cache.c).  NULL: not a certificate, or octets behind it. */
X509 *pki_x509(const void *der, size_t n);
void pki_x509_keep(X509 *x, const void *der, size_t n); /* this is what those octets say: whoever asks next need not read them */
bool pki_x509_add(struct buf *der, X509 *x); /* appends */
/* Every CERTIFICATE of a PEM text, in order; NULL when one is damaged; an empty stack when there is none. */
STACK_OF(X509) *pki_x509_stack(struct sv pem);
X509_STORE *pki_store(struct sv pem); /* of those, as anchors; NULL when one is damaged */
/* The single CN as UTF-8. false: none, too long, or with a NUL. */
bool pki_name_cn(const X509_NAME *name, char *out, size_t cap);

#endif
