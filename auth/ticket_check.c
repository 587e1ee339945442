/* auth/ticket_check.c: a ticket that is presented [web-services 7.3].
 *
 * "1. Exactly one Security header; one Assertion; one Timestamp, direct children.
 *  2. Assertion signature, then NotBefore/NotOnOrAfter (allow 5 min skew), then audience = this service.
 *  3. Reference URI resolves to that Timestamp by wsu:Id (compare positions, not just ids: signature wrapping).
 *  4. SignatureMethod in {hmac-sha1, hmac-sha256}; refuse HMACOutputLength; compare in constant time.
 *  5. KeyIdentifier, if present, equals the AssertionID.
 *  6. Timestamp: Created not in the future (5 min skew), Expires not past.  No freshness window.
 *  7. Caller = NameIdentifier."
 * SIPE signs the Timestamp alone; WCF adds wsa:To: every Reference is verified, the Timestamp is demanded.
 *
 * The assertion is taken out of the envelope into a document of its own before its signature is looked at: there is
 * nothing else there that an ID could point to.  What it says is then read from the digested octets.
 */
#include "auth/ticket_fields.h"

#include <string.h>

#include "auth/ticket_xml.h"
#include "base/date.h"

static const char *const rsa_methods[] = {ALG_RSA_SHA256, NULL};
static const char *const rsa_digests[] = {ALG_SHA256, NULL};
static const char *const mac_methods[] = {ALG_HMAC_SHA1, ALG_HMAC_SHA256, NULL};
static const char *const mac_digests[] = {ALG_SHA1, ALG_SHA256, NULL};

static bool time_attr(xmlNodePtr n, const char *name, int64_t *ret)
{
	char t[40];

	return xml_attr(n, NULL, name, t, sizeof t) && iso_time_read(sv_of(t), ret);
}

/* ---- what the assertion says ----------------------------------------------------------------------------- */

static const char *proof_read(xmlNodePtr confirmation, const uint8_t seal_key[32], struct ticket *t)
{
	xmlNodePtr value = xml_only(confirmation, NS_DS, "KeyInfo");
	struct buf text = {0}, sealed = {0}, open = {0};
	const char *why = "the proof key cannot be opened";
	char context[96];

	value = xml_only(xml_only(xml_only(value, NS_XENC, "EncryptedKey"), NS_XENC, "CipherData"), NS_XENC, "CipherValue");
	if (value && xml_text_buf(value, &text) && b64_read(&sealed, buf_view(&text)) &&
	    pki_unseal(seal_key, ticket_seal_context(t->id, context), sealed.p, sealed.n, &open) &&
	    open.n == sizeof t->proof) {
		memcpy(t->proof, open.p, open.n);
		why = NULL;
	}
	buf_free(&text);
	buf_free(&sealed);
	buf_wipe(&open);
	return why;
}

static const char *assertion_read(xmlNodePtr a, const uint8_t seal_key[32], struct ticket *t)
{
	const struct ticket_method *m = ticket_methods;
	xmlNodePtr conditions = xml_only(a, NS_SAML, "Conditions"), statement = xml_only(a, NS_SAML, "AuthenticationStatement");
	xmlNodePtr audience = xml_only(xml_only(conditions, NS_SAML, "AudienceRestrictionCondition"), NS_SAML, "Audience");
	xmlNodePtr subject = xml_only(statement, NS_SAML, "Subject"), name = xml_only(subject, NS_SAML, "NameIdentifier");
	xmlNodePtr confirmation = xml_only(subject, NS_SAML, "SubjectConfirmation");
	xmlNodePtr how = xml_only(confirmation, NS_SAML, "ConfirmationMethod");
	char method[128], cm[128];

	if (!audience || !name || !how)
		return "the assertion lacks a part";
	if (!xml_attr(a, NULL, "AssertionID", t->id, sizeof t->id) || !xml_attr(a, NULL, "Issuer", t->issuer, sizeof t->issuer) ||
	    !time_attr(a, "IssueInstant", &t->issued) || !time_attr(conditions, "NotBefore", &t->not_before) ||
	    !time_attr(conditions, "NotOnOrAfter", &t->not_after) ||
	    !xml_attr(statement, NULL, "AuthenticationMethod", method, sizeof method) ||
	    !xml_text(audience, t->audience, sizeof t->audience) || !xml_text(name, t->user, sizeof t->user) ||
	    !xml_text(how, cm, sizeof cm))
		return "the assertion has a part that cannot be read";
	while (m->name && strcmp(m->uri, method) != 0)
		m++;
	if (m->name == NULL || strncmp(t->user, "sip:", 4) != 0)
		return "the assertion names no user or method of ours";
	sv_copy(t->method, sizeof t->method, sv_of(m->name));
	t->bearer = strcmp(cm, CM_BEARER) == 0;
	if (t->bearer)
		return NULL;
	return strcmp(cm, CM_HOLDER) == 0 ? proof_read(confirmation, seal_key, t) : "an unknown ConfirmationMethod";
}

/* An assertion of ours has 30 elements, and as many attributes and declarations of namespaces; others declare more of the latter. */
#define SHAPE_PARTS 160

const char *ticket_shape(xmlNodePtr assertion)
{
	unsigned parts = 0;
	char id[64];

	if (!xml_attr(assertion, NULL, "AssertionID", id, sizeof id) || !sv_starts(sv_of(id), SV(TICKET_ID)))
		return "the assertion is not one of this site";
	for (xmlNodePtr n = assertion; n;) {
		parts++;
		for (const xmlAttr *a = n->type == XML_ELEMENT_NODE ? n->properties : NULL; a; a = a->next)
			parts++;
		for (const xmlNs *ns = n->type == XML_ELEMENT_NODE ? n->nsDef : NULL; ns; ns = ns->next)
			parts++;
		if (parts > SHAPE_PARTS)
			return "the assertion has more parts than one of this site";
		if (n->type == XML_ELEMENT_NODE && n->children) {
			n = n->children;
			continue;
		}
		while (n != assertion && n->next == NULL)
			n = n->parent;
		n = n == assertion ? NULL : n->next;
	}
	return NULL;
}

static const char *assertion_check(xmlNodePtr node, X509 *cert, const uint8_t seal_key[32], struct ticket *t)
{
	static const struct sig_rule rule = {rsa_methods, rsa_digests, .enveloped = true, .references = 1};
	struct buf text = {0}, data[SIG_REFERENCES] = {0};
	xmlDocPtr alone = NULL, verified = NULL;
	const char *why;
	xmlNodePtr root, signature;
	char id[64];
	struct sig s;

	if ((why = ticket_shape(node)) != NULL)
		goto out;
	why = "the assertion cannot be taken out";
	if (!xml_canonical(node, &text) || (alone = xml_read(text.p, text.n, &why)) == NULL)
		goto out;
	root = xmlDocGetRootElement(alone);
	signature = xml_only(root, NS_DS, "Signature");
	why = "the assertion has no signature, or two";
	if (signature == NULL || (why = sig_read(signature, &rule, &s)) != NULL)
		goto out;
	why = "the assertion's ID cannot be used";
	if (!sig_id(root, NULL, "AssertionID", id, sizeof id))
		goto out;
	why = "the signature is over something else than the assertion";
	if (strcmp(s.uri[0] + 1, id) != 0)
		goto out;
	if ((why = sig_verify_rsa(&s, X509_get0_pubkey(cert), data)) != NULL)
		goto out;
	if ((verified = xml_read(data[0].p, data[0].n, &why)) == NULL)
		goto out;
	root = xmlDocGetRootElement(verified);
	why = "the signed octets are not an assertion";
	if (root->ns && strcmp((const char *)root->ns->href, NS_SAML) == 0 && strcmp((const char *)root->name, "Assertion") == 0)
		why = assertion_read(root, seal_key, t);
out:
	xmlFreeDoc(alone);
	xmlFreeDoc(verified);
	buf_free(&text);
	for (unsigned i = 0; i < SIG_REFERENCES; i++)
		buf_free(&data[i]);
	return why;
}

/* ---- the Timestamp and the proof ------------------------------------------------------------------------- */

static const char *check_stamp_limits(xmlNodePtr stamp, int64_t now)
{
	int64_t from, to;

	if (!stamp_read(stamp, &from, &to))
		return "the Timestamp cannot be read";
	if (from > now + SIG_SKEW)
		return "the Timestamp is from the future";
	return to <= now ? "the Timestamp has expired" : NULL;
}

static const char *stamp_of(struct buf *verified, int64_t now)
{
	const char *why = NULL;
	xmlDocPtr doc = xml_read(verified->p, verified->n, &why);

	if (doc)
		why = check_stamp_limits(xmlDocGetRootElement(doc), now);
	xmlFreeDoc(doc);
	return why;
}

static const char *proof_check(xmlNodePtr security, xmlNodePtr stamp, const struct ticket *t, int64_t now)
{
	static const struct sig_rule rule = {mac_methods, mac_digests, .references = SIG_REFERENCES};
	xmlNodePtr signature = xml_only(security, NS_DS, "Signature"), key;
	struct buf data[SIG_REFERENCES] = {0};
	unsigned at = 0;
	char key_id[128];
	const char *why;
	struct sig s;

	if (signature == NULL)
		return "no proof signature, or two";
	if ((why = sig_read(signature, &rule, &s)) != NULL || (why = sig_parts(&s, security, stamp, &at)) != NULL)
		return why;
	key = s.key_info ? xml_find(s.key_info, "KeyIdentifier", false) : NULL;
	if (key && (!xml_text(key, key_id, sizeof key_id) || strcmp(key_id, t->id) != 0))
		return "the KeyIdentifier names another ticket";
	why = sig_verify_hmac(&s, t->proof, sizeof t->proof, data);
	if (why == NULL)
		why = stamp_of(&data[at], now);
	for (unsigned i = 0; i < SIG_REFERENCES; i++)
		buf_free(&data[i]);
	return why;
}

static const char *conditions_check(const struct ticket *t, const char *audience, const char *issuer, int64_t now)
{
	if (t->not_before > now + SIG_SKEW)
		return "the ticket is not valid yet";
	if (t->not_after <= now - SIG_SKEW)
		return "the ticket has expired";
	if (strcmp(t->audience, audience) != 0)
		return "the ticket is for another service";
	if (issuer && strcmp(t->issuer, issuer) != 0)
		return "the ticket is from another pool";
	return NULL;
}

const char *ticket_check(const void *envelope, size_t n, const void *ticket_cert, size_t ncert, const uint8_t seal_key[32],
			 const char *audience, const char *issuer, int64_t now, struct ticket *ret)
{
	const char *why = NULL;
	struct ticket t = {0};
	xmlDocPtr doc = xml_read(envelope, n, &why);
	X509 *cert = pki_x509(ticket_cert, ncert);
	xmlNodePtr security, assertion, stamp;

	if (doc == NULL)
		goto out;
	why = "no Security header, or two";
	if ((security = soap_security(doc)) == NULL)
		goto out;
	why = "no assertion, or two";
	if ((assertion = xml_only(security, NS_SAML, "Assertion")) == NULL)
		goto out;
	why = "no Timestamp, or two";
	if ((stamp = xml_only(security, NS_WSU, "Timestamp")) == NULL)
		goto out;
	why = "the ticket key's certificate cannot be read";
	if (cert == NULL || (why = assertion_check(assertion, cert, seal_key, &t)) != NULL ||
	    (why = conditions_check(&t, audience, issuer, now)) != NULL)
		goto out;
	if (!t.bearer)
		why = proof_check(security, stamp, &t, now);
	else
		why = xml_child(security, NS_DS, "Signature") ? "a bearer ticket with a signature" : check_stamp_limits(stamp, now);
	if (why == NULL)
		*ret = t;
out:
	explicit_bzero(&t, sizeof t);
	X509_free(cert);
	xmlFreeDoc(doc);
	return why;
}

const char *ticket_check_shown(const void *assertion, size_t n, const void *ticket_cert, size_t ncert, const uint8_t seal_key[32],
			       const char *audience, const char *issuer, int64_t now, struct ticket *ret)
{
	const char *why = NULL;
	struct ticket t = {0};
	xmlDocPtr doc = xml_read(assertion, n, &why);
	xmlNodePtr root = doc ? xmlDocGetRootElement(doc) : NULL;
	X509 *cert = pki_x509(ticket_cert, ncert);

	if (root == NULL)
		goto out;
	why = "the token is not an assertion";
	if (strcmp((const char *)root->name, "Assertion") != 0 || root->ns == NULL ||
	    strcmp((const char *)root->ns->href, NS_SAML) != 0)
		goto out;
	why = "the ticket key's certificate cannot be read";
	if (cert == NULL || (why = assertion_check(root, cert, seal_key, &t)) != NULL ||
	    (why = conditions_check(&t, audience, issuer, now)) != NULL)
		goto out;
	*ret = t;
out:
	explicit_bzero(&t, sizeof t);
	X509_free(cert);
	xmlFreeDoc(doc);
	return why;
}
