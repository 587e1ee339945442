/* pki/catalog.c: CMS SignedData (RFC 5652) with its text inside: the list of an update's files, signed. */
#include <limits.h>
#include <openssl/cms.h>

#include "pki/internal.h"

bool pki_catalog_sign(struct sv text, const struct pki_key *k, const void *cert, size_t n, struct buf *cms)
{
	X509 *x;
	CMS_ContentInfo *c = NULL;
	BIO *in = NULL;
	unsigned char *out = NULL;
	int len = 0;
	bool good;

	ERR_clear_error();
	x = pki_x509(cert, n);
	good = x && text.n <= INT_MAX && (in = BIO_new_mem_buf(text.p ? text.p : "", (int)text.n)) != NULL &&
	       (c = CMS_sign(x, k->pkey, NULL, in, CMS_BINARY | CMS_NOSMIMECAP)) != NULL &&
	       (len = i2d_CMS_ContentInfo(c, &out)) > 0;
	if (good) {
		buf_add(cms, out, (size_t)len);
		good = !cms->oom;
	}
	OPENSSL_free(out);
	CMS_ContentInfo_free(c);
	BIO_free(in);
	X509_free(x);
	return good;
}

static X509_STORE *catalog_anchors(struct sv pem)
{
	X509_STORE *store = pki_store(pem);

	if (store != NULL && sk_X509_OBJECT_num(X509_STORE_get0_objects(store)) == 0) {
		X509_STORE_free(store);
		store = NULL;
	}
	if (store != NULL) {
		X509_VERIFY_PARAM *p = X509_STORE_get0_param(store);

		/* No clock: an image that was approved years ago must still install, and a phone may not know the time yet. */
		X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_NO_CHECK_TIME);
		X509_VERIFY_PARAM_set_purpose(p, X509_PURPOSE_ANY); /* the default is S/MIME; ours is judged below */
	}
	return store;
}

/* Every signer may sign code. */
static bool for_code(CMS_ContentInfo *c)
{
	STACK_OF(X509) *signers = CMS_get0_signers(c);
	bool good = signers && sk_X509_num(signers) > 0;

	for (int i = 0; good && i < sk_X509_num(signers); i++) {
		X509 *x = sk_X509_value(signers, i);

		good = X509_get_extension_flags(x) & EXFLAG_XKUSAGE && X509_get_extended_key_usage(x) & XKU_CODE_SIGN;
	}
	sk_X509_free(signers);
	return good;
}

const char *pki_catalog_verify(const void *cms, size_t n, struct sv anchors_pem, struct buf *text)
{
	const unsigned char *p = cms;
	CMS_ContentInfo *c;
	X509_STORE *store = NULL;
	BIO *out = NULL;
	const char *why = NULL;
	char *got = NULL;
	long len;

	ERR_clear_error();
	c = n && n <= LONG_MAX ? d2i_CMS_ContentInfo(NULL, &p, (long)n) : NULL;
	if (c == NULL)
		return "this is not a CMS message in DER";
	if (p != (const unsigned char *)cms + n)
		why = "there are octets behind the CMS message";
	else if (OBJ_obj2nid(CMS_get0_type(c)) != NID_pkcs7_signed)
		why = "the CMS message is not SignedData";
	else if (CMS_is_detached(c) != 0)
		why = "the CMS message does not hold its text";
	else if ((store = catalog_anchors(anchors_pem)) == NULL)
		why = "there is no usable update key to check the signature with";
	else if ((out = BIO_new(BIO_s_mem())) == NULL)
		why = "out of memory";
	else if (CMS_verify(c, NULL, store, NULL, out, CMS_BINARY) != 1)
		why = "its signature is not by a trusted update key";
	else if (!for_code(c))
		why = "its signer's certificate is not for signing code";
	if (why == NULL) {
		len = BIO_get_mem_data(out, &got);
		buf_add(text, got, (size_t)(len > 0 ? len : 0));
		if (text->oom)
			why = "out of memory";
	}
	BIO_free(out);
	X509_STORE_free(store);
	CMS_ContentInfo_free(c);
	ERR_clear_error();
	return why;
}
