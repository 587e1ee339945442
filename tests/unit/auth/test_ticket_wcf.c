/* tests/unit/auth/test_ticket_wcf.c: signatures in the ways of WCF and SIPE. */
#include "tests/support/ticket_world.h"

#include <libxml/c14n.h>

#include "base/date.h"

/* White space between Signature's children, and namespaces in scope that are not used: SIPE and WCF write both. */
static void tolerated(void **state)
{
	struct ticket t = {0};
	struct buf env = {0};

	(void)state;
	good_envelope(&env);
	replace(&env, "<SignatureValue>", "\n <SignatureValue>");
	replace(&env, "</SignatureValue><KeyInfo>", "</SignatureValue>\n <KeyInfo>\n");
	replace(&env, "wsse:TokenType=\"" TOKEN_SAML "\"", "");
	assert_null(check(buf_view(&env), NOW, &t));
	buf_free(&env);
}

static int below(void *apex, xmlNodePtr node, xmlNodePtr parent)
{
	for (xmlNodePtr n = node->type == XML_NAMESPACE_DECL || node->type == XML_ATTRIBUTE_NODE ? parent : node; n; n = n->parent)
		if (n == apex)
			return 1;
	return 0;
}

static void digest_of(struct buf *b, xmlNodePtr apex, const char *prefix, bool sha256)
{
	xmlChar *prefixes[] = {(xmlChar *)(uintptr_t)prefix, NULL};
	xmlBufferPtr mem = xmlBufferCreate();
	xmlOutputBufferPtr out = xmlOutputBufferCreateBuffer(mem, NULL);
	uint8_t d[32];

	assert_true(xmlC14NExecute(apex->doc, below, apex, XML_C14N_EXCLUSIVE_1_0, prefix ? prefixes : NULL, 0, out) >= 0);
	assert_true(xmlOutputBufferClose(out) >= 0);
	if (sha256)
		pki_sha256(xmlBufferContent(mem), (size_t)xmlBufferLength(mem), d);
	else
		pki_sha1(xmlBufferContent(mem), (size_t)xmlBufferLength(mem), d);
	b64_add(b, d, sha256 ? 32 : 20);
	xmlBufferFree(mem);
}

struct wcf {
	const char *ids[6];   /* the signed parts, in this order; NULL ends */
	const char *prefix;   /* of an InclusiveNamespaces; NULL: none */
	bool sha256, rsa;
	const char *key_info; /* the inside of KeyInfo; NULL: no KeyInfo */
	const char *more;     /* within Security, behind the Timestamp */
	int64_t at;
};

/* The message as WCF's transport security with an endorsing token writes it. */
static void wcf_write(struct buf *env, const struct wcf *c)
{
	static const char *const names[] = {"Action", "To", "Timestamp", "Body", "BinarySecurityToken", "Hidden"};
	static const char *const known[] = {"_2", "_1", "_0", "_3", "usercert", "_9"};
	struct buf info = {0}, canonical = {0}, value = {0}, sig = {0};
	char from[ISO_TIME_MAX], to[ISO_TIME_MAX];
	uint8_t mac[32];
	const char *why;
	xmlDocPtr doc;

	buf_printf(env, "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" NS_WSA "\" xmlns:u=\"" NS_WSU "\"><s:Header>"
			"<a:Action s:mustUnderstand=\"1\" u:Id=\"_2\">urn:act</a:Action><a:MessageID>urn:uuid:1</a:MessageID>"
			"<a:To s:mustUnderstand=\"1\" u:Id=\"_1\">" AUDIENCE "</a:To><o:Security s:mustUnderstand=\"1\" xmlns:o=\"" NS_WSSE
			"\"><u:Timestamp u:Id=\"_0\"><u:Created>%.19s.123Z</u:Created><u:Expires>%.19s.123Z</u:Expires></u:Timestamp>%s"
			"<here/></o:Security></s:Header><s:Body u:Id=\"_3\"><x><Hidden u:Id=\"_9\"/></x></s:Body></s:Envelope>",
		   iso_time(from, c->at), iso_time(to, c->at + 300), c->more);
	buf_cstr(env);
	doc = xml_read(env->p, env->n, &why);
	assert_non_null(doc);
	buf_printf(&info, "<SignedInfo xmlns=\"" NS_DS "\"><CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N "\"/>"
			  "<SignatureMethod Algorithm=\"%s\"/>", c->rsa ? c->sha256 ? ALG_RSA_SHA256 : ALG_RSA_SHA1
								       : c->sha256 ? ALG_HMAC_SHA256 : ALG_HMAC_SHA1);
	for (unsigned i = 0; i < 6 && c->ids[i]; i++) {
		buf_printf(&info, "<Reference URI=\"#%s\"><Transforms><Transform Algorithm=\"" ALG_EXC_C14N "\">", c->ids[i]);
		if (c->prefix)
			buf_printf(&info, "<InclusiveNamespaces xmlns=\"" ALG_EXC_C14N "\" PrefixList=\"%s\"/>", c->prefix);
		buf_printf(&info, "</Transform></Transforms><DigestMethod Algorithm=\"%s\"/><DigestValue>", c->sha256 ? ALG_SHA256 : ALG_SHA1);
		for (size_t k = 0; k < 6; k++)
			if (strcmp(known[k], c->ids[i]) == 0)
				digest_of(&info, xml_find(xmlDocGetRootElement(doc), names[k], false), c->prefix, c->sha256);
		buf_str(&info, "</DigestValue></Reference>");
	}
	buf_str(&info, "</SignedInfo>");
	xmlFreeDoc(doc);
	doc = xml_read(info.p, info.n, &why);
	assert_non_null(doc);
	assert_true(xml_canonical(xmlDocGetRootElement(doc), &canonical));
	xmlFreeDoc(doc);
	if (c->rsa) {
		assert_true(sig_rsa(w.key, !c->sha256, buf_view(&canonical), &value));
	} else {
		if (c->sha256)
			pki_hmac_sha256(w.ticket.proof, 32, canonical.p, canonical.n, mac);
		else
			pki_hmac_sha1(w.ticket.proof, 32, canonical.p, canonical.n, mac);
		b64_add(&value, mac, c->sha256 ? 32 : 20);
	}
	buf_printf(&sig, "<Signature xmlns=\"" NS_DS "\">%s<SignatureValue>%s</SignatureValue>", buf_cstr(&info), buf_cstr(&value));
	if (c->key_info)
		buf_printf(&sig, "<KeyInfo>%s</KeyInfo>", c->key_info);
	buf_str(&sig, "</Signature>");
	replace(env, "<here/>", buf_cstr(&sig));
	buf_free(&info);
	buf_free(&canonical);
	buf_free(&value);
	buf_free(&sig);
}

#define STR(inside) "<o:SecurityTokenReference xmlns:o=\"" NS_WSSE "\">" inside "</o:SecurityTokenReference>"

/* "A WCF client may add a second Reference to wsa:To: verify every Reference, demand only the Timestamp." */
static void proof_as_wcf_signs(void **state)
{
	static const struct {
		struct wcf c;
		bool good;
	} rows[] = {
	    {{{"_0"}}, true},
	    {{{"_0"}, .sha256 = true}, true},
	    {{{"_0"}, .prefix = "s"}, true},
	    {{{"_0"}, .prefix = "a s", .sha256 = true}, false}, /* these two declarations were not digested */
	    {{{"_0", "_1"}}, true},
	    {{{"_1", "_0"}, .sha256 = true, .prefix = "s"}, true},
	    {{{"_2", "_3", "_0", "_1"}}, true},
	    {{{"_1"}}, false},		     /* the Timestamp is not signed */
	    {{{"_0", "_0"}}, false},	     /* twice */
	    {{{"_0", "_9"}}, false},	     /* deep in the Body: not a part */
	    {{{"_0", "nothing"}}, false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int how = 0; how < 3; how++) {
			static const char *const infos[] = {NULL, STR("<o:Reference URI=\"#x\"/>"),
							    STR("<o:KeyIdentifier>SamlSecurityToken-00112233-4455-4677-8899-aabbccddeeff"
								"</o:KeyIdentifier>")};
			struct wcf c = rows[i].c;
			struct ticket t = {0};
			struct buf env = {0};
			const char *why;

			c.key_info = infos[how];
			c.more = (const char *)buf_cstr(&w.issued.assertion);
			c.at = NOW;
			wcf_write(&env, &c);
			why = check(buf_view(&env), NOW + 10, &t);
			if ((why == NULL) != rows[i].good)
				fail_msg("row %zu, KeyInfo %d: %s", i, how, why ? why : "taken");
			if (why == NULL) { /* and whatever is signed counts */
				char *text = sv_dup(buf_view(&env));

				for (unsigned k = 0; k < 6 && c.ids[k]; k++) {
					struct buf bent_ = {0};

					buf_str(&bent_, text);
					buf_cstr(&bent_);
					replace(&bent_, strcmp(c.ids[k], "_0") == 0   ? "<u:Expires>2026"
							: strcmp(c.ids[k], "_1") == 0 ? "u:Id=\"_1\">https"
							: strcmp(c.ids[k], "_2") == 0 ? "urn:act"
										      : "<x>",
						strcmp(c.ids[k], "_0") == 0   ? "<u:Expires>2027"
						: strcmp(c.ids[k], "_1") == 0 ? "u:Id=\"_1\">httpz"
						: strcmp(c.ids[k], "_2") == 0 ? "urn:bct"
									      : "<x >y");
					refuse_forgery(c.ids[k], &bent_, "the signature is not good");
				}
				free(text);
			}
			buf_free(&env);
		}
}

/* The certificate's signature alike; KeyInfo may name the key in any of the profile's ways, but not another's. */
static void certificate_as_wcf_signs(void **state)
{
	static const struct {
		const char *key_info;
		bool good;
	} infos[] = {
	    {STR("<o:Reference URI=\"#usercert\"/>"), true},
	    {STR("<o:Reference URI=\"#other\"/>"), false},
	    {STR("<o:Reference/>"), false},
	    {STR("<o:KeyIdentifier ValueType=\"http://docs.oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1\">"
		 "AAAA</o:KeyIdentifier>"), true},
	    {STR("<X509Data><X509IssuerSerial><X509IssuerName>CN=x</X509IssuerName><X509SerialNumber>1</X509SerialNumber>"
		 "</X509IssuerSerial></X509Data>"), true},
	    {NULL, true},
	};
	static const char *const ids[] = {"u:Id", "Id"};

	(void)state;
	for (size_t i = 0; i < sizeof infos / sizeof *infos; i++)
		for (int form = 0; form < 4; form++) {
			struct wcf c = {.ids = {"_0", form & 1 ? "_1" : NULL, form == 1 ? "usercert" : NULL}, .rsa = true, .sha256 = form & 2,
					.key_info = infos[i].key_info, .at = NOW};
			struct buf more = {0}, env = {0}, der = {0};
			const char *why;

			buf_printf(&more, "<o:BinarySecurityToken %s=\"usercert\" ValueType=\"" TOKEN_X509 "\">", ids[form / 2]);
			b64_add(&more, w.cert.p, w.cert.n);
			buf_str(&more, "</o:BinarySecurityToken>");
			c.more = buf_cstr(&more);
			wcf_write(&env, &c);
			why = ticket_check_x509(env.p, env.n, NOW, &der);
			if ((why == NULL) != infos[i].good)
				fail_msg("KeyInfo %zu, form %d: %s", i, form, why ? why : "taken");
			assert_true(sv_eq(buf_view(&der), infos[i].good ? buf_view(&w.cert) : SV("")));
			buf_free(&more);
			buf_free(&env);
			buf_free(&der);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(tolerated),
	    cmocka_unit_test(proof_as_wcf_signs),
	    cmocka_unit_test(certificate_as_wcf_signs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("ticket_wcf", tests, ticket_setup, ticket_teardown);
}
