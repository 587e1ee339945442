/* net/conn_in.c: the octets that a connection brings: the PROXY head, TLS, plaintext for the owner. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/conn_internal.h"
#include "net/hello.h"
#include "net/proxy.h"

#define TLS_OCTETS 49152 /* of the heap, as measured: an engine, its handshake and its buffers */

/* ---- from the engine to the owner ------------------------------------------------------------------------------ */

void conn_opened(struct conn *c)
{
	c->phase = OPEN;
	c->hello_at = UINT64_MAX;
	if (c->tls && c->conf.admission && c->stranger)
		admission_through(c->conf.admission, c->address);
	if (c->conf.on->up)
		c->conf.on->up(c->conf.arg, c);
}

/* All octets so far are one delivery, however many records a peer cuts it into. */
static size_t conn_gather(struct conn *c, uint8_t *piece, size_t cap)
{
	size_t have = 0;
	long n;

	while (have < cap && (n = tls_read(c->tls, piece + have, cap - have)) > 0)
		have += (size_t)n;
	return have;
}

/* Plaintext out of the engine, as long as the owner takes it. */
void conn_deliver(struct conn *c)
{
	uint8_t piece[CONN_PIECE];
	size_t n, most = 0;

	if (c->phase == HANDSHAKE && tls_state(c->tls) == TLS_UP)
		conn_opened(c);
	while (c->phase == OPEN && !c->paused && (n = conn_gather(c, piece, sizeof piece)) > 0) {
		most = n > most ? n : most;
		c->conf.on->data(c->conf.arg, piece, n);
	}
	explicit_bzero(piece, most);
	if (c->phase == DEAD)
		return;
	conn_drain(c);
	if (tls_state(c->tls) == TLS_FAILED) { /* the alert goes out, if it goes at once */
		conn_flush(c);
		conn_fail_because(c, "", tls_why(c->tls));
	} else if (tls_state(c->tls) == TLS_CLOSED && !c->ended && c->phase == OPEN && !c->paused) {
		c->ended = true;
		if (c->conf.on->eof)
			c->conf.on->eof(c->conf.arg);
		else
			conn_close(c);
	}
}

/* No more is read than the head: the rest may be for another process. */
static void take_proxy_head(struct conn *c, const uint8_t *p, size_t n)
{
	struct proxy from;
	const char *why = "";
	size_t used;
	enum proxy_result r;

	buf_add(&c->head, p, n);
	r = proxy_read(c->head.p, c->head.n, &from, &used, &why);
	if (c->head.oom || r == PROXY_BAD)
		conn_fail(c, c->head.oom ? "out of memory" : why, true);
	if (c->head.oom || r != PROXY_OK)
		return;
	if (from.address[0]) {
		memcpy(c->address, from.address, sizeof c->address);
		c->port = from.port;
	}
	if (!conn_share(c)) {
		conn_fail(c, "its address has too many connections", true);
		return;
	}
	buf_free(&c->head);
	if (c->conf.tls == NULL)
		conn_opened(c);
	else
		c->phase = FIRST_OCTET;
}

/* A hello that cannot do TLS 1.2 goes, unread, to whoever takes such.  false: there is nothing to read here. */
static bool conn_is_ours(struct conn *c)
{
	const struct conn_old *old = c->conf.old;
	enum hello is;

	if (c->phase != FIRST_OCTET || c->conf.tls == NULL || old == NULL || !old->wanted(old->arg, c->address))
		return true;
	is = hello_look(c->watch.fd, &c->seen);
	if (is == HELLO_OLD && old->take(old->arg, c->watch.fd, c->address, c->port))
		conn_fail(c, NULL, false); /* the other process has it: closing our descriptor ends nothing */
	else if (is == HELLO_OLD)
		conn_fail(c, "the process for TLS 1.0 takes no more connections", true);
	return is == HELLO_MODERN;
}

/* false: its hello stays unread, until another turn of the loop or for good. */
static bool conn_is_admitted(struct conn *c)
{
	enum admission_verdict v;

	if (c->phase != FIRST_OCTET || c->conf.tls == NULL || c->conf.admission == NULL)
		return true;
	v = admission_ask(c->conf.admission, c->watch.fd, c->address);
	if (v == ADMIT_NEVER)
		conn_fail(c, "turned away: its hello has waited too long, or it has hung up", true);
	if (v == ADMIT_LATER)
		c->ask_at = clock_mono_ms() + ADMISSION_AGAIN_MS;
	c->stranger = v == ADMIT_NOW;
	return v == ADMIT_NOW || v == ADMIT_KNOWN;
}

static void conn_take(struct conn *c, const uint8_t *p, size_t n)
{
	if (c->phase == PROXY_HEAD) {
		take_proxy_head(c, p, n);
		return;
	}
	if (c->phase == FIRST_OCTET) {
		if (!tls_ctx_begins(c->conf.tls, p[0])) {
			conn_fail(c, "not TLS: connection reset", true);
			return;
		}
		c->base += TLS_OCTETS;
		c->tls = conn_hold(c, c->own) ? tls_accept(c->conf.tls) : NULL;
		if (c->tls == NULL) {
			conn_fail(c, "there is no memory for it", true);
			return;
		}
		c->phase = HANDSHAKE;
	}
	if (c->tls == NULL) {
		if (c->phase == OPEN)
			c->conf.on->data(c->conf.arg, p, n);
		return;
	}
	if (c->phase == HANDSHAKE || c->phase == OPEN) {
		tls_feed(c->tls, p, n);
		conn_deliver(c);
	}
}

static void conn_ended(struct conn *c)
{
	c->ended = true;
	if (c->phase == LINGERING)
		conn_fail(c, c->why, false);
	else if (c->phase == OPEN && c->conf.on->eof)
		c->conf.on->eof(c->conf.arg);
	else if (c->phase == OPEN)
		conn_close(c);
	else if (c->phase != FLUSHING)
		conn_fail(c, c->phase == HANDSHAKE ? "closed during the TLS handshake" : "closed before the first octet", false);
}

void conn_receive(struct conn *c)
{
	uint8_t piece[CONN_PIECE];
	size_t most = c->phase == PROXY_HEAD ? proxy_missing(c->head.p, c->head.n) : sizeof piece;
	ssize_t n;

	if (!conn_is_ours(c) || !conn_is_admitted(c))
		return;
	n = recv(c->watch.fd, piece, most < sizeof piece ? most : sizeof piece, 0);
	if (n > 0) {
		conn_take(c, piece, (size_t)n); /* FLUSHING and LINGERING: thrown away */
		explicit_bzero(piece, (size_t)n);
	} else if (n == 0) {
		if (!c->ended)
			conn_ended(c);
	} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
		conn_fail_because(c, "receiving: ", strerror(errno));
	}
}
