/* pki/tls_gnutls.c: the engine for old phones: TLS 1.0, the RSA key exchange, AES, 3DES and RC4, and a ClientHello in the form of
 * SSL 2.0 ([network E.1]).  OpenSSL as Debian builds it has neither 3DES nor RC4.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "pki/internal.h"
#include "pki/tls_gnutls.h"

/* ---- octets ------------------------------------------------------------------------------------------------ */

static ssize_t old_pull(gnutls_transport_ptr_t arg, void *p, size_t n)
{
	struct tls *t = arg;
	size_t got = tls_take(t, p, n);

	if (got == 0) {
		gnutls_transport_set_errno(t->session, EAGAIN);
		return -1;
	}
	return (ssize_t)got;
}

static int old_pull_timeout(gnutls_transport_ptr_t arg, unsigned ms)
{
	struct tls *t = arg;

	(void)ms;
	return t->in.n > t->taken;
}

static ssize_t old_push(gnutls_transport_ptr_t arg, const void *p, size_t n)
{
	struct tls *t = arg;

	buf_add(&t->out, p, n);
	if (t->out.oom) {
		gnutls_transport_set_errno(t->session, ENOMEM);
		return -1;
	}
	return (ssize_t)n;
}

/* ---- the engine ---------------------------------------------------------------------------------------------- */

/* "LABEL client-random secret", as NSS writes it. */
static int on_secret(gnutls_session_t s, const char *label, const gnutls_datum_t *secret)
{
	struct tls *t = gnutls_session_get_ptr(s);
	gnutls_datum_t random, server;
	char line[32 + 2 * 32 + 2 * 64 + 8];
	size_t at;

	if (t->ctx->keylog == NULL)
		return 0;
	gnutls_session_get_random(s, &random, &server);
	at = (size_t)snprintf(line, sizeof line, "%.30s ", label);
	for (unsigned i = 0; i < random.size && i < 32; i++)
		at += (size_t)snprintf(line + at, sizeof line - at, "%02x", random.data[i]);
	at += (size_t)snprintf(line + at, sizeof line - at, " ");
	for (unsigned i = 0; i < secret->size && i < 64; i++)
		at += (size_t)snprintf(line + at, sizeof line - at, "%02x", secret->data[i]);
	t->ctx->keylog(t->ctx->keylog_arg, line);
	explicit_bzero(line, sizeof line);
	return 0;
}

/* A server decrypts what ClientKeyExchange brings; a client signs its CertificateVerify. */
static int on_message(gnutls_session_t s, unsigned type, unsigned when, unsigned incoming, const gnutls_datum_t *message)
{
	(void)s, (void)when, (void)message;
	if (incoming ? type == GNUTLS_HANDSHAKE_CLIENT_KEY_EXCHANGE : type == GNUTLS_HANDSHAKE_CERTIFICATE_VERIFY)
		pki_count_one();
	return 0;
}

static bool old_open(struct tls *t, const char *sni)
{
	const struct tls_old *o = t->ctx->old;
	unsigned flags = GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS;
	gnutls_session_t s = NULL;

	if (gnutls_init(&s, flags | (t->ctx->server ? GNUTLS_SERVER : GNUTLS_CLIENT)) < 0)
		return false;
	t->session = s;
	if (gnutls_priority_set(s, o->priority) < 0 || gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, o->credentials) < 0 ||
	    (sni && *sni && o->sni && gnutls_server_name_set(s, GNUTLS_NAME_DNS, sni, strlen(sni)) < 0))
		return false;
	gnutls_session_set_ptr(s, t);
	gnutls_transport_set_ptr(s, t);
	gnutls_transport_set_pull_function(s, old_pull);
	gnutls_transport_set_pull_timeout_function(s, old_pull_timeout);
	gnutls_transport_set_push_function(s, old_push);
	gnutls_session_set_keylog_function(s, on_secret);
	gnutls_handshake_set_timeout(s, 0); /* deadlines are the connection's */
	gnutls_handshake_set_hook_function(s, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST, on_message);
	if (o->ask_client) {
		gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUIRE);
		gnutls_certificate_send_x509_rdn_sequence(s, 1); /* 1: no list, the flight must fit one record [sip 8.4] */
	}
	return true;
}

static void old_close(struct tls *t)
{
	if (t->session)
		gnutls_deinit(t->session);
}

static void old_fail(struct tls *t, int error, const char *doing)
{
	char because[160];

	if (error == GNUTLS_E_FATAL_ALERT_RECEIVED || error == GNUTLS_E_WARNING_ALERT_RECEIVED) {
		t->alert = (uint8_t)gnutls_alert_get(t->session);
		snprintf(because, sizeof because, "the peer sent alert %u, %s", t->alert,
			 gnutls_alert_get_name(gnutls_alert_get(t->session)) ?: "unknown");
	} else {
		gnutls_alert_send_appropriate(t->session, error);
		snprintf(because, sizeof because, "%s", gnutls_strerror(error));
	}
	tls_fail(t, doing, because);
}

static bool old_waits(int ret)
{
	return ret == GNUTLS_E_AGAIN || ret == GNUTLS_E_INTERRUPTED;
}

static void old_shake(struct tls *t)
{
	int ret;

	do
		ret = gnutls_handshake(t->session);
	while (ret < 0 && !old_waits(ret) && !gnutls_error_is_fatal(ret) && t->in.n > t->taken);
	if (ret == 0)
		t->state = TLS_UP;
	else if (t->out.oom || (!old_waits(ret) && gnutls_error_is_fatal(ret)))
		old_fail(t, ret, "the TLS handshake");
}

static long old_read(struct tls *t, void *p, size_t n)
{
	ssize_t ret;

	for (;;) {
		ret = gnutls_record_recv(t->session, p, n);
		if (ret > 0)
			return (long)ret;
		if (ret == GNUTLS_E_REHANDSHAKE) { /* never: a session keeps its keys */
			gnutls_alert_send(t->session, GNUTLS_AL_WARNING, GNUTLS_A_NO_RENEGOTIATION);
			continue;
		}
		if (ret == GNUTLS_E_WARNING_ALERT_RECEIVED)
			continue;
		break;
	}
	if (old_waits((int)ret))
		return 0;
	if (ret == 0 || ret == GNUTLS_E_PREMATURE_TERMINATION)
		t->state = TLS_CLOSED;
	else
		old_fail(t, (int)ret, "reading from TLS");
	return -1;
}

static bool old_write(struct tls *t, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n) {
		ssize_t ret = gnutls_record_send(t->session, at, n);

		if (ret <= 0) { /* old_push() takes everything: never a part */
			old_fail(t, (int)ret, "writing to TLS");
			return false;
		}
		at += ret;
		n -= (size_t)ret;
	}
	return true;
}

static void old_shut(struct tls *t)
{
	gnutls_bye(t->session, GNUTLS_SHUT_WR);
}

static unsigned old_chain(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap)
{
	unsigned have = 0, count;
	const gnutls_datum_t *list = gnutls_certificate_get_peers(t->session, &have);
	size_t at = store->n;

	for (count = 0; list && count < have && count < cap; count++) {
		buf_add(store, list[count].data, list[count].size);
		n[count] = list[count].size;
	}
	if (store->oom)
		return 0;
	for (unsigned i = 0; i < count; at += n[i++])
		der[i] = store->p + at;
	return count;
}

/* In OpenSSL's spelling, so that logs and records have one. */
static const char *old_version(const struct tls *t)
{
	static const struct {
		gnutls_protocol_t version;
		const char *name;
	} names[] = {{GNUTLS_TLS1_0, "TLSv1"}, {GNUTLS_TLS1_1, "TLSv1.1"}, {GNUTLS_TLS1_2, "TLSv1.2"}, {GNUTLS_TLS1_3, "TLSv1.3"}};
	gnutls_protocol_t v = gnutls_protocol_get_version(t->session);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].version == v)
			return names[i].name;
	return "unknown";
}

static const char *old_cipher(const struct tls *t)
{
	static const struct {
		gnutls_cipher_algorithm_t cipher;
		gnutls_mac_algorithm_t mac;
		const char *name;
	} names[] = {
		{GNUTLS_CIPHER_AES_128_CBC, GNUTLS_MAC_SHA1, "AES128-SHA"}, {GNUTLS_CIPHER_AES_256_CBC, GNUTLS_MAC_SHA1, "AES256-SHA"},
		{GNUTLS_CIPHER_3DES_CBC, GNUTLS_MAC_SHA1, "DES-CBC3-SHA"},  {GNUTLS_CIPHER_ARCFOUR_128, GNUTLS_MAC_SHA1, "RC4-SHA"},
		{GNUTLS_CIPHER_ARCFOUR_128, GNUTLS_MAC_MD5, "RC4-MD5"},
	};
	gnutls_cipher_algorithm_t c = gnutls_cipher_get(t->session);
	gnutls_mac_algorithm_t m = gnutls_mac_get(t->session);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].cipher == c && names[i].mac == m)
			return names[i].name;
	return c == GNUTLS_CIPHER_NULL ? "none" : gnutls_cipher_get_name(c);
}

/* [MS-SIPAE] 3.2.5.1 [sip 8.5] */
static bool old_export_eap(struct tls *t, uint8_t out[128])
{
	return gnutls_prf_rfc5705(t->session, 21, "client EAP encryption", 0, NULL, 128, (char *)out) == 0;
}

static const char *old_mac_hash(const struct tls *t)
{
	switch (gnutls_mac_get(t->session)) {
	case GNUTLS_MAC_MD5:
		return "MD5";
	case GNUTLS_MAC_SHA1:
		return "SHA1";
	default:
		return "";
	}
}

const struct tls_engine tls_gnutls = {
	.open = old_open,
	.close = old_close,
	.handshake = old_shake,
	.read = old_read,
	.write = old_write,
	.shutdown = old_shut,
	.peer_chain = old_chain,
	.version = old_version,
	.cipher = old_cipher,
	.export_eap = old_export_eap,
	.mac_hash = old_mac_hash,
};
