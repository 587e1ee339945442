/* pki/csr.c: PKCS#10 requests (RFC 2986), made. request.c reads them. */
#include <string.h>

#include "pki/internal.h"

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
