/* auth/ticket_sign.c: the client's side: a ticket is presented, a request is signed with the user's certificate.
 *
 * The texts are in canonical form as they stand ([web-services 15] has them octet for octet), so digests are
 * taken over them directly, as SIPE does.
 */
#include "auth/ticket_xml.h"


static void timestamp(struct buf *b, struct sv inside)
{
	buf_str(b, "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\">");
	buf_sv(b, inside);
	buf_str(b, "</wsu:Timestamp>");
}

static void signed_info(struct buf *b, const char *method, const char *digest_method, const uint8_t *digest, size_t n)
{
	buf_printf(b,
		   "<SignedInfo xmlns=\"" NS_DS "\"><CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N
		   "\"></CanonicalizationMethod><SignatureMethod Algorithm=\"%s\"></SignatureMethod><Reference "
		   "URI=\"#timestamp\"><Transforms><Transform Algorithm=\"" ALG_EXC_C14N
		   "\"></Transform></Transforms><DigestMethod Algorithm=\"%s\"></DigestMethod><DigestValue>",
		   method, digest_method);
	b64_add(b, digest, n);
	buf_str(b, "</DigestValue></Reference></SignedInfo>");
}

bool ticket_present(struct buf *security, const struct soap_issued *ticket, const uint8_t *proof, size_t nproof)
{
	struct buf stamp = {0}, info = {0};
	uint8_t digest[20], mac[20];
	bool ok;

	timestamp(&stamp, buf_view(&ticket->lifetime));
	pki_sha1(stamp.p, stamp.n, digest);
	signed_info(&info, ALG_HMAC_SHA1, ALG_SHA1, digest, sizeof digest);
	pki_hmac_sha1(proof, nproof, info.p, info.n, mac);
	buf_str(security, "<wsse:Security xmlns:wsse=\"" NS_WSSE "\">");
	buf_sv(security, buf_view(&stamp));
	buf_sv(security, buf_view(&ticket->assertion));
	buf_str(security, "<Signature xmlns=\"" NS_DS "\">");
	buf_sv(security, buf_view(&info));
	buf_str(security, "<SignatureValue>");
	b64_add(security, mac, sizeof mac);
	buf_str(security, "</SignatureValue><KeyInfo><wsse:SecurityTokenReference wsse:TokenType=\"" TOKEN_SAML
			  "\"><wsse:KeyIdentifier ValueType=\"" VALUE_ASSERTION_ID "\">");
	xml_esc(security, sv_of(ticket->assertion_id));
	buf_str(security, "</wsse:KeyIdentifier></wsse:SecurityTokenReference></KeyInfo></Signature></wsse:Security>");
	ok = !stamp.oom && !info.oom && !security->oom;
	buf_free(&stamp);
	buf_free(&info);
	return ok;
}

bool ticket_sign_x509(struct buf *security, const struct pki_key *key, const void *cert, size_t n, int64_t now, bool sha1)
{
	struct buf life = {0}, stamp = {0}, info = {0}, value = {0};
	uint8_t digest[32];
	size_t nd = sha1 ? 20 : 32;
	bool ok;

	soap_lifetime_write(&life, now, now + 300);
	timestamp(&stamp, buf_view(&life));
	if (sha1)
		pki_sha1(stamp.p, stamp.n, digest);
	else
		pki_sha256(stamp.p, stamp.n, digest);
	signed_info(&info, sha1 ? ALG_RSA_SHA1 : ALG_RSA_SHA256, sha1 ? ALG_SHA1 : ALG_SHA256, digest, nd);
	ok = !info.oom && !stamp.oom && sig_rsa(key, sha1, buf_view(&info), &value);
	if (ok) {
		buf_str(security, "<wsse:Security xmlns:wsse=\"" NS_WSSE "\" xmlns:s=\"" NS_SOAP
				  "\" s:mustUnderstand=\"1\">");
		buf_sv(security, buf_view(&stamp));
		buf_str(security, "<wsse:BinarySecurityToken xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"usercert\" ValueType=\""
				  TOKEN_X509 "\" EncodingType=\"" ENCODING_BASE64 "\">");
		b64_add(security, cert, n);
		buf_str(security, "</wsse:BinarySecurityToken><Signature xmlns=\"" NS_DS "\">");
		buf_sv(security, buf_view(&info));
		buf_str(security, "<SignatureValue>");
		buf_sv(security, buf_view(&value));
		buf_str(security, "</SignatureValue><KeyInfo><wsse:SecurityTokenReference><wsse:Reference URI=\"#usercert\" "
				  "ValueType=\"" TOKEN_X509 "\"/></wsse:SecurityTokenReference></KeyInfo></Signature></wsse:Security>");
		ok = !security->oom;
	}
	buf_free(&life);
	buf_free(&stamp);
	buf_free(&info);
	buf_free(&value);
	return ok;
}
