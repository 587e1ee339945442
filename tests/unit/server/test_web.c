/* The Web Services: the metadata, the tickets, the certificates, the chain. */
#include "tests/support/web_world.h"

/* ---- metadata ---------------------------------------------------------------------------------------------- */

static void metadata_names_the_right_side(void **state)
{
	struct world *w = *state;
	struct soap_metadata m;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	for (int outside = 0; outside < 2; outside++) {
		const char *host = outside ? "https://web.contoso.example/" : "https://pool.contoso.test/";

		go(w, outside ? HTTPS_OUT : HTTPS_IN, "GET " CERTPROV "/mex HTTP/1.1\r\n", SV(""), &a);
		assert_string_equal(a.type, "text/xml; charset=utf-8");
		assert_true(has(&a.body, host));
		assert_false(outside && (has(&a.body, "contoso.test") || has(&a.body, "fe01")));
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_metadata_read(doc, &m));
		xmlFreeDoc(doc);
		assert_true(m.endorsing && strncmp(m.issuer, host, strlen(host)) == 0);
		assert_string_equal(m.anon_url, outside ? "https://web.contoso.example" CERTPROV "/anon"
							: "http://pool.contoso.test" CERTPROV "/anon");
		web_answer_clear(&a);

		/* and by POST, as WS-Transfer */
		go(w, outside ? HTTPS_OUT : HTTPS_IN, "POST " CERTPROV "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n",
		   vector(&b, "soap/mex_get.xml"), &a);
		assert_int_equal(a.status, 200);
		assert_string_equal(a.type, "application/soap+xml; charset=utf-8");
		doc = doc_of(a.body.p, a.body.n);
		assert_int_equal(soap_kind(doc), SOAP_MEX_ANSWER);
		assert_null(soap_metadata_read(doc, &m));
		assert_true(has(&a.body, "urn:uuid:5d0d7d4e-0d53-4a7b-b3a4-0b8a9c1e2f30"));
		xmlFreeDoc(doc);
		web_answer_clear(&a);

		go(w, outside ? HTTPS_OUT : HTTPS_IN, "POST " WTS "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n",
		   vector(&b, "soap/mex_get.xml"), &a);
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_metadata_read(doc, &m));
		assert_true(m.negotiate_url[0] && m.cert_auth_url[0] && (m.pin_url[0] != '\0') == !outside);
		xmlFreeDoc(doc);
		web_answer_clear(&a);
	}
	w->site.UsePinAuth = false;
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	w->site.EnableCertChainDownload = false;
	go(w, HTTPS_IN, "GET " WTS "/mex HTTP/1.1\r\n", SV(""), &a);
	doc = doc_of(a.body.p, a.body.n);
	assert_null(soap_metadata_read(doc, &m));
	assert_true(!m.negotiate_url[0] && !m.pin_url[0] && m.cert_auth_url[0]);
	xmlFreeDoc(doc);
	web_answer_clear(&a);
	go(w, HTTP_IN, "GET " CERTPROV "/mex HTTP/1.1\r\n", SV(""), &a);
	assert_false(has(&a.body, "Anon"));
	web_answer_clear(&a);
	/* ports other than the usual are written, those behind a load balancer are not */
	w->site.https = 8443;
	w->site.external_https = 4443;
	go(w, HTTPS_IN, "GET " WTS "/mex HTTP/1.1\r\n", SV(""), &a);
	assert_true(has(&a.body, "https://pool.contoso.test:8443/"));
	web_answer_clear(&a);
	go(w, HTTPS_OUT, "GET " WTS "/mex HTTP/1.1\r\n", SV(""), &a);
	assert_true(has(&a.body, "https://web.contoso.example:4443/"));
	web_answer_clear(&a);
	w->site.proxy_protocol = true;
	go(w, HTTPS_OUT, "GET " WTS "/mex HTTP/1.1\r\n", SV(""), &a);
	assert_true(has(&a.body, "https://web.contoso.example/"));
	web_answer_clear(&a);
	buf_free(&b);
}

/* ---- Integrated Windows --------------------------------------------------------------------------------------- */

#define TYPE1 "Authorization: NTLM TlRMTVNTUAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\r\n"
#define TYPE3 "Authorization: NTLM TlRMTVNTUAADAAAAAAAAAAAAAAA=\r\n"

static void three_legs(void **state)
{
	struct world *w = *state;
	struct soap_issued m;
	struct web_answer a;
	struct buf b = {0};

	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS), vector(&b, "soap/issue_sipe.xml"), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM");
	assert_false(has(&a.headers, "Negotiate") || has(&a.headers, "Basic"));
	assert_false(a.close);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM TlRMTVNTUAACAAAAdGhlIGNoYWxsZW5nZQ==");
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) "SOAPAction: \"" SOAP_ACTION_ISSUE "\"\r\n" TYPE3, buf_view(&b), &a), 200);
	assert_null(soap_issued_read(a.body.p, a.body.n, &m));
	assert_string_equal(m.context, "4b1682a8-f968-5701-83fc-7c6741dc6697");
	assert_string_equal(fake.asked.claim, "sip:anna@contoso.example");
	soap_issued_clear(&m);
	web_answer_clear(&a);
	/* "after success the connection stays authenticated" */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 200);
	assert_int_equal(fake.verifies, 1);
	/* the vault has forgotten the login: prove it again */
	fake.login = VAULT_REFUSED;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	/* another connection has proved nothing */
	fake.login = VAULT_OK;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b)), 401);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 200);
	web_conn_free(w->c);
	w->c = web_conn_new();
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS), buf_view(&b)), 401);
	buf_free(&b);
}

static void windows_refused(void **state)
{
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	vector(&b, "soap/issue_sipe.xml");
	/* type 3 that answers no challenge never reaches the vault */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 401);
	assert_int_equal(fake.verifies, 0);
	fake.ntlm = VAULT_REFUSED;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 401);
	assert_string_equal(answer_header(&a, "WWW-Authenticate"), "NTLM"); /* bare: SIPE stops */
	web_answer_clear(&a);
	/* one answer a challenge */
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b)), 401);
	assert_int_equal(fake.verifies, 1);
	fake.ntlm = VAULT_NOT_ENABLED;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 403);
	assert_string_equal(answer_header(&a, "X-Ms-diagnostics"),
			    "28000;source=\"fe01.contoso.test\";reason=\"User is not SIP enabled.\";faultcode=\"wsse:FailedAuthentication\"");
	web_answer_clear(&a);
	fake.ntlm = VAULT_UNAVAILABLE;
	status_of(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b));
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 503);
	assert_int_equal(fault_of(&a, &f), 28001);
	assert_string_equal(answer_header(&a, "Retry-After"), "30");
	web_answer_clear(&a);
	for (int i = 0; i < 4; i++) {
		static const char *const odd[] = {"Negotiate TlRMTVNTUAABAAAA", "NTLM", "NTLM !!!!", "Basic eDp5"};
		char head[256];

		snprintf(head, sizeof head, SOAP_POST(WTS) "Authorization: %s\r\n", odd[i]);
		assert_int_equal(status_of(w, HTTPS_IN, head, buf_view(&b)), 401);
	}
	w->site.UseWindowsAuth = SITE_WINDOWS_NONE;
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE1, buf_view(&b), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	buf_free(&b);
}

/* ---- PIN --------------------------------------------------------------------------------------------------- */

static void each_recogniser(void **state)
{
	static const struct {
		const char *user, *pin, *number, *digits; /* number NULL: not recognised */
	} rows[] = {
	    {"4411", "81735", "4411", "81735"},
	    {"tel:+12065550119", "81735", "tel:+12065550119", "81735"},
	    {"+12065550119;ext=4411", "81735", "+12065550119;ext=4411", "81735"}, /* shared number: the extension tells */
	    {"dGVsOisxMjA2NTU1MDExOTtleHQ9NDQxMQ==", "ODE3MzU=", "tel:+12065550119;ext=4411", "81735"},
	    {"+12065550119;phone-context=x", "81735", NULL, NULL},
	    {"tel:", "81735", NULL, NULL},
	    {"+12065550119;ext=", "81735", NULL, NULL},
	    {"+12065550119;ext=44a1", "81735", NULL, NULL},
	    {"+1 (425) 555-0123", "0000", "+1 (425) 555-0123", "0000"},
	    {"KzEyMDY1NTUwMTE5", "ODE3MzU=", "+12065550119", "81735"},
	    {"anna", "81735", NULL, NULL},
	    {"4411", "secret", NULL, NULL},
	    {"4411", "", NULL, NULL},
	    {"", "81735", NULL, NULL},
	    {"+", "81735", NULL, NULL},
	    {"123456789012345678901234567890123", "81735", NULL, NULL},
	    {"4411", "1234567890123456789012345", NULL, NULL},
	    {"KzEyMDY1NTUwMTE5", "81735", NULL, NULL}, /* half of it */
	};
#define CLAIMS(one, two) \
	"<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><RequestSecurityToken xmlns=\"" NS_WST "\"><AppliesTo><EndpointReference>" \
	"<Address>https://x/</Address></EndpointReference></AppliesTo><Claims><ClaimType><Value>" one "</Value></ClaimType>" \
	"<ClaimType><Value>" two "</Value></ClaimType></Claims></RequestSecurityToken></s:Body></s:Envelope>"
	static const struct {
		const char *text, *number;
	} claims[] = {{CLAIMS("4411", "81735"), "4411"}, {CLAIMS("81735", "+12065550119"), "+12065550119"},
		      {CLAIMS("+12065550119", "81735"), "+12065550119"}};
	static const char *const half[] = {CLAIMS("anna", "81735"), CLAIMS("+12065550119", "+12065550119"), CLAIMS("81735", "")};
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned before = fake.pins;

		pin_request(&b, rows[i].user, rows[i].pin);
		go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b), &a);
		assert_int_equal(a.status, rows[i].number ? 200 : 500);
		assert_int_equal(fake.pins - before, rows[i].number != NULL);
		if (rows[i].number) {
			assert_string_equal(fake.number, rows[i].number);
			assert_string_equal(fake.pin_typed, rows[i].digits);
		} else {
			assert_int_equal(fault_of(&a, &f), 28020);
		}
		web_answer_clear(&a);
	}
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), sv_of(claims[i].text)), 200);
		assert_string_equal(fake.number, claims[i].number);
		assert_string_equal(fake.pin_typed, "81735");
		assert_string_equal(fake.asked.claim, ""); /* the number is a credential there, no claim */
	}
	for (size_t i = 0; i < sizeof half / sizeof *half; i++)
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), sv_of(half[i])), 500);
	vector(&b, "soap/issue_sipe.xml");
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin") "Authorization: Basic NDQxMjo5OTk5OQ==\r\n", buf_view(&b)), 200);
	assert_string_equal(fake.number, "4412");
	assert_string_equal(fake.pin_typed, "99999");
	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	assert_string_equal(fake.number, "+12065550119");
	/* the number said again as a claim claims nothing; an address does */
	for (int address = 0; address < 2; address++) {
		struct soap_issue m = {.applies_to = "https://x/", .nentropy = 32};
		struct buf header = {0};

		strcpy(m.claim, address ? "sip:anna@contoso.example" : "+12065550119");
		soap_username_write(&header, "+12065550119", "81735");
		buf_clear(&b);
		soap_issue_write(&b, &m, buf_view(&header));
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
		assert_string_equal(fake.asked.claim, address ? m.claim : "");
		buf_free(&header);
	}
	buf_free(&b);
}

/* "Same text for all: do not tell a guesser": octet for octet. */
static void failures_look_alike(void **state)
{
	static const char *const whys[] = {"no such number", "wrong PIN", "locked until 10:42", "no PIN is set", "the PIN has expired"};
	struct world *w = *state;
	struct buf b = {0}, first = {0}, head = {0};

	fake.pin = VAULT_REFUSED;
	for (size_t i = 0; i <= sizeof whys / sizeof *whys; i++) {
		struct web_answer a;
		struct soap_fault f;

		fake.why = i < sizeof whys / sizeof *whys ? whys[i] : NULL;
		pin_request(&b, fake.why ? "4411" : "no number at all", "81735"); /* the last: not even recognised */
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 500);
		assert_int_equal(fault_of(&a, &f), 28020);
		assert_string_equal(f.reason, "No valid security token.");
		assert_string_equal(f.detail, "");
		if (i == 0) {
			buf_sv(&first, buf_view(&a.body));
			buf_sv(&head, buf_view(&a.headers));
		}
		assert_true(sv_eq(buf_view(&first), buf_view(&a.body)) && sv_eq(buf_view(&head), buf_view(&a.headers)));
		web_answer_clear(&a);
	}
	buf_free(&b);
	buf_free(&first);
	buf_free(&head);
}

/* ---- the fault table -------------------------------------------------------------------------------------------- */

static void every_verdict_has_its_fault(void **state)
{
	static const struct {
		enum vault_status st;
		unsigned status, id;
		const char *code;
	} rows[] = {
	    {VAULT_REFUSED, 500, 28020, "wsse:FailedAuthentication"},	  {VAULT_NOT_FOUND, 500, 28020, "wsse:FailedAuthentication"},
	    {VAULT_NOT_ENABLED, 500, 28000, "wsse:FailedAuthentication"}, {VAULT_METHOD_OFF, 500, 28029, "wsse:FailedAuthentication"},
	    {VAULT_CLAIM, 500, 0, "wst:RequestFailed"},			  {VAULT_AUDIENCE, 500, 0, "wst:RequestFailed"},
	    {VAULT_MALFORMED, 500, 0, "s:Client"},			  {VAULT_UNAVAILABLE, 503, 28001, "wsse:FailedAuthentication"}, {VAULT_LATE, 503, 28001, "wsse:FailedAuthentication"},
	};
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake.pin = fake.cert_ticket = rows[i].st;
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), vector(&b, "soap/issue_pin.xml"), &a), rows[i].status);
		assert_int_equal(fault_of(&a, &f), rows[i].id);
		assert_string_equal(f.code, rows[i].code);
		web_answer_clear(&a);
		assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_x509.xml"), &a), rows[i].status);
		assert_int_equal(fault_of(&a, &f), rows[i].id);
		assert_true((rows[i].id != 0) == (answer_header(&a, "X-Ms-diagnostics") != NULL));
		web_answer_clear(&a);
	}
	fake.cert_ticket = VAULT_OK;
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/cert"), buf_view(&b)), 200);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_sipe.xml"), &a), 500); /* no signature */
	assert_int_equal(fault_of(&a, &f), 28020);
	web_answer_clear(&a);
	w->site.UsePinAuth = w->site.UseCertificateAuth = false;
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin"), vector(&b, "soap/issue_pin.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/cert"), vector(&b, "soap/issue_x509.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"), vector(&b, "soap/cert.xml"), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029);
	web_answer_clear(&a);
	buf_free(&b);
}

static void outside_needs_remote_access(void **state)
{
	struct world *w = *state;
	struct web_answer a;
	struct soap_fault f;
	struct buf b = {0};

	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(go(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28029); /* the Internet does not guess PINs */
	assert_int_equal(fake.pins, 0);
	web_answer_clear(&a);
	w->site.external_require_pin = true; /* unless the site demands number and PIN there */
	assert_int_equal(status_of(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	assert_true(fake.outside);
	fake.remote = false;
	assert_int_equal(go(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b), &a), 403);
	assert_int_equal(fault_of(&a, &f), 28000);
	assert_false(has(&a.headers, "contoso.test") || has(&a.body, "contoso.test") || has(&a.body, "Assertion"));
	web_answer_clear(&a);
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 200);
	fake.pin = VAULT_REFUSED; /* an unauthenticated client learns nothing */
	assert_int_equal(status_of(w, HTTPS_OUT, SOAP_POST(WTS "/pin"), buf_view(&b)), 500);
	buf_free(&b);
}

/* ---- GetAndPublishCert -------------------------------------------------------------------------------------------- */

static void certificates(void **state)
{
	static const struct {
		enum vault_status st;
		const char *why;
		unsigned status, id; /* 200: ErrorInfo */
		const char *reason;
	} rows[] = {
	    {VAULT_CSR, "The key is too short.", 200, 28001, "The key is too short."},
	    {VAULT_CLAIM, "x", 200, 28001, "The Entity is not the user of the web ticket."},
	    {VAULT_UNAVAILABLE, "x", 200, 28001, "The user store of the home pool cannot be reached."},
	    {VAULT_TICKET_BAD, "forged", 500, 28032, "The web ticket is invalid."},
	    {VAULT_AUDIENCE, "x", 500, 28032, "The web ticket is invalid."},
	    {VAULT_REFUSED, "x", 500, 28020, "No valid security token."},
	    {VAULT_NOT_ENABLED, "x", 500, 28000, "User is not SIP enabled."},
	    {VAULT_METHOD_OFF, "x", 500, 28029, "Authentication type not allowed."},
	    {VAULT_MALFORMED, "two bodies", 500, 0, "two bodies"},
	};
	static const char path[] = SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1") "SOAPAction: \"" SOAP_ACTION_CERT "\"\r\n";
	struct world *w = *state;
	struct soap_cert_answer m;
	struct soap_fault f;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	assert_int_equal(go(w, HTTPS_IN, path, vector(&b, "soap/cert.xml"), &a), 200);
	doc = doc_of(a.body.p, a.body.n);
	assert_null(soap_cert_answer_read(doc, &m));
	xmlFreeDoc(doc);
	assert_int_equal(m.cert.n, 5);
	assert_string_equal(m.entity, "anna@contoso.example");
	assert_string_equal(m.device_id, "{4b1682a8-f968-5701-83fc-7c6741dc6697}");
	assert_string_equal(m.request_id, "0a6e8f5c-1d2b-5c3d-9e4f-5a6b7c8d9e0f");
	soap_cert_answer_clear(&m);
	web_answer_clear(&a);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake.cert = rows[i].st;
		fake.why = rows[i].why;
		assert_int_equal(go(w, HTTPS_IN, path, buf_view(&b), &a), rows[i].status);
		if (rows[i].status == 200) {
			doc = doc_of(a.body.p, a.body.n);
			assert_null(soap_cert_answer_read(doc, &m));
			xmlFreeDoc(doc);
			assert_int_equal(m.error_id, rows[i].id);
			assert_string_equal(m.reason, rows[i].reason);
		} else {
			assert_int_equal(fault_of(&a, &f), rows[i].id);
			assert_string_equal(f.reason, rows[i].reason);
		}
		web_answer_clear(&a);
	}
	/* no ticket at all: told before the vault is asked */
	{
		struct soap_cert q = {.entity = "a@b", .device_id = "d"};
		struct buf naked = {0};
		unsigned before = fake.certs;

		buf_str(&q.csr, "x");
		soap_cert_write(&naked, &q, SV(""));
		assert_int_equal(go(w, HTTPS_IN, path, buf_view(&naked), &a), 500);
		assert_int_equal(fault_of(&a, &f), 28020);
		assert_int_equal(fake.certs, before);
		web_answer_clear(&a);
		buf_free(&naked);
		buf_free(&q.csr);
	}
	buf_free(&b);
}

/* ---- the chain --------------------------------------------------------------------------------------------------- */

static void the_root_chain(void **state)
{
	static const char odd[] = "<s:Envelope xmlns:s=\"" NS_SOAP "\"><s:Body><GetCertificateChain xmlns=\"urn:x\"/></s:Body></s:Envelope>";
	struct world *w = *state;
	struct buf b = {0}, p7 = {0}, pem = {0};
	struct web_answer a;
	xmlDocPtr doc;

	for (int side = HTTPS_IN; side <= HTTP_IN; side++) {
		assert_int_equal(go(w, (enum side)side, SOAP_POST(CERTPROV "/anon"), vector(&b, "soap/chain.xml"), &a), 200);
		doc = doc_of(a.body.p, a.body.n);
		buf_clear(&p7);
		assert_null(soap_chain_answer_read(doc, &p7));
		xmlFreeDoc(doc);
		buf_clear(&pem);
		assert_null(pki_p7_read(p7.p, p7.n, &pem));
		buf_clear(&b);
		assert_true(pki_pem_cert(buf_view(&pem), 0, &b));
		/* leaf and root; outside the root alone: the leaf carries internal names */
		assert_int_equal(pki_pem_cert(buf_view(&pem), 1, &b), side != HTTPS_OUT);
		web_answer_clear(&a);
	}
	assert_int_equal(status_of(w, HTTP_OUT, SOAP_POST(CERTPROV "/anon"), vector(&b, "soap/chain.xml")), 403);
	assert_int_equal(go(w, HTTP_IN, SOAP_POST(CERTPROV), sv_of(odd), &a), 200);
	assert_true(has(&a.body, "<GetCertificateChainResponse xmlns=\"urn:x\""));
	web_answer_clear(&a);
	assert_int_equal(go(w, HTTP_IN, "GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", SV(""), &a), 200);
	assert_string_equal(a.type, "application/x-pkcs7-certificates");
	assert_true(sv_eq(buf_view(&a.body), buf_view(&p7)));
	web_answer_clear(&a);
	/* a credential or a CSR on HTTP: 403, never processed */
	assert_int_equal(status_of(w, HTTP_IN, SOAP_POST(CERTPROV), vector(&b, "soap/cert.xml")), 403);
	assert_int_equal(status_of(w, HTTP_IN, SOAP_POST(CERTPROV), vector(&b, "soap/issue_pin.xml")), 403);
	assert_int_equal(fake.certs + fake.pins, 0);
	w->site.EnableCertChainDownload = false;
	assert_int_equal(status_of(w, HTTP_IN, SOAP_POST(CERTPROV), vector(&b, "soap/chain.xml")), 403);
	assert_int_equal(status_of(w, HTTPS_IN, "GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", SV("")), 403);
	buf_free(&b);
	buf_free(&p7);
	buf_free(&pem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(metadata_names_the_right_side), T(three_legs), T(windows_refused), T(each_recogniser), T(failures_look_alike), T(every_verdict_has_its_fault), T(outside_needs_remote_access),
	    T(certificates), T(the_root_chain),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
