/* tests/unit/server/test_routes.c: which path is served where, with which method, and by whom. */
#include "tests/support/web_world.h"
#include "wire/well_known.h"

static const struct {
	const char *head;
	unsigned status[4]; /* HTTPS inside, outside, HTTP inside, outside; 0: anything but 403, 404, 405 */
} served[] = {
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
    {"GET " CERTPROV " HTTP/1.1\r\n", {200, 200, 200, 403}},
    {"GET " WTS " HTTP/1.1\r\n", {200, 200, 403, 403}},
    {"GET " WTS "/mex HTTP/1.1\r\n", {200, 200, 403, 403}},
    {SOAP_POST(WTS "/mex"), {0, 0, 403, 403}},
    {SOAP_POST(CERTPROV), {0, 0, 0, 403}},
    {SOAP_POST(CERTPROV "/anon"), {0, 0, 0, 403}},
    {"GET " CERTPROV "/chain.p7b HTTP/1.1\r\n", {200, 200, 200, 403}},
    {SOAP_POST(WTS), {0, 0, 403, 403}},
    {SOAP_POST(WTS "/pin"), {0, 0, 403, 403}},
    {SOAP_POST(WTS "//%70in/"), {0, 0, 403, 403}},
    {SOAP_POST(WTS "/cert"), {0, 0, 403, 403}},
    {SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1"), {0, 0, 403, 403}},
    {SOAP_POST(CERTPROV "/WebTicket_Proof"), {0, 0, 403, 403}},
    {"GET " WTS "/pin HTTP/1.1\r\n", {405, 405, 403, 403}},
    {"POST " PIN_PATH " HTTP/1.1\r\n", {401, 403, 403, 403}}, /* no PINs from outside here */
    {"GET " PIN_PATH " HTTP/1.1\r\n", {405, 405, 403, 403}},
    {"PUT " WTS "/mex HTTP/1.1\r\n", {405, 405, 403, 403}},
    {"GET / HTTP/1.1\r\n", {404, 404, 404, 403}},
    {"GET /health HTTP/1.1\r\n", {200, 404, 200, 403}},
    {"GET /healthy HTTP/1.1\r\n", {404, 404, 404, 403}},
    {"GET " CERTPROV "/mexx HTTP/1.1\r\n", {404, 404, 404, 403}},
    {"GET /RequestHandler/Files/a HTTP/1.1\r\n", {404, 404, 404, 403}},
    {"GET /DeviceUpdateFiles_Int/a HTTP/1.1\r\n", {404, 404, 404, 403}},
    {"GET /RequestHandlerExt/Files/a HTTP/1.1\r\n", {404, 404, 403, 403}},
    {"GET /DeviceUpdateFiles_Ext/a HTTP/1.1\r\n", {404, 404, 403, 403}},
    {SOAP_POST("/RequestHandler/ucdevice.upx"), {0, 404, 0, 403}},
    {"GET " CERTPROV "/mex HTTP/1.1\r\nAuthorization: Basic eDp5\r\n", {200, 200, 403, 403}},
    {"GET " CERTPROV "/mex HTTP/1.1\r\nX-MS-WebTicket: opaque=eDp5\r\n", {200, 200, 403, 403}},
};

static void where_what_is_served(void **state)
{
	struct world *w = *state;

	for (size_t i = 0; i < sizeof served / sizeof *served; i++)
		for (int side = 0; side < 4; side++) {
			unsigned s = status_of(w, (enum side)side, served[i].head, SV("")), want = served[i].status[side];

			if (want ? s != want : s == 403 || s == 404 || s == 405)
				fail_msg("%s side %d: %u", served[i].head, side, s);
		}
}

static void health_is_a_word(void **state)
{
	struct world *w = *state;
	struct web_answer a;

	go(w, HTTPS_IN, "GET /health HTTP/1.1\r\n", SV(""), &a);
	assert_int_equal(a.status, 200);
	assert_true(sv_starts(buf_view(&a.body), SV("ready")));
	web_answer_clear(&a);
}

/* 405 says what the path is served with. */
static void allowed_methods(void **state)
{
	static const struct {
		const char *head, *allow;
	} rows[] = {{"GET " WTS "/pin HTTP/1.1\r\n", "Allow: POST\r\n"},
		    {"POST " CERTPROV "/chain.p7b HTTP/1.1\r\n", "Allow: GET, HEAD\r\n"},
		    {"DELETE " CERTPROV " HTTP/1.1\r\n", "Allow: GET, HEAD, POST\r\n"},
		    {"GET /RequestHandlerExt/ucdevice.upx HTTP/1.1\r\n", "Allow: POST\r\n"}};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct web_answer a;

		go(w, HTTPS_OUT, rows[i].head, SV(""), &a);
		assert_int_equal(a.status, 405);
		assert_non_null(strstr(buf_cstr(&a.headers), rows[i].allow));
		web_answer_clear(&a);
	}
}

/* The PIN port on plain HTTP: refused before the body is read. */
static void refused_by_its_head(void **state)
{
	static const char head[] = "POST " WTS "/pin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n";
	struct world *w = *state;
	static struct msg m;
	struct msg_error err;
	size_t used;
	struct buf headers = {0};
	unsigned status = 0;

	assert_int_equal(msg_scan(head, sizeof head - 1, MSG_HTTP, 100, &m, &used, &err), MSG_OK);
	assert_int_equal(web_body_max(w->w, w->c, &m, &(struct web_side){false, false}, &status, &headers), 0);
	assert_int_equal(status, 403);
	assert_int_equal(web_body_max(w->w, w->c, &m, &(struct web_side){true, false}, &status, &headers), 65536);
}

/* Both services tell their own metadata, at their own address and at /mex. */
static void whose_metadata(void **state)
{
	static const struct {
		const char *head, *vector;
		bool tickets;
	} rows[] = {
	    {"GET " CERTPROV " HTTP/1.1\r\n", NULL, false},
	    {"GET " CERTPROV "/mex HTTP/1.1\r\n", NULL, false},
	    {"POST " CERTPROV "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n", "soap/mex_get.xml", false},
	    {"GET " WTS " HTTP/1.1\r\n", NULL, true},
	    {"GET " WTS "/mex HTTP/1.1\r\n", NULL, true},
	    {"POST " WTS "/mex HTTP/1.1\r\nContent-Type: application/soap+xml\r\n", "soap/mex_get.xml", true},
	};
	struct world *w = *state;
	struct buf b = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct soap_metadata m;
		struct web_answer a;
		xmlDocPtr doc;

		go(w, HTTPS_IN, rows[i].head, rows[i].vector ? vector(&b, rows[i].vector) : SV(""), &a);
		assert_int_equal(a.status, 200);
		doc = doc_of(a.body.p, a.body.n);
		assert_null(soap_metadata_read(doc, &m));
		if ((m.cert_auth_url[0] != '\0') != rows[i].tickets || (m.anon_url[0] != '\0') == rows[i].tickets)
			fail_msg("%s: the metadata of the other service", rows[i].head);
		xmlFreeDoc(doc);
		web_answer_clear(&a);
	}
	buf_free(&b);
}

/* A certificate is to be had with either form of the proof. */
static void both_proofs(void **state)
{
	static const char *const rows[] = {SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1") "SOAPAction: \"" SOAP_ACTION_CERT "\"\r\n",
					   SOAP_POST(CERTPROV "/WebTicket_Proof") "SOAPAction: \"" SOAP_ACTION_CERT "\"\r\n"};
	struct world *w = *state;
	struct buf b = {0};

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(status_of(w, HTTPS_IN, rows[i], vector(&b, "soap/cert.xml")), 200);
		assert_int_equal(fake.certs, i + 1);
	}
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(where_what_is_served), T(health_is_a_word), T(allowed_methods), T(refused_by_its_head), T(whose_metadata), T(both_proofs),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("routes", tests, group_setup, group_teardown);
}
