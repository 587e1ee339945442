/* store/sql_audit.c: successful and failed authentications, and administrators' actions. */
#include "store/sql.h"

#include <string.h>

#define AUDIT_MAX 500000 /* rows of a kind; guessing must not fill the disk */
#define EVERY 1024

/* There are three kinds of rows, each with its own end: administrators, sign-ins, refusals.  However many strangers guess, the first
 * two stay. */
static enum store_result trim(struct sql *q, const char *what, bool ok)
{
	bool own = strcmp(what, STORE_ADMINISTRATOR) == 0;

	if (++q->audits[own ? 2 : ok] % EVERY)
		return STORE_OK;
	return own ? sql_run(q, SQL_AUDIT_TRIM_OF, "ti", what, (int64_t)AUDIT_MAX)
		   : sql_run(q, SQL_AUDIT_TRIM, "tii", STORE_ADMINISTRATOR, (int64_t)ok, (int64_t)AUDIT_MAX);
}

enum store_result sql_audit(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
			       const char *detail)
{
	struct sql *q = sql_of(s);
	enum store_result r;

	q->engine->lazy(q, true);
	r = sql_run(q, SQL_AUDIT, "ittit", now, what, whom, (int64_t)ok, detail);
	if (r == STORE_OK)
		r = trim(q, what, ok);
	q->engine->lazy(q, false);
	return r;
}

/* ---- the list ---------------------------------------------------------------------------------------------------------- */

struct audit_row {
	int64_t id, at;
	bool ok;
	char what[64], whom[256], detail[512];
};

struct audit_to {
	bool (*each)(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail);
	void *arg;
};

static struct sql_st *audit_behind(struct sql *q, const void *since, const void *last)
{
	const struct audit_row *l = last;

	return sql_bind(q, SQL_AUDIT_PAGE, "iii", l ? l->at : *(const int64_t *)since, l ? l->id : 0, (int64_t)SQL_PAGE);
}

static bool audit_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct audit_row *a = ret;

	*a = (struct audit_row){.id = sql_int(q, st, 0), .at = sql_int(q, st, 1), .ok = sql_int(q, st, 4) != 0};
	sql_text(q, st, 2, a->what, sizeof a->what);
	sql_text(q, st, 3, a->whom, sizeof a->whom);
	sql_text(q, st, 5, a->detail, sizeof a->detail);
	return true;
}

static bool audit_give(void *each, const void *row)
{
	const struct audit_to *to = each;
	const struct audit_row *a = row;

	return to->each(to->arg, a->at, a->what, a->whom, a->ok, a->detail);
}

enum store_result sql_audit_each(struct store *s, int64_t since,
				 bool (*each)(void *, int64_t, const char *, const char *, bool, const char *), void *arg)
{
	static const struct sql_list list = {sizeof(struct audit_row), audit_behind, audit_row, audit_give, NULL};

	return sql_each(sql_of(s), &list, &since, &(struct audit_to){each, arg});
}
