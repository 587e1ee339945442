/* Other clients than ours and SIPE: the same questions in the words of other stacks, and answers that those can read. */
#include "tests/support/flow_world.h"

#define AUDIENCE "https://fe01.contoso.test" CERTPROV "/WebTicket_Proof_SHA1"
#define WSA_2004 "http://schemas.xmlsoap.org/ws/2004/08/addressing"
#define POLICY_2004 "http://schemas.xmlsoap.org/ws/2004/09/policy"
#define ENTROPY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static xmlNodePtr at(xmlDocPtr doc, const char *const *path)
{
	return xml_path(xmlDocGetRootElement(doc), path);
}

static void text_at(xmlDocPtr doc, const char *const *path, const char *want_)
{
	char text[512];

	if (!xml_text(at(doc, path), text, sizeof text))
		fail_msg("there is no %s", path[1]);
	assert_string_equal(text, want_);
}

/* ---- IssueToken ---------------------------------------------------------------------------------------------------- */

#define USERNAME(o) \
	"<" o "UsernameToken><" o "Username>4411</" o "Username><" o "Password>73914</" o "Password></" o "UsernameToken>"

/* clang-format off */
static const struct {
	const char *what, *soap, *trust, *wsa; /* wsa: of the MessageID; NULL: none */
	const char *head, *text;
} asked[] = {
{"as WCF writes it: everything has a prefix, the elements in another order", NS_SOAP, NS_WST, NULL,
 "Content-Type: text/xml; charset=utf-8\r\nSOAPAction: \"" SOAP_ACTION_ISSUE "\"\r\n",
 "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:u=\"" NS_WSU "\">\r\n <s:Header>"
 "<o:Security s:mustUnderstand=\"1\" xmlns:o=\"" NS_WSSE "\"><u:Timestamp u:Id=\"_0\"><u:Created>2026-11-18T11:06:40.123Z</u:Created>"
 "<u:Expires>2026-11-18T11:11:40.123Z</u:Expires></u:Timestamp>" USERNAME("o:") "</o:Security></s:Header>\r\n <s:Body>"
 "<trust:RequestSecurityToken xmlns:trust=\"" NS_WST "\"><trust:KeyType>" NS_WST_SLASH "SymmetricKey</trust:KeyType>"
 "<trust:KeySize>256</trust:KeySize><trust:Entropy><trust:BinarySecret u:Id=\"uuid-1\" Type=\"" NS_WST_SLASH "Nonce\">" ENTROPY
 "</trust:BinarySecret></trust:Entropy><wsp:AppliesTo xmlns:wsp=\"" POLICY_2004 "\"><a:EndpointReference xmlns:a=\"" NS_WSA "\">"
 "<a:Address>" AUDIENCE "</a:Address></a:EndpointReference></wsp:AppliesTo><trust:TokenType/><trust:ComputedKeyAlgorithm>"
 NS_WST_SLASH "CK/PSHA1</trust:ComputedKeyAlgorithm><trust:RequestType>" NS_WST_SLASH "Issue</trust:RequestType>"
 "</trust:RequestSecurityToken></s:Body></s:Envelope>"},
{"the namespace with its slash, default namespaces, single quotes, a claim without a value", NS_SOAP, NS_WST, NULL,
 "content-type: TEXT/XML;Charset=\"UTF-8\"\r\nsoapaction: " SOAP_ACTION_ISSUE "\r\n",
 "\xef\xbb\xbf<Envelope xmlns='" NS_SOAP "'><Header><Security xmlns='" NS_WSSE "'>" USERNAME("") "</Security></Header><Body>"
 "<RequestSecurityToken xmlns='" NS_WST_SLASH "'><!-- a comment --><RequestType>" NS_WST_SLASH "Issue</RequestType>"
 "<AppliesTo xmlns='" POLICY_2004 "'><EndpointReference xmlns='" NS_WSA "'><Address>\r\n   " AUDIENCE "\r\n  </Address>"
 "</EndpointReference></AppliesTo><Claims Dialect='urn:component:Microsoft.Rtc.WebAuthentication.2010:authclaims'>"
 "<ClaimType Uri='http://schemas.xmlsoap.org/ws/2005/05/identity/claims/uri' Optional='true'/></Claims><Entropy>"
 "<BinarySecret>\r\n" ENTROPY "\r\n</BinarySecret></Entropy></RequestSecurityToken></Body></Envelope>"},
{"WS-Trust of February 2005", NS_SOAP, NS_WST_2005, NULL,
 "Content-Type: text/xml\r\nSOAPAction: \"" SOAP_ACTION_ISSUE_2005 "\"\r\n",
 "<soap:Envelope xmlns:soap=\"" NS_SOAP "\"><soap:Header><wsse:Security xmlns:wsse=\"" NS_WSSE "\">" USERNAME("wsse:")
 "</wsse:Security></soap:Header><soap:Body><wst:RequestSecurityToken xmlns:wst=\"" NS_WST_2005 "\"><wst:TokenType>" NS_SAML
 "</wst:TokenType><wst:RequestType>" NS_WST_2005
 "/Issue</wst:RequestType><wsp:AppliesTo xmlns:wsp=\"" POLICY_2004 "\"><wsa:EndpointReference xmlns:wsa=\"" WSA_2004 "\"><wsa:Address>"
 AUDIENCE "</wsa:Address></wsa:EndpointReference></wsp:AppliesTo><wst:KeyType>" NS_WST_2005 "/SymmetricKey</wst:KeyType><wst:Entropy>"
 "<wst:BinarySecret Type=\"" NS_WST_2005 "/Nonce\">" ENTROPY "</wst:BinarySecret></wst:Entropy></wst:RequestSecurityToken>"
 "</soap:Body></soap:Envelope>"},
{"SOAP 1.2, its action in the type, with addressing", NS_SOAP12, NS_WST, NS_WSA,
 "Content-Type: application/soap+xml; charset=utf-8; action=\"" SOAP_ACTION_ISSUE "\"\r\n",
 "<s:Envelope xmlns:s=\"" NS_SOAP12 "\" xmlns:a=\"" NS_WSA "\"><s:Header><a:Action s:mustUnderstand=\"1\">" SOAP_ACTION_ISSUE
 "</a:Action><a:MessageID>urn:uuid:1&amp;2</a:MessageID><a:ReplyTo><a:Address>http://www.w3.org/2005/08/addressing/anonymous</a:Address>"
 "</a:ReplyTo><a:To s:mustUnderstand=\"1\">https://fe01.contoso.test" WTS "/pin</a:To><o:Security s:mustUnderstand=\"1\" xmlns:o=\""
 NS_WSSE "\">" USERNAME("o:") "</o:Security></s:Header><s:Body><trust:RequestSecurityToken xmlns:trust=\"" NS_WST "\">"
 "<wsp:AppliesTo xmlns:wsp=\"" POLICY_2004 "\"><a:EndpointReference><a:Address>" AUDIENCE "</a:Address></a:EndpointReference>"
 "</wsp:AppliesTo><trust:Entropy><trust:BinarySecret>" ENTROPY "</trust:BinarySecret></trust:Entropy><trust:RequestType>"
 NS_WST_SLASH "Issue</trust:RequestType></trust:RequestSecurityToken></s:Body></s:Envelope>"},
{"SOAP 1.1 with the older addressing", NS_SOAP, NS_WST, WSA_2004,
 "Content-Type: text/xml\r\n",
 "<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:a=\"" WSA_2004 "\"><s:Header><o:Security xmlns:o=\"" NS_WSSE "\">" USERNAME("o:")
 "</o:Security><a:MessageID>urn:uuid:1&amp;2</a:MessageID></s:Header><s:Body><RequestSecurityToken xmlns=\"" NS_WST "\"><AppliesTo>"
 "<EndpointReference><Address>" AUDIENCE "</Address></EndpointReference></AppliesTo><Entropy><BinarySecret>" ENTROPY
 "</BinarySecret></Entropy></RequestSecurityToken></s:Body></s:Envelope>"},
};
/* clang-format on */

static void tickets_for_all(void **state)
{
	static const char *const related[] = {"Header", "RelatesTo", NULL}, *const action[] = {"Header", "Action", NULL};
	struct flow *f = *state;

	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
		bool old = strcmp(asked[i].trust, NS_WST_2005) == 0, twelve = strcmp(asked[i].soap, NS_SOAP12) == 0;
		struct soap_issued m = {0};
		struct web_answer a;
		struct buf head = {0};
		xmlNodePtr root, first;
		xmlDocPtr doc;

		buf_printf(&head, "POST " WTS "/pin HTTP/1.1\r\n%s", asked[i].head);
		if (go(f, HTTPS_IN, buf_cstr(&head), sv_of(asked[i].text), &a) != 200)
			fail_msg("%s: %u %.*s", asked[i].what, a.status, (int)a.body.n, (const char *)a.body.p);
		assert_string_equal(a.type, twelve ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8");
		assert_null(soap_issued_read(a.body.p, a.body.n, &m));
		assert_string_equal(m.name_id, "sip:" ALICE);
		assert_int_equal(m.nentropy, 32);
		doc = doc_of(a.body.p, a.body.n);
		root = xmlDocGetRootElement(doc);
		assert_string_equal((const char *)root->ns->href, asked[i].soap);
		first = soap_body(doc);
		assert_string_equal((const char *)first->ns->href, asked[i].trust);
		assert_string_equal((const char *)first->name,
				    old ? "RequestSecurityTokenResponse" : "RequestSecurityTokenResponseCollection");
		assert_int_equal(xml_count(root, NULL, "Header"), asked[i].wsa != NULL);
		if (asked[i].wsa) {
			text_at(doc, related, "urn:uuid:1&2");
			text_at(doc, action, NS_WST_SLASH "RSTRC/IssueFinal");
			assert_string_equal((const char *)at(doc, related)->ns->href, asked[i].wsa);
		}
		assert_true(!old || has(&a.body, NS_WST_2005 "/CK/PSHA1"));
		assert_true(!old || has(&a.body, "<TokenType>" NS_SAML "</TokenType>")); /* as asked */
		xmlFreeDoc(doc);
		soap_issued_clear(&m);
		web_answer_clear(&a);
		buf_free(&head);
	}
}

/* The action that SOAP 1.2 says is held to, as the header of SOAP 1.1 is; a fault is told in the asker's own words. */
static void faults_for_all(void **state)
{
	static const char *const value[] = {"Body", "Fault", "Code", "Value", NULL};
	static const char *const sub[] = {"Body", "Fault", "Code", "Subcode", "Value", NULL};
	static const char *const related[] = {"Header", "RelatesTo", NULL};
	static const struct {
		const char *type, *pin, *sub;
		unsigned id;
	} rows[] = {
	    {"action=\"" SOAP_ACTION_ISSUE "\"", "73915", "wsse:FailedAuthentication", 28020},
	    {"charset=utf-8; action=\"urn:other\"", "73914", NULL, 0},
	    {"action=urn:other", "73914", NULL, 0},
	};
	struct flow *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char head[256], *text = swap(sv_dup(sv_of(asked[3].text)), "73914", rows[i].pin);
		struct soap_fault m;
		struct web_answer a;
		xmlDocPtr doc;

		snprintf(head, sizeof head, "POST " WTS "/pin HTTP/1.1\r\nContent-Type: application/soap+xml; %s\r\n", rows[i].type);
		assert_int_equal(go(f, HTTPS_IN, head, sv_of(text), &a), 500);
		assert_string_equal(a.type, "application/soap+xml; charset=utf-8");
		doc = doc_of(a.body.p, a.body.n);
		assert_int_equal(soap_kind(doc), SOAP_FAULT);
		text_at(doc, value, "s:Sender");
		text_at(doc, related, "urn:uuid:1&2");
		if (rows[i].sub)
			text_at(doc, sub, rows[i].sub);
		else
			assert_null(at(doc, sub));
		assert_null(soap_fault_read(doc, &m));
		assert_int_equal(m.error_id, rows[i].id);
		xmlFreeDoc(doc);
		web_answer_clear(&a);
		free(text);
	}
}

/* ---- GetAndPublishCert ------------------------------------------------------------------------------------------------ */

static void certificates_for_all(void **state)
{
	static const char *const related[] = {"Header", "RelatesTo", NULL};
	struct flow *f = *state;
	struct soap_cert_answer m;
	struct proof p = {0};
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;
	char *text;

	assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0);
	request(f, false, &p, ALICE, &b);
	for (int form = 0; form < 3; form++) {
		text = sv_dup(buf_view(&b));
		if (form == 1) /* without addressing */
			text = swap(text, "<wsa:MessageID>uuid:1</wsa:MessageID>", "");
		if (form == 2)
			text = swap(text, NS_SOAP, NS_SOAP12);
		assert_int_equal(go(f, HTTPS_IN, form == 2 ? "POST " CERTPROV "/WebTicket_Proof HTTP/1.1\r\n"
							    "Content-Type: application/soap+xml; action=\"" SOAP_ACTION_CERT "\"\r\n"
							  : PUBLISH, sv_of(text), &a), 200);
		assert_string_equal(a.type, form == 2 ? "application/soap+xml; charset=utf-8" : "text/xml; charset=utf-8");
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_cert_answer_read(doc, &m));
		assert_true(pki_cert_is_of(m.cert.p, m.cert.n, keys.phone));
		soap_cert_answer_clear(&m);
		if (form == 1)
			assert_null(at(doc, related));
		else
			text_at(doc, related, "uuid:1");
		xmlFreeDoc(doc);
		web_answer_clear(&a);
		free(text);
	}
	soap_issued_clear(&p.issued);
	buf_free(&b);
}

/* Entity and DeviceId come back as they were said; a number comes back as the address it belongs to. */
static void whom_the_answer_names(void **state)
{
	static const struct {
		const char *asked, *told;
	} rows[] = {{ALICE, ALICE}, {"SIP:Alice@Contoso.test", "SIP:Alice@Contoso.test"}, {"+14255550123", ALICE}, {"", ALICE}};
	struct flow *f = *state;
	struct proof p = {0};
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct soap_cert_answer m;
		struct web_answer a;
		char *text, want_[64];
		xmlDocPtr doc;

		assert_int_equal(by_pin(f, HTTPS_IN, "4411", "73914", &p), 0); /* a ticket is good for three certificates */
		request(f, false, &p, "x@y", &b);
		snprintf(want_, sizeof want_, "Entity=\"%s\"", rows[i].asked);
		text = swap(sv_dup(buf_view(&b)), "Entity=\"x@y\"", want_);
		assert_int_equal(go(f, HTTPS_IN, PUBLISH, sv_of(text), &a), 200);
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_cert_answer_read(doc, &m));
		assert_true(m.cert.n != 0);
		assert_string_equal(m.entity, rows[i].told);
		assert_string_equal(m.device_id, "{4b1682a8-f968-5701-83fc-7c6741dc6697}");
		soap_issued_clear(&p.issued);
		soap_cert_answer_clear(&m);
		xmlFreeDoc(doc);
		web_answer_clear(&a);
		free(text);
	}
	buf_free(&b);
}

/* ---- knobs (13) --------------------------------------------------------------------------------------------------------- */

/* OverrideAuthTypeFor...Clients: one port for all, inside and outside. */
static void one_port_is_offered(void **state)
{
	static const struct {
		const char *inside, *outside;
		const char *ports[2]; /* on each side: n, w, c, p for the four that may stand there */
	} rows[] = {
	    {"", "", {"ncp", "nc"}},
	    {"webticketservicepin", "WebTicketServiceWinNtlm", {"p", "w"}},
	    {"WebTicketServiceWinNegotiate", "WebTicketServiceCert", {"n", "c"}},
	};
	struct flow *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int outside = 0; outside < 2; outside++) {
			struct soap_metadata m;
			struct web_answer a;
			char have[8] = "";
			xmlDocPtr doc;

			strcpy(f->v->site.OverrideAuthTypeForInternalClients, rows[i].inside);
			strcpy(f->v->site.OverrideAuthTypeForExternalClients, rows[i].outside);
			go(f, outside ? HTTPS_OUT : HTTPS_IN, "GET " WTS "/mex HTTP/1.1\r\n", SV(""), &a);
			doc = doc_of(a.body.p, a.body.n);
			assert_null(soap_metadata_read(doc, &m));
			snprintf(have, sizeof have, "%s%s%s%s", m.negotiate_url[0] ? "n" : "", m.ntlm_url[0] ? "w" : "",
				 m.cert_auth_url[0] ? "c" : "", m.pin_url[0] ? "p" : "");
			assert_string_equal(have, rows[i].ports[outside]);
			xmlFreeDoc(doc);
			web_answer_clear(&a);
		}
}

/* "The collection is not used when InferCertChainFromSSL is true"; else it is what phones are given. */
static void the_chain_that_was_named(void **state)
{
	struct pki_issue root = {.profile = PKI_CA, .cn = "Public Root", .not_before = NOW - 9, .not_after = NOW + 99999};
	struct flow *f = *state;
	struct web_conf conf = {.site = &f->v->site, .vault = &f->v->link, .chain_pem = buf_view(&chain_pem)};
	struct buf der = {0}, trusted = {0}, pem = {0};
	struct pki_cert_info info, own;
	char *named = f->v->site.TrustedCACerts;
	struct web_answer a;

	assert_true(pki_issue(&root, keys.phone, keys.phone, NULL, 0, &der));
	assert_null(pki_cert_info(der.p, der.n, &info));
	assert_null(pki_cert_info(keys.ca_der.p, keys.ca_der.n, &own));
	pki_pem_add(&trusted, "CERTIFICATE", der.p, der.n);
	conf.trusted_pem = buf_view(&trusted);
	for (int infer = 1; infer >= 0; infer--) {
		f->v->site.InferCertChainFromSSL = infer;
		hex_write(named, info.sha1, 20, true);
		strcat(named, " ");
		if (infer == 0)
			hex_write(named + 41, own.sha1, 20, true);
		web_free(f->w);
		f->w = web_new(&conf);
		assert_non_null(f->w);
		assert_int_equal(go(f, HTTP_IN, "GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", SV(""), &a), 200);
		buf_clear(&pem);
		assert_null(pki_p7_read(a.body.p, a.body.n, &pem));
		web_answer_clear(&a);
		for (unsigned i = 0; i < 2; i++) {
			buf_clear(&der);
			assert_int_equal(pki_pem_cert(buf_view(&pem), i, &der), i == 0 || !infer);
			if (der.n) {
				assert_null(pki_cert_info(der.p, der.n, &info));
				assert_string_equal(info.subject_cn, i == 0 && !infer ? "Public Root" : "Communications Server");
			}
		}
		buf_clear(&der);
		assert_true(pki_pem_cert(buf_view(&trusted), 0, &der));
		assert_null(pki_cert_info(der.p, der.n, &info));
	}
	named[0] = named[0] == 'A' ? 'B' : 'A'; /* a missing file keeps it from starting */
	assert_null(web_new(&conf));
	buf_free(&der);
	buf_free(&trusted);
	buf_free(&pem);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, flow_setup, flow_teardown)
	const struct CMUnitTest tests[] = {T(tickets_for_all), T(faults_for_all), T(certificates_for_all), T(whom_the_answer_names),
					   T(one_port_is_offered), T(the_chain_that_was_named)};

	return cmocka_run_group_tests(tests, flow_group_setup, flow_group_teardown);
}
