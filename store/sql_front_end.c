/* store/sql_front_end.c: several front ends on one store: invitations, who runs, who is registered where, orders to phones.
 *
 * A row of `binding` carries the count that row 2 of `change` had when it was written.  Writers come one after the other, each commits
 * before the next one counts: a reader that has read up to a number finds all later rows behind it.
 */
#include "store/sql.h"

#include <stdio.h>

#define GONE_SECONDS 900 /* that others have to see a row go */
#define ORDERS_KEPT 10000

/* ---- invitations ---------------------------------------------------------------------------------------------------------- */

enum store_result sql_invite_put(struct store *s, const char *id, int64_t expires, int64_t now)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_INVITE_TRIM, "i", now);
	if (r == STORE_OK)
		r = sql_run(q, SQL_INVITE_PUT, "ti", id, expires);
	return sql_commit(q, r);
}

enum store_result sql_invite_use(struct store *s, const char *id, int64_t now)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	return r == STORE_OK ? sql_commit(q, sql_some(q, sql_run(q, SQL_INVITE_USE, "ti", id, now))) : r;
}

/* ---- who runs ---------------------------------------------------------------------------------------------------------------- */

/* It waits for the disk, and for a standby that the primary waits for, as new certificates do: a front end that beats can take them. */
enum store_result sql_front_end_beat(struct store *s, const char *name)
{
	return sql_run(sql_of(s), SQL_BEAT, "t", name);
}

struct beat {
	char name[256];
	uint64_t beat;
};

struct beats_to {
	bool (*each)(void *arg, const char *name, uint64_t beat);
	void *arg;
};

static struct sql_st *beats_behind(struct sql *q, const void *of, const void *last)
{
	(void)of;
	return sql_bind(q, SQL_FRONT_ENDS, "ti", last ? ((const struct beat *)last)->name : "", (int64_t)SQL_PAGE);
}

static bool beats_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct beat *b = ret;

	sql_text(q, st, 0, b->name, sizeof b->name);
	b->beat = (uint64_t)sql_int(q, st, 1);
	return true;
}

static bool beats_give(void *each, const void *row)
{
	const struct beats_to *to = each;
	const struct beat *b = row;

	return to->each(to->arg, b->name, b->beat);
}

enum store_result sql_front_end_each(struct store *s, bool (*each)(void *arg, const char *name, uint64_t beat), void *arg)
{
	static const struct sql_list list = {sizeof(struct beat), beats_behind, beats_row, beats_give, NULL};

	return sql_each(sql_of(s), &list, NULL, &(struct beats_to){each, arg});
}

enum store_result sql_front_end_remove(struct store *s, const char *name)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_some(q, sql_run(q, SQL_FRONT_END_REMOVE, "t", name));
	if (r == STORE_OK)
		r = sql_run(q, SQL_BINDINGS_COUNT, "");
	if (r == STORE_OK)
		r = sql_run(q, SQL_BINDINGS_DROP, "ti", name, (int64_t)1);
	return sql_commit(q, r);
}

/* ---- who is registered where --------------------------------------------------------------------------------------------------- */

static enum store_result binding_write(struct sql *q, const struct store_binding *b, int64_t now)
{
	char aor[256], instance[40];

	sql_lower(aor, sizeof aor, b->aor);
	sql_lower(instance, sizeof instance, b->instance);
	if (b->gone)
		return sql_run(q, SQL_BINDING_DROP, "ttti", aor, instance, b->front_end, now);
	return sql_run(q, SQL_BINDING_PUT, "tttttttiii", aor, instance, b->front_end, b->epid, b->contact, b->peer, b->user_agent,
		       (int64_t)b->outside, (int64_t)b->seconds, b->since);
}

enum store_result sql_bindings_write(struct store *s, const struct store_binding *b, size_t n, int64_t now)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_BINDINGS_COUNT, "");
	for (size_t i = 0; r == STORE_OK && i < n; i++)
		r = binding_write(q, &b[i], now);
	return sql_commit(q, r);
}

enum store_result sql_bindings_drop(struct store *s, const char *front_end, int64_t now)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_BINDINGS_COUNT, "");
	if (r == STORE_OK)
		r = sql_run(q, SQL_BINDINGS_DROP, "ti", front_end, now);
	if (r == STORE_OK)
		r = sql_run(q, SQL_BINDINGS_TRIM, "ti", front_end, now - GONE_SECONDS);
	return sql_commit(q, r);
}

enum store_result sql_bindings_at(struct store *s, const char *front_end, uint64_t *ret)
{
	struct sql *q = sql_of(s);
	int64_t n = 0;
	enum store_result r = sql_one(q, sql_bind(q, SQL_BINDINGS_AT, "t", front_end), &n);

	*ret = (uint64_t)n;
	return r;
}

enum store_result sql_lag(struct store *s, int64_t *ms)
{
	struct sql *q = sql_of(s);

	return q->engine->lag ? sql_one(q, q->engine->start_text(q, SQL_OTHER_GET, q->engine->lag, NULL, 0), ms) : STORE_NONE;
}

enum store_result sql_news(struct store *s, uint64_t *ret)
{
	struct sql *q = sql_of(s);
	int64_t n = 0;
	enum store_result r = sql_one(q, sql_bind(q, SQL_NEWS, ""), &n);

	*ret = (uint64_t)n;
	return r;
}

struct bindings_of {
	uint64_t after;
	const char *aor; /* NULL: of all, in the order of seq */
};

struct bindings_to {
	bool (*each)(void *arg, const struct store_binding *b);
	void *arg;
};

static struct sql_st *bindings_behind(struct sql *q, const void *of, const void *last)
{
	const struct bindings_of *o = of;
	const struct store_binding *b = last;

	if (o->aor)
		return sql_bind(q, SQL_BINDINGS_OF, "tti", o->aor, b ? b->instance : "", (int64_t)SQL_PAGE);
	return sql_bind(q, SQL_BINDING_PAGE, "itti", b ? (int64_t)b->seq : (int64_t)o->after + 1, b ? b->aor : "", b ? b->instance : "",
			(int64_t)SQL_PAGE);
}

static bool bindings_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_binding *b = ret;

	*b = (struct store_binding){.seq = (uint64_t)sql_int(q, st, 2), .gone = sql_int(q, st, 3), .outside = sql_int(q, st, 9) != 0,
				    .seconds = (unsigned)sql_int(q, st, 10), .since = sql_int(q, st, 11)};
	sql_text(q, st, 0, b->aor, sizeof b->aor);
	sql_text(q, st, 1, b->instance, sizeof b->instance);
	sql_text(q, st, 4, b->front_end, sizeof b->front_end);
	sql_text(q, st, 5, b->epid, sizeof b->epid);
	sql_text(q, st, 6, b->contact, sizeof b->contact);
	sql_text(q, st, 7, b->peer, sizeof b->peer);
	sql_text(q, st, 8, b->user_agent, sizeof b->user_agent);
	return true;
}

static bool bindings_give(void *each, const void *row)
{
	const struct bindings_to *to = each;

	return to->each(to->arg, row);
}

static const struct sql_list bindings = {sizeof(struct store_binding), bindings_behind, bindings_row, bindings_give, NULL};

enum store_result sql_binding_each(struct store *s, uint64_t after, bool (*each)(void *arg, const struct store_binding *b), void *arg)
{
	return sql_each(sql_of(s), &bindings, &(struct bindings_of){after, NULL}, &(struct bindings_to){each, arg});
}

enum store_result sql_bindings_of(struct store *s, const char *aor, bool (*each)(void *arg, const struct store_binding *b), void *arg)
{
	char key[256];

	sql_lower(key, sizeof key, aor);
	return sql_each(sql_of(s), &bindings, &(struct bindings_of){0, key}, &(struct bindings_to){each, arg});
}

/* ---- orders ----------------------------------------------------------------------------------------------------------------------- */

enum store_result sql_order_put(struct store *s, const struct store_order *o, int64_t now)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_ORDER_PUT, "ittiit", now, o->origin, o->aor, (int64_t)o->kind, (int64_t)o->diag, o->reason);
	if (r == STORE_OK)
		r = sql_run(q, SQL_ORDER_TRIM, "i", (int64_t)ORDERS_KEPT);
	if (r == STORE_OK)
		r = sql_run(q, SQL_BINDINGS_COUNT, "");
	return sql_commit(q, r);
}

enum store_result sql_order_last(struct store *s, int64_t *ret)
{
	struct sql *q = sql_of(s);

	*ret = 0;
	return sql_one(q, sql_bind(q, SQL_ORDER_LAST, ""), ret);
}

struct orders_to {
	bool (*each)(void *arg, const struct store_order *o);
	void *arg;
};

static struct sql_st *orders_behind(struct sql *q, const void *of, const void *last)
{
	return sql_bind(q, SQL_ORDER_PAGE, "ii", last ? ((const struct store_order *)last)->id : *(const int64_t *)of, (int64_t)SQL_PAGE);
}

static bool orders_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_order *o = ret;

	*o = (struct store_order){.id = sql_int(q, st, 0), .kind = (unsigned)sql_int(q, st, 3), .diag = (unsigned)sql_int(q, st, 4)};
	sql_text(q, st, 1, o->origin, sizeof o->origin);
	sql_text(q, st, 2, o->aor, sizeof o->aor);
	sql_text(q, st, 5, o->reason, sizeof o->reason);
	return true;
}

static bool orders_give(void *each, const void *row)
{
	const struct orders_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_order_each(struct store *s, int64_t after, bool (*each)(void *arg, const struct store_order *o), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_order), orders_behind, orders_row, orders_give, NULL};

	return sql_each(sql_of(s), &list, &after, &(struct orders_to){each, arg});
}
