/* auth/ticket_x509.c: a request signed with the user's certificate [web-services 6.2].
 *
 * "A WCF client may add a second Reference to wsa:To: verify every Reference, demand only the Timestamp."  The
 * certificate in the message proves nothing by itself: it is handed out, for the store to know or not.
 */
#include "auth/ticket_xml.h"

#include <string.h>


static const char *const methods[] = {ALG_RSA_SHA1, ALG_RSA_SHA256, NULL};
static const char *const digests[] = {ALG_SHA1, ALG_SHA256, NULL};

static const char *stamp_check(const struct buf *verified, int64_t now)
{
	const char *why = NULL;
	xmlDocPtr doc = xml_read(verified->p, verified->n, &why);
	int64_t from, to;

	if (doc == NULL)
		return why;
	if (!stamp_read(xmlDocGetRootElement(doc), &from, &to))
		why = "the Timestamp cannot be read";
	else if (from > now + SIG_SKEW || from < now - SIG_SKEW)
		why = "the Timestamp is not from these five minutes";
	else if (to < from || to <= now - SIG_SKEW)
		why = "the Timestamp has expired";
	xmlFreeDoc(doc);
	return why;
}

/* "KeyInfo = SecurityTokenReference/Reference to the BinarySecurityToken's Id".  There is one certificate, and with its key
 * the signature is verified: a KeyInfo that names it by serial number or thumbprint, or none at all, adds nothing; but what
 * refers must refer to it. */
static bool names_another(const struct sig *s, xmlNodePtr token)
{
	xmlNodePtr ref = s->key_info ? xml_find(s->key_info, "Reference", false) : NULL;
	char uri[160], id[160];

	return ref && !(xml_attr(ref, NULL, "URI", uri, sizeof uri) && xml_attr(token, NULL, "Id", id, sizeof id) && uri[0] == '#' &&
			strcmp(uri + 1, id) == 0);
}

static const char *check(xmlDocPtr doc, int64_t now, struct buf *cert)
{
	static const struct sig_rule rule = {methods, digests, .references = SIG_REFERENCES};
	xmlNodePtr security = soap_security(doc), stamp = xml_only(security, NS_WSU, "Timestamp");
	xmlNodePtr token = xml_only(security, NS_WSSE, "BinarySecurityToken"), signature = xml_only(security, NS_DS, "Signature");
	struct buf text = {0}, data[SIG_REFERENCES] = {0};
	unsigned at = 0;
	const char *why;
	X509 *x = NULL;
	struct sig s;

	if (!stamp || !token || !signature)
		return "no Timestamp, certificate or signature, or two of them";
	if ((why = sig_read(signature, &rule, &s)) != NULL || (why = sig_parts(&s, security, stamp, &at)) != NULL)
		return why;
	if (names_another(&s, token))
		return "KeyInfo does not name the certificate";
	if (!xml_text_buf(token, &text) || !b64_read(cert, buf_view(&text)) || (x = pki_x509(cert->p, cert->n)) == NULL ||
	    X509_get0_pubkey(x) == NULL)
		why = "the certificate cannot be read";
	else
		why = sig_verify_rsa(&s, X509_get0_pubkey(x), data);
	if (why == NULL)
		why = stamp_check(&data[at], now);
	X509_free(x);
	buf_free(&text);
	for (unsigned i = 0; i < SIG_REFERENCES; i++)
		buf_free(&data[i]);
	return why;
}

const char *ticket_check_x509(const void *envelope, size_t n, int64_t now, struct buf *cert_der)
{
	const char *why = NULL;
	struct buf cert = {0};
	xmlDocPtr doc = xml_read(envelope, n, &why);

	if (doc)
		why = check(doc, now, &cert);
	if (why == NULL)
		buf_sv(cert_der, buf_view(&cert));
	buf_free(&cert);
	xmlFreeDoc(doc);
	return why == NULL && cert_der->oom ? "out of memory" : why;
}
