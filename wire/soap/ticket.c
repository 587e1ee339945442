/* wire/soap/ticket.c: IssueToken, question and answer [web-services 5, 6.3]. */
#include "wire/soap/parts.h"

#include <string.h>

#include "base/date.h"
#include "base/enc.h"

static const char *const path_applies[] = {"AppliesTo", "EndpointReference", "Address", NULL};

/* ---- the question ----------------------------------------------------------------------------------------- */

static bool is_issue(const char *type)
{
	static const char *const issue[] = {"http://schemas.xmlsoap.org/ws/2005/02/trust/Issue",
					    "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue"};

	return type[0] == '\0' || strcmp(type, issue[0]) == 0 || strcmp(type, issue[1]) == 0;
}

static const char *read_header(xmlDocPtr doc, struct soap_issue *m)
{
	xmlNodePtr sec = soap_security(doc), user = xml_child(sec, NULL, "UsernameToken");

	if (user) {
		m->has_username = true;
		if (xml_count(sec, NULL, "UsernameToken") != 1 || xml_count(user, NULL, "Username") != 1 ||
		    xml_count(user, NULL, "Password") != 1)
			return "the UsernameToken must hold one Username and one Password";
		if (!xml_text(xml_child(user, NULL, "Username"), m->username, sizeof m->username) ||
		    !xml_text(xml_child(user, NULL, "Password"), m->password, sizeof m->password))
			return "the UsernameToken cannot be read";
	}
	m->has_signature = xml_child(sec, NULL, "BinarySecurityToken") && xml_child(sec, NS_DS, "Signature");
	return NULL;
}

static const char *read_rst(xmlNodePtr rst, struct soap_issue *m)
{
	static const char *const claim[] = {"Claims", "ClaimType", "Value", NULL};
	int64_t created;

	if (xmlHasProp(rst, (const xmlChar *)"Context") && !xml_attr(rst, NULL, "Context", m->context, sizeof m->context))
		return "the Context is too long";
	if (!soap_optional(rst, "TokenType", m->token_type, sizeof m->token_type) ||
	    !soap_optional(rst, "RequestType", m->request_type, sizeof m->request_type) ||
	    !soap_optional(rst, "KeyType", m->key_type, sizeof m->key_type))
		return "TokenType, RequestType or KeyType cannot be read";
	if (!is_issue(m->request_type))
		return "the RequestType is not Issue";
	if (!soap_optional_at(rst, path_applies, m->applies_to, sizeof m->applies_to))
		return "AppliesTo cannot be read";
	if (!soap_optional_at(rst, claim, m->claim, sizeof m->claim))
		return "the claim cannot be read";
	if (!soap_entropy(rst, m->entropy, &m->nentropy))
		return "the entropy is not 16 to 64 octets of base64";
	if (!soap_lifetime(rst, &created, &m->want_expires))
		return "the Lifetime is not a time";
	return NULL;
}

const char *soap_issue_read(xmlDocPtr doc, struct soap_issue *ret)
{
	struct soap_issue m = {0};
	xmlNodePtr rst = soap_body(doc);
	const char *why = NULL;

	if (rst == NULL || strcmp((const char *)rst->name, "RequestSecurityToken") != 0)
		return "the Body holds no RequestSecurityToken";
	why = read_header(doc, &m);
	if (why == NULL)
		why = read_rst(rst, &m);
	m.trust2005 = rst->ns && strcmp((const char *)rst->ns->href, NS_WST_2005) == 0;
	if (why == NULL)
		*ret = m;
	explicit_bzero(&m, sizeof m);
	return why;
}

void soap_issue_clear(struct soap_issue *m)
{
	if (m)
		explicit_bzero(m, sizeof *m);
}

/* Namespaces, RequestType and claim as SIPE writes them: the one form known to be taken by real servers.  wst without
 * a slash here [web-services 1.1]. */
void soap_issue_write(struct buf *b, const struct soap_issue *m, struct sv header)
{
	buf_str(b, "<?xml version=\"1.0\"?>\n<soap:Envelope xmlns:soap=\"" NS_SOAP "\" xmlns:wst=\"" NS_WST "\""
		   " xmlns:wsp=\"http://schemas.xmlsoap.org/ws/2004/09/policy\" xmlns:wsa=\"" NS_WSA "\""
		   " xmlns:auth=\"http://schemas.xmlsoap.org/ws/2006/12/authorization\">");
	if (header.n) {
		buf_str(b, "<soap:Header>");
		buf_sv(b, header);
		buf_str(b, "</soap:Header>");
	}
	buf_str(b, "<soap:Body><wst:RequestSecurityToken");
	if (m->context[0])
		xml_attribute(b, "Context", m->context);
	buf_str(b, ">");
	xml_element(b, "wst:TokenType", m->token_type[0] ? m->token_type : TOKEN_SAML);
	xml_element(b, "wst:RequestType",
		     m->request_type[0] ? m->request_type : "http://schemas.xmlsoap.org/ws/2005/02/trust/Issue");
	buf_str(b, "<wsp:AppliesTo><wsa:EndpointReference>");
	xml_element(b, "wsa:Address", m->applies_to);
	buf_str(b, "</wsa:EndpointReference></wsp:AppliesTo>");
	if (m->claim[0]) {
		buf_str(b, "<wst:Claims Dialect=\"urn:component:Microsoft.Rtc.WebAuthentication.2010:authclaims\">"
			   "<auth:ClaimType Uri=\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri\""
			   " Optional=\"false\">");
		xml_element(b, "auth:Value", m->claim);
		buf_str(b, "</auth:ClaimType></wst:Claims>");
	}
	if (m->nentropy) {
		buf_str(b, "<wst:Entropy><wst:BinarySecret>");
		b64_add(b, m->entropy, m->nentropy);
		buf_str(b, "</wst:BinarySecret></wst:Entropy>");
	}
	xml_element(b, "wst:KeyType", m->key_type[0] ? m->key_type : NS_WST_SLASH "SymmetricKey");
	if (m->want_expires) {
		char at[ISO_TIME_MAX];

		buf_printf(b, "<wst:Lifetime><Expires xmlns=\"" NS_WSU "\">%s</Expires></wst:Lifetime>",
			   iso_time(at, m->want_expires));
	}
	buf_str(b, "</wst:RequestSecurityToken></soap:Body></soap:Envelope>\n");
}

void soap_username_write(struct buf *b, const char *user, const char *password)
{
	buf_str(b, "<wsse:Security xmlns:wsse=\"" NS_WSSE "\" xmlns:s=\"" NS_SOAP "\" s:mustUnderstand=\"1\">"
		   "<wsse:UsernameToken>");
	xml_element(b, "wsse:Username", user);
	buf_str(b, "<wsse:Password Type=\"http://docs.oasis-open.org/wss/2004/01/"
		   "oasis-200401-wss-username-token-profile-1.0#PasswordText\">");
	xml_esc(b, sv_of(password));
	buf_str(b, "</wsse:Password></wsse:UsernameToken></wsse:Security>");
}

/* ---- the answer ------------------------------------------------------------------------------------------- */

/* Finds the next tag <name or <prefix:name (a closing one: </name ...) from `at` on; its '<', or -1. */
static ptrdiff_t tag(struct sv text, size_t at, struct sv name, bool *closing)
{
	for (size_t i = at; i < text.n; i++) {
		struct sv rest = sv_from(text, i + 1), qname;
		size_t n = 0;
		ptrdiff_t colon;

		if (text.p[i] != '<')
			continue;
		*closing = rest.n && rest.p[0] == '/';
		rest = sv_from(rest, *closing);
		while (n < rest.n && !(rest.p[n] && strchr(" \t\r\n/>", rest.p[n])))
			n++;
		qname = (struct sv){rest.p, n};
		colon = sv_find(qname, ':');
		if (sv_eq(colon < 0 ? qname : sv_from(qname, (size_t)colon + 1), name))
			return (ptrdiff_t)i;
	}
	return -1;
}

/* The element of that name as it is written, from its '<' to its '>'; empty when there is none. */
static struct sv cut_out(struct sv text, struct sv name)
{
	bool closing = false;
	ptrdiff_t from = tag(text, 0, name, &closing), at = from;
	unsigned open = 0;

	if (closing)
		return (struct sv){0};
	while (at >= 0) {
		ptrdiff_t end = sv_find(sv_from(text, (size_t)at), '>');

		if (end < 0)
			break;
		if (!closing)
			open += text.p[at + end - 1] != '/';
		else
			open--;
		if (open == 0)
			return (struct sv){text.p + from, (size_t)(at + end + 1 - from)};
		at = tag(text, (size_t)at + 1, name, &closing);
	}
	return (struct sv){0};
}

/* The assertion goes into another envelope as it is written: it has to stand on its own, or its signature would not.  One
 * that uses prefixes of the envelope around it is taken in exclusive canonical form: its signature is over that.  (And what
 * the text's first "<Assertion" is, a comment may decide.) */
static bool stand_alone(xmlNodePtr assertion, struct sv text, struct buf *to)
{
	struct sv cut = cut_out(text, SV("Assertion"));
	xmlDocPtr doc = cut.n ? xml_read(cut.p, cut.n, NULL) : NULL;
	struct buf there = {0}, alone = {0};
	bool ok = xml_canonical(assertion, &there);

	if (doc && !xml_canonical(xmlDocGetRootElement(doc), &alone))
		ok = false;
	buf_sv(to, sv_eq(buf_view(&there), buf_view(&alone)) ? cut : buf_view(&there));
	xmlFreeDoc(doc);
	buf_free(&there);
	buf_free(&alone);
	return ok;
}

static const char *read_assertion(xmlNodePtr a, struct sv text, struct soap_issued *m)
{
	xmlNodePtr name = xml_find(a, "NameIdentifier", false);

	if (!xml_attr(a, NULL, "AssertionID", m->assertion_id, sizeof m->assertion_id))
		return "the assertion has no AssertionID";
	if (name && !xml_text(name, m->name_id, sizeof m->name_id))
		return "the NameIdentifier cannot be read";
	return stand_alone(a, text, &m->assertion) ? NULL : "the assertion cannot be cut out whole";
}

/* The times as received, in the canonical form that SIPE's Timestamp and ours have: whatever prefix they came with
 * is declared elsewhere. */
static const char *read_lifetime(xmlNodePtr r, struct soap_issued *m)
{
	static const char *const names[] = {"Created", "Expires"};
	xmlNodePtr life = xml_child(r, NULL, "Lifetime");
	char said[64];

	if (!soap_lifetime(r, &m->created, &m->expires) || m->expires == 0)
		return "the answer holds no Lifetime that can be read";
	for (size_t i = 0; i < 2; i++)
		if (xml_text(xml_child(life, NULL, names[i]), said, sizeof said)) {
			buf_printf(&m->lifetime, "<%s xmlns=\"" NS_WSU "\">", names[i]);
			xml_esc(&m->lifetime, sv_of(said));
			buf_printf(&m->lifetime, "</%s>", names[i]);
		}
	return NULL;
}

/* RequestedProofToken: a ComputedKey, which says how both entropies make the key, or the key itself. */
static const char *read_proof(xmlNodePtr r, struct soap_issued *m)
{
	static const char *const path[] = {"RequestedProofToken", "BinarySecret", NULL};
	xmlNodePtr secret = xml_path(r, path);
	struct buf b = {0};
	const char *why = NULL;

	if (secret && (!soap_blob(secret, &b) || b.n < 16 || b.n > sizeof m->proof))
		why = "the proof key is not 16 to 64 octets of base64";
	else if (secret)
		memcpy(m->proof, b.p, m->nproof = b.n);
	buf_wipe(&b);
	return why;
}

static const char *read_rstr(xmlDocPtr doc, struct sv text, struct soap_issued *m)
{
	xmlNodePtr r = soap_body(doc), assertion;
	const char *why;

	if (r && strcmp((const char *)r->name, "RequestSecurityTokenResponseCollection") == 0)
		r = xml_child(r, NULL, "RequestSecurityTokenResponse");
	if (r == NULL || strcmp((const char *)r->name, "RequestSecurityTokenResponse") != 0)
		return "the Body holds no RequestSecurityTokenResponse";
	assertion = xml_child(xml_child(r, NULL, "RequestedSecurityToken"), NULL, "Assertion");
	if (assertion == NULL)
		return "the answer holds no SAML assertion";
	if (xmlHasProp(r, (const xmlChar *)"Context") && !xml_attr(r, NULL, "Context", m->context, sizeof m->context))
		return "the Context is too long";
	if (!soap_optional(r, "TokenType", m->token_type, sizeof m->token_type))
		return "the TokenType cannot be read";
	if (!soap_optional_at(r, path_applies, m->applies_to, sizeof m->applies_to))
		return "AppliesTo cannot be read";
	if (!soap_entropy(r, m->entropy, &m->nentropy))
		return "the entropy is not 16 to 64 octets of base64";
	if ((why = read_proof(r, m)) != NULL || (why = read_lifetime(r, m)) != NULL)
		return why;
	return read_assertion(assertion, text, m);
}

const char *soap_issued_read(const void *p, size_t n, struct soap_issued *ret)
{
	struct soap_issued m = {0};
	const char *why = NULL;
	xmlDocPtr doc = xml_read(p, n, &why);

	if (doc == NULL)
		return why;
	why = read_rstr(doc, (struct sv){p, n}, &m);
	if (why == NULL && (m.assertion.oom || m.lifetime.oom))
		why = "out of memory";
	if (why)
		soap_issued_clear(&m);
	else
		*ret = m;
	xmlFreeDoc(doc);
	return why;
}

void soap_issued_clear(struct soap_issued *m)
{
	if (m == NULL)
		return;
	buf_free(&m->assertion);
	buf_free(&m->lifetime);
	explicit_bzero(m, sizeof *m);
}

/* "The inside must already be in exclusive canonical form": each element declares its own default namespace. */
void soap_lifetime_write(struct buf *b, int64_t created, int64_t expires)
{
	char from[ISO_TIME_MAX], to[ISO_TIME_MAX];

	buf_printf(b, "<Created xmlns=\"" NS_WSU "\">%s</Created><Expires xmlns=\"" NS_WSU "\">%s</Expires>",
		   iso_time(from, created), iso_time(to, expires));
}

/* Where the two versions differ. */
static const struct dialect {
	const char *ns, *open, *close, *uri; /* uri: the beginning of the algorithms' names */
} dialects[] = {
	{NS_WST, "<RequestSecurityTokenResponseCollection xmlns=\"" NS_WST "\">\n", "</RequestSecurityTokenResponseCollection>\n",
	 NS_WST_SLASH},
	{NS_WST_2005, "", "", NS_WST_2005 "/"},
};

/* SIPE searches this text instead of parsing it: no element whose name begins with Lifetime, Assertion or
 * BinarySecret may stand before the one that is meant ([web-services 5.2], six rules). */
void soap_issued_write(struct buf *b, const struct soap_issued *m)
{
	const struct dialect *d = &dialects[m->trust2005];

	buf_printf(b, SOAP_XML_HEAD "<s:Envelope xmlns:s=\"" NS_SOAP "\">\n<s:Body>\n%s<RequestSecurityTokenResponse", d->open);
	if (d->open[0] == '\0')
		xml_attribute(b, "xmlns", d->ns);
	if (m->context[0])
		xml_attribute(b, "Context", m->context);
	buf_str(b, ">\n");
	xml_element(b, "TokenType", m->token_type[0] ? m->token_type : TOKEN_SAML);
	buf_str(b, "\n<RequestedSecurityToken>");
	buf_sv(b, buf_view(&m->assertion));
	buf_str(b, "</RequestedSecurityToken>\n<AppliesTo xmlns=\"http://schemas.xmlsoap.org/ws/2004/09/policy\">"
		   "<EndpointReference xmlns=\"" NS_WSA "\">");
	xml_element(b, "Address", m->applies_to);
	buf_str(b, "</EndpointReference></AppliesTo>\n<RequestedAttachedReference>"
		   "<o:SecurityTokenReference xmlns:o=\"" NS_WSSE "\""
		   " xmlns:k=\"http://docs.oasis-open.org/wss/oasis-wss-wssecurity-secext-1.1.xsd\" k:TokenType=\"" TOKEN_SAML
		   "\"><o:KeyIdentifier ValueType=\""
		   "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLAssertionID\">");
	xml_esc(b, sv_of(m->assertion_id));
	buf_str(b, "</o:KeyIdentifier></o:SecurityTokenReference></RequestedAttachedReference>\n");
	if (m->nentropy) {
		buf_printf(b, "<RequestedProofToken><ComputedKey>%sCK/PSHA1</ComputedKey></RequestedProofToken>\n"
			      "<Entropy><BinarySecret Type=\"%sNonce\">",
			   d->uri, d->uri);
		b64_add(b, m->entropy, m->nentropy);
		buf_str(b, "</BinarySecret></Entropy>\n");
	}
	buf_str(b, "<Lifetime>");
	if (m->lifetime.n)
		buf_sv(b, buf_view(&m->lifetime));
	else
		soap_lifetime_write(b, m->created, m->expires);
	buf_str(b, "</Lifetime>\n");
	if (m->nentropy)
		buf_str(b, "<KeySize>256</KeySize>\n");
	buf_printf(b, "</RequestSecurityTokenResponse>\n%s</s:Body>\n</s:Envelope>\n", d->close);
	b->oom |= m->assertion.oom || m->lifetime.oom;
}
