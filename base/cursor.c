#include "base/cursor.h"

#include <string.h>

struct rd rd_of(const void *p, size_t n)
{
	const uint8_t *b = p;

	return (struct rd){b, n ? b + n : b, NULL, b};
}

size_t rd_left(const struct rd *r)
{
	return r->err ? 0 : (size_t)(r->end - r->p);
}

size_t rd_at(const struct rd *r)
{
	return (size_t)(r->p - r->start);
}

void rd_fail(struct rd *r, const char *why)
{
	if (r->err == NULL)
		r->err = why;
}

const uint8_t *rd_take(struct rd *r, size_t n)
{
	const uint8_t *at = r->p;

	if (r->err)
		return NULL;
	if ((size_t)(r->end - r->p) < n) {
		rd_fail(r, "it ends too early");
		return NULL;
	}
	if (n)
		r->p += n;
	return at;
}

uint64_t rd_be(struct rd *r, unsigned octets)
{
	const uint8_t *b = rd_take(r, octets);
	uint64_t v = 0;

	for (unsigned i = 0; b && i < octets; i++)
		v = v << 8 | b[i];
	return v;
}

uint64_t rd_le(struct rd *r, unsigned octets)
{
	const uint8_t *b = rd_take(r, octets);
	uint64_t v = 0;

	for (unsigned i = octets; b && i-- > 0;)
		v = v << 8 | b[i];
	return v;
}

struct sv rd_sv(struct rd *r, size_t n)
{
	const uint8_t *b = rd_take(r, n);

	return (struct sv){(const char *)b, b ? n : 0};
}

struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *b = rd_take(r, n);
	struct rd sub = {b, b && n ? b + n : b, r->err, r->start};

	return sub;
}

void rd_end(struct rd *r)
{
	if (r->err == NULL && r->p != r->end)
		rd_fail(r, "octets are left over behind its end");
}

struct wr wr_of(void *p, size_t cap)
{
	uint8_t *b = p;

	return (struct wr){b, cap ? b + cap : b, NULL, b};
}

size_t wr_n(const struct wr *w)
{
	return (size_t)(w->p - w->start);
}

void wr_fail(struct wr *w, const char *why)
{
	if (w->err == NULL)
		w->err = why;
}

void wr_put(struct wr *w, const void *p, size_t n)
{
	if (w->err)
		return;
	if ((size_t)(w->end - w->p) < n) {
		wr_fail(w, "it does not fit");
		return;
	}
	if (n) {
		memcpy(w->p, p, n);
		w->p += n;
	}
}

void wr_be(struct wr *w, unsigned octets, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < octets; i++)
		b[i] = (uint8_t)(v >> (8 * (octets - 1 - i)));
	wr_put(w, b, octets);
}

void wr_le(struct wr *w, unsigned octets, uint64_t v)
{
	uint8_t b[8];

	for (unsigned i = 0; i < octets; i++)
		b[i] = (uint8_t)(v >> (8 * i));
	wr_put(w, b, octets);
}
