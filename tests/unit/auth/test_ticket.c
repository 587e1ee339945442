/* tests/unit/auth/test_ticket.c: web tickets against the vectors of [web-services 7, 15], and against forgers. */
#include "tests/support/check.h"

#include <libxml/c14n.h>

#include "auth/ticket_xml.h"
#include "base/date.h"

#define AUDIENCE "https://fe01.contoso.test/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"
#define ISSUER "https://fe01.contoso.test/WebTicket/WebTicketService.svc"
#define NOW 1795000000
#define VECTOR_TIME 1768467600 /* 2026-01-15T09:00:00Z */

static const uint8_t seal_key[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static struct {
	struct pki_key *key, *other;
	struct buf cert, other_cert;
	struct ticket ticket;
	struct soap_issued issued; /* the client's view of it */
} w;

static void soap_vector(struct buf *b, const char *name)
{
	const char *dir = getenv("TEST_VECTORS");
	char path[4096];

	snprintf(path, sizeof path, "%s/soap/%s", dir ? dir : "tests/vectors", name);
	assert_int_equal(file_read(path, 1 << 20, b), 0);
	buf_cstr(b);
}

static const char *at(const struct buf *b, const char *what)
{
	const char *p = memmem(b->p, b->n, what, strlen(what));

	assert_non_null(p);
	return p;
}

/* ---- the client's side ------------------------------------------------------------------------------------ */

static void proof_vector(uint8_t proof[32])
{
	uint8_t client[32], server[32];

	for (uint8_t i = 0; i < 32; i++)
		client[i] = i, server[i] = (uint8_t)(32 + i);
	pki_p_sha1(client, 32, server, 32, proof, 32);
}

static void presents_as_sipe_does(void **state)
{
	struct buf issued = {0}, stamp = {0}, info = {0}, out = {0}, want = {0};
	struct soap_issued m = {0};
	uint8_t proof[32];

	(void)state;
	proof_vector(proof);
	hex_of(&want, "df59132c2af6d230e4337732076a14561694be12838cc00203d63c816653d75b");
	assert_memory_equal(proof, want.p, 32);
	soap_vector(&issued, "issued.xml");
	soap_vector(&stamp, "timestamp.xml");
	soap_vector(&info, "signed_info.xml");
	assert_null(soap_issued_read(issued.p, issued.n, &m));
	assert_true(ticket_present(&out, &m, proof, sizeof proof));
	at(&out, buf_cstr(&stamp));
	at(&out, buf_cstr(&info));
	at(&out, "<SignatureValue>4t0ChK+a0pqY9ASwRI8EaMkKWCY=</SignatureValue>");
	buf_cstr(&m.assertion);
	at(&out, (const char *)m.assertion.p);
	soap_issued_clear(&m);
	buf_free(&issued);
	buf_free(&stamp);
	buf_free(&info);
	buf_free(&out);
	buf_free(&want);
}

/* The whole envelope of 8.1: its proof signature is real, and the server's half of the code says so. */
static void proof_signature_of_the_vector(void **state)
{
	static const char *const methods[] = {ALG_HMAC_SHA1, NULL}, *const digests[] = {ALG_SHA1, NULL};
	static const struct sig_rule rule = {methods, digests, .references = 1};
	uint8_t proof[32];

	(void)state;
	proof_vector(proof);
	for (int wrong = 0; wrong < 2; wrong++) {
		struct buf text = {0}, data[SIG_REFERENCES] = {0}, stamp = {0};
		const char *why;
		xmlDocPtr doc;
		xmlNodePtr sec;
		struct sig s;
		char id[64];

		proof[31] ^= (uint8_t)wrong;
		soap_vector(&text, "cert.xml");
		doc = xml_read(text.p, text.n, &why);
		assert_non_null(doc);
		sec = soap_security(doc);
		assert_null(sig_read(xml_child(sec, NS_DS, "Signature"), &rule, &s));
		assert_true(sig_id(xml_child(sec, NS_WSU, "Timestamp"), NS_WSU, "Id", id, sizeof id));
		why = sig_verify_hmac(&s, proof, sizeof proof, data);
		if (wrong) {
			assert_string_equal(why, "the signature is not good");
		} else {
			assert_null(why);
			soap_vector(&stamp, "timestamp.xml");
			assert_true(sv_eq(buf_view(&data[0]), buf_view(&stamp)));
		}
		xmlFreeDoc(doc);
		buf_free(&text);
		buf_free(&data[0]);
		buf_free(&stamp);
	}
}

/* ---- the user's certificate (6.2) --------------------------------------------------------------------------- */

static void x509_vector(void **state)
{
	struct buf text = {0}, der = {0};
	struct pki_cert_info info;

	(void)state;
	soap_vector(&text, "issue_x509.xml");
	assert_null(ticket_check_x509(text.p, text.n, VECTOR_TIME + 60, &der));
	assert_null(pki_cert_info(der.p, der.n, &info));
	assert_string_equal(info.subject_cn, "anna@contoso.example");
	der.n = 0;
	assert_non_null(ticket_check_x509(text.p, text.n, VECTOR_TIME + 301, &der));
	assert_non_null(ticket_check_x509(text.p, text.n, VECTOR_TIME - 301, &der));
	assert_int_equal(der.n, 0);
	for (size_t n = 0; n < text.n; n++) {
		uint8_t *c = exact_copy(text.p, text.n, n);
		size_t last = text.n; /* behind the root only white space may be missing */

		while (text.p[last - 1] == '\n')
			last--;
		if (n < last)
			assert_non_null(ticket_check_x509(c, n, VECTOR_TIME, &der));
		free(c);
	}
	buf_free(&text);
	buf_free(&der);
}

static void envelope(struct buf *b, struct sv security, const char *body)
{
	buf_str(b, "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:unused=\"urn:not:used\"><s:Header>");
	buf_sv(b, security);
	buf_str(b, "</s:Header><s:Body>");
	buf_str(b, body);
	buf_str(b, "</s:Body></s:Envelope>");
}

static void x509_both_ends(void **state)
{
	(void)state;
	for (int sha1 = 0; sha1 < 2; sha1++) {
		struct buf sec = {0}, env = {0}, der = {0};

		assert_true(ticket_sign_x509(&sec, w.key, w.cert.p, w.cert.n, NOW, sha1));
		envelope(&env, buf_view(&sec), "<x/>");
		assert_null(ticket_check_x509(env.p, env.n, NOW + 20, &der));
		assert_true(sv_eq(buf_view(&der), buf_view(&w.cert)));
		buf_free(&sec);
		buf_free(&env);
		buf_free(&der);
	}
	{ /* another's certificate under our signature */
		struct buf sec = {0}, env = {0}, der = {0};

		assert_true(ticket_sign_x509(&sec, w.key, w.other_cert.p, w.other_cert.n, NOW, false));
		envelope(&env, buf_view(&sec), "<x/>");
		assert_non_null(ticket_check_x509(env.p, env.n, NOW, &der));
		assert_int_equal(der.n, 0);
		buf_free(&sec);
		buf_free(&env);
	}
}

/* ---- a ticket, both ends ------------------------------------------------------------------------------------ */

static void ticket_of(struct ticket *t, struct soap_issued *m, const char *user)
{
	*t = (struct ticket){.id = "SamlSecurityToken-00112233-4455-4677-8899-aabbccddeeff",
			     .issuer = ISSUER,
			     .audience = AUDIENCE,
			     .method = "pin",
			     .issued = NOW,
			     .not_before = NOW,
			     .not_after = NOW + 28800};
	snprintf(t->user, sizeof t->user, "%s", user);
	memset(t->proof, 0x5a, sizeof t->proof);
	*m = (struct soap_issued){.created = NOW, .expires = NOW + 28800};
	snprintf(m->assertion_id, sizeof m->assertion_id, "%s", t->id);
	soap_lifetime_write(&m->lifetime, m->created, m->expires);
	assert_true(ticket_write(&m->assertion, t, w.key, seal_key, "fe01 ticket key 1"));
}

static int setup(void **state)
{
	struct pki_issue what = {.profile = PKI_CODE, .cn = "ticket", .not_before = NOW - 10, .not_after = NOW + 86400};

	(void)state;
	assert_true(ticket_init());
	w.key = pki_key_make(2048);
	w.other = pki_key_make(2048);
	assert_true(pki_issue(&what, w.key, w.key, NULL, 0, &w.cert));
	assert_true(pki_issue(&what, w.other, w.other, NULL, 0, &w.other_cert));
	ticket_of(&w.ticket, &w.issued, "sip:alice@contoso.test");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pki_key_free(w.key);
	pki_key_free(w.other);
	buf_free(&w.cert);
	buf_free(&w.other_cert);
	soap_issued_clear(&w.issued);
	return 0;
}

static const char *check(struct sv env, int64_t now, struct ticket *t)
{
	uint8_t *c = exact_copy(env.p, env.n, env.n);
	const char *why = ticket_check(c, env.n, w.cert.p, w.cert.n, seal_key, AUDIENCE, ISSUER, now, t);

	free(c);
	return why;
}

static void good_envelope(struct buf *env)
{
	struct buf sec = {0};

	assert_true(ticket_present(&sec, &w.issued, w.ticket.proof, sizeof w.ticket.proof));
	envelope(env, buf_view(&sec), "<x/>");
	buf_free(&sec);
}

static void both_ends(void **state)
{
	struct ticket t = {0}, old;
	struct buf env = {0};
	const char *why;

	(void)state;
	good_envelope(&env);
	why = check(buf_view(&env), NOW + 100, &t);
	assert_null(why);
	assert_string_equal(t.user, "sip:alice@contoso.test");
	assert_string_equal(t.method, "pin");
	assert_string_equal(t.id, w.ticket.id);
	assert_memory_equal(t.proof, w.ticket.proof, 32);
	assert_true(t.issued == NOW && t.not_after == NOW + 28800 && !t.bearer);
	assert_null(check(buf_view(&env), NOW + 28799, &t));
	old = t;
	assert_non_null(check(buf_view(&env), NOW + 28800, &t)); /* the Timestamp is over: no skew there */
	assert_non_null(check(buf_view(&env), NOW - 301, &t));
	assert_null(check(buf_view(&env), NOW - 299, &t));
	assert_non_null(ticket_check(env.p, env.n, w.other_cert.p, w.other_cert.n, seal_key, AUDIENCE, ISSUER, NOW, &t));
	assert_non_null(ticket_check(env.p, env.n, w.cert.p, w.cert.n, w.ticket.proof, AUDIENCE, ISSUER, NOW, &t));
	assert_non_null(ticket_check(env.p, env.n, w.cert.p, w.cert.n, seal_key, "https://other/", ISSUER, NOW, &t));
	assert_non_null(ticket_check(env.p, env.n, w.cert.p, w.cert.n, seal_key, AUDIENCE, "https://pool2/", NOW, &t));
	assert_memory_equal(&t, &old, sizeof t); /* untouched by refusals */
	buf_free(&env);
}

/* Canonical as it stands: SIPE pastes it elsewhere; and the signature of an independent reader's view fits. */
static void assertion_is_canonical(void **state)
{
	struct buf again = {0};
	const char *why;
	xmlDocPtr doc = xml_read(w.issued.assertion.p, w.issued.assertion.n, &why);

	(void)state;
	assert_non_null(doc);
	assert_true(xml_canonical(xmlDocGetRootElement(doc), &again));
	assert_true(sv_eq(buf_view(&again), buf_view(&w.issued.assertion)));
	xmlFreeDoc(doc);
	buf_free(&again);
}

static void cut_and_bent(void **state)
{
	struct buf env = {0};
	struct ticket t = {0}, none = {0};
	size_t from, to;

	(void)state;
	good_envelope(&env);
	for (size_t n = 0; n < env.n; n += n < 600 ? 1 : 13) {
		assert_non_null(check((struct sv){(const char *)env.p, n}, NOW, &t));
	}
	/* every octet of the assertion counts, but for those of its signature's KeyInfo, which is not looked at */
	from = (size_t)(at(&env, "<saml:Assertion") - (const char *)env.p);
	to = (size_t)(at(&env, "<ds:KeyInfo><ds:KeyName>fe01 ticket key 1</ds:KeyName></ds:KeyInfo></ds:Signature>") -
		      (const char *)env.p);
	for (size_t i = from; i < to; i += 5) {
		uint8_t was = env.p[i];

		if (was == ' ' || was == '\n' || memcmp(env.p + i + 1, "==<", 3) == 0)
			continue; /* white space between attributes; base64's last digit has four bits to spare */
		env.p[i] = was == 'q' ? 'r' : 'q';
		if (check(buf_view(&env), NOW, &t) == NULL)
			fail_msg("octet %zu does not count: %.40s", i, (const char *)env.p + i - 20);
		env.p[i] = was;
	}
	assert_memory_equal(&t, &none, sizeof t);
	assert_null(check(buf_view(&env), NOW, &t));
	buf_free(&env);
}

static void bearer(void **state)
{
	struct ticket t = {.id = "SamlSecurityToken-b", .issuer = ISSUER, .audience = AUDIENCE, .user = "sip:bob@contoso.test",
			   .method = "ntlm", .issued = NOW, .not_before = NOW, .not_after = NOW + 600, .bearer = true};
	struct ticket got = {0};
	struct buf sec = {0}, env = {0};

	(void)state;
	buf_str(&sec, "<o:Security xmlns:o=\"" NS_WSSE "\"><u:Timestamp xmlns:u=\"" NS_WSU "\">");
	soap_lifetime_write(&sec, NOW, NOW + 600);
	buf_str(&sec, "</u:Timestamp>");
	assert_true(ticket_write(&sec, &t, w.key, seal_key, "k"));
	buf_str(&sec, "</o:Security>");
	envelope(&env, buf_view(&sec), "<x/>");
	assert_null(check(buf_view(&env), NOW, &got));
	assert_true(got.bearer);
	assert_string_equal(got.method, "ntlm");
	buf_free(&sec);
	buf_free(&env);
}

/* ---- forgers -------------------------------------------------------------------------------------------------- */

static void replace(struct buf *b, const char *old, const char *new)
{
	struct buf out = {0};
	size_t i = (size_t)(at(b, old) - (const char *)b->p);

	buf_add(&out, b->p, i);
	buf_str(&out, new);
	buf_add(&out, b->p + i + strlen(old), b->n - i - strlen(old));
	buf_cstr(&out);
	buf_free(b);
	*b = out;
}

static char *between(const struct buf *b, const char *from, const char *to) /* both included */
{
	const char *p = at(b, from), *e;

	e = memmem(p, b->n - (size_t)(p - (const char *)b->p), to, strlen(to));
	assert_non_null(e);
	return sv_dup((struct sv){p, (size_t)(e - p) + strlen(to)});
}

static char *joined(const char *a, const char *b, const char *c)
{
	struct buf out = {0};

	buf_str(&out, a);
	buf_str(&out, b);
	buf_str(&out, c);
	return (char *)buf_cstr(&out);
}

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

enum { REFUSED, AS_SIGNED }; /* AS_SIGNED: accepted at most with what was signed */

static void judge_forgery(const char *name, struct buf *env, int expect)
{
	struct ticket t = {0};
	const char *why = check(buf_view(env), NOW + 10, &t);

	if (expect == REFUSED && why == NULL)
		fail_msg("%s: accepted as %s", name, t.user);
	if (why == NULL && strcmp(t.user, "sip:alice@contoso.test") != 0)
		fail_msg("%s: made %s of it", name, t.user);
	buf_free(env);
}

/* The published ways to wrap a signature (after "On Breaking SAML: Be Whoever You Want to Be", 2012): where the signed
 * assertion goes, and where the forged one stands. */
static void wrapped_assertions(void **state)
{
	struct buf good = {0};
	char *original, *signature, *evil, *piece;

	(void)state;
	good_envelope(&good);
	original = between(&good, "<saml:Assertion", "</saml:Assertion>");
	signature = between(&good, "<ds:Signature ", "</ds:Signature>");
	for (int form = 0; form < 12; form++) {
		const char *id = form % 2 ? "AssertionID=\"evil\"" : NULL;
		int expect = REFUSED;
		struct buf env = {0};

		buf_sv(&env, buf_view(&good));
		buf_cstr(&env);
		switch (form / 2) {
		case 0: /* the forged one before the signed one */
			evil = evil_of(original, id, "");
			piece = joined(evil, original, "");
			replace(&env, original, piece);
			break;
		case 1: /* the signed one inside the forged one's signature, as an Object */
			piece = joined("<ds:Object>", original, "</ds:Object></ds:Signature>");
			evil = joined(signature, "", "");
			evil[strlen(evil) - strlen("</ds:Signature>")] = '\0';
			{
				char *whole = joined(evil, piece, "");

				free(evil);
				free(piece);
				evil = evil_of(original, id, whole);
				free(whole);
			}
			piece = joined(evil, "", "");
			replace(&env, original, piece);
			break;
		case 2: /* the signed one as the forged one's child, its signature moved up */
			evil = joined("<saml:Advice>", original, "</saml:Advice>");
			piece = joined(evil, signature, "");
			free(evil);
			evil = evil_of(original, id, piece);
			free(piece);
			piece = joined(evil, "", "");
			replace(&env, original, piece);
			break;
		case 3: /* the forged one with the signature, the signed one elsewhere in the header */
			evil = evil_of(original, id, signature);
			replace(&env, original, evil);
			piece = joined("<keep xmlns=\"urn:x\">", original, "</keep></s:Header>");
			replace(&env, "</s:Header>", piece);
			break;
		case 4: /* the signed one stays, the forged one stands in the Body: whoever looks again would find it */
			evil = evil_of(original, id, "");
			piece = joined("<s:Body>", evil, "");
			replace(&env, "<s:Body>", piece);
			expect = AS_SIGNED;
			break;
		default: /* the signed one wrapped inside Security, the forged one in its place */
			evil = evil_of(original, id, signature);
			piece = joined(evil, "<wrap>", "");
			free(evil);
			evil = joined(piece, original, "</wrap>");
			replace(&env, original, evil);
		}
		judge_forgery("wrapped assertion", &env, expect);
		free(evil);
		free(piece);
	}
	free(original);
	free(signature);
	buf_free(&good);
}

/* clang-format off */
static const struct {
	const char *name, *old, *new;
} bent[] = {
	{"two Security headers", "</s:Header>", "<wsse:Security xmlns:wsse=\"" NS_WSSE "\"/></s:Header>"},
	{"two Timestamps", "<saml:Assertion", "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\"/><saml:Assertion"},
	{"Timestamp moved", "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\">",
	 "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\"><Created xmlns=\"" NS_WSU "\">2026-11-18T00:00:00Z</Created>"},
	{"xml:id beside it", "<s:Body>", "<s:Body xml:id=\"timestamp\">"},
	{"another Id", "wsu:Id=\"timestamp\"", "wsu:Id=\"other\""},
	{"an Id without namespace", "wsu:Id=\"timestamp\"", "Id=\"timestamp\""},
	{"the whole document", "URI=\"#timestamp\"", "URI=\"\""},
	{"xpointer", "URI=\"#timestamp\"", "URI=\"#xpointer(id('timestamp'))\""},
	{"a file", "URI=\"#timestamp\"", "URI=\"file:///etc/hostname\""},
	{"no URI", " URI=\"#timestamp\"", ""},
	{"truncated MAC", "hmac-sha1\"></SignatureMethod>", "hmac-sha1\"><HMACOutputLength>8</HMACOutputLength></SignatureMethod>"},
	{"MAC by RSA's name", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
	{"MD5", "http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-md5"},
	{"inclusive canonical form", "<CanonicalizationMethod Algorithm=\"" ALG_EXC_C14N "\">",
	 "<CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\">"},
	{"XSLT", "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>",
	 "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"></Transform></Transforms>"},
	{"one Transform more", "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>",
	 "<Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform><Transform Algorithm=\"" ALG_EXC_C14N "\"></Transform></Transforms>"},
	{"a second Reference", "</Reference></SignedInfo>", "</Reference><Reference URI=\"#timestamp\"/></SignedInfo>"},
	{"a SignedInfo before", "<SignatureValue>", "<SignedInfo/><SignatureValue>"},
	{"another value", "<SignatureValue>", "<SignatureValue>AAAA"},
	{"no value", "<SignatureValue>", "<SignatureValue xmlns=\"urn:x\">"},
	{"another ticket's KeyIdentifier", "SAMLAssertionID\">SamlSecurityToken", "SAMLAssertionID\">XamlSecurityToken"},
	{"a document type", "<s:Envelope", "<!DOCTYPE s [<!ENTITY e \"x\">]><s:Envelope"},
	{"a second proof signature", "</wsse:Security>", "<Signature xmlns=\"" NS_DS "\"/></wsse:Security>"},
	{"Security in the Body", "<s:Header><wsse:Security xmlns:wsse=\"" NS_WSSE "\">", "<s:Header><x xmlns:wsse=\"" NS_WSSE "\">"},
	{"another namespace", "xmlns:saml=\"" NS_SAML "\"", "xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\""},
	{"later", "NotOnOrAfter=\"2026", "NotOnOrAfter=\"2036"},
};
/* clang-format on */

static void bent_signatures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
		struct buf env = {0};

		good_envelope(&env);
		replace(&env, bent[i].old, bent[i].new);
		judge_forgery(bent[i].name, &env, REFUSED);
	}
	{ /* a comment cuts no name short: the digested octets have none */
		struct buf env = {0};

		good_envelope(&env);
		replace(&env, "sip:alice@contoso.test", "sip:alice<!-- x -->@contoso.test");
		judge_forgery("a comment", &env, AS_SIGNED);
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
		judge_forgery("a wrapped Timestamp", &env, REFUSED);
		free(stamp);
		free(both);
	}
}

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

/* ---- as WCF signs ----------------------------------------------------------------------------------------------- */

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
					judge_forgery(c.ids[k], &bent_, REFUSED);
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

/* ---- PINs: pure rules --------------------------------------------------------------------------------------- */

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(presents_as_sipe_does), cmocka_unit_test(proof_signature_of_the_vector),
	    cmocka_unit_test(x509_vector),	     cmocka_unit_test(x509_both_ends),
	    cmocka_unit_test(both_ends),	     cmocka_unit_test(assertion_is_canonical),
	    cmocka_unit_test(cut_and_bent),	     cmocka_unit_test(bearer),
	    cmocka_unit_test(wrapped_assertions),    cmocka_unit_test(bent_signatures),
	    cmocka_unit_test(tolerated),	     cmocka_unit_test(proof_as_wcf_signs),
	    cmocka_unit_test(certificate_as_wcf_signs)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
