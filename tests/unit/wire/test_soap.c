/* The messages of [web-services 5, 6, 8, 10, 12]: each vector read, written, read again, cut, spoiled. */
#include "tests/support/check_xml.h"

#define AUTH_URL "https://pool.contoso.example/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"
#define CONTEXT "4b1682a8-f968-5701-83fc-7c6741dc6697"

static const struct {
	const char *file;
	enum soap_kind kind;
} vectors[] = {
    {"soap/issue_sipe.xml", SOAP_ISSUE},	 {"soap/issue_x509.xml", SOAP_ISSUE},
    {"soap/issue_pin.xml", SOAP_ISSUE},		 {"soap/issue_password.xml", SOAP_ISSUE},
    {"soap/issued.xml", SOAP_ISSUED},		 {"soap/cert.xml", SOAP_CERT},
    {"soap/cert_answer.xml", SOAP_CERT_ANSWER},	 {"soap/cert_error.xml", SOAP_CERT_ANSWER},
    {"soap/chain.xml", SOAP_CHAIN},		 {"soap/chain_answer.xml", SOAP_CHAIN_ANSWER},
    {"soap/fault.xml", SOAP_FAULT},		 {"soap/mex_get.xml", SOAP_MEX_GET},
    {"soap/mex_answer.xml", SOAP_MEX_ANSWER},	 {"soap/certprov_wsdl.xml", SOAP_METADATA},
    {"soap/wts_wsdl.xml", SOAP_METADATA},
};
#define VECTORS (sizeof vectors / sizeof *vectors)

static void kinds(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		xmlDocPtr doc = doc_of_vector(vectors[i].file);

		if (soap_kind(doc) != vectors[i].kind)
			fail_msg("%s is %s", vectors[i].file, soap_kind_name(soap_kind(doc)));
		xmlFreeDoc(doc);
	}
}

/* Every reader over whatever parses: none may care which kind it was meant for. */
static unsigned read_all(const uint8_t *p, size_t n)
{
	struct soap_issue issue;
	struct soap_issued issued;
	struct soap_cert cert;
	struct soap_cert_answer answer;
	struct soap_fault fault;
	struct soap_metadata meta;
	struct buf p7 = {0};
	char id[128], name[128], ns[256];
	bool soap12;
	unsigned good = 0;
	xmlDocPtr doc = xml_read(p, n, NULL);

	if (soap_issued_read(p, n, &issued) == NULL) {
		soap_issued_clear(&issued);
		good++;
	}
	if (doc == NULL)
		return good;
	good += soap_issue_read(doc, &issue) == NULL;
	if (soap_cert_read(doc, &cert) == NULL) {
		soap_cert_clear(&cert);
		good++;
	}
	if (soap_cert_answer_read(doc, &answer) == NULL) {
		soap_cert_answer_clear(&answer);
		good++;
	}
	good += soap_fault_read(doc, &fault) == NULL;
	good += soap_metadata_read(doc, &meta) == NULL;
	good += soap_mex_get_read(doc, id, &soap12);
	good += soap_chain_read(doc, name, ns);
	good += soap_chain_answer_read(doc, &p7) == NULL;
	buf_free(&p7);
	xmlFreeDoc(doc);
	return good;
}

static void cut_at_every_length(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct buf b = {0};
		size_t whole;

		text_vector(&b, vectors[i].file);
		for (whole = b.n; whole && b.p[whole - 1] == '\n'; whole--)
			;
		for (size_t n = 0; n <= b.n; n++) {
			uint8_t *c = exact_copy(b.p, b.n, n);

			/* mex_answer.xml holds an empty document: no port */
			assert_int_equal(read_all(c, n), n >= whole && vectors[i].kind != SOAP_MEX_ANSWER);
			free(c);
		}
		buf_free(&b);
	}
}

static void spoiled_octets_never_hurt(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct buf b = {0};

		text_vector(&b, vectors[i].file);
		for (unsigned round = 0; round < 1500; round++) {
			uint8_t *c = exact_copy(b.p, b.n, b.n);

			for (unsigned k = 0; k <= round % 3; k++) {
				seed = seed * 1103515245 + 12345;
				c[(seed >> 8) % b.n] = (uint8_t)(seed >> 4);
			}
			read_all(c, b.n);
			free(c);
		}
		buf_free(&b);
	}
}

static void issue_as_sipe_writes_it(void **state)
{
	xmlDocPtr doc = doc_of_vector("soap/issue_sipe.xml");
	struct soap_issue m, again;
	struct buf b = {0};
	uint8_t want[32];

	(void)state;
	for (int i = 0; i < 32; i++)
		want[i] = (uint8_t)i;
	assert_null(soap_issue_read(doc, &m));
	xmlFreeDoc(doc);
	assert_string_equal(m.context, CONTEXT);
	assert_string_equal(m.applies_to, AUTH_URL);
	assert_string_equal(m.claim, "sip:anna@contoso.example");
	assert_string_equal(m.request_type, "http://schemas.xmlsoap.org/ws/2005/02/trust/Issue");
	assert_int_equal(m.nentropy, 32);
	assert_memory_equal(m.entropy, want, 32);
	assert_false(m.has_username || m.has_signature);

	soap_issue_write(&b, &m, SV(""));
	assert_false(has(&b, "Header"));
	doc = doc_of(b.p, b.n);
	assert_null(soap_issue_read(doc, &again));
	assert_memory_equal(&m, &again, sizeof m);
	xmlFreeDoc(doc);
	buf_free(&b);
}

static void issue_with_secrets_in_the_header(void **state)
{
	xmlDocPtr doc = doc_of_vector("soap/issue_pin.xml");
	struct soap_issue m, again;
	struct buf b = {0}, header = {0};

	(void)state;
	assert_null(soap_issue_read(doc, &m));
	xmlFreeDoc(doc);
	assert_true(m.has_username && !m.has_signature);
	assert_string_equal(m.username, "+12065550119");
	assert_string_equal(m.password, "81735");
	assert_string_equal(m.claim, "");

	soap_username_write(&header, m.username, m.password);
	soap_issue_write(&b, &m, buf_view(&header));
	assert_false(has(&b, "Claims"));
	doc = doc_of(b.p, b.n);
	assert_null(soap_issue_read(doc, &again));
	assert_memory_equal(&m, &again, sizeof m);
	xmlFreeDoc(doc);

	doc = doc_of_vector("soap/issue_x509.xml");
	assert_null(soap_issue_read(doc, &m));
	assert_true(m.has_signature && !m.has_username);
	assert_string_equal(m.claim, "sip:anna@contoso.example");
	xmlFreeDoc(doc);
	doc = doc_of_vector("soap/issue_password.xml");
	assert_null(soap_issue_read(doc, &m));
	assert_string_equal(m.username, "Q09OVE9TT1xhbm5h");
	assert_int_equal(m.want_expires, 1768496400);
	assert_int_equal(m.nentropy, 0);
	xmlFreeDoc(doc);
	buf_free(&b);
	buf_free(&header);
}

/* Section 5.2, the six rules, on the vector and on what we write. */
static void sipe_finds_it(struct buf *b)
{
	const char *text = buf_cstr(b), *p, *q;

	p = strstr(text, "BinarySecret");
	assert_non_null(p);
	p = strchr(p, '>') + 1;
	assert_memory_equal(p, "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=", 44); /* 2: the first is the server's */
	p = strstr(text, "Assertion");
	assert_memory_equal(p - 6, "<saml:Assertion ", 16); /* 1: no other name begins like it before */
	assert_non_null(strstr(p, " AssertionID=\"SamlSecurityToken-3f1d6c0e-52b8-4c1f-9b0a-0d6f1f7e2a10\"")); /* 3 */
	p = strstr(text, "<Lifetime>");
	q = strstr(text, "</Lifetime>");
	assert_true(p && q && strstr(text, "Lifetime") == p + 1);
	{
		static const char inside[] = /* 5 */
		    "<Created xmlns=\"" NS_WSU "\">2026-01-15T09:00:00Z</Created><Expires xmlns=\"" NS_WSU
		    "\">2026-01-15T17:00:00Z</Expires>";

		assert_int_equal(q - p - 10, strlen(inside));
		assert_memory_equal(p + 10, inside, strlen(inside));
	}
}

static void issued_both_ways(void **state)
{
	struct buf b = {0}, out = {0}, stamp = {0};
	struct soap_issued m, again;

	(void)state;
	text_vector(&b, "soap/issued.xml");
	sipe_finds_it(&b);
	assert_null(soap_issued_read(b.p, b.n, &m));
	assert_string_equal(m.context, CONTEXT);
	assert_string_equal(m.applies_to, AUTH_URL);
	assert_string_equal(m.assertion_id, "SamlSecurityToken-3f1d6c0e-52b8-4c1f-9b0a-0d6f1f7e2a10");
	assert_string_equal(m.name_id, "sip:anna@contoso.example");
	assert_int_equal(m.nentropy, 32);
	assert_int_equal(m.entropy[0], 0x20);
	assert_int_equal(m.created, 1768467600);
	assert_int_equal(m.expires, 1768496400);
	assert_memory_equal(m.assertion.p, "<saml:Assertion xmlns:saml=", 27);
	assert_memory_equal(m.assertion.p + m.assertion.n - 17, "</saml:Assertion>", 17);

	/* the Timestamp string of section 15 is made of that lifetime, verbatim */
	buf_str(&stamp, "<wsu:Timestamp xmlns:wsu=\"" NS_WSU "\" wsu:Id=\"timestamp\">");
	buf_sv(&stamp, buf_view(&m.lifetime));
	buf_str(&stamp, "</wsu:Timestamp>");
	buf_clear(&out);
	text_vector(&out, "soap/timestamp.xml");
	assert_int_equal(stamp.n, 405);
	assert_true(sv_eq(buf_view(&stamp), buf_view(&out)));

	buf_clear(&out);
	soap_issued_write(&out, &m);
	sipe_finds_it(&out);
	assert_null(soap_issued_read(out.p, out.n, &again));
	assert_true(sv_eq(buf_view(&m.assertion), buf_view(&again.assertion)));
	assert_true(sv_eq(buf_view(&m.lifetime), buf_view(&again.lifetime)));
	assert_memory_equal(m.entropy, again.entropy, 32);
	soap_issued_clear(&again);

	/* a bearer ticket carries no key, and no word of one */
	m.nentropy = 0;
	buf_free(&m.lifetime);
	buf_clear(&out);
	soap_issued_write(&out, &m);
	assert_false(has(&out, "BinarySecret") || has(&out, "ProofToken"));
	assert_null(soap_issued_read(out.p, out.n, &again));
	assert_int_equal(again.nentropy, 0);
	assert_int_equal(again.expires, m.expires);
	soap_issued_clear(&again);
	soap_issued_clear(&m);
	soap_issued_clear(NULL);
	buf_free(&b);
	buf_free(&out);
	buf_free(&stamp);
}

/* Prefixes of the envelope, as some stacks write them: the assertion is taken out in the form that its signature is over,
 * the lifetime in the form of the Timestamp. */
static void an_assertion_that_leans_on_its_surroundings(void **state)
{
#define LEANS(assertion) \
	"<s:Envelope xmlns:s=\"" NS_SOAP "\" xmlns:saml=\"" NS_SAML "\" xmlns:u=\"" NS_WSU "\"><s:Header>" \
	"<u:Timestamp><u:Lifetime>x</u:Lifetime></u:Timestamp></s:Header><s:Body><RequestSecurityTokenResponse xmlns=\"" NS_WST \
	"\"><RequestedSecurityToken>" assertion "</RequestedSecurityToken><RequestedProofToken><BinarySecret>AAECAwQFBgcICQoLDA0ODw==" \
	"</BinarySecret></RequestedProofToken><Lifetime>\r\n <u:Created>2026-01-15T09:00:00.5Z</u:Created>\r\n <u:Expires> " \
	"2026-01-15T17:00:00Z </u:Expires></Lifetime></RequestSecurityTokenResponse></s:Body></s:Envelope>"
	static const char text[] = LEANS("<!-- <Assertion/> --><saml:Assertion u:x='1' AssertionID=\"x\"><saml:Subject>"
					 "<saml:NameIdentifier>\n sip:a@b </saml:NameIdentifier></saml:Subject><!-- c -->"
					 "</saml:Assertion>");
	static const char none[] = LEANS("<saml:Assertion/>");
	struct soap_issued m = {.expires = 7};

	(void)state;
	assert_non_null(soap_issued_read(none, sizeof none - 1, &m));
	assert_int_equal(m.expires, 7);
	assert_null(soap_issued_read(text, sizeof text - 1, &m));
	assert_string_equal(buf_cstr(&m.assertion),
			    "<saml:Assertion xmlns:saml=\"" NS_SAML "\" xmlns:u=\"" NS_WSU "\" AssertionID=\"x\" u:x=\"1\"><saml:Subject>"
			    "<saml:NameIdentifier>\n sip:a@b </saml:NameIdentifier></saml:Subject></saml:Assertion>");
	assert_string_equal(buf_cstr(&m.lifetime), "<Created xmlns=\"" NS_WSU "\">2026-01-15T09:00:00.5Z</Created>"
						   "<Expires xmlns=\"" NS_WSU "\">2026-01-15T17:00:00Z</Expires>");
	assert_string_equal(m.name_id, "sip:a@b");
	assert_true(m.nproof == 16 && m.proof[15] == 15 && m.nentropy == 0);
	soap_issued_clear(&m);
}

static void faults(void **state)
{
	static const char twelve[] = "<e:Envelope xmlns:e=\"" NS_SOAP12 "\"><e:Body><e:Fault><e:Code><e:Value>e:Sender</e:Value></e:Code>"
				     "<e:Reason><e:Text xml:lang=\"en\">No.</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>";
	xmlDocPtr doc = doc_of_vector("soap/fault.xml");
	struct soap_fault f, again;
	struct buf b = {0};

	(void)state;
	assert_null(soap_fault_read(doc, &f));
	xmlFreeDoc(doc);
	assert_string_equal(f.code, "wsse:FailedAuthentication"); /* whatever prefix it came with */
	assert_string_equal(f.reason, "No valid security token.");
	assert_int_equal(f.error_id, 28020);
	strcpy(f.detail, "of our own");
	soap_fault_write(&b, &f);
	doc = doc_of(b.p, b.n);
	assert_null(soap_fault_read(doc, &again));
	assert_memory_equal(&f, &again, sizeof f);
	xmlFreeDoc(doc);

	doc = doc_of(twelve, sizeof twelve - 1);
	assert_null(soap_fault_read(doc, &f));
	assert_string_equal(f.code, "s12:Sender");
	assert_string_equal(f.reason, "No.");
	assert_int_equal(f.error_id, 0);
	xmlFreeDoc(doc);
	for (int i = 0; i < 2; i++) {
		memset(&f, 0, sizeof f);
		strcpy(f.code, i ? "wst:RequestFailed" : "s:Client");
		strcpy(f.reason, "a <reason> & more");
		buf_clear(&b);
		soap_fault_write(&b, &f);
		doc = doc_of(b.p, b.n);
		assert_null(soap_fault_read(doc, &again));
		assert_memory_equal(&f, &again, sizeof f);
		xmlFreeDoc(doc);
	}
	buf_free(&b);
}

static void diagnostics(void **state)
{
	static const struct {
		const char *value;
		unsigned id;
		const char *reason;
	} rows[] = {
	    {"28020;source=\"server.contoso.com\";reason=\"No valid security token.\"", 28020, "No valid security token."},
	    {" 28000 ; reason=\"a; b=c\" ;source=x", 28000, "a; b=c"},
	    {"28032", 28032, ""},
	    {"28001;reason=plain;x", 28001, "plain"},
	    {"28001;reason=\"open", 28001, "open"},
	};
	struct buf b = {0};
	char reason[64] = "kept";
	unsigned id = 7;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(soap_diag_read(sv_of(rows[i].value), &id, reason, sizeof reason));
		assert_int_equal(id, rows[i].id);
		assert_string_equal(reason, rows[i].reason);
	}
	assert_false(soap_diag_read(SV("x"), &id, reason, sizeof reason));
	assert_false(soap_diag_read(SV(""), &id, reason, sizeof reason));
	assert_false(soap_diag_read(SV("99999999999;reason=a"), &id, reason, sizeof reason));
	soap_diag_write(&b, 28000, "fe01.contoso.test", "a \"quote\"\r\nSet-Cookie: x", "wsse:FailedAuthentication");
	assert_false(has(&b, "\r") || has(&b, "\n"));
	assert_true(has(&b, "28000;source=\"fe01.contoso.test\";reason=\"a 'quote'"));
	buf_free(&b);
}

/* Two Bodies, two Headers, two Security headers: the ways to move what was signed out of sight. */
static void doubled_parts(void **state)
{
	static const char *const bad[] = {
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body/><s:Body><Fault/></s:Body></s:Envelope>",
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header/><s:Header/><s:Body><Fault/></s:Body></s:Envelope>",
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><Fault/></s:Body><Body/></s:Envelope>",
	    "<s:Envelope xmlns:s=\"urn:other\"><s:Body><Fault/></s:Body></s:Envelope>",
	    "<Envelope><Body><Fault/></Body></Envelope>",
	    "<s:Envelope xmlns:s=\"" NS_SOAP "\"><w><s:Body><Fault/></s:Body></w></s:Envelope>",
	};
	static const char two[] = "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Header><Security xmlns=\"" NS_WSSE
				  "\"/><w:Security xmlns:w=\"urn:w\"/></s:Header><s:Body><Fault/></s:Body></s:Envelope>";
	xmlDocPtr doc;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		doc = doc_of(bad[i], strlen(bad[i]));
		assert_null(soap_body(doc));
		assert_null(soap_security(doc));
		assert_int_equal(soap_kind(doc), SOAP_UNKNOWN);
		xmlFreeDoc(doc);
	}
	doc = doc_of(two, sizeof two - 1);
	assert_non_null(soap_body(doc));
	assert_null(soap_security(doc));
	xmlFreeDoc(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(kinds),
	    cmocka_unit_test(cut_at_every_length),
	    cmocka_unit_test(spoiled_octets_never_hurt),
	    cmocka_unit_test(issue_as_sipe_writes_it),
	    cmocka_unit_test(issue_with_secrets_in_the_header),
	    cmocka_unit_test(issued_both_ways),
	    cmocka_unit_test(an_assertion_that_leans_on_its_surroundings),
	    cmocka_unit_test(faults),
	    cmocka_unit_test(diagnostics),
	    cmocka_unit_test(doubled_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
