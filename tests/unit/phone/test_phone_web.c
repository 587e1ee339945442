/* The phone's stages 6 to 8 against servers that are not ours: answers in other words, other prefixes, other envelopes,
 * redirects, faults; and what the phone sends them.
 */
#include "tests/support/phone_servers.h"

#include "auth/ticket_xml.h"

/* ---- what servers say -------------------------------------------------------------------------------------------- */

#define OK \
	"HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Type: text/xml; charset=utf-8\r\n" \
	"X-Content-Type-Options: nosniff\r\n\r\n"
#define GONE "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n<html></html>"

#define WSDL(policy, ports) \
	OK "<wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" " \
	   "xmlns:wsp=\"http://schemas.xmlsoap.org/ws/2004/09/policy\" xmlns:wsu=\"" NS_WSU "\" xmlns:sp=\"urn:sp\" " \
	   "xmlns:wsa10=\"" NS_WSA "\">" policy "<wsdl:types/><wsdl:service name=\"S\">" ports "</wsdl:service></wsdl:definitions>"
#define POLICY_AT(host) \
	"<wsp:Policy wsu:Id=\"CertProvisioningServiceWebTicketProof_SHA1_policy\"><wsp:ExactlyOne><wsp:All>" \
	"<sp:EndorsingSupportingTokens><wsp:Policy>" \
	"<sp:IssuedToken><sp:Issuer><wsa10:Address>https://" host WTS "</wsa10:Address></sp:Issuer></sp:IssuedToken>" \
	"</wsp:Policy></sp:EndorsingSupportingTokens></wsp:All></wsp:ExactlyOne></wsp:Policy>"
#define PORT(name, url) "<wsdl:port name=\"" name "\" binding=\"x\"><soap:address location=\"" url "\"/></wsdl:port>"
#define CERT_WSDL_AT(host) \
	WSDL(POLICY_AT(host), PORT("Other", "http://x") PORT("CertProvisioningServiceWebTicketProof_SHA1", "https://" host PROOF))
#define CERT_WSDL CERT_WSDL_AT(HOST)
#define WTS_WSDL_AT(host) \
	WSDL("", PORT("WebTicketServiceWinNegotiate", "https://" host WTS) PORT("WebTicketServicePin", "https://" host WTS "/pin"))
#define WTS_WSDL WTS_WSDL_AT(HOST)

#define ENTROPY "<t:Entropy><t:BinarySecret>ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=</t:BinarySecret></t:Entropy>"
#define COMPUTED "<t:RequestedProofToken><t:ComputedKey>" NS_WST_SLASH "CK/PSHA1</t:ComputedKey></t:RequestedProofToken>"
#define LIFE(u) \
	"<t:Lifetime><" u "Created>2026-11-18T11:00:00.000Z</" u "Created>\r\n<" u "Expires>2026-11-18T19:00:00.000Z</" u \
	"Expires></t:Lifetime>"
#define ASSERTION(id) \
	"<saml:Assertion MajorVersion=\"1\" MinorVersion=\"1\" AssertionID=\"SamlSecurityToken-1\" Issuer=\"https://x\" " \
	"xmlns:saml=\"" NS_SAML "\"><saml:AuthenticationStatement><saml:Subject>" id "</saml:Subject></saml:AuthenticationStatement>" \
	"</saml:Assertion>"
#define NAMED(who) \
	ASSERTION("<saml:NameIdentifier Format=\"http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri\">" who \
		  "</saml:NameIdentifier>")
#define RSTR(assertion, more) \
	OK "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:u=\"" NS_WSU "\" xmlns:a=\"" NS_WSA "\"><s:Header>" \
	   "<a:Action s:mustUnderstand=\"1\">urn:x</a:Action><o:Security s:mustUnderstand=\"1\" xmlns:o=\"" NS_WSSE \
	   "\">" \
	"<u:Timestamp u:Id=\"_0\"><u:Created>2026-11-18T11:06:40Z</u:Created>" \
	"</u:Timestamp></o:Security></s:Header><s:Body xmlns:t=\"" NS_WST "\"><t:RequestSecurityTokenResponseCollection>" \
	   "<t:RequestSecurityTokenResponse><t:TokenType>x</t:TokenType><t:RequestedSecurityToken>" assertion \
	   "</t:RequestedSecurityToken>" more "</t:RequestSecurityTokenResponse></t:RequestSecurityTokenResponseCollection>" \
	   "</s:Body></s:Envelope>"
#define TICKET RSTR(NAMED("sip:alice@contoso.test"), LIFE("u:") COMPUTED ENTROPY)
#define FAULT(status, id) \
	"HTTP/1.1 " status "\r\nContent-Type: text/xml\r\n\r\n<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><s:Fault>" \
	"<faultcode>s:x</faultcode><faultstring xml:lang=\"en-US\">No.</faultstring><detail><OCSDiagnosticsFault xmlns=\"" NS_AF \
	"\"><Ms-Diagnostics-Fault><ErrorId>" id "</ErrorId>" \
	"<Reason>No.</Reason></Ms-Diagnostics-Fault></OCSDiagnosticsFault></detail></s:Fault></s:Body></s:Envelope>"
#define MOVED(status, to) "HTTP/1.1 " status " Elsewhere\r\nLocation: " to "\r\n\r\n"

#define CHAIN_STEPS {"POST " CERTPROV, GONE}, {"GET " CERTPROV, GONE}
#define END {"", NULL}

/* The certificate, in an answer of that shape: %s is its base64. */
static const char *published(struct buf *b, const char *shape, const void *der, size_t n)
{
	struct buf text = {0};

	b64_add(&text, der, n);
	buf_clear(b);
	buf_str(b, OK "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header/><s:Body>");
	buf_printf(b, shape, buf_cstr(&text)); /* a literal of this file */
	buf_str(b, "</s:Body></s:Envelope>");
	buf_free(&text);
	return buf_cstr(b);
}

#define RESPONSE(entity, inside) \
	"<c:GetAndPublishCertResponse xmlns:c=\"" NS_AUTHWS "\" DeviceId=\"{1}\"" entity " ResponseClass=\"Success\">" inside \
	"</c:GetAndPublishCertResponse>"
#define TOKEN \
	"<w:RequestSecurityTokenResponse xmlns:w=\"" NS_WST_SLASH "\"><w:RequestedSecurityToken>" \
	"<o:BinarySecurityToken xmlns:o=\"" NS_WSSE "\">%s</o:BinarySecurityToken>" \
	"</w:RequestedSecurityToken></w:RequestSecurityTokenResponse>"

/* What GetAndPublishCert was sent with: the Timestamp is signed with that key, and nothing leans on anything. */
static void proved(struct world *w, unsigned i, const uint8_t *proof, size_t n, const char *created)
{
	static const char *const methods[] = {ALG_HMAC_SHA1, NULL}, *const digests[] = {ALG_SHA1, NULL};
	static const struct sig_rule rule = {methods, digests, .references = 1};
	struct buf data[SIG_REFERENCES] = {0};
	const char *why = NULL;
	xmlDocPtr doc = xml_read(w->asked[i].p, w->asked[i].n, &why);
	xmlNodePtr security;
	struct sig s;
	unsigned at;

	assert_non_null(doc);
	security = soap_security(doc);
	assert_non_null(security);
	assert_null(sig_read(xml_child(security, NS_DS, "Signature"), &rule, &s));
	assert_null(sig_parts(&s, security, xml_child(security, NS_WSU, "Timestamp"), &at));
	why = sig_verify_hmac(&s, proof, n, data);
	if (why)
		fail_msg("the proof: %s", why);
	assert_non_null(memmem(data[0].p, data[0].n, created, strlen(created)));
	assert_non_null(xml_child(security, NS_SAML, "Assertion"));
	for (unsigned k = 0; k < SIG_REFERENCES; k++)
		buf_free(&data[k]);
	xmlFreeDoc(doc);
}

/* The key of both entropies: the phone's stands in its question. */
static void computed(struct world *w, unsigned i, uint8_t proof[32])
{
	struct soap_issue q;
	uint8_t server[32];
	xmlDocPtr doc = xml_read(w->asked[i].p, w->asked[i].n, NULL);

	assert_non_null(doc);
	assert_null(soap_issue_read(doc, &q));
	xmlFreeDoc(doc);
	for (uint8_t k = 0; k < 32; k++)
		server[k] = (uint8_t)(0x20 + k);
	pki_p_sha1(q.entropy, q.nentropy, server, sizeof server, proof, 32);
	soap_issue_clear(&q);
}

/* ---- tickets and certificates in other words --------------------------------------------------------------------- */

static void other_words(void **state)
{
	static const struct {
		const char *what, *ticket, *shape, *entity; /* entity: as the phone names itself */
		const char *key;			    /* base64: the proof key itself; NULL: computed */
		bool p7;
	} rows[] = {
	    {"as WCF writes them", TICKET, RESPONSE(" Entity=\"alice@contoso.test\"", TOKEN), "alice@contoso.test", NULL, false},
	    {"prefixes of the envelope", RSTR("<u:x/><a:y/><Assertion xmlns=\"" NS_SAML "\" AssertionID=\"SamlSecurityToken-1\" u:z=\"1\">"
					      "<NameIdentifier> SIP:alice@contoso.test\r\n</NameIdentifier></Assertion>", ENTROPY LIFE("u:")),
	     RESPONSE("", TOKEN), "alice@contoso.test", NULL, false},
	    {"the key comes alone", RSTR(NAMED("sip:alice@contoso.test"), "<t:RequestedProofToken><t:BinarySecret>AAECAwQFBgcICQoLDA0ODw=="
					 "</t:BinarySecret></t:RequestedProofToken>" LIFE("u:")), RESPONSE("", TOKEN), "alice@contoso.test",
	     "AAECAwQFBgcICQoLDA0ODw==", false},
	    {"the ticket names a number, Entity the user", RSTR(NAMED("tel:+14255550123"), LIFE("u:") ENTROPY),
	     RESPONSE(" Entity=\"sip:alice@contoso.test\"", TOKEN), "+14255550123", NULL, false},
	    {"the ticket names nobody, the certificate the user", RSTR(ASSERTION(""), LIFE("u:") ENTROPY), RESPONSE("", TOKEN),
	     "+14255550123", NULL, false},
	    {"the certificate comes with its chain", TICKET, RESPONSE("", TOKEN), "alice@contoso.test", NULL, true},
	};
	struct world *w = *state;
	struct buf answer = {0}, p7 = {0}, pem = {0};

	pki_pem_add(&pem, "CERTIFICATE", web_keys.ca_der.p, web_keys.ca_der.n);
	pki_pem_add(&pem, "CERTIFICATE", web_keys.cert.p, web_keys.cert.n);
	assert_true(pki_p7_write(&p7, buf_view(&pem)));
	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++, w = web_anew(state)) {
		const struct buf *der = rows[i / 2].p7 ? &p7 : &web_keys.cert;
		const struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
					     {"POST " WTS "/pin", rows[i / 2].ticket},
					     {"POST " PROOF, published(&answer, rows[i / 2].shape, der->p, der->n)}, END};
		struct buf key = {0};
		struct soap_cert q;
		uint8_t proof[32];
		xmlDocPtr doc;

		w->chunked = i % 2;
		web_run(w, steps, false);
		if (w->stage != DT_STAGE_LOGON)
			fail_msg("%s: stage %d, %s\n%s", rows[i / 2].what, w->stage, w->why, w->told);
		assert_string_equal(w->sip, "sip alice@contoso.test");
		computed(w, 4, proof);
		if (rows[i / 2].key)
			assert_true(b64_read(&key, sv_of(rows[i / 2].key)));
		proved(w, 5, key.n ? key.p : proof, key.n ? key.n : 32, ">2026-11-18T11:00:00.000Z<");
		doc = xml_read(w->asked[5].p, w->asked[5].n, NULL);
		assert_null(soap_cert_read(doc, &q));
		assert_string_equal(q.entity, rows[i / 2].entity);
		soap_cert_clear(&q);
		xmlFreeDoc(doc);
		buf_free(&key);
	}
	buf_free(&answer);
	buf_free(&p7);
	buf_free(&pem);
}

static void unusable(void **state)
{
	static const struct {
		const char *ticket, *shape, *says;
		enum dt_stage stage;
		enum dt_failure failure;
		bool other;
	} rows[] = {
	    {RSTR(NAMED("sip:alice@contoso.test"), LIFE("u:")), NULL, "without a key", DT_STAGE_AUTH, DT_F_SOAP_BAD, false},
	    {FAULT("200 OK", "28020"), NULL, ", and the PIN port does not ask for HTTP Basic", DT_STAGE_AUTH, DT_F_HTTP_BAD, false},
	    {FAULT("500 Oops", "28029"), NULL, "28029", DT_STAGE_AUTH, DT_F_METHOD_OFF, false},
	    {MOVED("302", "http://pool2.contoso.test/"), NULL, "HTTP 302, to http://pool2", DT_STAGE_AUTH, DT_F_HTTP_STATUS, false},
	    {TICKET, RESPONSE("", TOKEN), "another public key", DT_STAGE_CERT, DT_F_CERT_BAD, true},
	    {RSTR(ASSERTION(""), LIFE("u:") ENTROPY), RESPONSE("", TOKEN), "another public key", DT_STAGE_CERT, DT_F_CERT_BAD, true},
	    {TICKET, RESPONSE("", "<c:ErrorInfo><c:Text/></c:ErrorInfo><!-- %s -->"), "server answers 0", DT_STAGE_CERT,
	     DT_F_CSR_REFUSED, false},
	};
	struct world *w = *state;
	struct buf answer = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = web_anew(state)) {
		const struct buf *der = rows[i].other ? &web_keys.other : &web_keys.cert;
		struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				       {"POST " WTS "/pin", rows[i].ticket}, END, END};

		if (rows[i].shape)
			steps[5] = (struct step){"POST " PROOF, published(&answer, rows[i].shape, der->p, der->n)};
		web_run(w, steps, false);
		STAGE(rows[i].stage, rows[i].failure);
		assert_non_null(strstr(w->why, rows[i].says));
		if (i == 5) /* the name in a certificate that is not ours is not believed */
			assert_null(strstr(w->sip, "sip "));
	}
	buf_free(&answer);
}

/* ---- elsewhere --------------------------------------------------------------------------------------------------- */

/* "A redirect to another pool means: start over with that pool's WTS, tickets do not travel." */
static void redirected(void **state)
{
	struct world *w = *state;
	struct buf a = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), web_keys.cert.p, web_keys.cert.n);
	const struct step metadata[] = {CHAIN_STEPS,
					{"GET " HOST CERTPROV "/mex", MOVED("301", "https://pool2.contoso.test:443" CERTPROV "/mex")},
					{"GET pool2.contoso.test" CERTPROV "/mex", MOVED("302", CERTPROV "/mex?x")},
					{"GET pool2.contoso.test" CERTPROV "/mex?x", CERT_WSDL_AT("pool2.contoso.test")},
					{"GET pool2.contoso.test" WTS "/mex", WTS_WSDL_AT("pool2.contoso.test")},
					{"POST pool2.contoso.test" WTS "/pin", TICKET}, {"POST pool2.contoso.test" PROOF, cert}, END};
	const struct step loop[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", MOVED("302", CERTPROV "/mex")},
				    {"GET " CERTPROV "/mex", MOVED("302", CERTPROV "/mex")}, {"GET " CERTPROV "/mex", MOVED("302", CERTPROV "/mex")},
				    {"GET " CERTPROV "/mex", MOVED("302", CERTPROV "/mex")},
				    {"GET " CERTPROV "/mex", MOVED("302", "http://" HOST CERTPROV "/mex")}, END};
	const struct step ticket[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				      {"POST " HOST WTS "/pin", MOVED("307", "https://pool2.contoso.test" WTS "/pin")},
				      {"GET pool2.contoso.test" CERTPROV "/mex", CERT_WSDL_AT("pool2.contoso.test")},
				      {"GET pool2.contoso.test" WTS "/mex", WTS_WSDL_AT("pool2.contoso.test")},
				      {"POST pool2.contoso.test" WTS "/pin", TICKET}, {"POST pool2.contoso.test" PROOF, cert}, END};
	const struct step twice[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				     {"POST " HOST WTS "/pin", MOVED("307", "https://pool2.contoso.test/")},
				     {"GET pool2.contoso.test" CERTPROV "/mex", CERT_WSDL_AT("pool2.contoso.test")},
				     {"GET pool2.contoso.test" WTS "/mex", WTS_WSDL_AT("pool2.contoso.test")},
				     {"POST pool2.contoso.test" WTS "/pin", MOVED("307", "https://" HOST "/")}, END};
	const struct step late[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				    {"POST " WTS "/pin", TICKET}, {"POST " HOST PROOF, MOVED("302", "https://pool2.contoso.test" PROOF)},
				    {"GET pool2.contoso.test" CERTPROV "/mex", CERT_WSDL_AT("pool2.contoso.test")},
				    {"GET pool2.contoso.test" WTS "/mex", WTS_WSDL_AT("pool2.contoso.test")},
				    {"POST pool2.contoso.test" WTS "/pin", TICKET}, {"POST pool2.contoso.test" PROOF, cert}, END};

	web_run(w, metadata, false);
	SIGNED_IN();
	w = web_anew(state);
	web_run(w, ticket, false);
	SIGNED_IN();
	w = web_anew(state);
	web_run(w, late, false);
	SIGNED_IN();
	w = web_anew(state);
	web_run(w, twice, false); /* back to the first: a circle, whether or not its URL names port 443 */
	STAGE(DT_STAGE_AUTH, DT_F_REDIRECTS);
	w = web_anew(state);
	web_run(w, loop, false); /* three times at most; then asked anew by stage 7, and never out of TLS */
	STAGE(DT_STAGE_AUTH, DT_F_HTTP_STATUS);
	buf_free(&a);
}

/* A server that names a port without TLS for certificates gets no ticket, and no number and PIN before. */
static void no_ticket_without_tls(void **state)
{
#define PLAIN WSDL(POLICY_AT(HOST), PORT("CertProvisioningServiceWebTicketProof_SHA1", "http://" HOST PROOF))
	static const struct step plain[] = {
	    CHAIN_STEPS,
	    {"GET " CERTPROV "/mex", PLAIN},
	    {"GET " CERTPROV "/mex", PLAIN},
	    END};
	struct world *w = *state;

	web_run(w, plain, false);
	STAGE(DT_STAGE_AUTH, DT_F_METADATA_BAD);
}

/* "On 28032: ask for a new ticket once." */
static void another_ticket_once(void **state)
{
	struct world *w = *state;
	struct buf a = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), web_keys.cert.p, web_keys.cert.n);

	for (int again = 0; again < 2; again++, w = web_anew(state)) {
		const struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
					     {"POST " WTS "/pin", TICKET}, {"POST " PROOF, FAULT("500 Internal Server Error", "28032")},
					     {"POST " WTS "/pin", TICKET},
					     {"POST " PROOF, again ? FAULT("500 Internal Server Error", "28032") : cert}, END};

		web_run(w, steps, false);
		if (again)
			STAGE(DT_STAGE_CERT, DT_F_TICKET_BAD);
		else
			SIGNED_IN();
	}
	buf_free(&a);
}

/* ---- PIN ------------------------------------------------------------------------------------------------------------ */

#define BASIC "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm =\"LYNC\"\r\nContent-Type: text/html\r\n"
#define INVALID_PIN                                                                                                                \
	BASIC "Warning: 120 fe01.contoso.test \"InvalidPin\"\r\nX-Ms-diagnostics: 28003;source=\"fe01.contoso.test\";reason=\"The pin is " \
	      "invalid.\";faultcode=\"wsse:FailedAuthentication\"\r\n\r\n<html></html>"

/* [web-services 6.3]: the question goes out without credentials, is asked for Basic, and goes out with number and PIN, once. */
static void pin_by_basic(void **state)
{
	static const struct {
		const char *first, *second;
		enum dt_failure failure;
	} rows[] = {
		{BASIC "\r\n<html></html>", TICKET, DT_F_OK},
		{BASIC "WWW-Authenticate: NTLM\r\n\r\n", TICKET, DT_F_OK},
		{BASIC "\r\n", INVALID_PIN, DT_F_PIN_REFUSED},
		{BASIC "\r\n", BASIC "\r\n", DT_F_PIN_REFUSED}, /* no second attempt, however often it is asked */
		{"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: NTLM\r\n\r\n", NULL, DT_F_HTTP_BAD},
		{"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm=\"Basic\"\r\n\r\n", NULL, DT_F_HTTP_BAD},
	};
	struct world *w = *state;
	struct buf a = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), web_keys.cert.p, web_keys.cert.n);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = web_anew(state)) {
		struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				       {"POST " WTS "/pin", rows[i].first}, {"POST " WTS "/pin", rows[i].second}, {"POST " PROOF, cert}, END};

		if (rows[i].second == NULL)
			steps[5] = (struct step)END;
		if (rows[i].failure)
			steps[6] = (struct step)END;
		web_run(w, steps, false);
		if (rows[i].failure)
			STAGE(DT_STAGE_AUTH, rows[i].failure);
		else
			SIGNED_IN();
		assert_null(strstr(w->heads[4], "Authorization"));
		assert_null(memmem(w->asked[4].p, w->asked[4].n, "73914", 5));
		if (rows[i].second) { /* "+14255550123:73914" */
			assert_non_null(strstr(w->heads[5], "Authorization: Basic KzE0MjU1NTUwMTIzOjczOTE0\r\n"));
			assert_null(memmem(w->asked[5].p, w->asked[5].n, "73914", 5));
		}
	}
	buf_free(&a);
}

/* ---- NTLM -------------------------------------------------------------------------------------------------------- */

static void windows(void **state)
{
	/* [MS-NLMP] 4.2.4.3 */
	static const char type2[] =
	    "TlRMTVNTUAACAAAADAAMADgAAAAzgoriASNFZ4mrze8AAAAAAAAAACQAJABEAAAABgBwFwAAAA9TAGUAcgB2AGUAcgACAAwARABvAG0A"
	    "YQBpAG4AAQAMAFMAZQByAHYAZQByAAAAAAA=";
	static const struct {
		const char *offer, *scheme;
	} rows[] = {
	    {"WWW-Authenticate: NTLM\r\n", "NTLM"},
	    {"WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM\r\nX-MS-Correlation-Id: 1\r\n", "NTLM"},
	    {"WWW-Authenticate: Negotiate, ntlm\r\n", "NTLM"},
	    {"WWW-Authenticate: Bearer realm=\"NTLM, not\", Negotiate\r\n", "Negotiate"},
	};
	struct world *w = *state;
	struct buf a = {0}, challenge = {0}, first = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), web_keys.cert.p, web_keys.cert.n);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = web_anew(state)) {
		char want[64];

		buf_clear(&first);
		buf_printf(&first, "HTTP/1.1 401 Unauthorized\r\n%s\r\n", rows[i].offer);
		buf_clear(&challenge);
		buf_printf(&challenge, "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: %s %s\r\nWWW-Authenticate: %s\r\n\r\n", rows[i].scheme,
			   type2, i ? "Basic realm=\"x\"" : "Kerberos");
		{
			const struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
						     {"POST " WTS, buf_cstr(&first)}, {"POST " WTS, buf_cstr(&challenge)},
						     {"POST " WTS, RSTR(ASSERTION(""), LIFE("u:") ENTROPY)}, {"POST " PROOF, cert}, END};

			web_run(w, steps, true);
		}
		SIGNED_IN(); /* a ticket that names nobody is good for who is known */
		assert_null(strstr(w->heads[4], "Authorization"));
		snprintf(want, sizeof want, "Authorization: %s TlRMTVNTUAABAAAA", rows[i].scheme);
		assert_non_null(strstr(w->heads[5], want));
		snprintf(want, sizeof want, "Authorization: %s TlRMTVNTUAADAAAA", rows[i].scheme);
		assert_non_null(strstr(w->heads[6], want));
	}
	buf_free(&a);
	buf_free(&challenge);
	buf_free(&first);
}

/* ---- the chain --------------------------------------------------------------------------------------------------- */

static void chains(void **state)
{
	struct world *w = *state;
	struct buf pem = {0}, b = {0}, a = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), web_keys.cert.p, web_keys.cert.n);

	pki_pem_add(&pem, "CERTIFICATE", web_keys.ca_der.p, web_keys.ca_der.n);
	buf_str(&b, "HTTP/1.1 200 OK\r\nContent-Type: application/x-pem-file\r\n\r\n");
	buf_sv(&b, buf_view(&pem));
	{
		const struct step steps[] = {{"POST " CERTPROV, MOVED("302", "https://" HOST "/")}, {"GET " CERTPROV "//chain.p7b",
					      MOVED("301", "http://pool.contoso.test/chain.p7b")}, {"GET /chain.p7b", buf_cstr(&b)},
					     {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL}, {"POST " WTS "/pin", TICKET},
					     {"POST " PROOF, cert}, END};

		web_run(w, steps, false);
	}
	SIGNED_IN();
	assert_non_null(strstr(w->told, "root chain http://" HOST CERTPROV "/: ok Communications Server, SHA-1 "));
	buf_free(&pem);
	buf_free(&b);
	buf_free(&a);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, web_setup, web_teardown)
	const struct CMUnitTest tests[] = {T(other_words), T(unusable), T(redirected), T(no_ticket_without_tls), T(another_ticket_once), T(pin_by_basic), T(windows),
					   T(chains)};

	return cmocka_run_group_tests(tests, web_group_setup, web_group_teardown);
}
