/* auth/ticket_xml.h: XML signatures, as little of them as web tickets need.  For auth/ticket*.c only.
 *
 * A signature is read twice: its shape by us (exactly these children, transforms, algorithms), its cryptography by
 * xmlsec1.  It returns the octets that were digested: only they are parsed and used afterwards.
 */
#ifndef DIALTONE_AUTH_TICKET_XML_H
#define DIALTONE_AUTH_TICKET_XML_H

#include "auth/ticket.h"
#include "base/enc.h"
#include "pki/internal.h"

#define ALG_EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ALG_ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define ALG_SHA1 "http://www.w3.org/2000/09/xmldsig#sha1"
#define ALG_SHA256 "http://www.w3.org/2001/04/xmlenc#sha256"
#define ALG_HMAC_SHA1 "http://www.w3.org/2000/09/xmldsig#hmac-sha1"
#define ALG_HMAC_SHA256 "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
#define ALG_RSA_SHA1 "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
#define ALG_RSA_SHA256 "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

#define VALUE_ASSERTION_ID "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID"
#define ENCODING_BASE64 "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary"

#define SIG_REFERENCES 6
#define SIG_SKEW 300 /* seconds that two clocks may differ */

struct sig_rule {
	const char *const *methods; /* SignatureMethod: one of these; NULL ends */
	const char *const *digests;
	bool enveloped;	      /* the transforms begin with enveloped-signature */
	unsigned references; /* at most; at least one */
};
struct sig {
	xmlNodePtr node, value, key_info; /* key_info may be NULL */
	xmlNodePtr digest[SIG_REFERENCES];
	char uri[SIG_REFERENCES][160]; /* "#id" */
	unsigned n;
};
/* Reads and judges the shape of a ds:Signature. NULL, or why it is refused. */
const char *sig_read(xmlNodePtr signature, const struct sig_rule *rule, struct sig *ret);
/* The node's attribute (by namespace; NULL: none) is an ID from now on. false: absent, or the ID is another element's. */
bool sig_id(xmlNodePtr node, const char *ns, const char *attribute, char *id, size_t cap);

/* A wsu:Timestamp's Created and Expires, UNIX seconds. false: one is absent, there twice, or no time. */
bool stamp_read(xmlNodePtr stamp, int64_t *created, int64_t *expires);

/* What the References are to: each to a header, to a part of wsse:Security or to the Body, by that element's own wsu:Id;
 * one of them to the Timestamp: *at.  NULL, or why not. */
const char *sig_parts(const struct sig *s, xmlNodePtr security, xmlNodePtr stamp, unsigned *at);

/* Checks it; the digested octets of reference i are appended to data[i]. NULL, or why not. */
const char *sig_verify_rsa(const struct sig *s, EVP_PKEY *key, struct buf *data);
const char *sig_verify_hmac(const struct sig *s, const void *key, size_t n, struct buf *data);

/* RSA over octets with the digest; the value in base64 is appended. */
bool sig_rsa(const struct pki_key *k, bool sha1, struct sv text, struct buf *base64);

#endif
