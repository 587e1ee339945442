/* store/sql.c: texts with their values, transactions inside each other, columns, pages. */
#include "store/sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name, text) [SQL_##name] = (text),
const char *const sql_text_of[SQL_COUNT] = {SQL_LIST};
#undef X

struct sql *sql_of(struct store *s)
{
	return (struct sql *)s;
}

/* ---- texts that run ------------------------------------------------------------------------------------------------ */

static struct sql_st *vbind(struct sql *q, enum sql_id id, const char *types, va_list ap)
{
	struct sql_value v[SQL_VALUES_MAX] = {{0}};
	unsigned n = 0;

	for (; *types && n < SQL_VALUES_MAX; types++, n++) {
		v[n].type = *types;
		if (*types == 'i') {
			v[n].i = va_arg(ap, int64_t);
			continue;
		}
		v[n].p = va_arg(ap, const void *);
		v[n].n = *types == 'b' ? va_arg(ap, size_t) : strlen(v[n].p);
	}
	return q->engine->start(q, id, v, n);
}

struct sql_st *sql_bind(struct sql *q, enum sql_id id, const char *types, ...)
{
	struct sql_st *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	return st;
}

enum store_result sql_step(struct sql *q, struct sql_st *st)
{
	return st ? q->engine->step(q, st) : STORE_FAILED;
}

void sql_end(struct sql *q, struct sql_st *st)
{
	if (st)
		q->engine->end(q, st);
}

enum store_result sql_run(struct sql *q, enum sql_id id, const char *types, ...)
{
	enum store_result r;
	struct sql_st *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	r = sql_step(q, st);
	return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sql_one(struct sql *q, struct sql_st *st, int64_t *ret)
{
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK) {
		*ret = sql_int(q, st, 0);
		sql_end(q, st);
	}
	return r;
}

int64_t sql_changed(struct sql *q)
{
	return q->engine->changed(q);
}

enum store_result sql_some(struct sql *q, enum store_result r)
{
	return r == STORE_OK && sql_changed(q) == 0 ? STORE_NONE : r;
}

enum store_result sql_note_change(struct sql *q, enum store_result r)
{
	return r == STORE_OK ? sql_run(q, SQL_CHANGED, "") : r;
}

/* ---- transactions ---------------------------------------------------------------------------------------------------- */

enum store_result sql_begin(struct sql *q)
{
	enum store_result r = q->depth ? STORE_OK : q->engine->begin(q);

	if (r == STORE_OK && q->depth++ == 0)
		q->broken = false;
	return r;
}

enum store_result sql_commit(struct sql *q, enum store_result r)
{
	struct why first;

	q->broken |= r != STORE_OK;
	if (--q->depth)
		return r;
	if (!q->broken && (r = q->engine->commit(q)) == STORE_OK)
		return STORE_OK;
	first = q->why; /* the first reason, not that of the rollback */
	q->engine->rollback(q);
	q->why = first;
	return r == STORE_OK ? STORE_FAILED : r;
}

/* ---- columns --------------------------------------------------------------------------------------------------------- */

int64_t sql_int(struct sql *q, struct sql_st *st, int column)
{
	return q->engine->column_int(q, st, column);
}

const char *sql_chars(struct sql *q, struct sql_st *st, int column)
{
	return q->engine->column_text(q, st, column);
}

void sql_text(struct sql *q, struct sql_st *st, int column, char *ret, size_t cap)
{
	snprintf(ret, cap, "%s", sql_chars(q, st, column));
}

const void *sql_blob_view(struct sql *q, struct sql_st *st, int column, size_t *n)
{
	return q->engine->column_blob(q, st, column, n);
}

size_t sql_blob(struct sql *q, struct sql_st *st, int column, void *ret, size_t cap)
{
	size_t n = 0;
	const void *p = q->engine->column_blob(q, st, column, &n);

	if (p == NULL || n > cap)
		return 0;
	memcpy(ret, p, n);
	return n;
}

/* ---- lists ------------------------------------------------------------------------------------------------------------- */

/* The rows behind *last into page; more: there may be further ones. */
static enum store_result page_read(struct sql *q, const struct sql_list *l, const void *of, const void *last, char *page, size_t *n)
{
	struct sql_st *st = l->behind(q, of, last);
	enum store_result r = STORE_FAILED;

	*n = 0;
	while (*n < SQL_PAGE && (r = sql_step(q, st)) == STORE_OK)
		if (!l->row(q, st, page + (*n)++ * l->size)) {
			why_set(&q->why, "out of memory");
			r = STORE_FAILED;
			break;
		}
	sql_end(q, st);
	return r == STORE_NONE ? STORE_OK : r;
}

static void page_clear(const struct sql_list *l, char *page, size_t n)
{
	for (size_t i = 0; l->clear && i < n; i++)
		l->clear(page + i * l->size);
}

enum store_result sql_each(struct sql *q, const struct sql_list *l, const void *of, void *each)
{
	char *page = calloc(SQL_PAGE + 1, l->size), *last = page ? page + SQL_PAGE * l->size : NULL;
	enum store_result r = STORE_OK;
	bool more = true, first = true;
	size_t n = 0;

	if (page == NULL)
		return why_set(&q->why, "out of memory"), STORE_FAILED;
	while (more && r == STORE_OK) {
		r = page_read(q, l, of, first ? NULL : last, page, &n);
		first = false;
		more = n == SQL_PAGE;
		for (size_t i = 0; r == STORE_OK && i < n; i++)
			if (!l->give(each, page + i * l->size)) {
				more = false;
				break;
			}
		if (n)
			memcpy(last, page + (n - 1) * l->size, l->size); /* its key; what it owns is not looked at */
		page_clear(l, page, n);
	}
	free(page);
	return r;
}
