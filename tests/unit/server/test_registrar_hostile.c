/* tests/unit/server/test_registrar_hostile.c: octets, heads, tokens and handshakes that no phone would send to the Registrar. */
#include "tests/support/registrar_phone.h"

static void one_octet_at_a_time(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	struct buf b = {0};

	assert_int_equal(sign_in(ph, true, ""), 200);
	buf_str(&b, "\r\n\r\n");
	head(ph, &b, "SERVICE", "");
	struct buf rest = {0};
	buf_sv(&rest, sv_from(buf_view(&b), 4));
	credentials(ph, &rest, NULL, true);
	buf_str(&rest, "Content-Length: 5\r\n\r\nhello");
	buf_add(&rest, "\r\n", 2);
	for (size_t i = 0; i < rest.n; i++)
		assert_true(feed(ph, rest.p + i, 1));
	assert_int_equal(hear(ph), 200);
	assert_int_equal(hear(ph), -1);
	buf_free(&b);
	buf_free(&rest);
	phone_free(ph);
}

static void bad_octets(void **state)
{
	static const struct {
		const char *text;
		int status; /* -1: no answer */
		bool closed;
	} rows[] = {
	    {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", -1, true},
	    {"\x16\x03\x01\x02\x05\r\n\r\n", -1, true},
	    {"REGISTER sip:a SIP/2.0\r\n\r\n", -1, true},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n", 400, false},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nRequire: nothingYouKnow\r\nContent-Length: 0\r\n\r\n", 420, false},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nContent-Length: 100000\r\n\r\n", 413, true},
	    {"REGISTER sip:a SIP/2.0\r\nVia: SIP/2.0/TLS a\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\n"
	     "CSeq: 1 REGISTER\r\nContent-Length: -1\r\n\r\n", 400, true},
	    {"SIP/2.0 200 OK\r\nVia: SIP/2.0/TLS a\r\nContent-Length: 0\r\n\r\n", -1, false},
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		int status;

		bool on = feed(ph, rows[i].text, strlen(rows[i].text));
		status = hear(ph);
		if (status != rows[i].status || rows[i].closed != (!on || ph->closed))
			fail_msg("row %zu: %d, %s", i, status, on && !ph->closed ? "open" : "closed");
		phone_free(ph);
	}
}

static void endless_head(void **state)
{
	struct world *w = *state;
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	char line[1024];
	size_t sent = 0;

	memset(line, 'a', sizeof line);
	memcpy(line, "X: ", 3);
	memcpy(line + 1022, "\r\n", 2);
	assert_true(feed(ph, "REGISTER sip:a SIP/2.0\r\n", 24));
	while (!ph->closed && feed(ph, line, sizeof line) && sent < 1 << 20)
		sent += sizeof line;
	assert_true(sent <= 40000);
	phone_free(ph);
}

static void bad_tokens(void **state)
{
	static const char *const headers[] = {
	    "NTLM qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"!!\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"!!\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"\", version=4",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"AAAA\", version=9",
	    "TLS-DSK qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", gssapi-data=\"R0VUIC8gSFRUUC8xLjENCg==\"",
	    "NTLM qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"other\", gssapi-data=\"\", version=4",
	    "NTLM qop=\"auth\", realm=\"other\", targetname=\"" FQDN "\", gssapi-data=\"\", version=4",
	    "Kerberos qop=\"auth\", realm=\"SIP Communications Service\", targetname=\"sip/" FQDN "\", gssapi-data=\"AAAA\"",
	    "NTLM", "", "NTLM a=\"", "TLS-DSK opaque=\"00000000\", realm=\"SIP Communications Service\", targetname=\"" FQDN "\", cnum=\"1\"",
	};
	struct world *w = *state;
	struct buf none = {0};

	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		char more[512];

		snprintf(more, sizeof more, "%s: %s\r\n", i & 1 ? "Proxy-Authorization" : "Authorization", headers[i]);
		assert_int_equal(bare(ph, "REGISTER", more), 401);
		assert_int_equal(msg_count(&ph->m, "WWW-Authenticate"), 2);
		phone_free(ph);
	}

	/* more handshakes than one connection may hold: the oldest are forgotten, the last one works */
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	ph->ntlm = true;
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(with_token(ph, &none, false, ""), 401);
	assert_int_equal(sign_in(ph, true, ""), 200);
	phone_free(ph);
}

/* Each message of a whole TLS-DSK sign-in, with octets bent, on connections of their own: no crash, nobody comes in. */
static void bent_handshakes(void **state)
{
	struct world *w = *state;
	struct buf hello = {0}, bent = {0};
	struct tls_client_conf cc = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.alice_pem), .key = keys.user};
	struct tls_ctx *ctx = tls_ctx_client(&cc);
	struct dsk *d = dsk_client(ctx);

	assert_int_equal(dsk_step(d, NULL, 0, &hello), DSK_MORE);
	for (unsigned i = 0; i < 100; i++) {
		struct phone *ph = phone_new(w, "alice@contoso.test", false);
		int status;

		buf_clear(&bent);
		buf_add(&bent, hello.p, hello.n - i % 7);
		bent.p[(i * 13) % bent.n] ^= (uint8_t)(1 + i);
		status = with_token(ph, &bent, false, "");
		assert_int_equal(status, 401);
		assert_int_equal(with_token(ph, &bent, false, ""), 401);
		assert_int_equal(bound(w, "alice@contoso.test"), 0);
		phone_free(ph);
	}
	/* whole ones, without an end: a stranger has two at a time, and the heap that they take */
	struct phone *ph = phone_new(w, "alice@contoso.test", false);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(with_token(ph, &hello, false, ""), 401);
		assert_false(reg_conn_proved(ph->c));
		assert_in_range(reg_conn_held(ph->c), 20000, 120000);
	}
	phone_free(ph);
	dsk_free(d);
	tls_ctx_free(ctx);
	buf_free(&hello);
	buf_free(&bent);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(one_octet_at_a_time), T(bad_octets), T(endless_head), T(bad_tokens), T(bent_handshakes),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, keys_make, keys_free);
}
