/* auth/ticket.c: a web ticket is written: a SAML 1.1 assertion, signed, stateless [web-services 7.1]. */
#include "auth/ticket_fields.h"

#include <stdio.h>
#include <string.h>

#include "auth/ticket_xml.h"
#include "base/date.h"

/* [SAML 1.1] 7.1 has no word for a number with PIN: it is a password.  Windows authentication as federation servers say
 * it. */
const struct ticket_method ticket_methods[] = {
    {"pin", "urn:oasis:names:tc:SAML:1.0:am:password"},
    {"ntlm", "urn:federation:authentication:windows"},
    {"cert", "urn:oasis:names:tc:SAML:1.0:am:X509-PKI"},
    {NULL, NULL},
};

struct sv ticket_seal_context(const char *id, char out[96])
{
	snprintf(out, 96, "web ticket proof %s", id);
	return sv_of(out);
}

static void ticket_text(struct buf *b, const char *s)
{
	xml_esc(b, sv_of(s));
}

static bool key_info(struct buf *b, const struct ticket *t, const uint8_t seal_key[32], const char *key_name)
{
	struct buf sealed = {0};
	char context[96];
	bool ok = pki_seal(seal_key, ticket_seal_context(t->id, context), t->proof, sizeof t->proof, &sealed);

	buf_str(b, "<ds:KeyInfo xmlns:ds=\"" NS_DS "\"><xenc:EncryptedKey xmlns:xenc=\"" NS_XENC "\">"
		   "<xenc:EncryptionMethod Algorithm=\"" ALG_AES256_GCM "\"/><ds:KeyInfo><ds:KeyName>");
	ticket_text(b, key_name);
	buf_str(b, "</ds:KeyName></ds:KeyInfo><xenc:CipherData><xenc:CipherValue>");
	b64_add(b, sealed.p, sealed.n);
	buf_str(b, "</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>");
	buf_free(&sealed);
	return ok;
}

/* The assertion up to where the signature goes; "</saml:Assertion>" is still missing. */
static bool assertion(struct buf *b, const struct ticket *t, const uint8_t seal_key[32], const char *key_name)
{
	const struct ticket_method *m = ticket_methods;
	char at[ISO_TIME_MAX], from[ISO_TIME_MAX], to[ISO_TIME_MAX];
	bool ok = true;

	while (m->name && strcmp(m->name, t->method) != 0)
		m++;
	if (m->name == NULL)
		return false;
	iso_time(at, t->issued);
	buf_str(b, "<saml:Assertion xmlns:saml=\"" NS_SAML "\" AssertionID=\"");
	ticket_text(b, t->id);
	buf_printf(b, "\" IssueInstant=\"%s\" Issuer=\"", at);
	ticket_text(b, t->issuer);
	buf_printf(b,
		   "\" MajorVersion=\"1\" MinorVersion=\"1\"><saml:Conditions NotBefore=\"%s\" NotOnOrAfter=\"%s\">"
		   "<saml:AudienceRestrictionCondition><saml:Audience>",
		   iso_time(from, t->not_before), iso_time(to, t->not_after));
	ticket_text(b, t->audience);
	buf_printf(b,
		   "</saml:Audience></saml:AudienceRestrictionCondition></saml:Conditions><saml:AuthenticationStatement "
		   "AuthenticationInstant=\"%s\" AuthenticationMethod=\"%s\"><saml:Subject><saml:NameIdentifier Format=\""
		   NAME_FORMAT "\">",
		   at, m->uri);
	ticket_text(b, t->user);
	buf_printf(b, "</saml:NameIdentifier><saml:SubjectConfirmation><saml:ConfirmationMethod>%s</saml:ConfirmationMethod>",
		   t->bearer ? CM_BEARER : CM_HOLDER);
	if (!t->bearer)
		ok = key_info(b, t, seal_key, key_name);
	buf_str(b, "</saml:SubjectConfirmation></saml:Subject></saml:AuthenticationStatement>");
	return ok && !b->oom;
}

/* A piece of XML in the form that is digested: whatever the templates above wrote, the canonical octets count. */
static bool canonical(struct buf *xml)
{
	struct buf out = {0};
	const char *why;
	xmlDocPtr doc = xml->oom ? NULL : xml_read(xml->p, xml->n, &why);
	bool ok = doc && xml_canonical(xmlDocGetRootElement(doc), &out);

	xmlFreeDoc(doc);
	if (ok) {
		buf_free(xml);
		*xml = out;
	} else {
		buf_free(&out);
	}
	return ok;
}

static const char end_tag[] = "</saml:Assertion>";

bool ticket_write(struct buf *b, const struct ticket *t, const struct pki_key *key, const uint8_t seal_key[32],
		  const char *key_name)
{
	struct buf body = {0}, info = {0}, value = {0};
	uint8_t digest[32];
	bool ok = false;

	if (!assertion(&body, t, seal_key, key_name))
		goto out;
	buf_str(&body, end_tag);
	if (!canonical(&body))
		goto out;
	pki_sha256(body.p, body.n, digest);
	buf_str(&info, "<ds:SignedInfo xmlns:ds=\"" NS_DS "\"><ds:CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N
		       "\"/><ds:SignatureMethod Algorithm=\"" ALG_RSA_SHA256 "\"/><ds:Reference URI=\"#");
	ticket_text(&info, t->id);
	buf_str(&info, "\"><ds:Transforms><ds:Transform Algorithm=\"" ALG_ENVELOPED "\"/><ds:Transform Algorithm=\"" ALG_EXC_C14N
		       "\"/></ds:Transforms><ds:DigestMethod Algorithm=\"" ALG_SHA256 "\"/><ds:DigestValue>");
	b64_add(&info, digest, sizeof digest);
	buf_str(&info, "</ds:DigestValue></ds:Reference></ds:SignedInfo>");
	if (!canonical(&info) || !sig_rsa(key, false, buf_view(&info), &value))
		goto out;
	body.n -= sizeof end_tag - 1;
	buf_str(&body, "<ds:Signature xmlns:ds=\"" NS_DS "\">");
	buf_sv(&body, buf_view(&info));
	buf_str(&body, "<ds:SignatureValue>");
	buf_sv(&body, buf_view(&value));
	buf_str(&body, "</ds:SignatureValue><ds:KeyInfo><ds:KeyName>");
	ticket_text(&body, key_name);
	buf_str(&body, "</ds:KeyName></ds:KeyInfo></ds:Signature>");
	buf_str(&body, end_tag);
	/* the namespace of the signature is declared twice above: canonical form says it once */
	ok = canonical(&body);
	if (ok)
		buf_sv(b, buf_view(&body));
	ok = ok && !b->oom;
out:
	buf_free(&body);
	buf_free(&info);
	buf_free(&value);
	return ok;
}
