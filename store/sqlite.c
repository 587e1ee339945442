/* store/sqlite.c: the SQLite backend: statements, columns and transactions. */
#include "store/sqlite.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#define DISK_FULL (256 << 10) /* needed by a transaction at once: the -shm file, some pages */

#define X(name, text) [SQL_##name] = (text),
static const char *const sql_text[SQL_COUNT] = {SQL_LIST};
#undef X

struct sqlite *sqlite_of(struct store *s)
{
	return (struct sqlite *)s;
}

void sqlite_reason(sqlite3 *db, const char *path, struct why *why)
{
	int code = sqlite3_errcode(db);
	struct statvfs v;

	why_set(why, "%s%s", sqlite3_errmsg(db),
		(code == SQLITE_IOERR || code == SQLITE_FULL || code == SQLITE_CANTOPEN) && path && path[0] &&
			 statvfs(path, &v) == 0 && v.f_bavail * v.f_frsize < DISK_FULL
		? ": its disk is full"
		: "");
}

static enum store_result sqlite_failed(struct sqlite *q)
{
	sqlite_reason(q->db, sqlite3_db_filename(q->db, "main"), &q->why);
	return STORE_FAILED;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static sqlite3_stmt *vbind(struct sqlite *q, enum sql id, const char *types, va_list ap)
{
	sqlite3_stmt *st = q->st[id];
	int rc = SQLITE_OK, i = 1;

	if (st == NULL) {
		rc = sqlite3_prepare_v3(q->db, sql_text[id], -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);
		if (rc != SQLITE_OK) {
			sqlite_failed(q);
			return NULL;
		}
		q->st[id] = st;
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	for (; *types && rc == SQLITE_OK; types++, i++) {
		if (*types == 'i') {
			rc = sqlite3_bind_int64(st, i, va_arg(ap, int64_t));
		} else if (*types == 't') {
			rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
		} else {
			const void *p = va_arg(ap, const void *);
			size_t n = va_arg(ap, size_t);

			rc = sqlite3_bind_blob64(st, i, n ? p : "", n, SQLITE_TRANSIENT);
		}
	}
	if (rc == SQLITE_OK)
		return st;
	sqlite_failed(q);
	return NULL;
}

sqlite3_stmt *sqlite_bind(struct sqlite *q, enum sql id, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	return st;
}

enum store_result sqlite_step(struct sqlite *q, sqlite3_stmt *st)
{
	enum store_result r;

	switch (sqlite3_step(st)) {
	case SQLITE_ROW:
		return STORE_OK;
	case SQLITE_DONE:
		r = STORE_NONE;
		break;
	case SQLITE_CONSTRAINT:
		sqlite_failed(q);
		r = STORE_TAKEN;
		break;
	default:
		r = sqlite_failed(q);
	}
	sqlite3_reset(st);
	return r;
}

void sqlite_end(sqlite3_stmt *st)
{
	sqlite3_reset(st);
}

enum store_result sqlite_run(struct sqlite *q, enum sql id, const char *types, ...)
{
	enum store_result r;
	sqlite3_stmt *st;
	va_list ap;

	va_start(ap, types);
	st = vbind(q, id, types, ap);
	va_end(ap);
	if (st == NULL)
		return STORE_FAILED;
	r = sqlite_step(q, st);
	return r == STORE_NONE ? STORE_OK : r;
}

enum store_result sqlite_begin(struct sqlite *q)
{
	enum store_result r = q->depth ? STORE_OK : sqlite_run(q, SQL_BEGIN, "");

	if (r == STORE_OK && q->depth++ == 0)
		q->broken = false;
	return r;
}

enum store_result sqlite_commit(struct sqlite *q, enum store_result r)
{
	struct why first;

	q->broken |= r != STORE_OK;
	if (--q->depth)
		return r;
	if (!q->broken && (r = sqlite_run(q, SQL_COMMIT, "")) == STORE_OK)
		return STORE_OK;
	first = q->why; /* the first reason, not that of the rollback */
	if (!sqlite3_get_autocommit(q->db))
		sqlite_run(q, SQL_ROLLBACK, "");
	q->why = first;
	return r == STORE_OK ? STORE_FAILED : r;
}

void sqlite_lazy(struct sqlite *q, bool lazy)
{
	sqlite3_exec(q->db, lazy ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", NULL, NULL, NULL);
}

void sqlite_text(sqlite3_stmt *st, int column, char *ret, size_t cap)
{
	const unsigned char *t = sqlite3_column_text(st, column);

	snprintf(ret, cap, "%s", t ? (const char *)t : "");
}

size_t sqlite_blob(sqlite3_stmt *st, int column, void *ret, size_t cap)
{
	const void *p = sqlite3_column_blob(st, column);
	size_t n = (size_t)sqlite3_column_bytes(st, column);

	if (p == NULL || n > cap)
		return 0;
	memcpy(ret, p, n);
	return n;
}
