/* pki/p7.c: PKCS#7 SignedData that only carries certificates (RFC 2315 9.1, no signers): the root chain's envelope. */
#include <limits.h>
#include <openssl/pkcs7.h>

#include "pki/internal.h"

bool pki_p7_write(struct buf *p7, struct sv certs_pem)
{
	STACK_OF(X509) *all;
	unsigned char *out = NULL;
	PKCS7 *p;
	bool good;
	int n = 0;

	ERR_clear_error();
	all = pki_x509_stack(certs_pem);
	p = PKCS7_new();
	good = all && p && sk_X509_num(all) > 0 && PKCS7_set_type(p, NID_pkcs7_signed) &&
	       PKCS7_content_new(p, NID_pkcs7_data) && PKCS7_set_detached(p, 1);
	for (int i = 0; good && i < sk_X509_num(all); i++)
		good = PKCS7_add_certificate(p, sk_X509_value(all, i));
	good = good && (n = i2d_PKCS7(p, &out)) > 0;
	if (good) {
		buf_add(p7, out, (size_t)n);
		good = !p7->oom;
	}
	OPENSSL_free(out);
	PKCS7_free(p);
	sk_X509_pop_free(all, X509_free);
	return good;
}

const char *pki_p7_read(const void *der, size_t n, struct buf *pem)
{
	const unsigned char *p = der;
	STACK_OF(X509) *all = NULL;
	const char *why = NULL;
	size_t was = pem->n;
	PKCS7 *p7;

	ERR_clear_error();
	p7 = n && n <= LONG_MAX ? d2i_PKCS7(NULL, &p, (long)n) : NULL;
	if (p7 == NULL)
		return "this is not a PKCS#7 message in DER";
	if (p != (const unsigned char *)der + n)
		why = "there are octets behind the PKCS#7 message";
	else if (!PKCS7_type_is_signed(p7) || p7->d.sign == NULL)
		why = "the PKCS#7 message is not SignedData";
	else if ((all = p7->d.sign->cert) == NULL || sk_X509_num(all) == 0)
		why = "the PKCS#7 message carries no certificate";
	for (int i = 0; why == NULL && i < sk_X509_num(all); i++) {
		struct buf one = {0};

		if (pki_x509_add(&one, sk_X509_value(all, i)))
			pki_pem_add(pem, "CERTIFICATE", one.p, one.n);
		else
			why = "a certificate in the PKCS#7 message cannot be written again";
		buf_free(&one);
	}
	if (why == NULL && pem->oom)
		why = "out of memory";
	if (why != NULL)
		pem->n = was;
	PKCS7_free(p7);
	return why;
}
