/* The Web Services without a socket and with a vault made of answers. */
#include "check_web.h"

#include <unistd.h>

#include "pki/cert.h"
#include "server/webservices/web_internal.h"
#include "wire/ntlm.h"

static struct buf chain_pem; /* leaf and root */

static struct fake {
	enum vault_status ntlm, login, pin, cert_ticket, cert;
	bool remote;
	const char *why;
	char number[64], pin_typed[64];
	unsigned pins, certs, challenges, verifies;
	struct soap_issue asked;
	bool outside;
} fake;

static enum vault_status fake_user(void *arg, const char *aor, struct vault_user *ret)
{
	(void)arg;
	if (strcmp(aor, "alice@contoso.test") != 0)
		return VAULT_NOT_FOUND;
	*ret = (struct vault_user){.enabled = true, .remote = fake.remote};
	return VAULT_OK;
}

static void say(char *why)
{
	if (why && fake.why)
		snprintf(why, VAULT_WHY, "%s", fake.why);
}

static void ticket(const struct soap_issue *ask, struct vault_ticket *t)
{
	fake.asked = *ask;
	t->issued = (struct soap_issued){.nentropy = ask->nentropy, .created = 1000, .expires = 2000};
	strcpy(t->issued.context, ask->context);
	strcpy(t->issued.applies_to, ask->applies_to);
	strcpy(t->issued.assertion_id, "a1");
	strcpy(t->issued.name_id, "sip:alice@contoso.test");
	buf_str(&t->issued.assertion, "<saml:Assertion xmlns:saml=\"" NS_SAML "\" AssertionID=\"a1\"></saml:Assertion>");
}

static enum vault_status fake_challenge(void *arg, bool datagram, const void *p, size_t n, uint64_t *id, struct buf *c)
{
	(void)arg;
	assert_false(datagram);
	assert_int_equal(ntlm_type((struct sv){p, n}), 1);
	fake.challenges++;
	*id = 42;
	buf_add(c, "NTLMSSP\0\2\0\0\0the challenge", 25);
	return VAULT_OK;
}

static enum vault_status fake_verify(void *arg, uint64_t id, const void *p, size_t n, struct vault_login *ret, char *why)
{
	(void)arg;
	(void)p;
	(void)n;
	assert_int_equal(id, 42);
	fake.verifies++;
	say(why);
	if (fake.ntlm == VAULT_OK) {
		ret->id = 7;
		strcpy(ret->aor, "alice@contoso.test");
	}
	return fake.ntlm;
}

static enum vault_status fake_login(void *arg, uint64_t login, const struct soap_issue *ask_, bool outside,
				    struct vault_ticket *ret, char *why)
{
	(void)arg;
	assert_int_equal(login, 7);
	fake.outside = outside;
	say(why);
	if (fake.login == VAULT_OK)
		ticket(ask_, ret);
	return fake.login;
}

static enum vault_status fake_pin(void *arg, const char *number, const char *pin, const struct soap_issue *ask_, bool outside,
				  struct vault_ticket *ret, char *why)
{
	(void)arg;
	fake.pins++;
	fake.outside = outside;
	snprintf(fake.number, sizeof fake.number, "%s", number);
	snprintf(fake.pin_typed, sizeof fake.pin_typed, "%s", pin);
	say(why);
	if (fake.pin == VAULT_OK)
		ticket(ask_, ret);
	return fake.pin;
}

static enum vault_status fake_cert_ticket(void *arg, const void *p, size_t n, bool outside, struct vault_ticket *ret, char *why)
{
	struct soap_issue m = {.context = "c", .applies_to = "a"};

	(void)arg;
	(void)p;
	(void)n;
	fake.outside = outside;
	say(why);
	if (fake.cert_ticket == VAULT_OK)
		ticket(&m, ret);
	return fake.cert_ticket;
}

static enum vault_status fake_cert(void *arg, const void *p, size_t n, bool outside, struct vault_cert *ret, char *why)
{
	(void)arg;
	(void)p;
	(void)n;
	(void)outside;
	fake.certs++;
	say(why);
	if (fake.cert == VAULT_OK) {
		strcpy(ret->aor, "anna@contoso.example");
		buf_add(&ret->der, "\x30\x03\x02\x01\x07", 5);
	}
	return fake.cert;
}

static const struct vault_ops ops = {.user = fake_user,
				     .ntlm_challenge = fake_challenge,
				     .ntlm_verify = fake_verify,
				     .ticket_login = fake_login,
				     .ticket_pin = fake_pin,
				     .ticket_cert = fake_cert_ticket,
				     .cert_issue = fake_cert};

struct world {
	struct site site;
	struct web *w;
	struct web_conn *c;
	char logs[64];
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct web_conf conf = {.site = &w->site, .vault = &ops, .chain_pem = buf_view(&chain_pem), .logs = w->logs};

	fake = (struct fake){.remote = true};
	site_defaults(&w->site);
	strcpy(w->site.domain, "contoso.test");
	strcpy(w->site.fqdn, "fe01.contoso.test");
	strcpy(w->site.web_fqdn, "pool.contoso.test");
	strcpy(w->site.external_web_fqdn, "web.contoso.example");
	w->site.external_https = 443;
	strcpy(w->logs, "/tmp/dialtone-web.XXXXXX");
	assert_non_null(mkdtemp(w->logs));
	w->w = web_new(&conf);
	w->c = web_conn_new();
	assert_true(w->w && w->c);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char line[128];

	web_conn_free(w->c);
	web_free(w->w);
	snprintf(line, sizeof line, "rm -rf '%s'", w->logs);
	assert_int_equal(system(line), 0);
	free(w);
	return 0;
}

static unsigned go(struct world *w, enum side side, const char *head, struct sv body, struct web_answer *a)
{
	ask(w->w, w->c, side, head, body, 1768467600, a);
	return a->status;
}

static unsigned status_of(struct world *w, enum side side, const char *head, struct sv body)
{
	struct web_answer a;
	unsigned s = go(w, side, head, body, &a);

	web_answer_clear(&a);
	return s;
}

static struct sv vector(struct buf *b, const char *name)
{
	buf_clear(b);
	text_vector(b, name);
	return buf_view(b);
}

/* ---- routes ------------------------------------------------------------------------------------------------ */

static void where_what_is_served(void **state)
{
	struct world *w = *state;
	struct buf b = {0};
	static const struct {
		const char *head;
		unsigned status[4]; /* HTTPS inside, outside, HTTP inside, outside; 0: anything but 403, 404, 405 */
	} rows[] = {
	    {"GET " CERTPROV "/mex HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET /certprov/certprovisioningservice.SVC/MEX HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET http://pool" CERTPROV "/mex?x=y HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET " CERTPROV "/mex/ HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET " CERTPROV "// HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET /" CERTPROV "//mex HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET /CertProv/CertProvisioning%53ervice%2Esvc/%6dex HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {"GET " CERTPROV "/mex%00 HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {"GET " CERTPROV "/me%7 HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {"GET " CERTPROV "/me HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {"GET " WTS "/mex HTTP/1.1\r\n", {200, 200, 403, 403}},
	    {"GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", {200, 200, 200, 403}},
	    {SOAP_POST(WTS), {0, 0, 403, 403}},
	    {SOAP_POST(WTS "/pin"), {0, 0, 403, 403}},
	    {SOAP_POST(WTS "//%70in/"), {0, 0, 403, 403}},
	    {SOAP_POST(WTS "/cert"), {0, 0, 403, 403}},
	    {SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"), {0, 0, 403, 403}},
	    {SOAP_POST(CERTPROV "/WebTicket_Proof"), {0, 0, 403, 403}},
	    {"GET " WTS "/pin HTTP/1.1\r\n", {405, 405, 403, 403}},
	    {"PUT " WTS "/mex HTTP/1.1\r\n", {405, 405, 403, 403}},
	    {"GET / HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {"GET " CERTPROV "/mexx HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {"GET /RequestHandler/Files/a HTTP/1.1\r\n", {404, 404, 404, 403}},
	    {SOAP_POST("/RequestHandler/ucdevice.upx"), {0, 404, 0, 403}},
	    {"GET " CERTPROV "/mex HTTP/1.1\r\nAuthorization: Basic eDp5\r\n", {200, 200, 403, 403}},
	    {"GET " CERTPROV "/mex HTTP/1.1\r\nX-MS-WebTicket: opaque=eDp5\r\n", {200, 200, 403, 403}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int side = 0; side < 4; side++) {
			unsigned s = status_of(w, (enum side)side, rows[i].head, SV("")), want = rows[i].status[side];

			if (want ? s != want : s == 403 || s == 404 || s == 405)
				fail_msg("%s side %d: %u", rows[i].head, side, s);
		}
	/* 405 says what the path is served with */
	{
		static const struct {
			const char *head, *allow;
		} rows405[] = {{"GET " WTS "/pin HTTP/1.1\r\n", "Allow: POST\r\n"},
			       {"POST " CERTPROV "/chain.p7b HTTP/1.1\r\n", "Allow: GET, HEAD\r\n"},
			       {"DELETE " CERTPROV " HTTP/1.1\r\n", "Allow: GET, HEAD, POST\r\n"},
			       {"GET /RequestHandlerExt/ucdevice.upx HTTP/1.1\r\n", "Allow: POST\r\n"}};

		for (size_t i = 0; i < sizeof rows405 / sizeof *rows405; i++) {
			struct web_answer a;

			go(w, HTTPS_OUT, rows405[i].head, SV(""), &a);
			assert_int_equal(a.status, 405);
			assert_non_null(strstr(buf_cstr(&a.headers), rows405[i].allow));
			web_answer_clear(&a);
		}
	}
	/* the PIN port on plain HTTP: refused before the body is read */
	{
		static struct msg m;
		struct msg_error err;
		size_t used;
		unsigned status = 0;
		static const char head[] = "POST " WTS "/pin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";

		assert_int_equal(msg_scan(head, sizeof head - 1, MSG_HTTP, 100, &m, &used, &err), MSG_OK);
		assert_int_equal(web_body_max(w->w, &m, false, false, &status), 0);
		assert_int_equal(status, 403);
		assert_int_equal(web_body_max(w->w, &m, true, false, &status), 65536);
	}
	buf_free(&b);
}

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
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS) TYPE3, buf_view(&b), &a), 500);
	assert_int_equal(fault_of(&a, &f), 28001);
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

static void pin_request(struct buf *b, const char *user, const char *pin)
{
	struct soap_issue m = {.applies_to = "https://pool.contoso.test" CERTPROV "/WebTicket_Proof_SHA1", .nentropy = 32};
	struct buf header = {0};

	soap_username_write(&header, user, pin);
	buf_clear(b);
	soap_issue_write(b, &m, buf_view(&header));
	buf_free(&header);
}

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
	    {VAULT_MALFORMED, 500, 0, "s:Client"},			  {VAULT_UNAVAILABLE, 500, 28001, "wsse:FailedAuthentication"},
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
	fake.pin = VAULT_REFUSED; /* who has proved nothing learns nothing */
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

/* ---- hostile ----------------------------------------------------------------------------------------------------- */

static void hostile_bodies(void **state)
{
	static const char *const paths[] = {SOAP_POST(WTS "/pin"), SOAP_POST(WTS "/cert"), SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"),
					    SOAP_POST(CERTPROV), SOAP_POST(WTS "/mex")};
	static const char *const bodies[] = {
	    "", "x", "<a/>", "\0\0\0",
	    "<!DOCTYPE l [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;'>]><s:Envelope xmlns:s='" NS_SOAP "'><s:Body>&b;</s:Body></s:Envelope>",
	    "<!DOCTYPE l SYSTEM 'file:///etc/passwd'><s:Envelope xmlns:s='" NS_SOAP "'><s:Body/></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><Unknown/></s:Body></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><RequestSecurityToken/></s:Body><s:Body/></s:Envelope>",
	    "<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><RequestSecurityToken><RequestType>x</RequestType></RequestSecurityToken></s:Body></s:Envelope>",
	};
	struct world *w = *state;
	struct web_answer a;
	struct buf b = {0};

	fake.pin = fake.cert_ticket = VAULT_OK; /* whatever gets through would be answered well */
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		for (size_t k = 0; k < sizeof bodies / sizeof *bodies; k++) {
			unsigned s = status_of(w, HTTPS_IN, paths[i], sv_of(bodies[k]));

			if (s != 500)
				fail_msg("%s %s: %u", paths[i], bodies[k], s);
		}
		buf_clear(&b);
		buf_str(&b, "<s:Envelope xmlns:s='" NS_SOAP "'");
		for (int k = 0; k < 20000; k++)
			buf_printf(&b, " a%d=''", k);
		buf_str(&b, "><s:Body/></s:Envelope>");
		assert_int_equal(status_of(w, HTTPS_IN, paths[i], buf_view(&b)), 500);
		buf_clear(&b);
		for (int k = 0; k < 30000; k++)
			buf_str(&b, "<a>");
		assert_int_equal(status_of(w, HTTPS_IN, paths[i], buf_view(&b)), 500);
	}
	assert_int_equal(fake.pins + fake.certs, 0);
	/* content types, SOAPAction */
	vector(&b, "soap/issue_pin.xml");
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\n", buf_view(&b)), 415);
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\nContent-Type: application/json\r\n", buf_view(&b)), 415);
	assert_int_equal(status_of(w, HTTPS_IN, "POST " WTS "/pin HTTP/1.1\r\nContent-Type: text/xmlx\r\n", buf_view(&b)), 415);
	assert_int_equal(go(w, HTTPS_IN, SOAP_POST(WTS "/pin") "SOAPAction: \"urn:other\"\r\n", buf_view(&b), &a), 500);
	assert_int_equal(fake.pins, 0);
	web_answer_clear(&a);
	/* every prefix of a good request, and a good request with octets spoiled */
	for (size_t n = 0; n < b.n - 1; n++)
		assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), (struct sv){(char *)b.p, n}), 500);
	assert_int_equal(fake.pins, 0);
	buf_free(&b);
}

/* What is kept of a request that nobody understood holds neither number nor PIN, in no form. */
static void kept(struct world *w, const char *kind, char out[4096])
{
	char line[128];
	FILE *f;

	snprintf(line, sizeof line, "cat '%s'/Unrecognised/%s-*.txt", w->logs, kind);
	f = popen(line, "r");
	assert_non_null(f);
	memset(out, 0, 4096);
	assert_true(fread(out, 1, 4095, f) > 60);
	pclose(f);
}

/* "Nothing fits: log the request"; "any other POST: log body": also what is no XML, or no question at all. */
static void what_nobody_reads_is_kept(void **state)
{
	struct world *w = *state;
	char out[4096];

	assert_int_equal(status_of(w, HTTPS_IN,
				   "POST " WTS "/pin HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\nUser-Agent: CPE\r\n"
				   "X-Phone: 44118\r\nAuthorization: Pin 44119:81735\r\n", SV("number=44110&pin=81735")), 415);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "xxxxxx=99999&xxx=99999"));
	assert_true(strstr(out, "X-Phone") && strstr(out, "User-Agent: CPE\nAuthorization: Pin\n"));
	assert_null(strstr(out, "4411"));
	assert_null(strstr(out, "81735"));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin") "Authorization: 81735\r\n",
				   SV("<s:Envelope xmlns:s='" NS_SOAP "'><s:Body><GetTicket Pin='81735'/></s:Body></s:Envelope>")), 500);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "<GetTicket Pin='99999'/>"));
	assert_null(strstr(out, "81735"));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/cert"), SV("<x/>")), 500);
	kept(w, "cert", out);
	assert_int_equal(status_of(w, HTTP_IN, "POST " CERTPROV " HTTP/1.1\r\nContent-Type: text/plain\r\n", SV("give 1 root")), 415);
	kept(w, "chain", out);
	assert_non_null(strstr(out, "xxxx 9 xxxx"));
	assert_int_equal(fake.pins, 0);
}

static void captures_are_masked(void **state)
{
	struct world *w = *state;
	struct buf b = {0}, m = {0};
	char out[4096];

	pin_request(&b, "Zoe 4411", "Pw81735");
	web_mask(&m, buf_view(&b));
	assert_false(has(&m, "4411") || has(&m, "81735") || has(&m, "Zoe") || has(&m, "Pw"));
	assert_true(has(&m, "<wsse:Username>xxx 9999</wsse:Username>") && has(&m, NS_WSSE));
	buf_clear(&m);
	web_mask(&m, SV("<a pin='81735' ns='http://x/2004' b=\"ODE3MzU=\">ODE3MzU=</a>"));
	assert_true(sv_eq(buf_view(&m), SV("<a pin='99999' ns='http://x/2004' b=\"xxx9xxx=\">xxx9xxx=</a>")));
	assert_int_equal(status_of(w, HTTPS_IN, SOAP_POST(WTS "/pin"), buf_view(&b)), 500);
	kept(w, "pin", out);
	assert_non_null(strstr(out, "xxx 9999"));
	assert_null(strstr(out, "81735"));
	buf_free(&b);
	buf_free(&m);
}

static int group_setup(void **state)
{
	struct pki_key *ca = pki_key_make(2048);
	static const char *const names[] = {"pool.contoso.test", NULL};
	struct pki_issue root = {.profile = PKI_CA, .cn = "Contoso Root", .not_before = 1700000000, .not_after = 2000000000};
	struct pki_issue leaf = {.profile = PKI_SERVER, .cn = "pool.contoso.test", .names = names, .not_before = 1700000000, .not_after = 2000000000};
	struct buf r = {0}, l = {0};

	(void)state;
	assert_true(pki_issue(&root, ca, ca, NULL, 0, &r) && pki_issue(&leaf, ca, ca, r.p, r.n, &l));
	pki_pem_add(&chain_pem, "CERTIFICATE", l.p, l.n);
	pki_pem_add(&chain_pem, "CERTIFICATE", r.p, r.n);
	buf_free(&r);
	buf_free(&l);
	pki_key_free(ca);
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	buf_free(&chain_pem);
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(where_what_is_served), T(metadata_names_the_right_side), T(three_legs), T(windows_refused), T(each_recogniser),
	    T(failures_look_alike), T(every_verdict_has_its_fault), T(outside_needs_remote_access), T(certificates),
	    T(the_root_chain), T(hostile_bodies), T(captures_are_masked), T(what_nobody_reads_is_kept),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
