#include "base/fields.h"

#include <stdlib.h>
#include <string.h>

/* ---- one field by itself ---------------------------------------------------------------------------------------------- */

void field_put(struct buf *b, unsigned octets, uint64_t v)
{
	uint8_t o[8];
	struct wr w = wr_of(o, sizeof o);

	wr_be(&w, octets, v);
	buf_add(b, o, wr_n(&w));
}

void field_put_octets(struct buf *b, const void *p, size_t n)
{
	field_put(b, 4, n);
	if (n)
		buf_add(b, p, n);
}

void field_put_str(struct buf *b, const char *s)
{
	field_put_octets(b, s, strlen(s));
}

bool field_get_flag(struct rd *r)
{
	uint64_t v = rd_be(r, 1);

	if (v > 1)
		rd_fail(r, "a flag that is neither 0 nor 1");
	return v == 1;
}

struct sv field_get_octets(struct rd *r)
{
	return rd_sv(r, (size_t)rd_be(r, 4));
}

void field_get_str(struct rd *r, char *out, size_t cap)
{
	struct sv s = field_get_octets(r);

	if (r->err == NULL && !sv_copy(out, cap, s))
		rd_fail(r, "a string that does not fit");
}

void field_get_buf(struct rd *r, struct buf *to)
{
	struct sv s = field_get_octets(r);

	if (r->err == NULL)
		buf_sv(to, s);
}

/* ---- where it stands in its struct ------------------------------------------------------------------------------------ */

static void *in(void *x, size_t at)
{
	return (char *)x + at;
}

static const void *of(const void *x, size_t at)
{
	return (const char *)x + at;
}

/* Integers of one, two, four and eight octets, as they lie in memory. */
static uint64_t fields_number_of(const void *p, size_t size)
{
	uint8_t one;
	uint16_t two;
	uint32_t four;
	uint64_t eight;

	switch (size) {
	case 1:
		memcpy(&one, p, 1);
		return one;
	case 2:
		memcpy(&two, p, 2);
		return two;
	case 4:
		memcpy(&four, p, 4);
		return four;
	default:
		memcpy(&eight, p, 8);
		return eight;
	}
}

static void number_to(void *p, size_t size, uint64_t v)
{
	uint8_t one = (uint8_t)v;
	uint16_t two = (uint16_t)v;
	uint32_t four = (uint32_t)v;

	memcpy(p, size == 1 ? (void *)&one : size == 2 ? (void *)&two : size == 4 ? (void *)&four : (void *)&v, size);
}

static size_t used(const struct field *f, const void *x)
{
	size_t most = f->type == FIELD_OCTETS ? f->size : f->most, n;

	if (f->type == FIELD_OCTETS)
		memcpy(&n, of(x, f->count_at), sizeof n);
	else
		n = fields_number_of(of(x, f->count_at), sizeof(unsigned));
	return n < most ? n : most;
}

static const void *elements(const struct field *f, const void *x)
{
	const void *p = of(x, f->at);

	if (f->type == FIELD_HEAP)
		memcpy((void *)&p, of(x, f->at), sizeof p);
	return p;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------- */

static void list_put(struct buf *b, const struct field *f, const void *x)
{
	const char *first = elements(f, x);
	size_t n = used(f, x);

	field_put(b, 2, n);
	for (size_t i = 0; i < n; i++)
		fields_put(b, f->of, first + i * f->size);
}

static void put(struct buf *b, const struct field *f, const void *x)
{
	const void *p = of(x, f->at);
	struct sv view;

	switch (f->type) {
	case FIELD_STR:
		field_put_octets(b, p, strnlen(p, f->size));
		break;
	case FIELD_INT:
	case FIELD_FLAG:
		field_put(b, (unsigned)f->size, fields_number_of(p, f->size));
		break;
	case FIELD_FIXED:
		buf_add(b, p, f->size);
		break;
	case FIELD_OCTETS:
		field_put_octets(b, p, used(f, x));
		break;
	case FIELD_VIEW:
		memcpy(&view, p, sizeof view);
		field_put_octets(b, view.p, view.n);
		break;
	case FIELD_BUF:
		field_put_octets(b, ((const struct buf *)p)->p, ((const struct buf *)p)->n);
		b->oom |= ((const struct buf *)p)->oom;
		break;
	case FIELD_STRUCT:
		fields_put(b, f->of, p);
		break;
	case FIELD_LIST:
	case FIELD_HEAP:
		list_put(b, f, x);
	}
}

void fields_put(struct buf *b, const struct field *table, const void *from)
{
	for (; table->name; table++)
		put(b, table, from);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------- */

static void octets_get(struct rd *r, const struct field *f, void *x)
{
	struct sv s = field_get_octets(r);

	if (r->err)
		return;
	if (s.n > f->size) {
		rd_fail(r, "more octets than there is room for");
		return;
	}
	if (s.n)
		memcpy(in(x, f->at), s.p, s.n);
	memcpy(in(x, f->count_at), &s.n, sizeof s.n);
}

static void list_get(struct rd *r, const struct field *f, void *x)
{
	uint64_t n = rd_be(r, 2);

	if (n > f->most)
		rd_fail(r, "a list with more elements than there is room for");
	if (f->type == FIELD_HEAP && r->err == NULL && n) {
		void *room = calloc(n, f->size);

		if (room == NULL)
			rd_fail(r, "out of memory");
		memcpy(in(x, f->at), (void *)&room, sizeof room);
	}
	for (uint64_t i = 0; r->err == NULL && i < n; i++) {
		/* counted before it is read: fields_clear() finds the buffers of one that was cut off */
		number_to(in(x, f->count_at), sizeof(unsigned), i + 1);
		fields_get(r, f->of, (char *)elements(f, x) + i * f->size);
	}
}

static void number_get(struct rd *r, const struct field *f, void *x)
{
	uint64_t v = rd_be(r, (unsigned)f->size);

	if (f->most && v > f->most)
		rd_fail(r, "a number that is too great");
	if (r->err == NULL)
		number_to(in(x, f->at), f->size, v);
}

static void buf_get(struct rd *r, struct buf *to)
{
	field_get_buf(r, to);
	if (to->oom)
		rd_fail(r, "out of memory");
}

static void get(struct rd *r, const struct field *f, void *x)
{
	void *p = in(x, f->at);
	const uint8_t *octets;
	struct sv view;

	switch (f->type) {
	case FIELD_STR:
		field_get_str(r, p, f->size);
		break;
	case FIELD_INT:
		number_get(r, f, x);
		break;
	case FIELD_FLAG:
		*(bool *)p = field_get_flag(r);
		break;
	case FIELD_FIXED:
		if ((octets = rd_take(r, f->size)) != NULL)
			memcpy(p, octets, f->size);
		break;
	case FIELD_OCTETS:
		octets_get(r, f, x);
		break;
	case FIELD_VIEW:
		view = field_get_octets(r);
		memcpy(p, &view, sizeof view);
		break;
	case FIELD_BUF:
		buf_get(r, p);
		break;
	case FIELD_STRUCT:
		fields_get(r, f->of, p);
		break;
	case FIELD_LIST:
	case FIELD_HEAP:
		list_get(r, f, x);
	}
}

void fields_get(struct rd *r, const struct field *table, void *to)
{
	for (; table->name && r->err == NULL; table++)
		get(r, table, to);
}

/* ---- the end of it ---------------------------------------------------------------------------------------------------- */

static void list_clear(const struct field *f, void *x)
{
	char *first = (char *)elements(f, x);

	for (size_t i = 0, n = used(f, x); i < n; i++)
		fields_clear(f->of, first + i * f->size);
	if (f->type == FIELD_HEAP) {
		free(first);
		memset(in(x, f->at), 0, sizeof(void *));
	}
	number_to(in(x, f->count_at), sizeof(unsigned), 0);
}

void fields_clear(const struct field *table, void *x)
{
	for (const struct field *f = table; f->name; f++) {
		void *p = in(x, f->at);

		if (f->type == FIELD_STRUCT)
			fields_clear(f->of, p);
		if (f->type == FIELD_LIST || f->type == FIELD_HEAP)
			list_clear(f, x);
		if (f->type == FIELD_BUF && f->secret)
			buf_wipe(p);
		else if (f->type == FIELD_BUF)
			buf_free(p);
		else if (f->secret)
			explicit_bzero(p, f->size);
	}
}

static void print_one(struct buf *b, const struct field *f, const void *x)
{
	const void *p = of(x, f->at);
	struct sv view;

	switch (f->type) {
	case FIELD_STR:
		for (const char *c = p; *c && c < (const char *)p + f->size; c++)
			buf_add(b, (uint8_t)*c < ' ' || *c == 0x7f ? "?" : c, 1);
		break;
	case FIELD_INT:
	case FIELD_FLAG:
		buf_printf(b, "%llu", (unsigned long long)fields_number_of(p, f->size));
		break;
	case FIELD_FIXED:
		buf_printf(b, "(%zu octets)", f->size);
		break;
	case FIELD_OCTETS:
		buf_printf(b, "(%zu octets)", used(f, x));
		break;
	case FIELD_VIEW:
		memcpy(&view, p, sizeof view);
		buf_printf(b, "(%zu octets)", view.n);
		break;
	case FIELD_BUF:
		buf_printf(b, "(%zu octets)", ((const struct buf *)p)->n);
		break;
	case FIELD_STRUCT:
		buf_str(b, "{");
		fields_print(b, f->of, p);
		buf_str(b, "}");
		break;
	case FIELD_LIST:
	case FIELD_HEAP:
		buf_printf(b, "(%zu)", used(f, x));
	}
}

void fields_print(struct buf *b, const struct field *table, const void *x)
{
	for (const struct field *f = table; f->name; f++) {
		buf_printf(b, "%s%s=", f == table ? "" : " ", f->name);
		if (f->secret)
			buf_str(b, "***");
		else
			print_one(b, f, x);
	}
}
