/* pki/cert.h: certificates, chains, catalogs.  DER in, DER out. */
#ifndef DIALTONE_PKI_CERT_H
#define DIALTONE_PKI_CERT_H

#include "base/why.h"
#include "dialtone/failure.h"
#include "dialtone/sign.h"
#include "pki/key.h"

struct pki_cert_info {
	char subject_cn[256], issuer_cn[256];
	char subject[512], issuer[512]; /* one line */
	int64_t not_before, not_after;	/* UNIX seconds */
	uint8_t sha1[20], sha256[32];
	unsigned serial_octets;
	bool self_signed, ca;
	bool rsa;
	unsigned bits;
	char signature[48]; /* "sha256WithRSAEncryption" */
	char names[16][256]; /* SAN dNSName and iPAddress as text */
	unsigned nnames;
};
const char *pki_cert_info(const void *der, size_t n, struct pki_cert_info *ret); /* NULL, or why not */

/* The certificate's public key is this key's. */
bool pki_cert_is_of(const void *der, size_t n, const struct pki_key *k);

/* The first http URL of its CRL distribution points (RFC 5280 4.2.1.13); false: it has none, or it does not fit. */
bool pki_cert_crl(const void *der, size_t n, char *out, size_t cap);

/* Name check as TLS clients do it (RFC 6125: SAN only when there is one, else CN; no wildcard partial labels). */
bool pki_cert_names(const void *der, size_t n, const char *host);

#define PKI_LONG_SERIAL 20 /* RFC 5280 4.1.2.2: "Certificate users MUST be able to handle serialNumber values up to 20 octets." */
enum pki_profile { PKI_CA, PKI_SERVER, PKI_USER, PKI_CODE };
struct pki_issue {
	enum pki_profile profile;
	const char *cn;
	const char *const *names; /* SAN: dNSName, or an IPv4 address; NULL-terminated, may be NULL */
	int64_t not_before, not_after;
	bool long_serial; /* of PKI_LONG_SERIAL octets, not 16: whoever made it wants to know it again */
	bool sha1; /* sign with SHA-1, for Windows CE phones */
};
/* subject_key: its public half is certified. ca_der NULL: self-signed. Random serial of 64 bits and more. */
bool pki_issue(const struct pki_issue *what, const struct pki_key *subject_key, const struct pki_key *ca_key,
	       const void *ca_der, size_t ca_n, struct buf *der);
/* The same for the key inside a PKCS#10; false as well when that is not RSA. */
bool pki_issue_request(const struct pki_issue *what, const struct pki_request *req, const struct pki_key *ca_key,
		       const void *ca_der, size_t ca_n, struct buf *der);

#define PKI_PEM_MAX ((size_t)1 << 20) /* of a file of certificates that is read: the roots of a whole system have 220 KB */
void pki_pem_add(struct buf *pem, const char *label, const void *der, size_t n); /* "CERTIFICATE" */
/* The i-th CERTIFICATE block of a PEM text into *der (appended). false: there is none, or it is damaged. */
bool pki_pem_cert(struct sv pem, unsigned i, struct buf *der);

/* Judges a chain (leaf first) at a time against anchors (PEM). */
enum pki_verdict { PKI_TRUSTED, PKI_UNTRUSTED, PKI_WRONG_NAME, PKI_WRONG_DATE, PKI_NO_CERT };
/* The failure of a phone that asks for a trusted chain; DT_F_OK: it is trusted. */
enum dt_failure pki_failure_of(enum pki_verdict v);
struct pki_chain_result {
	struct why why;			 /* empty when trusted */
	char name[256];			 /* the first name in the leaf; "": none */
	enum dt_sign sign[DT_SIGNS_MAX]; /* DT_SIGN_CERT_...: what decided, then another name, which needs no root to be seen */
};
enum pki_verdict pki_chain_verify(const uint8_t *const *der, const size_t *n, unsigned count, struct sv anchors_pem,
			   bool public_roots, const char *host, int64_t unix_s, struct pki_chain_result *ret /* or NULL */);

/* PKCS#7 SignedData, certificates only (RFC 2315): leaf first, then issuers, root last. */
bool pki_p7_write(struct buf *p7, struct sv certs_pem);
const char *pki_p7_read(const void *p, size_t n, struct buf *pem); /* appends CERTIFICATE blocks; NULL or why not */

/* Catalogs: CMS SignedData with its text inside, signed by a PKI_CODE certificate. */
bool pki_catalog_sign(struct sv text, const struct pki_key *k, const void *cert, size_t n, struct buf *cms);
const char *pki_catalog_verify(const void *cms, size_t n, struct sv anchors_pem, struct buf *text); /* NULL: good */

#endif
