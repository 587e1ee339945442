/* pki/tls.c: a TLS endpoint without a socket, whichever library does the work: its octets, its state, and the choice. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/tls_hello.h"
#include "pki/tls_internal.h"

static bool tls_engine_open(struct tls *t, const struct tls_engine *engine, const char *sni)
{
	t->engine = engine;
	return engine->open(t, sni);
}

/* A server with both libraries looks at the hello first: OpenSSL answers whoever it can. */
static void tls_engine_choose(struct tls *t)
{
	struct tls_hello h = {.modern = true};
	enum tls_hello_result r = tls_hello_read(t->in.p, t->in.n, &h);

	if (r == TLS_HELLO_MORE)
		return;
	if (!tls_engine_open(t, r == TLS_HELLO_READ && (h.sslv2 || !h.modern) ? &tls_gnutls : &tls_openssl, NULL))
		tls_fail(t, "the TLS handshake", "out of memory");
}

static struct tls *tls_endpoint(struct tls_ctx *c, const char *sni)
{
	struct tls *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->ctx = c;
	if (c->ssl && c->old && c->server)
		return t;
	if (!tls_engine_open(t, c->ssl ? &tls_openssl : &tls_gnutls, sni)) {
		tls_free(t);
		return NULL;
	}
	return t;
}

struct tls *tls_accept(struct tls_ctx *c)
{
	return tls_endpoint(c, NULL);
}

struct tls *tls_connect_again(struct tls_ctx *c, const char *sni, struct tls_sessions *s, const char *peer)
{
	struct tls *t = tls_endpoint(c, sni);

	if (t && s && t->engine == &tls_openssl) {
		t->sessions = s;
		t->peer = strdup(peer);
		if (t->peer == NULL || !tls_sessions_take(t)) {
			tls_free(t);
			return NULL;
		}
	}
	if (t != NULL)
		tls_feed(t, NULL, 0); /* the ClientHello */
	return t;
}

struct tls *tls_connect(struct tls_ctx *c, const char *sni)
{
	return tls_connect_again(c, sni, NULL, NULL);
}

bool tls_resumed(const struct tls *t)
{
	return t->engine == &tls_openssl && SSL_session_reused(t->session);
}

void tls_free(struct tls *t)
{
	if (t == NULL)
		return;
	if (t->engine)
		t->engine->close(t);
	buf_wipe(&t->in);
	buf_wipe(&t->out);
	free(t->why);
	free(t->peer);
	free(t);
}

enum tls_state tls_feed(struct tls *t, const void *p, size_t n)
{
	if (t->state == TLS_FAILED || t->state == TLS_CLOSED)
		return t->state;
	buf_add(&t->in, p, n);
	if (t->in.oom)
		tls_fail(t, "receiving", "out of memory");
	else if (t->engine == NULL)
		tls_engine_choose(t);
	if (t->state == TLS_HANDSHAKE && t->engine)
		t->engine->handshake(t);
	return t->state;
}

enum tls_state tls_state(const struct tls *t)
{
	return t->state;
}

void tls_drain(struct tls *t, struct buf *out)
{
	struct buf was = *out;

	if (out->n == 0 && !out->oom) {
		*out = t->out;
		t->out = was;
		return;
	}
	buf_add(out, t->out.p, t->out.n);
	buf_free(&t->out);
}

void tls_trim(struct tls *t)
{
	if (t->out.n == 0)
		buf_free(&t->out);
}

long tls_read(struct tls *t, void *p, size_t n)
{
	if (t->state == TLS_HANDSHAKE)
		return 0;
	if (t->state != TLS_UP)
		return -1;
	return n ? t->engine->read(t, p, n) : 0;
}

bool tls_write(struct tls *t, const void *p, size_t n)
{
	if (t->state != TLS_UP)
		return false;
	return n == 0 || t->engine->write(t, p, n);
}

void tls_shutdown(struct tls *t)
{
	if (t->state != TLS_UP)
		return;
	t->engine->shutdown(t);
	t->state = TLS_CLOSED;
}

uint8_t tls_alert(const struct tls *t)
{
	return t->alert;
}

const char *tls_why(const struct tls *t)
{
	return t->why ? t->why : t->state == TLS_FAILED ? "out of memory" : "the TLS connection has not failed";
}

unsigned tls_peer_chain(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap)
{
	return t->engine ? t->engine->peer_chain(t, store, der, n, cap) : 0;
}

const char *tls_version(const struct tls *t)
{
	return t->engine ? t->engine->version(t) : "unknown";
}

const char *tls_cipher(const struct tls *t)
{
	return t->engine ? t->engine->cipher(t) : "none";
}

bool tls_export_eap(struct tls *t, uint8_t out[128])
{
	return t->state == TLS_UP && t->engine->export_eap(t, out);
}

const char *tls_mac_hash(const struct tls *t)
{
	return t->engine ? t->engine->mac_hash(t) : "";
}
