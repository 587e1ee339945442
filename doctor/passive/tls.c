/* doctor/passive/tls.c: the records of TLS as far as they are in clear: hello, certificates (up to TLS 1.2), alerts.
 *
 * RFC 8446 5.1, RFC 5246 6.2.1: type 1 | version 2 | length 2 | fragment.
 * RFC 5246 7.4: type 1 | length 3 | body.  A hello in the form of SSL 2.0 is read by wire/tls_hello.h.
 */
#include <string.h>

#include "doctor/passive/internal.h"
#include "wire/tls_hello.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23, HEARTBEAT = 24, RECORD_HEAD = 5 };
enum { SERVER_HELLO = 2, CERTIFICATE = 11, ENCRYPT_THEN_MAC = 22, SUPPORTED_VERSIONS = 43, CHAIN_MAX = 16384 };

static void server_hello(struct passive *p, struct flow *f, struct rd r)
{
	struct tls_open_hello hello = {.version = (uint16_t)rd_be(&r, 2)};
	const uint8_t *random = rd_take(&r, TLS_RANDOM);
	struct rd extensions;

	f->answered_hello = true;
	rd_take(&r, (size_t)rd_be(&r, 1));
	hello.suite = (uint16_t)rd_be(&r, 2);
	rd_take(&r, 1);
	if (r.err == NULL) {
		memcpy(hello.server, random, TLS_RANDOM);
		memcpy(hello.client, f->random, TLS_RANDOM);
	}
	f->version = hello.version;
	if (r.err || rd_left(&r) == 0) { /* TLS 1.0 needs no extensions */
		if (r.err == NULL)
			secrets_find(p, f, &hello);
		return;
	}
	extensions = rd_sub(&r, (size_t)rd_be(&r, 2));
	while (rd_left(&extensions) >= 4) {
		unsigned type = (unsigned)rd_be(&extensions, 2);
		struct rd one = rd_sub(&extensions, (size_t)rd_be(&extensions, 2));

		if (type == SUPPORTED_VERSIONS && rd_left(&one) == 2)
			f->version = hello.version = (uint16_t)rd_be(&one, 2);
		hello.encrypt_then_mac |= type == ENCRYPT_THEN_MAC;
	}
	if (r.err == NULL)
		secrets_find(p, f, &hello);
}

/* RFC 5246 7.4.2: length of all 3, then each: length 3, DER. */
static void certificates(struct passive *p, struct flow *f, struct rd r)
{
	size_t all = (size_t)rd_be(&r, 3);

	if (r.err || all > rd_left(&r) || all > CHAIN_MAX || f->chain.n)
		return;
	flow_hold(p, &f->chain, r.p, all);
}

/* Whole handshake messages in what has come of a flight. */
static void handshake(struct passive *p, struct flow *f, unsigned from)
{
	struct half *h = &f->half[from];
	struct rd r = rd_of(h->text.p, h->text.n);
	size_t used = 0;

	while (rd_left(&r) >= 4) {
		unsigned type = (unsigned)rd_be(&r, 1);
		size_t length = (size_t)rd_be(&r, 3);
		struct rd body;

		if (length > rd_left(&r))
			break;
		body = rd_sub(&r, length);
		if (from == 1 && type == SERVER_HELLO)
			server_hello(p, f, body);
		else if (from == 1 && type == CERTIFICATE)
			certificates(p, f, body);
		used = (size_t)(r.p - h->text.p);
	}
	if (used) {
		memmove(h->text.p, h->text.p + used, h->text.n - used);
		h->text.n -= used;
		p->held -= used < p->held ? used : p->held;
	}
}

static void record_body(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[from];

	if (h->type == HANDSHAKE && !h->hidden)
		flow_hold(p, &h->text, o, n);
	else if (h->type == ALERT && !h->hidden && h->left + n >= 2 && h->text.n < 2)
		flow_hold(p, &h->text, o, n < 2 ? n : 2);
	else if (h->hidden && (h->old || (h->type == APPLICATION_DATA && h->open)))
		flow_hold(p, &h->record, o, n);
}

static void record_end(struct passive *p, struct flow *f, unsigned from)
{
	struct half *h = &f->half[from];

	if (h->type == HANDSHAKE && !h->hidden) {
		handshake(p, f, from);
	} else if (h->type == ALERT && !h->hidden) {
		if (h->text.n == 2 && h->text.p[1] != 0) /* 0: close_notify */
			h->alert = h->text.p[1];
		flow_drop(p, &h->text);
	} else if (h->hidden && (h->old || (h->type == APPLICATION_DATA && h->open))) {
		secrets_record(p, f, from);
	} else if (h->type == CHANGE_CIPHER_SPEC) {
		h->hidden = h->hidden || f->version < 0x0304;
	}
}

static void record_head(struct flow *f, unsigned from)
{
	struct half *h = &f->half[from];
	uint32_t length = (uint32_t)h->head[3] << 8 | h->head[4];

	h->type = h->head[0];
	h->left = length;
	if (h->type < CHANGE_CIPHER_SPEC || h->type > HEARTBEAT || h->head[1] != 3 || length > 16384 + 2048) {
		if (from == 1 && !f->answered_hello)
			f->protocol = P_OTHER; /* the server is none of TLS */
		h->lost = true;
		return;
	}
	if (h->type == APPLICATION_DATA) {
		h->secrets++;
		h->hidden = true;
		if (length > h->longest)
			h->longest = length;
	}
}

/* Behind the heads of record and message, and a version; in SSL 2.0's form the challenge is the last of all, and "right-justified"
 * (RFC 5246 E.2): length 2 | type 1 | version 2 | lengths of suites, session, challenge, 2 each. */
static void hello_random(struct flow *f, const struct tls_hello *t, const uint8_t *p, size_t n)
{
	if (t->sslv2 && n >= 11) {
		size_t length = ((size_t)(p[0] & 0x7f) << 8 | p[1]) + 2, challenge = (size_t)p[9] << 8 | p[10];

		if (challenge <= sizeof f->random && challenge + 11 <= length && length <= n)
			memcpy(f->random + sizeof f->random - challenge, p + length - challenge, challenge);
	} else if (!t->sslv2 && n >= 11 + sizeof f->random) {
		memcpy(f->random, p + 11, sizeof f->random);
	}
}

static void hello(struct passive *p, struct flow *f, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[0];
	struct tls_hello t;
	enum tls_hello_result got;

	flow_hold(p, &h->text, o, n);
	got = tls_hello_read(h->text.p, h->text.n, &t);
	if (got == TLS_HELLO_MORE && h->text.n < 16384)
		return;
	f->greeted = true;
	if (got == TLS_HELLO_READ) {
		f->offered = t.version;
		hello_random(f, &t, h->text.p, h->text.n);
		if (t.name.n)
			sv_copy(f->name, sizeof f->name, t.name);
	}
	if (h->text.n && (h->text.p[0] & 0x80)) { /* SSL 2.0's form: records begin behind it */
		size_t length = ((size_t)(h->text.p[0] & 0x7f) << 8 | h->text.p[1]) + 2;

		if (h->text.n > length)
			h->lost = true;
	}
	meaning_named(p, f);
}

/* The octets of a hello pass through both: the reader of hellos, and the walk over records. */
void tls_octets(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[from];

	if (from == 0 && !f->greeted) {
		hello(p, f, o, n);
		if (!f->greeted)
			return;
		flow_drop(p, &h->text);
		return; /* a client says nothing behind its hello before the server has answered */
	}
	while (n && !h->lost) {
		if (h->nhead < RECORD_HEAD) {
			h->head[h->nhead++] = *o++;
			n--;
			if (h->nhead == RECORD_HEAD)
				record_head(f, from);
		}
		if (h->nhead == RECORD_HEAD && !h->lost) {
			size_t part = n < h->left ? n : h->left;

			h->left -= (uint32_t)part;
			record_body(p, f, from, o, part);
			o += part;
			n -= part;
			if (h->left == 0) {
				record_end(p, f, from);
				h->nhead = 0;
			}
		}
	}
	if (!f->report_up && meaning_tls_up(f)) {
		f->report_up = true;
		meaning_up(p, f);
	}
}
