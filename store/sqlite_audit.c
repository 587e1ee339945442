/* store/sqlite_audit.c: successful and failed authentications, and administrators' actions. */
#include "store/sqlite.h"

#define AUDIT_MAX 1000000 /* rows; guessing must not fill the disk */

enum store_result sqlite_audit(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
			       const char *detail)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r;

	sqlite_lazy(q, true);
	r = sqlite_run(q, SQL_AUDIT, "ittit", now, what, whom, (int64_t)ok, detail);
	if (r == STORE_OK && ++q->audits % 1024 == 0)
		r = sqlite_run(q, SQL_AUDIT_TRIM, "i", (int64_t)AUDIT_MAX);
	sqlite_lazy(q, false);
	return r;
}

enum store_result sqlite_audit_each(struct store *s, int64_t since,
				    bool (*each)(void *, int64_t, const char *, const char *, bool, const char *),
				    void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_AUDIT_EACH, "i", since);
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		if (!each(arg, sqlite3_column_int64(st, 0), (const char *)sqlite3_column_text(st, 1),
			  (const char *)sqlite3_column_text(st, 2), sqlite3_column_int(st, 3) != 0,
			  (const char *)sqlite3_column_text(st, 4)))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}
