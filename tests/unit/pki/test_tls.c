/* tests/unit/pki/test_tls.c: two endpoints of pki/tls without a socket: profiles, chains, resumption, octets one by one, what
 * a handshake costs. */
#include "tests/support/check.h"
#include "tests/unit/pki/tls_pair.h"

#include "pki/tls_internal.h"

static struct tls_keys keys;

static int make(void **state)
{
	(void)state;
	tls_keys_make(&keys);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	tls_keys_clear(&keys);
	return 0;
}

/* ---- two ends ------------------------------------------------------------------------------------------------------ */

static void begin(struct tls_pair *p, enum tls_profile server, enum tls_profile client)
{
	struct tls_server_conf s = {.profile = server, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server};
	struct tls_client_conf c = {.profile = client};

	if (server == TLS_DSK)
		s.client_ca_pem = buf_view(&keys.ca_pem);
	if (client == TLS_DSK) {
		c.cert_pem = buf_view(&keys.user_pem);
		c.key = keys.user;
	}
	p->server_ctx = tls_ctx_server(&s);
	p->client_ctx = tls_ctx_client(&c);
	assert_true(p->server_ctx && p->client_ctx);
	p->server = tls_accept(p->server_ctx);
	p->client = NULL;
}

/* The client begins here, so that a test can change its context before. */
static bool shake(struct tls_pair *p, size_t step)
{
	if (p->client == NULL)
		p->client = tls_connect(p->client_ctx, TLS_PAIR_SERVER);
	return tls_pair_shake(p, step);
}

static void says(struct tls *from, struct tls *to, const char *text)
{
	tls_pair_send(from, to, text, strlen(text));
}

/* ---- the tests -------------------------------------------------------------------------------------------------------- */

static void profiles_meet(void **state)
{
	static const struct {
		enum tls_profile server, client;
		int highest; /* of the client, 0: as it is */
		const char *version; /* NULL: no handshake */
	} rows[] = {
	    {TLS_MODERN, TLS_MODERN, 0, "TLSv1.3"},
	    {TLS_MODERN, TLS_CLIENT_OLD, 0, "TLSv1.3"},
	    {TLS_MODERN, TLS_CLIENT_OLD, TLS1_2_VERSION, "TLSv1.2"},
	    {TLS_MODERN, TLS_CLIENT_OLD, TLS1_1_VERSION, NULL}, /* never on a listener */
	    {TLS_MODERN, TLS_CLIENT_OLD, TLS1_VERSION, NULL},
	    {TLS_LEGACY, TLS_CLIENT_OLD, TLS1_VERSION, "TLSv1"},
	    {TLS_LEGACY, TLS_MODERN, 0, "TLSv1.3"},
	    {TLS_DSK, TLS_DSK, 0, "TLSv1.2"},
	    {TLS_DSK, TLS_DSK, TLS1_VERSION, "TLSv1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_pair p;
		struct buf der = {0};
		const uint8_t *chain[3];
		size_t lengths[3];

		begin(&p, rows[i].server, rows[i].client);
		if (rows[i].highest)
			assert_true(SSL_CTX_set_max_proto_version(p.client_ctx->ssl, rows[i].highest));
		if (shake(&p, 4096) != (rows[i].version != NULL))
			fail_msg("row %zu: %s", i, tls_why(p.client));
		if (rows[i].version) {
			assert_string_equal(tls_version(p.client), rows[i].version);
			assert_true(strlen(tls_cipher(p.server)) > 5);
			says(p.client, p.server, "REGISTER");
			says(p.server, p.client, "401");
			buf_str(&der, "before"); /* existing octets stay */
			assert_int_equal(tls_peer_chain(p.client, &der, chain, lengths, 3), rows[i].server == TLS_DSK ? 1 : 2);
			assert_memory_equal(der.p, "before", 6);
			assert_int_equal(lengths[0], keys.server_der.n);
			assert_memory_equal(chain[0], keys.server_der.p, keys.server_der.n);
			if (rows[i].server != TLS_DSK) {
				assert_ptr_equal(chain[1], chain[0] + lengths[0]);
				assert_memory_equal(chain[1], keys.ca_der.p, keys.ca_der.n);
				assert_int_equal(der.n, 6 + lengths[0] + lengths[1]);
			}
			assert_int_equal(tls_peer_chain(p.client, &der, chain, lengths, 1), 1);
		} else {
			char c;

			assert_int_equal(tls_state(p.server), TLS_FAILED);
			assert_true(strlen(tls_why(p.server)) > 10);
			assert_int_equal(tls_read(p.server, &c, 1), -1);
			assert_false(tls_write(p.server, "x", 1));
		}
		buf_free(&der);
		tls_pair_end(&p);
	}
}

/* OpenSSL refuses that exchange for keys with a method of their own */
static void rsa_key_exchange_and_what_it_costs(void **state)
{
	static const struct {
		enum tls_profile server, client;
		int highest;
		const char *suites;
		unsigned long operations; /* of both ends: here they are one process */
	} rows[] = {
	    {TLS_MODERN, TLS_MODERN, 0, NULL, 1},
	    {TLS_MODERN, TLS_MODERN, TLS1_2_VERSION, "ECDHE-RSA-AES256-GCM-SHA384", 1},
	    {TLS_MODERN, TLS_MODERN, TLS1_2_VERSION, "AES128-SHA", 1},
	    {TLS_LEGACY, TLS_CLIENT_OLD, TLS1_VERSION, "AES256-SHA:@SECLEVEL=0", 1},
	    {TLS_DSK, TLS_DSK, TLS1_VERSION, "AES128-SHA:@SECLEVEL=0", 2}, /* the client's CertificateVerify as well */
	    {TLS_DSK, TLS_DSK, 0, NULL, 2},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		unsigned long before;
		struct tls_pair p;

		begin(&p, rows[i].server, rows[i].client);
		if (rows[i].highest)
			assert_true(SSL_CTX_set_max_proto_version(p.client_ctx->ssl, rows[i].highest));
		if (rows[i].suites)
			assert_true(SSL_CTX_set_cipher_list(p.client_ctx->ssl, rows[i].suites));
		before = pki_private_operations();
		assert_true(shake(&p, 4096));
		assert_int_equal(pki_private_operations() - before, rows[i].operations);
		tls_pair_end(&p);
	}
}

static void octet_by_octet(void **state)
{
	struct tls_pair p;

	(void)state;
	begin(&p, TLS_MODERN, TLS_MODERN);
	assert_true(shake(&p, 1));
	says(p.client, p.server, "one");
	says(p.server, p.client, "two");
	tls_pair_end(&p);
}

static void much_at_once(void **state)
{
	enum { MUCH = 1 << 20 };
	uint8_t *sent = malloc(MUCH), *got = malloc(MUCH);
	size_t n = 0;
	struct tls_pair p;
	long k;

	(void)state;
	for (size_t i = 0; i < MUCH; i++)
		sent[i] = (uint8_t)(i * 2654435761u >> 24);
	begin(&p, TLS_MODERN, TLS_MODERN);
	assert_true(shake(&p, 4096));
	assert_true(tls_write(p.server, sent, MUCH));
	tls_pair_carry(p.server, p.client, 5000);
	while (n < MUCH && (k = tls_read(p.client, got + n, MUCH - n)) > 0)
		n += (size_t)k;
	assert_int_equal(n, MUCH);
	assert_memory_equal(sent, got, MUCH);
	free(sent);
	free(got);
	tls_pair_end(&p);
}

static void closing(void **state)
{
	struct tls_pair p;
	char c;

	(void)state;
	begin(&p, TLS_MODERN, TLS_MODERN);
	assert_true(shake(&p, 4096));
	tls_shutdown(p.client);
	tls_pair_carry(p.client, p.server, 4096);
	assert_int_equal(tls_read(p.server, &c, 1), -1);
	assert_int_equal(tls_state(p.server), TLS_CLOSED);
	assert_false(tls_write(p.server, "x", 1));
	tls_shutdown(p.server);
	assert_int_equal(tls_feed(p.server, "x", 1), TLS_CLOSED);
	tls_pair_end(&p);
}

static void bent_octets(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 150; i++) { /* each record of a handshake bent once: it fails or waits, never comes up */
		struct tls_pair p;

		begin(&p, TLS_MODERN, TLS_MODERN);
		p.client = tls_connect(p.client_ctx, NULL);
		assert_false(tls_pair_shake_bent(&p, i % 3, i * 31, (uint8_t)(1 + i % 255)));
		tls_pair_end(&p);
	}
}

static void wrong_configurations(void **state)
{
	struct tls_server_conf s = {.profile = TLS_MODERN, .cert_pem = buf_view(&keys.chain_pem), .key = keys.user};
	struct tls_client_conf c = {.profile = TLS_DSK, .cert_pem = buf_view(&keys.user_pem), .key = keys.server};

	(void)state;
	assert_null(tls_ctx_server(&s)); /* another's key */
	assert_null(tls_ctx_client(&c));
	s.key = NULL;
	assert_null(tls_ctx_server(&s));
	s.key = keys.server;
	s.cert_pem = SV("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	assert_null(tls_ctx_server(&s));
	s.cert_pem = (struct sv){0};
	assert_null(tls_ctx_server(&s));
	tls_ctx_free(NULL);
	tls_free(NULL);
}

static void lines(void *arg, const char *line)
{
	if (strncmp(line, "CLIENT_HANDSHAKE_TRAFFIC_SECRET ", 32) == 0)
		++*(unsigned *)arg;
}

static void key_log(void **state)
{
	unsigned n = 0;
	struct tls_pair p;

	(void)state;
	begin(&p, TLS_MODERN, TLS_MODERN);
	tls_ctx_keylog(p.server_ctx, lines, &n);
	assert_true(shake(&p, 4096));
	assert_int_equal(n, 1);
	tls_pair_end(&p);
}

/* OpenSSL's own client, since ours keeps no session. */
static SSL *openssl_client(SSL_CTX *ctx)
{
	SSL *raw = SSL_new(ctx);

	assert_non_null(raw);
	SSL_set_bio(raw, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_connect_state(raw);
	return raw;
}

static void openssl_handshake(SSL *raw, struct tls *server)
{
	struct buf b = {0};
	uint8_t octets[16384];
	int k;

	for (unsigned turn = 0; turn < 4; turn++) {
		SSL_do_handshake(raw);
		while ((k = BIO_read(SSL_get_wbio(raw), octets, sizeof octets)) > 0)
			tls_feed(server, octets, (size_t)k);
		buf_clear(&b);
		tls_drain(server, &b);
		if (b.n)
			BIO_write(SSL_get_rbio(raw), b.p, (int)b.n);
	}
	SSL_read(raw, octets, sizeof octets); /* the tickets */
	buf_free(&b);
}

static uint64_t mono_now;

static uint64_t mono(void)
{
	return mono_now;
}

/* "The same for all processes of a port": what one context has handed out another takes, without an RSA operation, today and
 * tomorrow, and no longer. */
static void resumption(void **state)
{
	static const struct {
		bool other_keys, tls12;
		uint64_t after_ms;
		bool resumed;
	} rows[] = {{.resumed = true},
		    {.other_keys = true},
		    {.tls12 = true}, /* it has no tickets here */
		    {.after_ms = TICKET_DAY_MS, .resumed = true},
		    {.after_ms = 2ull * TICKET_DAY_MS}};
	struct ticket_keys ticket_keys, other_keys;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		mono_now = 5000;
		assert_true(ticket_keys_make(&ticket_keys, mono_now) && ticket_keys_make(&other_keys, mono_now));

		struct tls_server_conf conf = {.profile = TLS_MODERN, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server,
					       .ticket_keys = &ticket_keys, .mono_ms = mono};
		struct tls_client_conf client = {.profile = TLS_MODERN};
		struct tls_pair p = {.server_ctx = tls_ctx_server(&conf), .client_ctx = tls_ctx_client(&client)};
		unsigned long before;
		SSL_SESSION *kept;
		SSL *raw;

		assert_true(p.server_ctx && p.client_ctx);
		SSL_CTX_set_session_cache_mode(p.client_ctx->ssl, SSL_SESS_CACHE_CLIENT);
		if (rows[i].tls12)
			SSL_CTX_set_max_proto_version(p.client_ctx->ssl, TLS1_2_VERSION);
		raw = openssl_client(p.client_ctx->ssl);
		kept = NULL;
		for (unsigned round = 0; round < 2; round++) {
			p.server = tls_accept(p.server_ctx);
			before = pki_private_operations();
			openssl_handshake(raw, p.server);
			assert_int_equal(tls_state(p.server), TLS_UP);
			assert_int_equal(pki_private_operations() - before, round && rows[i].resumed ? 0 : 1);
			assert_int_equal(SSL_session_reused(raw), round && rows[i].resumed);
			if (round == 0) {
				kept = SSL_get1_session(raw);
				SSL_shutdown(raw);
				SSL_free(raw);
				tls_free(p.server);
				tls_ctx_free(p.server_ctx);
				conf.ticket_keys = rows[i].other_keys ? &other_keys : &ticket_keys;
				mono_now += rows[i].after_ms;
				p.server_ctx = tls_ctx_server(&conf);
				raw = openssl_client(p.client_ctx->ssl);
				assert_true(SSL_set_session(raw, kept));
			}
		}
		SSL_SESSION_free(kept);
		SSL_free(raw);
		tls_free(p.server);
		tls_ctx_free(p.server_ctx);
		tls_ctx_free(p.client_ctx);
	}
}

/* A client's hello fits into the smallest packet that every way carries (576 octets, RFC 1122 3.3.3), whatever OpenSSL offers by itself. */
static void a_hello_is_small(void **state)
{
	static const enum tls_profile profiles[] = {TLS_MODERN, TLS_CLIENT_OLD};

	(void)state;
	for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++) {
		struct tls_ctx *ctx = tls_ctx_client(&(struct tls_client_conf){.profile = profiles[i]});
		struct tls *t = tls_connect(ctx, TLS_PAIR_SERVER);
		struct buf hello = {0};

		assert_non_null(t);
		tls_drain(t, &hello);
		assert_true(hello.n > 100 && hello.n < 576);
		buf_free(&hello);
		tls_free(t);
		tls_ctx_free(ctx);
	}
}

/* One connection of a client that keeps what it can resume; the chain that it sees is appended to chain. */
static bool resumes(struct tls_pair *p, struct tls_sessions *s, const char *peer, struct buf *chain)
{
	const uint8_t *der[4];
	size_t n[4];
	unsigned long before = pki_private_operations();
	bool resumed;

	p->server = tls_accept(p->server_ctx);
	p->client = tls_connect_again(p->client_ctx, TLS_PAIR_SERVER, s, peer);
	assert_true(tls_pair_shake(p, 4000));
	tls_pair_send(p->server, p->client, "tickets came before", 19);
	resumed = tls_resumed(p->client);
	assert_int_equal(pki_private_operations() - before, !resumed);
	assert_int_equal(tls_peer_chain(p->client, chain, der, n, 4), 2);
	tls_free(p->server); /* the connection breaks: nobody says good-bye */
	tls_free(p->client);
	return resumed;
}

/* RFC 8446 2.2 and C.4: a session is resumed with the peer that it was made with, once, though its connection broke; and what the peer showed
 * then can be judged again. */
static void a_client_resumes(void **state)
{
	struct tls_sessions *s = tls_sessions_new();
	struct buf first = {0}, second = {0};
	struct ticket_keys ticket_keys;
	char peer[16];

	(void)state;
	mono_now = 5000;
	assert_true(s && ticket_keys_make(&ticket_keys, mono_now));

	struct tls_server_conf conf = {.profile = TLS_MODERN, .cert_pem = buf_view(&keys.chain_pem), .key = keys.server,
				       .ticket_keys = &ticket_keys, .mono_ms = mono};
	struct tls_pair p = {.server_ctx = tls_ctx_server(&conf),
			     .client_ctx = tls_ctx_client(&(struct tls_client_conf){.profile = TLS_CLIENT_OLD})};

	assert_false(resumes(&p, s, "fe01:443", &first));
	assert_false(resumes(&p, s, "fe02:443", &second));
	buf_clear(&second);
	assert_true(resumes(&p, s, "fe01:443", &second));
	assert_true(sv_eq(buf_view(&first), buf_view(&second)));
	assert_true(resumes(&p, s, "fe01:443", &second)); /* by the ticket of the second connection */
	assert_false(resumes(&p, NULL, "fe01:443", &second));
	tls_sessions_forget(s);
	assert_false(resumes(&p, s, "fe01:443", &second));
	for (unsigned i = 0; i < 9; i++) { /* the memory has an end */
		snprintf(peer, sizeof peer, "fe0%u:5061", i);
		assert_false(resumes(&p, s, peer, &second));
	}
	assert_true(resumes(&p, s, "fe08:5061", &second));
	assert_false(resumes(&p, s, "fe00:5061", &second));
	tls_sessions_free(s);
	tls_ctx_free(p.server_ctx);
	tls_ctx_free(p.client_ctx);
	buf_free(&first);
	buf_free(&second);
}

/* All processes come to the same keys, whenever they look; a key tells nothing of the one before. */
static void ticket_keys_of_each_day(void **state)
{
	struct ticket_keys supervisor, worker, late;
	struct ticket_key first;

	(void)state;
	assert_true(ticket_keys_make(&supervisor, 10 * TICKET_DAY_MS - 1));
	worker = late = supervisor;
	first = supervisor.now;
	ticket_keys_turn(&worker, 10 * TICKET_DAY_MS - 1);
	assert_memory_equal(&worker.now, &first, sizeof first);
	ticket_keys_turn(&worker, 10 * TICKET_DAY_MS);
	assert_memory_not_equal(worker.now.cipher, first.cipher, sizeof first.cipher);
	assert_memory_not_equal(worker.now.mac, first.mac, sizeof first.mac);
	assert_ptr_equal(ticket_keys_find(&worker, first.name), &worker.before);
	ticket_keys_turn(&worker, 11 * TICKET_DAY_MS + 5);
	ticket_keys_turn(&worker, 12 * TICKET_DAY_MS);
	assert_null(ticket_keys_find(&worker, first.name));
	assert_memory_not_equal(&worker.before, &first, sizeof first);
	ticket_keys_turn(&late, 12 * TICKET_DAY_MS + 9);
	assert_memory_equal(&late, &worker, sizeof late);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(profiles_meet), cmocka_unit_test(rsa_key_exchange_and_what_it_costs),
	    cmocka_unit_test(octet_by_octet), cmocka_unit_test(much_at_once), cmocka_unit_test(closing),
	    cmocka_unit_test(bent_octets), cmocka_unit_test(wrong_configurations), cmocka_unit_test(key_log),
	    cmocka_unit_test(resumption), cmocka_unit_test(a_client_resumes), cmocka_unit_test(a_hello_is_small), cmocka_unit_test(ticket_keys_of_each_day),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, make, unmake);
}
