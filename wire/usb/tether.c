#include "wire/usb/tether.h"

#include <string.h>

enum tether_got tether_frame_read(const void *p, size_t n, struct tether_frame *ret, size_t *used)
{
	const uint8_t *in = p;
	size_t at = 0;

	for (;; at++) {
		struct rd r;
		uint8_t version, type;
		size_t length;

		while (at < n && in[at] != 'D')
			at++;
		*used = at;
		if (n - at < TETHER_HEAD)
			return TETHER_MORE;
		if (in[at + 1] != 'T')
			continue;
		r = rd_of(in + at + 2, n - at - 2);
		version = (uint8_t)rd_be(&r, 1);
		type = (uint8_t)rd_be(&r, 1);
		length = (size_t)rd_be(&r, 2);
		if (length > TETHER_BODY_MAX || (type != TETHER_HELLO && type != TETHER_SEALED))
			continue; /* it only looked like a frame */
		if (rd_left(&r) < length)
			return TETHER_MORE;
		*ret = (struct tether_frame){version, type, rd_sv(&r, length)};
		*used = at + TETHER_HEAD + length;
		return TETHER_FRAME;
	}
}

void tether_frame_write(struct buf *to, enum tether_type type, struct sv body)
{
	uint8_t head[TETHER_HEAD] = {'D', 'T', TETHER_VERSION, (uint8_t)type, (uint8_t)(body.n >> 8), (uint8_t)body.n};

	if (body.n > TETHER_BODY_MAX)
		return;
	buf_add(to, head, sizeof head);
	buf_sv(to, body);
}

/* ---- HELLO: role 1, nonce 32, name up to 63 ---------------------------------------------------------------------- */

const char *tether_hello_read(struct sv body, struct tether_hello *ret)
{
	struct rd r = rd_of(body.p, body.n);
	struct tether_hello h = {0};
	uint64_t role = rd_be(&r, 1);
	const uint8_t *nonce = rd_take(&r, TETHER_NONCE);
	struct sv name = rd_sv(&r, rd_left(&r));

	if (r.err)
		return r.err;
	if (role > 1)
		return "it is neither a phone nor a PC";
	if (memchr(name.p ? name.p : "", 0, name.n) || !sv_copy(h.name, sizeof h.name, name))
		return "its name is too long, or no text";
	h.phone = role == 1;
	memcpy(h.nonce, nonce, sizeof h.nonce);
	*ret = h;
	return NULL;
}

void tether_hello_write(struct buf *to, const struct tether_hello *h)
{
	uint8_t role = h->phone;

	buf_add(to, &role, 1);
	buf_add(to, h->nonce, sizeof h->nonce);
	buf_str(to, h->name);
}

/* ---- messages: kind 1, then fields, each length 1 and its octets -------------------------------------------------- */

const char *tether_message_read(struct sv inner, struct tether_message *ret)
{
	struct rd r = rd_of(inner.p, inner.n);
	struct tether_message m = {.kind = (enum tether_kind)rd_be(&r, 1)};
	const char *why = NULL;

	if (r.err == NULL && (m.kind < TETHER_SIGN_IN || m.kind >= TETHER_KINDS))
		why = "a message of no known kind";
	for (unsigned i = 0; i < TETHER_FIELDS && why == NULL && r.err == NULL; i++) {
		struct sv field = rd_sv(&r, (size_t)rd_be(&r, 1));

		if (r.err == NULL && (memchr(field.p ? field.p : "", 0, field.n) || !sv_copy(m.field[i], sizeof m.field[i], field)))
			why = "a field is no text";
	}
	rd_end(&r);
	if (why == NULL)
		why = r.err;
	if (why == NULL)
		*ret = m;
	explicit_bzero(&m, sizeof m);
	return why;
}

void tether_message_write(struct buf *to, const struct tether_message *m)
{
	uint8_t kind = (uint8_t)m->kind;

	buf_add(to, &kind, 1);
	for (unsigned i = 0; i < TETHER_FIELDS; i++) {
		uint8_t n = (uint8_t)strnlen(m->field[i], 255);

		buf_add(to, &n, 1);
		buf_add(to, m->field[i], n);
	}
}
