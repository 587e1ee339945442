/* tests/unit/pki/test_tls_old.c: old phones' TLS: each suite, a hello in the form of SSL 2.0, both libraries behind one context. */
#include <gnutls/gnutls.h>

#include "pki/tls_gnutls.h"
#include "tests/support/check.h"
#include "tests/unit/pki/tls_pair.h"
#include "wire/tls_hello.h"

#define ONLY "NONE:+VERS-TLS1.0:+RSA:+COMP-NULL:+SIGN-ALL:+SHA1:+MD5:"

static struct tls_keys keys;
static struct buf stranger_pem; /* signed by another CA */

static int make(void **state)
{
	(void)state;
	tls_keys_make(&keys);
	tls_keys_issue(PKI_USER, "alice@contoso.test", keys.user, keys.other, NULL, NULL, &stranger_pem);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	tls_keys_clear(&keys);
	buf_free(&stranger_pem);
	return 0;
}

/* suites: for the client, as GnuTLS names them; NULL: the phone's own list.  user: the client's certificate, or n 0. */
static void begin(struct tls_pair *p, enum tls_profile server, const char *suites, struct sv user)
{
	struct tls_server_conf s = {.profile = server, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server};
	struct tls_client_conf c = {.profile = TLS_PHONE, .cert_pem = user, .key = keys.user};

	if (server == TLS_DSK)
		s.client_ca_pem = buf_view(&keys.ca_pem);
	p->server_ctx = tls_ctx_server(&s);
	p->client_ctx = tls_ctx_client(&c);
	assert_true(p->server_ctx && p->client_ctx);
	if (suites) {
		char priority[256];

		snprintf(priority, sizeof priority, ONLY "%s", suites);
		gnutls_priority_deinit(p->client_ctx->old->priority);
		assert_int_equal(gnutls_priority_init(&p->client_ctx->old->priority, priority, NULL), 0);
	}
	p->server = tls_accept(p->server_ctx);
	p->client = tls_connect(p->client_ctx, TLS_PAIR_SERVER);
	assert_true(p->server && p->client);
}

static void says(struct tls *from, struct tls *to, size_t n)
{
	uint8_t *sent = malloc(n);

	assert_non_null(sent);
	for (size_t i = 0; i < n; i++)
		sent[i] = (uint8_t)(i * 7);
	tls_pair_send(from, to, sent, n);
	free(sent);
}

/* [network E.1]: "AES128-SHA, AES256-SHA, 3DES-EDE-CBC-SHA, RC4-SHA, RC4-MD5", on a listener and inside SIP. */
static void each_suite(void **state)
{
	static const struct {
		const char *suites, *cipher, *mac;
	} rows[] = {
		{"+AES-128-CBC", "AES128-SHA", "SHA1"},	  {"+AES-256-CBC", "AES256-SHA", "SHA1"}, {"+3DES-CBC", "DES-CBC3-SHA", "SHA1"},
		{"+ARCFOUR-128:-MD5", "RC4-SHA", "SHA1"}, {"+ARCFOUR-128:-SHA1", "RC4-MD5", "MD5"},
	};
	static const enum tls_profile servers[] = {TLS_LEGACY, TLS_DSK};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t k = 0; k < 2; k++) {
			uint8_t mine[128], theirs[128];
			struct tls_pair p;
			struct buf der = {0};
			const uint8_t *chain[4];
			size_t n[4];

			begin(&p, servers[k], rows[i].suites, servers[k] == TLS_DSK ? buf_view(&keys.user_pem) : (struct sv){0});
			if (!tls_pair_shake(&p, i == 2 ? 1 : 4096))
				fail_msg("%s: client: %s; server: %s", rows[i].cipher, tls_why(p.client), tls_why(p.server));
			assert_string_equal(tls_version(p.server), "TLSv1");
			assert_string_equal(tls_cipher(p.server), rows[i].cipher);
			assert_string_equal(tls_cipher(p.client), rows[i].cipher);
			assert_string_equal(tls_mac_hash(p.server), rows[i].mac);
			says(p.client, p.server, 3);
			says(p.server, p.client, 100000);
			assert_true(tls_export_eap(p.client, mine) && tls_export_eap(p.server, theirs));
			assert_memory_equal(mine, theirs, 128);
			assert_true(tls_peer_chain(p.client, &der, chain, n, 4) >= 1);
			if (servers[k] == TLS_DSK)
				assert_int_equal(tls_peer_chain(p.server, &der, chain, n, 4), 1);
			tls_shutdown(p.client);
			tls_pair_carry(p.client, p.server, 4096);
			assert_int_equal(tls_read(p.server, mine, 1), -1);
			assert_int_equal(tls_state(p.server), TLS_CLOSED);
			buf_free(&der);
			tls_pair_end(&p);
		}
	}
}

/* The phone's own hello: TLS 1.0, five suites, no extension; a server that wants more refuses it, and says so by an alert. */
static void phone_hello(void **state)
{
	struct tls_pair p;
	struct buf hello = {0};
	struct tls_hello h;

	(void)state;
	begin(&p, TLS_MODERN, NULL, (struct sv){0});
	tls_drain(p.client, &hello);
	assert_int_equal(tls_hello_read(hello.p, hello.n, &h), TLS_HELLO_READ);
	assert_true(tls_hello_is_old(&h) && h.modern && !h.sslv2);
	assert_int_equal(h.version, 0x0301);
	assert_int_equal(hello.n, 5 + 4 + 2 + 32 + 1 + 2 + 2 * 5 + 2); /* nothing behind the compression methods */
	tls_feed(p.server, hello.p, hello.n);
	tls_pair_shake(&p, 4096);
	assert_int_equal(tls_state(p.client), TLS_FAILED);
	assert_int_equal(tls_alert(p.client), 70); /* protocol_version */
	buf_free(&hello);
	tls_pair_end(&p);
}

static void strangers(void **state)
{
	struct tls_pair p;

	(void)state;
	begin(&p, TLS_DSK, "+ARCFOUR-128", buf_view(&stranger_pem));
	assert_false(tls_pair_shake(&p, 4096));
	assert_int_equal(tls_state(p.server), TLS_FAILED);
	tls_pair_end(&p);
	begin(&p, TLS_DSK, "+ARCFOUR-128", (struct sv){0});
	assert_false(tls_pair_shake(&p, 4096));
	assert_int_equal(tls_state(p.server), TLS_FAILED);
	tls_pair_end(&p);
}

/* RFC 5246 E.2: "80 2e 01 03 01": the server answers it in TLS 1.0. */
static void sslv2_hello(void **state)
{
	static const char hello[] = "802e 01 0301 0015 0000 0010 000004 000005 00000a 00002f 000035 010080 0700c0"
				    "00112233445566778899aabbccddeeff";
	struct tls_server_conf conf = {.profile = TLS_LEGACY, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server};
	struct tls_ctx *ctx = tls_ctx_server(&conf);
	struct buf v = {0}, out = {0};
	struct tls_hello h;

	(void)state;
	hex_of(&v, hello);
	for (size_t n = 0; n <= v.n; n++) {
		uint8_t *cut = exact_copy(v.p, v.n, n);

		assert_int_equal(tls_hello_read(cut, n, &h), n < v.n ? TLS_HELLO_MORE : TLS_HELLO_READ);
		free(cut);
	}
	assert_true(h.sslv2 && h.modern && h.version == 0x0301);
	for (size_t step = 1; step <= v.n; step += v.n - 1) {
		struct tls *t = tls_accept(ctx);

		for (size_t at = 0; at < v.n; at += step)
			tls_feed(t, v.p + at, v.n - at < step ? v.n - at : step);
		assert_int_equal(tls_state(t), TLS_HANDSHAKE);
		buf_clear(&out);
		tls_drain(t, &out);
		assert_true(out.n > 500);
		assert_memory_equal(out.p, "\x16\x03\x01", 3);
		assert_memory_equal(out.p + 5, "\x02", 1); /* ServerHello */
		tls_free(t);
	}
	buf_free(&v);
	buf_free(&out);
	tls_ctx_free(ctx);
}

static void hellos(void **state)
{
	static const struct {
		const char *hex;
		enum tls_hello_result result;
		uint16_t version;
		bool modern;
	} rows[] = {
		/* a Polycom telephone of the time, as public fingerprints have it: 0035 000A 002F 0005 */
		{"160301 0033 0100002f 0301 0000000000000000000000000000000000000000000000000000000000000000 00 0008 0035000a002f0005 0100",
		 TLS_HELLO_READ, 0x0301, true},
		/* 3DES and RC4 alone */
		{"160301 002f 0100002b 0301 0000000000000000000000000000000000000000000000000000000000000000 00 0004 000a0005 0100",
		 TLS_HELLO_READ, 0x0301, false},
		/* supported_versions counts: 0304 beside 0303, and a value that means nothing */
		{"160301 003c 01000038 0303 0000000000000000000000000000000000000000000000000000000000000000 00 0002 1301 0100"
		 "000d 002b 0007 06 0a0a 0304 0303 002a",
		 TLS_HELLO_READ, 0x0304, true},
		{"474554202f20485454502f312e310d0a", TLS_HELLO_NONE, 0, false},	 /* HTTP */
		{"524547495354455220736970", TLS_HELLO_NONE, 0, false},		 /* SIP */
		{"160301 ffff 01", TLS_HELLO_NONE, 0, false},			 /* longer than a record may be */
		{"170301 0010", TLS_HELLO_NONE, 0, false},			 /* application data */
		{"160301 0010 02", TLS_HELLO_NONE, 0, false},			 /* ServerHello */
		{"802e 04", TLS_HELLO_NONE, 0, false},
		{"8003 01 0301", TLS_HELLO_NONE, 0, false}, /* too short for SSL 2.0's hello */
		{"", TLS_HELLO_MORE, 0, false},
		{"16", TLS_HELLO_MORE, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf v = {0};
		struct tls_hello h = {0};
		uint8_t *exact;

		hex_of(&v, rows[i].hex);
		exact = exact_copy(v.p, v.n, v.n);
		if (tls_hello_read(exact, v.n, &h) != rows[i].result || h.version != rows[i].version || h.modern != rows[i].modern)
			fail_msg("row %zu: %d, %04x, %d", i, tls_hello_read(exact, v.n, &h), h.version, h.modern);
		free(exact);
		buf_free(&v);
	}
}

static void bent(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 120; i++) {
		struct tls_pair p;

		begin(&p, TLS_LEGACY, "+ARCFOUR-128", (struct sv){0});
		assert_false(tls_pair_shake_bent(&p, i % 3, i * 37, (uint8_t)(1 + i % 255)));
		tls_pair_end(&p);
	}
}

static void on_line(void *arg, const char *line)
{
	snprintf(arg, 300, "%s", line);
}

static void key_log(void **state)
{
	char line[300] = "";
	struct tls_pair p;

	(void)state;
	begin(&p, TLS_LEGACY, "+3DES-CBC", (struct sv){0});
	tls_ctx_keylog(p.server_ctx, on_line, line);
	assert_true(tls_pair_shake(&p, 4096));
	assert_memory_equal(line, "CLIENT_RANDOM ", 14);
	assert_int_equal(strlen(line), 14 + 64 + 1 + 96);
	tls_pair_end(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_suite),  cmocka_unit_test(phone_hello), cmocka_unit_test(strangers), cmocka_unit_test(sslv2_hello),
		cmocka_unit_test(hellos),      cmocka_unit_test(bent),	      cmocka_unit_test(key_log),
	};

	return cmocka_run_group_tests(tests, make, unmake);
}
