/* Records of somebody else's TLS 1.0 to 1.2: connections of GnuTLS with itself, each version and suite, with and without
 * encrypt-then-MAC, read with the master secret. */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include <errno.h>

#include "base/cursor.h"
#include "pki/tls_open_old.h"
#include "tests/support/check.h"

enum { CHANGE_CIPHER_SPEC = 20, APPLICATION_DATA = 23 };

static gnutls_certificate_credentials_t server_cred, client_cred;

struct wire { /* The octets of one direction; the other side has read the first ones. */
	struct buf sent;
	size_t read;
};

struct pair {
	struct wire wire[2]; /* 0: of the client */
	gnutls_session_t s[2];
};

static struct end {
	struct pair *p;
	unsigned side;
} ends[2];

static ssize_t push(gnutls_transport_ptr_t at, const void *o, size_t n)
{
	const struct end *e = at;

	buf_add(&e->p->wire[e->side].sent, o, n);
	return (ssize_t)n;
}

static ssize_t pull(gnutls_transport_ptr_t at, void *o, size_t n)
{
	const struct end *e = at;
	struct wire *w = &e->p->wire[1 - e->side];
	size_t left = w->sent.n - w->read, take = left < n ? left : n;

	if (take == 0) {
		gnutls_transport_set_errno(e->p->s[e->side], EAGAIN);
		return -1;
	}
	memcpy(o, w->sent.p + w->read, take);
	w->read += take;
	return (ssize_t)take;
}

static int make(void **state)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t cert;
	static const uint8_t serial = 1;

	(void)state;
	gnutls_x509_privkey_init(&key);
	gnutls_x509_privkey_generate(key, GNUTLS_PK_RSA, 2048, 0);
	gnutls_x509_crt_init(&cert);
	gnutls_x509_crt_set_version(cert, 3);
	gnutls_x509_crt_set_serial(cert, &serial, 1);
	gnutls_x509_crt_set_activation_time(cert, 1);
	gnutls_x509_crt_set_expiration_time(cert, 2000000000);
	gnutls_x509_crt_set_key(cert, key);
	gnutls_x509_crt_set_dn(cert, "CN=fe01.contoso.test", NULL);
	assert_int_equal(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), 0);
	gnutls_certificate_allocate_credentials(&server_cred);
	gnutls_certificate_allocate_credentials(&client_cred);
	assert_int_equal(gnutls_certificate_set_x509_key(server_cred, &cert, 1, key), 0);
	gnutls_certificate_set_known_dh_params(server_cred, GNUTLS_SEC_PARAM_MEDIUM);
	gnutls_x509_crt_deinit(cert);
	gnutls_x509_privkey_deinit(key);
	return 0;
}

static int unmake(void **state)
{
	(void)state;
	gnutls_certificate_free_credentials(server_cred);
	gnutls_certificate_free_credentials(client_cred);
	return 0;
}

static void begin(struct pair *p, const char *priority)
{
	*p = (struct pair){0};
	for (unsigned i = 0; i < 2; i++) {
		ends[i] = (struct end){p, i};
		assert_int_equal(gnutls_init(&p->s[i], i == 0 ? GNUTLS_CLIENT : GNUTLS_SERVER), 0);
		if (gnutls_priority_set_direct(p->s[i], priority, NULL) != 0)
			fail_msg("GnuTLS does not know %s", priority);
		gnutls_credentials_set(p->s[i], GNUTLS_CRD_CERTIFICATE, i == 0 ? client_cred : server_cred);
		gnutls_transport_set_ptr(p->s[i], &ends[i]);
		gnutls_transport_set_push_function(p->s[i], push);
		gnutls_transport_set_pull_function(p->s[i], pull);
	}
	for (int a = 1, b = 1, turns = 0; (a || b) && turns < 20; turns++) {
		a = a ? gnutls_handshake(p->s[0]) : 0;
		b = b ? gnutls_handshake(p->s[1]) : 0;
		if ((a && a != GNUTLS_E_AGAIN) || (b && b != GNUTLS_E_AGAIN))
			fail_msg("%s: %s; %s", priority, gnutls_strerror(a), gnutls_strerror(b));
	}
}

static void finish(struct pair *p)
{
	for (unsigned i = 0; i < 2; i++) {
		gnutls_deinit(p->s[i]);
		buf_free(&p->wire[i].sent);
	}
}

static struct tls_open_hello hello_of(const struct pair *p)
{
	static const uint16_t versions[] = {[GNUTLS_TLS1_0] = 0x0301, [GNUTLS_TLS1_1] = 0x0302, [GNUTLS_TLS1_2] = 0x0303};
	struct tls_open_hello h = {.version = versions[gnutls_protocol_get_version(p->s[0])],
				   .encrypt_then_mac = gnutls_session_etm_status(p->s[0]) != 0};
	gnutls_datum_t client, server;
	size_t at = 0;

	gnutls_session_get_random(p->s[0], &client, &server);
	memcpy(h.client, client.data, TLS_RANDOM);
	memcpy(h.server, server.data, TLS_RANDOM);
	/* the suite, in the server's hello: head 5, head 4, version 2, random 32, session */
	at = 5 + 4 + 2 + 32;
	at += 1 + p->wire[1].sent.p[at];
	h.suite = (uint16_t)(p->wire[1].sent.p[at] << 8 | p->wire[1].sent.p[at + 1]);
	return h;
}

/* All application data of one direction; damage: one octet of the record of that number is another.  How many records could be read. */
static unsigned opened(struct pair *p, unsigned side, unsigned damage, struct buf *ret)
{
	struct tls_open_hello h = hello_of(p);
	struct rd r = rd_of(p->wire[side].sent.p, p->wire[side].sent.n);
	struct tls_open_old *o;
	gnutls_datum_t master;
	bool secret = false;
	unsigned good = 0, number = 0;

	gnutls_session_get_master_secret(p->s[0], &master);
	assert_int_equal(master.size, TLS_MASTER);
	o = tls_open_old_new(&h, master.data, side);
	assert_non_null(o);
	while (rd_left(&r) >= 5) {
		const uint8_t *head = rd_take(&r, 5), *body, *content = NULL;
		size_t length = (size_t)head[3] << 8 | head[4];
		uint8_t *copy;
		long n;

		body = rd_take(&r, length);
		assert_non_null(body);
		if (secret) {
			copy = exact_copy(body, length, length);
			if (++number == damage)
				copy[length / 2] ^= 4;
			n = tls_open_old_record(o, head, copy, length, &content);
			good += n >= 0;
			if (n > 0 && head[0] == APPLICATION_DATA)
				buf_add(ret, content, (size_t)n);
			free(copy);
		}
		secret |= head[0] == CHANGE_CIPHER_SPEC;
	}
	tls_open_old_free(o);
	return good;
}

static void says(struct pair *p, unsigned side, struct buf *all, size_t n, uint8_t with)
{
	uint8_t *o = malloc(n), got[4096];

	memset(o, with, n);
	for (size_t at = 0; at < n;) {
		ssize_t k = gnutls_record_send(p->s[side], o + at, n - at);

		assert_true(k > 0);
		at += (size_t)k;
	}
	while (gnutls_record_recv(p->s[1 - side], got, sizeof got) > 0)
		;
	buf_add(all, o, n);
	free(o);
}

static void as_it_was_sent(const char *priority)
{
	struct buf said[2] = {0}, got = {0};
	struct pair p;

	begin(&p, priority);
	for (unsigned i = 0; i < 3; i++)
		for (unsigned side = 0; side < 2; side++)
			says(&p, side, &said[side], 1 + 9000 * i, (uint8_t)('a' + i));
	for (unsigned side = 0; side < 2; side++) {
		unsigned all = opened(&p, side, 0, &got);

		if (got.n != said[side].n || memcmp(got.p, said[side].p, got.n) != 0)
			fail_msg("%s, side %u: %zu octets of %zu", priority, side, got.n, said[side].n);
		buf_clear(&got);
		assert_int_equal(opened(&p, side, 3, &got), 2); /* behind a record that is damaged none is read */
		assert_true(all >= 4);
		buf_clear(&got);
		buf_free(&said[side]);
	}
	buf_free(&got);
	finish(&p);
}

static void versions_and_suites(void **state)
{
	static const char *const suites[] = {"+RSA:+AES-128-CBC:+SHA1", "+RSA:+AES-256-CBC:+SHA1", "+RSA:+3DES-CBC:+SHA1", "+RSA:+ARCFOUR-128:+SHA1",
					     "+RSA:+ARCFOUR-128:+MD5",	"+ECDHE-RSA:+AES-128-CBC:+SHA1", "+DHE-RSA:+AES-256-CBC:+SHA1"};
	static const char *const of_1_2[] = {"+RSA:+AES-128-CBC:+SHA256", "+RSA:+AES-256-CBC:+SHA256", "+RSA:+AES-128-GCM:+AEAD", "+RSA:+AES-256-GCM:+AEAD",
					     "+ECDHE-RSA:+AES-128-GCM:+AEAD", "+ECDHE-RSA:+AES-256-GCM:+AEAD", "+ECDHE-RSA:+AES-256-CBC:+SHA384",
					     "+DHE-RSA:+AES-128-GCM:+AEAD", "+ECDHE-RSA:+CHACHA20-POLY1305:+AEAD"};
	static const char *const versions[] = {"TLS1.0", "TLS1.1", "TLS1.2"}, *const etm[] = {"", ":%NO_ETM"};
	char priority[256];

	(void)state;
	for (size_t v = 0; v < 3; v++)
		for (size_t s = 0; s < sizeof suites / sizeof *suites; s++)
			for (size_t e = 0; e < 2; e++) {
				snprintf(priority, sizeof priority, "NONE:+VERS-%s:%s:+COMP-NULL:+SIGN-ALL:+GROUP-ALL%s", versions[v], suites[s], etm[e]);
				as_it_was_sent(priority);
			}
	for (size_t s = 0; s < sizeof of_1_2 / sizeof *of_1_2; s++) {
		snprintf(priority, sizeof priority, "NONE:+VERS-TLS1.2:%s:+COMP-NULL:+SIGN-ALL:+GROUP-ALL", of_1_2[s]);
		as_it_was_sent(priority);
	}
}

static void refused(void **state)
{
	static const uint16_t rows[][2] = {{0x0304, 0x1301}, {0x0300, 0x002f}, {0x0303, 0x0000}, {0x0303, 0xffff}};
	static const struct {
		uint16_t suite;
		size_t shorter; /* than this no record is */
	} shorts[] = {{0x002f, 48}, {0x0005, 20}, {0x009c, 24}, {0x000a, 32}};
	static const uint8_t master[TLS_MASTER];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct tls_open_hello h = {.version = rows[i][0], .suite = rows[i][1]};

		assert_null(tls_open_old_new(&h, master, 0));
	}
	for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i++)
		for (size_t n = 0; n < shorts[i].shorter; n++) {
			struct tls_open_hello h = {.version = 0x0303, .suite = shorts[i].suite};
			struct tls_open_old *o = tls_open_old_new(&h, master, 1);
			uint8_t head[5] = {APPLICATION_DATA, 3, 3, 0, (uint8_t)n}, *octets = calloc(1, n ? n : 1);
			const uint8_t *content;

			assert_int_equal(tls_open_old_record(o, head, octets, n, &content), -1);
			free(octets);
			tls_open_old_free(o);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(versions_and_suites), cmocka_unit_test(refused)};

	return cmocka_run_group_tests(tests, make, unmake);
}
