/* tests/unit/auth/test_ticket_forged.c: tickets of forgers, and the rule that refuses each. */
#include "tests/support/ticket_world.h"

/* An assertion of the forger's own: bob, unsigned, with a proof key that nobody sealed. */
static char *evil_of(const char *original, const char *id, const char *signature)
{
	struct buf b = {0};
	char *sig = NULL;

	buf_str(&b, original);
	buf_cstr(&b);
	replace(&b, "sip:alice@contoso.test", "sip:bobby@contoso.test");
	if (id) {
		char was[128];

		snprintf(was, sizeof was, "AssertionID=\"%s\"", w.ticket.id);
		replace(&b, was, id);
	}
	sig = between(&b, "<ds:Signature ", "</ds:Signature>");
	replace(&b, sig, signature);
	free(sig);
	return (char *)b.p;
}

/* ---- the published ways to wrap a signature (after "On Breaking SAML: Be Whoever You Want to Be", 2012) ---------- */

struct signed_one {
	char *assertion, *signature;
};

/* The forged one before the signed one. */
static void before(struct buf *env, const struct signed_one *s, const char *id)
{
	char *evil = evil_of(s->assertion, id, ""), *both = joined(evil, s->assertion, "");

	replace(env, s->assertion, both);
	free(evil);
	free(both);
}

/* The signed one inside the forged one's signature, as an Object. */
static void as_object(struct buf *env, const struct signed_one *s, const char *id)
{
	char *object = joined("<ds:Object>", s->assertion, "</ds:Object></ds:Signature>"), *open = joined(s->signature, "", "");
	char *signature, *evil;

	open[strlen(open) - strlen("</ds:Signature>")] = '\0';
	signature = joined(open, object, "");
	evil = evil_of(s->assertion, id, signature);
	replace(env, s->assertion, evil);
	free(object);
	free(open);
	free(signature);
	free(evil);
}

/* The signed one as the forged one's child, its signature moved up. */
static void as_child(struct buf *env, const struct signed_one *s, const char *id)
{
	char *advice = joined("<saml:Advice>", s->assertion, "</saml:Advice>"), *inside = joined(advice, s->signature, "");
	char *evil = evil_of(s->assertion, id, inside);

	replace(env, s->assertion, evil);
	free(advice);
	free(inside);
	free(evil);
}

/* The forged one with the signature, the signed one elsewhere in the header. */
static void elsewhere(struct buf *env, const struct signed_one *s, const char *id)
{
	char *evil = evil_of(s->assertion, id, s->signature), *keep = joined("<keep xmlns=\"urn:x\">", s->assertion, "</keep></s:Header>");

	replace(env, s->assertion, evil);
	replace(env, "</s:Header>", keep);
	free(evil);
	free(keep);
}

/* The signed one stays, the forged one stands in the Body: a reader that looks again would find it. */
static void in_the_body(struct buf *env, const struct signed_one *s, const char *id)
{
	char *evil = evil_of(s->assertion, id, ""), *body = joined("<s:Body>", evil, "");

	replace(env, "<s:Body>", body);
	free(evil);
	free(body);
}

/* The signed one wrapped inside Security, the forged one in its place. */
static void wrapped(struct buf *env, const struct signed_one *s, const char *id)
{
	char *evil = evil_of(s->assertion, id, s->signature), *open = joined(evil, "<wrap>", "");
	char *both = joined(open, s->assertion, "</wrap>");

	replace(env, s->assertion, both);
	free(evil);
	free(open);
	free(both);
}

/* Each with the signed one's id, and with another. */
static void wrapped_assertions(void **state)
{
	static const struct {
		const char *name;
		void (*form)(struct buf *env, const struct signed_one *s, const char *id);
		const char *why[2]; /* NULL: accepted, for what is signed */
	} forms[] = {
	    {"before", before, {"no assertion, or two", "no assertion, or two"}},
	    {"as an Object", as_object,
	     {"something unexpected behind the SignatureValue", "something unexpected behind the SignatureValue"}},
	    {"as a child", as_child, {"the signature is not good", "the signature is over something else than the assertion"}},
	    {"elsewhere", elsewhere, {"the signature is not good", "the signature is over something else than the assertion"}},
	    {"in the Body", in_the_body, {NULL, NULL}},
	    {"wrapped", wrapped, {"the signature is not good", "the signature is over something else than the assertion"}},
	};
	struct buf good = {0};
	struct signed_one s;

	(void)state;
	good_envelope(&good);
	s.assertion = between(&good, "<saml:Assertion", "</saml:Assertion>");
	s.signature = between(&good, "<ds:Signature ", "</ds:Signature>");
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		for (int other = 0; other < 2; other++) {
			struct buf env = {0};

			buf_sv(&env, buf_view(&good));
			buf_cstr(&env);
			forms[i].form(&env, &s, other ? "AssertionID=\"SamlSecurityToken-evil\"" : NULL);
			refuse_forgery(forms[i].name, &env, forms[i].why[other]);
		}
	free(s.assertion);
	free(s.signature);
	buf_free(&good);
}

/* ---- a changed envelope -------------------------------------------------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *name, *old, *new, *why;
} bent[] = {
	{"two Security headers", "</s:Header>", "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"/></s:Header>",
	 "no Security header, or two"},
	{"two Timestamps", "<saml:Assertion", "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\"/><saml:Assertion",
	 "no Timestamp, or two"},
	{"Timestamp moved", "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\">",
	 "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\"><Created xmlns=\"" NS_WSU "\">2026-11-18T00:00:00Z</Created>",
	 "the signature is not good"},
	{"xml:id beside it", "<s:Body>", "<s:Body xml:id=\"timestamp\">",
	 "a Reference to an Id that another element has, too"},
	{"another Id", "wsu:Id=\"timestamp\"", "wsu:Id=\"other\"",
	 "a Reference to something else than the Timestamp, a header or the Body"},
	{"an Id without namespace", "wsu:Id=\"timestamp\"", "Id=\"timestamp\"",
	 "a Reference to something else than the Timestamp, a header or the Body"},
	{"the whole document", "URI=\"#timestamp\"", "URI=\"\"",
	 "a Reference does not name an element of this document"},
	{"xpointer", "URI=\"#timestamp\"", "URI=\"#xpointer(id('timestamp'))\"",
	 "a Reference does not name an element of this document"},
	{"a file", "URI=\"#timestamp\"", "URI=\"file:///etc/hostname\"",
	 "a Reference does not name an element of this document"},
	{"no URI", " URI=\"#timestamp\"", "",
	 "a Reference does not name an element of this document"},
	{"truncated MAC", "hmac-sha1\"></SignatureMethod>", "hmac-sha1\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>",
	 "the SignatureMethod is not allowed"},
	{"MAC by RSA's name", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
	 "the SignatureMethod is not allowed"},
	{"MD5", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-md5",
	 "the SignatureMethod is not allowed"},
	{"inclusive canonical form", "<CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N "\">",
	 "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">",
	 "the CanonicalizationMethod is not exclusive canonicalisation"},
	{"XSLT", "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>",
	 "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></Transform></Transforms>",
	 "a Transform is not exclusive canonicalisation, or there is one more"},
	{"one Transform more", "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>",
	 "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform><Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>",
	 "a Transform is not exclusive canonicalisation, or there is one more"},
	{"a second Reference", "</Reference></SignedInfo>", "</Reference><Reference URI=\"#timestamp\"/></SignedInfo>",
	 "a Reference without Transforms"},
	{"a SignedInfo before", "<SignatureValue>", "<SignedInfo/><SignatureValue>",
	 "no SignatureValue"},
	{"another value", "<SignatureValue>", "<SignatureValue>AAAA",
	 "the signature is not good"},
	{"no value", "<SignatureValue>", "<SignatureValue xmlns=\"urn:x\">",
	 "no SignatureValue"},
	{"another ticket's KeyIdentifier", "SAMLAssertionID\">SamlSecurityToken", "SAMLAssertionID\">XamlSecurityToken",
	 "the KeyIdentifier names another ticket"},
	{"a document type", "<s:Envelope", "<!DOCTYPE s [<!ENTITY e \"x\">]><s:Envelope",
	 "a document type declaration is not allowed"},
	{"a second proof signature", "</wsse:Security>", "<Signature xmlns=\"" NS_DS "\"/></wsse:Security>",
	 "no proof signature, or two"},
	{"another namespace", "xmlns:saml=\"" NS_SAML "\"", "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
	 "no assertion, or two"},
	{"later", "NotOnOrAfter=\"2026", "NotOnOrAfter=\"2036",
	 "the signature is not good"},
};
/* clang-format on */

static void bent_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
		struct buf env = {0};

		good_envelope(&env);
		replace(&env, bent[i].old, bent[i].new);
		refuse_forgery(bent[i].name, &env, bent[i].why);
	}
	{ /* a comment cuts no name short: the digested octets have none */
		struct buf env = {0};

		good_envelope(&env);
		replace(&env, "sip:alice@contoso.test", "sip:alice<!-- x -->@contoso.test");
		refuse_forgery("a comment", &env, NULL);
	}
	{ /* Security in the Body, and the Header empty */
		struct buf env = {0};

		good_envelope(&env);
		replace(&env, "<s:Header>", "<s:Header/><s:Body>");
		replace(&env, "</s:Header><s:Body>", "");
		refuse_forgery("Security in the Body", &env, "no Security header, or two");
	}
	{ /* the Timestamp of one ticket, wrapped, under a fresh one */
		struct buf env = {0};
		char *stamp, *both;

		good_envelope(&env);
		stamp = between(&env, "<wsu:Timestamp", "</wsu:Timestamp>");
		both = joined("<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\"><wsu:Created>2026-11-18T00:00:00Z"
			      "</wsu:Created><wsu:Expires>2036-11-18T00:00:00Z</wsu:Expires></wsu:Timestamp><wrap>",
			      stamp, "</wrap>");
		replace(&env, stamp, both);
		refuse_forgery("a wrapped Timestamp", &env, "the signature is not good");
		free(stamp);
		free(both);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(wrapped_assertions),
	    cmocka_unit_test(bent_signatures),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ticket_forged", tests, ticket_setup, ticket_teardown);
}
