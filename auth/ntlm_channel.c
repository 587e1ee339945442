/* auth/ntlm_channel.c: which TLS connection an NTLM answer was made for: [MS-NLMP] 2.2.2.1 MsvAvChannelBindings, RFC 5929. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <string.h>

#include "auth/ntlm.h"

/* RFC 5929 4.1: "if the certificate's signatureAlgorithm uses a single hash function, and that hash function is either MD5 or SHA-1, then
 * use SHA-256; if [another], then use the hash function associated with the certificate's signatureAlgorithm". */
static const EVP_MD *endpoint_hash(const X509 *cert)
{
	int hash = NID_undef;

	if (!X509_get_signature_info((X509 *)cert, &hash, NULL, NULL, NULL) || hash == NID_undef || hash == NID_md5 || hash == NID_sha1)
		return EVP_sha256();
	return EVP_get_digestbynid(hash);
}

bool ntlm_channel_binding(const void *der, size_t n, uint8_t out[16])
{
	static const char type[] = "tls-server-end-point:";
	const unsigned char *p = der;
	X509 *cert = n ? d2i_X509(NULL, &p, (long)n) : NULL;
	const EVP_MD *md = cert ? endpoint_hash(cert) : NULL;
	uint8_t hash[EVP_MAX_MD_SIZE], length[4] = {0};
	unsigned nhash = 0;
	struct buf b = {0};
	bool ok = md && EVP_Digest(der, n, hash, &nhash, md, NULL) == 1;

	X509_free(cert);
	/* MD5 of gss_channel_bindings_struct (RFC 2744 3.11, RFC 4121 4.1.1.2): address types and lengths, all 0; then the data */
	for (unsigned i = 0; i < 4; i++)
		buf_add(&b, length, 4);
	length[0] = (uint8_t)(sizeof type - 1 + nhash);
	buf_add(&b, length, 4);
	buf_str(&b, type);
	buf_add(&b, hash, nhash);
	ok = ok && !b.oom && EVP_Digest(b.p, b.n, out, NULL, EVP_md5(), NULL) == 1;
	buf_free(&b);
	return ok;
}
