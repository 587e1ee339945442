/* tests/unit/server/test_web.c: the Web Services: the metadata, certificates, the chain. */
#include "tests/support/web_world.h"

/* ---- metadata -------------------------------------------------------------------------------------------- */

/* What GET says of certificates; `host` is where this side reaches them. */
static void by_get(struct world *w, enum side side, const char *host)
{
	bool outside = side == HTTPS_OUT;
	struct soap_metadata m;
	struct web_answer a;
	xmlDocPtr doc;

	go(w, side, "GET " CERTPROV "/mex HTTP/1.1\r\n", SV(""), &a);
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
}

/* And by POST, as WS-Transfer. */
static void by_post(struct world *w, enum side side)
{
	struct soap_metadata m;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	go(w, side, "POST " CERTPROV "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n",
	   vector(&b, "soap/mex_get.xml"), &a);
	assert_int_equal(a.status, 200);
	assert_string_equal(a.type, "application/soap+xml; charset=utf-8");
	doc = doc_of(a.body.p, a.body.n);
	assert_int_equal(soap_kind(doc), SOAP_MEX_ANSWER);
	assert_null(soap_metadata_read(doc, &m));
	assert_true(has(&a.body, "urn:uuid:5d0d7d4e-0d53-4a7b-b3a4-0b8a9c1e2f30"));
	xmlFreeDoc(doc);
	web_answer_clear(&a);
	buf_free(&b);
}

/* Of tickets: the ways that this side has. */
static void ways_to_a_ticket(struct world *w, enum side side)
{
	struct soap_metadata m;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	go(w, side, "POST " WTS "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n",
	   vector(&b, "soap/mex_get.xml"), &a);
	doc = doc_of(a.body.p, a.body.n);
	assert_null(soap_metadata_read(doc, &m));
	assert_true(m.negotiate_url[0] && m.cert_auth_url[0] && (m.pin_url[0] != '\0') == (side == HTTPS_IN));
	xmlFreeDoc(doc);
	web_answer_clear(&a);
	buf_free(&b);
}

static void metadata_names_the_right_side(void **state)
{
	by_get(*state, HTTPS_IN, "https://pool.contoso.test/");
	by_get(*state, HTTPS_OUT, "https://web.contoso.example/");
	for (int side = HTTPS_IN; side <= HTTPS_OUT; side++) {
		by_post(*state, (enum side)side);
		ways_to_a_ticket(*state, (enum side)side);
	}
}

static void metadata_leave_out_what_is_off(void **state)
{
	struct world *w = *state;
	struct soap_metadata m;
	struct web_answer a;
	xmlDocPtr doc;

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
}

/* Ports other than the usual are written, those behind a load balancer are not. */
static void ports_in_metadata(void **state)
{
	struct world *w = *state;
	struct web_answer a;

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
}

/* ---- GetAndPublishCert ----------------------------------------------------------------------------------- */

#define PUBLISH SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1") "SOAPAction: \"" SOAP_ACTION_CERT "\"\r\n"

static void a_certificate(void **state)
{
	struct world *w = *state;
	struct soap_cert_answer m;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	assert_int_equal(go(w, HTTPS_IN, PUBLISH, vector(&b, "soap/cert.xml"), &a), 200);
	doc = doc_of(a.body.p, a.body.n);
	assert_null(soap_cert_answer_read(doc, &m));
	xmlFreeDoc(doc);
	assert_int_equal(m.cert.n, 5);
	assert_string_equal(m.entity, "anna@contoso.example");
	assert_string_equal(m.device_id, "{4b1682a8-f968-5701-83fc-7c6741dc6697}");
	assert_string_equal(m.request_id, "0a6e8f5c-1d2b-5c3d-9e4f-5a6b7c8d9e0f");
	soap_cert_answer_clear(&m);
	web_answer_clear(&a);
	buf_free(&b);
}

/* What the vault refuses is said as an ErrorInfo or as a fault. */
static void no_certificate(void **state)
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
	struct world *w = *state;
	struct soap_cert_answer m;
	struct soap_fault f;
	struct web_answer a;
	struct buf b = {0};
	xmlDocPtr doc;

	vector(&b, "soap/cert.xml");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fake.cert = rows[i].st;
		fake.why = rows[i].why;
		assert_int_equal(go(w, HTTPS_IN, PUBLISH, buf_view(&b), &a), rows[i].status);
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
	buf_free(&b);
}

/* No ticket at all: told before the vault is asked. */
static void no_ticket(void **state)
{
	struct soap_cert q = {.entity = "a@b", .device_id = "d"};
	struct world *w = *state;
	struct buf naked = {0};
	unsigned before = fake.certs;
	struct soap_fault f;
	struct web_answer a;

	buf_str(&q.csr, "x");
	soap_cert_write(&naked, &q, SV(""));
	assert_int_equal(go(w, HTTPS_IN, PUBLISH, buf_view(&naked), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28020);
	assert_int_equal(fake.certs, before);
	web_answer_clear(&a);
	buf_free(&naked);
	buf_free(&q.csr);
}

/* ---- the chain ------------------------------------------------------------------------------------------- */

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
	    T(metadata_names_the_right_side), T(metadata_leave_out_what_is_off), T(ports_in_metadata), T(a_certificate),
	    T(no_certificate), T(no_ticket), T(the_root_chain),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
