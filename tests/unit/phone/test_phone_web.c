/* The phone's stages 6 to 8 against servers that are not ours: answers in other words, other prefixes, other envelopes,
 * redirects, faults; and what the phone sends them.
 */
#include "tests/support/check.h"

#include <errno.h>

#include "auth/ticket_xml.h"
#include "phone/internal.h"

#define HOST "fe01.contoso.test"
#define CERTPROV "/CertProv/CertProvisioningService.svc"
#define WTS "/WebTicket/WebTicketService.svc"
#define PROOF CERTPROV "/WebTicket_Proof_SHA1"
#define NOW 1795000000
#define EVENTS 32
#define STEPS 16

static struct {
	struct pki_key *key, *ca;
	struct buf pem, ca_der, cert, other; /* alice's; of another key */
} keys;

/* ---- the body, and behind it the servers ------------------------------------------------------------------------- */

struct step { /* a question that is expected, and its answer */
	const char *ask;    /* "GET /x" or "POST host/x": how it begins; "": none is expected any more */
	const char *answer; /* from the status line on */
};

struct event {
	enum { E_DNS, E_OPENED, E_SENT, E_KEY } kind;
	unsigned id;
	enum dt_rr rr;
	bool known;
};

struct world {
	uint64_t mono, timer, seed;
	struct event event[EVENTS];
	unsigned nevent;
	struct buf in; /* what the phone has sent on the stream that is open */
	const struct step *step;
	char host[DT_NAME_MAX];
	struct buf asked[STEPS]; /* the bodies */
	char heads[STEPS][4096];
	unsigned nasked;
	bool chunked, over;
	enum dt_stage stage;
	enum dt_failure failure;
	char why[320], told[8192], sip[256];
	struct dt_phone *ph;
};

static void push(struct world *w, struct event e)
{
	assert_true(w->nevent < EVENTS);
	w->event[w->nevent++] = e;
}

static uint64_t b_mono(void *arg)
{
	return ((struct world *)arg)->mono;
}
static int64_t b_unix(void *arg)
{
	return NOW * 1000ll + (int64_t)((struct world *)arg)->mono;
}
static void b_random(void *arg, void *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)p)[i] = (uint8_t)(((struct world *)arg)->seed++);
}
static void b_timer(void *arg, uint64_t at)
{
	((struct world *)arg)->timer = at;
}
static int b_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	(void)arg, (void)frame, (void)n, (void)tci;
	return 0;
}
static int b_vlan(void *arg, unsigned vlan, unsigned prio, unsigned dscp)
{
	(void)arg, (void)vlan, (void)prio, (void)dscp;
	return 0;
}
static int b_address(void *arg, const struct dt_lease *l)
{
	(void)arg, (void)l;
	return 0;
}
static int b_udp(void *arg, uint32_t address, uint16_t port, const void *p, size_t n)
{
	(void)arg, (void)address, (void)port, (void)p, (void)n;
	return 0;
}
static int b_dns(void *arg, unsigned id, const char *name, enum dt_rr type)
{
	push(arg, (struct event){E_DNS, id, type, strstr(name, "fe0") == name || strstr(name, "pool") == name});
	return 0;
}
static int b_stream(void *arg, unsigned id, const struct dt_stream_conf *c)
{
	struct world *w = arg;

	snprintf(w->host, sizeof w->host, "%s", c->name);
	push(w, (struct event){E_OPENED, id, 0, c->port == 443 || c->port == 80});
	buf_clear(&w->in);
	return 0;
}
static int b_send(void *arg, unsigned id, const void *p, size_t n)
{
	struct world *w = arg;

	buf_add(&w->in, p, n);
	push(w, (struct event){.kind = E_SENT, .id = id});
	return 0;
}
static void b_close(void *arg, unsigned id)
{
	struct world *w = arg;

	for (unsigned i = 0; i < w->nevent; i++) /* "no event for it follows" */
		if (w->event[i].id == id && w->event[i].kind != E_DNS)
			w->event[i].kind = E_DNS, w->event[i].id = 0;
}
static int b_key(void *arg, unsigned id)
{
	push(arg, (struct event){.kind = E_KEY, .id = id});
	return 0;
}
static long b_load(void *arg, const char *name, void *p, size_t cap)
{
	(void)arg, (void)name, (void)p, (void)cap;
	return -ENOENT;
}
static int b_save(void *arg, const char *name, const void *p, size_t n)
{
	struct world *w = arg;

	if (strcmp(name, DT_KEEP_ACCOUNT) == 0)
		snprintf(w->sip, sizeof w->sip, "%.*s", (int)strcspn(p, "\n"), (const char *)p);
	(void)n;
	return 0;
}
static int b_forget(void *arg, const char *name)
{
	(void)arg, (void)name;
	return 0;
}
static int64_t b_slot_size(void *arg, unsigned slot)
{
	(void)arg, (void)slot;
	return 0;
}
static int b_slot_catalog(void *arg, unsigned slot, void *p, size_t cap)
{
	(void)arg, (void)slot, (void)p, (void)cap;
	return -ENOENT;
}
static void b_record(void *arg, const struct dt_record *r)
{
	struct world *w = arg;
	size_t n = strlen(w->told);

	assert_true(r->why == NULL || strstr(r->why, "73914") == NULL);
	if (r->kind == DT_REC_ATTEMPT)
		snprintf(w->told + n, sizeof w->told - n, "%s: %s%s%s\n", r->what, r->ok ? "ok " : "no ", r->found ? r->found : "",
			 r->why ? r->why : "");
	if (r->kind == DT_REC_RESULT && !w->over) {
		w->over = true;
		w->stage = r->stage;
		w->failure = r->failure;
		snprintf(w->why, sizeof w->why, "%s", r->why ? r->why : "");
	}
}

static const struct dt_body body = {
    .mono_ms = b_mono, .unix_ms = b_unix, .random = b_random, .timer = b_timer, .frame = b_frame, .vlan = b_vlan,
    .address = b_address, .udp = b_udp, .dns = b_dns, .stream = b_stream, .stream_send = b_send, .stream_close = b_close,
    .make_key = b_key, .load = b_load, .save = b_save, .forget = b_forget, .slot_size = b_slot_size,
    .slot_catalog = b_slot_catalog, .record = b_record,
};

/* ---- the servers ------------------------------------------------------------------------------------------------- */

/* One question that came whole: is it the one that is expected?  Then its answer, in pieces or in chunks. */
static void serve(struct world *w, unsigned id)
{
	struct msg_error err;
	static struct msg m;
	char line[1024];
	const char *text, *split;
	struct buf out = {0};
	size_t used = 0;

	if (msg_scan((const char *)w->in.p, w->in.n, MSG_HTTP, 1 << 17, &m, &used, &err) != MSG_OK)
		return;
	split = strchr(w->step->ask, '/'); /* with the host before it, or without */
	snprintf(line, sizeof line, SV_FMT " %s" SV_FMT, SV_ARG(m.method), split && split[-1] != ' ' ? w->host : "",
		 SV_ARG(m.target));
	if (w->step->ask[0] == '\0' || strncmp(line, w->step->ask, strlen(w->step->ask)) != 0)
		fail_msg("asked for %s, not for %s; so far:\n%s", line, w->step->ask, w->told);
	assert_true(w->nasked < STEPS);
	snprintf(w->heads[w->nasked], sizeof w->heads[0], "%.*s", (int)m.head_n, (const char *)w->in.p);
	buf_sv(&w->asked[w->nasked++], m.body);
	buf_clear(&w->in);
	text = w->step++->answer;
	split = strstr(text, "\r\n\r\n");
	assert_non_null(split);
	if (line[0] == 'P') /* RFC 9110 15.2: any number of them before the answer */
		buf_str(&out, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
	buf_add(&out, text, (size_t)(split + 2 - text));
	text = split + 4;
	buf_str(&out, "Date: Wed, 18 Nov 2026 11:06:40 GMT\r\nX-Powered-By: ASP.NET\r\nX-MS-Server-Fqdn: " HOST "\r\n");
	if (w->chunked) {
		buf_str(&out, "Transfer-Encoding: chunked\r\n\r\n");
		for (size_t n = strlen(text), i = 0; i < n; i += 100)
			buf_printf(&out, "%zx;x=y\r\n%.100s\r\n", n - i < 100 ? n - i : 100, text + i);
		buf_str(&out, "0\r\n\r\n");
	} else {
		buf_printf(&out, "Content-Length: %zu\r\n\r\n%s", strlen(text), text);
	}
	for (size_t i = 0; i < out.n && http_has(w->ph->http, id); i += 77)
		dt_phone_stream_data(w->ph, id, out.p + i, out.n - i < 77 ? out.n - i : 77);
	buf_free(&out);
}

static void happen(struct world *w, struct event e)
{
	struct dt_dns_answer a = {.status = DT_DNS_NXDOMAIN};
	struct dt_stream_opened o = {.verdict = DT_TRUSTED, .version = "TLSv1.2"};

	switch (e.kind) {
	case E_DNS:
		if (e.known && e.rr == DT_RR_A)
			a = (struct dt_dns_answer){.status = DT_DNS_OK, .n = 1, .rr = {{.address = 0x0a000001}}};
		if (e.id)
			dt_phone_dns(w->ph, e.id, &a);
		break;
	case E_OPENED:
		o.failure = e.known ? DT_F_OK : DT_F_CONNECT; /* the Registrar does not answer: stage 9 is not asked for here */
		o.chain[0] = keys.ca_der.p;
		o.chain_n[0] = keys.ca_der.n;
		o.nchain = 1;
		dt_phone_stream_opened(w->ph, e.id, &o);
		break;
	case E_SENT:
		serve(w, e.id);
		break;
	case E_KEY:
		dt_phone_key(w->ph, e.id, buf_cstr(&keys.pem));
	}
}

static void run(struct world *w, const struct step *steps, bool ntlm)
{
	struct dt_phone_conf c = {.body = &body, .arg = w, .model = dt_model_find(ntlm ? "cx700" : "cx600"), .serial = "7E5C0012",
				  .mac = {0, 4, 0xf2, 1, 2, 3}, .no_vlan = true, .no_dhcp = true, .domain = "contoso.test",
				  .lease = {.address = 0x0a000002, .mask = 0xffffff00, .dns = {0x0a000003}, .ndns = 1},
				  .registrar = HOST ":5061", .web_url = "https://" HOST CERTPROV "/"};

	if (ntlm)
		c.login = "CONTOSO\\alice", c.password = "Pa$$word", c.sip = "alice@contoso.test";
	else
		c.number = "+14255550123", c.pin = "73914";
	w->mono = 5000;
	w->step = steps;
	w->ph = dt_phone_new(&c);
	assert_non_null(w->ph);
	dt_phone_start(w->ph);
	dt_phone_link(w->ph, true);
	for (unsigned i = 0; i < 2000 && !w->over; i++) {
		if (w->nevent) {
			struct event e = w->event[0];

			memmove(w->event, w->event + 1, --w->nevent * sizeof e);
			happen(w, e);
		} else {
			assert_true(w->timer != UINT64_MAX);
			w->mono = w->timer > w->mono ? w->timer : w->mono;
			w->timer = UINT64_MAX;
			dt_phone_timer(w->ph);
		}
	}
	if (!w->over || w->step->ask[0])
		fail_msg("nobody asked for %s; so far:\n%s", w->step->ask, w->told);
}

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	dt_phone_free(w->ph);
	buf_free(&w->in);
	for (unsigned i = 0; i < STEPS; i++)
		buf_free(&w->asked[i]);
	free(w);
	return 0;
}

/* Another try in the same test. */
static struct world *anew(void **state)
{
	teardown(state);
	setup(state);
	return *state;
}

#define STAGE(s, f) \
	do { \
		if (w->stage != (s) || w->failure != (f)) \
			fail_msg("ended at stage %d with %d: %s; so far:\n%s", w->stage, w->failure, w->why, w->told); \
	} while (0)
#define SIGNED_IN() STAGE(DT_STAGE_LOGON, DT_F_CONNECT) /* as far as these servers go */

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

	pki_pem_add(&pem, "CERTIFICATE", keys.ca_der.p, keys.ca_der.n);
	pki_pem_add(&pem, "CERTIFICATE", keys.cert.p, keys.cert.n);
	assert_true(pki_p7_write(&p7, buf_view(&pem)));
	for (size_t i = 0; i < 2 * sizeof rows / sizeof *rows; i++, w = anew(state)) {
		const struct buf *der = rows[i / 2].p7 ? &p7 : &keys.cert;
		const struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
					     {"POST " WTS "/pin", rows[i / 2].ticket},
					     {"POST " PROOF, published(&answer, rows[i / 2].shape, der->p, der->n)}, END};
		struct buf key = {0};
		struct soap_cert q;
		uint8_t proof[32];
		xmlDocPtr doc;

		w->chunked = i % 2;
		run(w, steps, false);
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

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = anew(state)) {
		const struct buf *der = rows[i].other ? &keys.other : &keys.cert;
		struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				       {"POST " WTS "/pin", rows[i].ticket}, END, END};

		if (rows[i].shape)
			steps[5] = (struct step){"POST " PROOF, published(&answer, rows[i].shape, der->p, der->n)};
		run(w, steps, false);
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
	const char *cert = published(&a, RESPONSE("", TOKEN), keys.cert.p, keys.cert.n);
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

	run(w, metadata, false);
	SIGNED_IN();
	w = anew(state);
	run(w, ticket, false);
	SIGNED_IN();
	w = anew(state);
	run(w, late, false);
	SIGNED_IN();
	w = anew(state);
	run(w, twice, false);
	STAGE(DT_STAGE_AUTH, DT_F_HTTP_STATUS);
	w = anew(state);
	run(w, loop, false); /* three times at most; then asked anew by stage 7, and never out of TLS */
	STAGE(DT_STAGE_AUTH, DT_F_HTTP_STATUS);
	buf_free(&a);
}

/* "On 28032: ask for a new ticket once." */
static void another_ticket_once(void **state)
{
	struct world *w = *state;
	struct buf a = {0};
	const char *cert = published(&a, RESPONSE("", TOKEN), keys.cert.p, keys.cert.n);

	for (int again = 0; again < 2; again++, w = anew(state)) {
		const struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
					     {"POST " WTS "/pin", TICKET}, {"POST " PROOF, FAULT("500 Internal Server Error", "28032")},
					     {"POST " WTS "/pin", TICKET},
					     {"POST " PROOF, again ? FAULT("500 Internal Server Error", "28032") : cert}, END};

		run(w, steps, false);
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
	const char *cert = published(&a, RESPONSE("", TOKEN), keys.cert.p, keys.cert.n);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = anew(state)) {
		struct step steps[] = {CHAIN_STEPS, {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL},
				       {"POST " WTS "/pin", rows[i].first}, {"POST " WTS "/pin", rows[i].second}, {"POST " PROOF, cert}, END};

		if (rows[i].second == NULL)
			steps[5] = (struct step)END;
		if (rows[i].failure)
			steps[6] = (struct step)END;
		run(w, steps, false);
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
	const char *cert = published(&a, RESPONSE("", TOKEN), keys.cert.p, keys.cert.n);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++, w = anew(state)) {
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

			run(w, steps, true);
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
	const char *cert = published(&a, RESPONSE("", TOKEN), keys.cert.p, keys.cert.n);

	pki_pem_add(&pem, "CERTIFICATE", keys.ca_der.p, keys.ca_der.n);
	buf_str(&b, "HTTP/1.1 200 OK\r\nContent-Type: application/x-pem-file\r\n\r\n");
	buf_sv(&b, buf_view(&pem));
	{
		const struct step steps[] = {{"POST " CERTPROV, MOVED("302", "https://" HOST "/")}, {"GET " CERTPROV "//chain.p7b",
					      MOVED("301", "http://pool.contoso.test/chain.p7b")}, {"GET /chain.p7b", buf_cstr(&b)},
					     {"GET " CERTPROV "/mex", CERT_WSDL}, {"GET " WTS "/mex", WTS_WSDL}, {"POST " WTS "/pin", TICKET},
					     {"POST " PROOF, cert}, END};

		run(w, steps, false);
	}
	SIGNED_IN();
	assert_non_null(strstr(w->told, "root chain http://" HOST CERTPROV "/: ok Communications Server, SHA-1 "));
	buf_free(&pem);
	buf_free(&b);
	buf_free(&a);
}

/* ---- the keys ---------------------------------------------------------------------------------------------------- */

static int group_setup(void **state)
{
	struct pki_issue ca = {.profile = PKI_CA, .cn = "Communications Server", .not_before = NOW - 9, .not_after = NOW + 99999999};
	struct pki_issue user = {.profile = PKI_USER, .cn = "alice@contoso.test", .not_before = NOW - 9, .not_after = NOW + 9999999};

	(void)state;
	keys.key = pki_key_make(2048);
	keys.ca = pki_key_make(2048);
	pki_key_write(keys.key, &keys.pem);
	assert_true(ticket_init() && pki_issue(&ca, keys.ca, keys.ca, NULL, 0, &keys.ca_der));
	assert_true(pki_issue(&user, keys.key, keys.ca, keys.ca_der.p, keys.ca_der.n, &keys.cert));
	assert_true(pki_issue(&user, keys.ca, keys.ca, keys.ca_der.p, keys.ca_der.n, &keys.other));
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	pki_key_free(keys.key);
	pki_key_free(keys.ca);
	buf_free(&keys.pem);
	buf_free(&keys.ca_der);
	buf_free(&keys.cert);
	buf_free(&keys.other);
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {T(other_words), T(unusable), T(redirected), T(another_ticket_once), T(pin_by_basic), T(windows), T(chains)};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
