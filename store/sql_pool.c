/* store/sql_pool.c: the other pools of the company. */
#include "store/sql.h"

#include <stdio.h>

static bool pools_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_pool *p = ret;

	*p = (struct store_pool){0};
	sql_text(q, st, 0, p->name, sizeof p->name);
	sql_text(q, st, 1, p->sip, sizeof p->sip);
	sql_text(q, st, 2, p->web, sizeof p->web);
	sql_text(q, st, 3, p->external_sip, sizeof p->external_sip);
	sql_text(q, st, 4, p->external_web, sizeof p->external_web);
	sql_text(q, st, 5, p->store, sizeof p->store);
	sql_text(q, st, 6, p->backup, sizeof p->backup);
	return true;
}

/* Phones that are registered may have to go elsewhere: they are to hear of it. */
enum store_result sql_pool_put(struct store *s, const struct store_pool *p)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);
	char name[256];

	if (r != STORE_OK)
		return r;
	sql_lower(name, sizeof name, p->name);
	r = sql_run(q, SQL_POOL_PUT, "ttttttt", name, p->sip, p->web, p->external_sip, p->external_web, p->store, p->backup);
	return sql_commit(q, sql_note_change(q, r));
}

enum store_result sql_pool_get(struct store *s, const char *name, struct store_pool *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st;
	enum store_result r;
	char key[256];

	sql_lower(key, sizeof key, name);
	st = sql_bind(q, SQL_POOL_GET, "t", key);
	r = sql_step(q, st);
	if (r == STORE_OK) {
		pools_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

enum store_result sql_pool_remove(struct store *s, const char *name)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);
	char key[256];

	if (r != STORE_OK)
		return r;
	sql_lower(key, sizeof key, name);
	r = sql_some(q, sql_run(q, SQL_POOL_REMOVE, "t", key));
	return sql_commit(q, sql_note_change(q, r));
}

enum store_result sql_pool_user(struct store *s, const char *name, struct store_user *ret)
{
	struct sql *q = sql_of(s);
	char key[256];

	sql_lower(key, sizeof key, name);
	return sql_user_one(q, sql_bind(q, SQL_POOL_USER, "t", key), ret);
}

struct pools_to {
	bool (*each)(void *arg, const struct store_pool *p);
	void *arg;
};

static struct sql_st *pools_behind(struct sql *q, const void *of, const void *last)
{
	(void)of;
	return sql_bind(q, SQL_POOL_PAGE, "ti", last ? ((const struct store_pool *)last)->name : "", (int64_t)SQL_PAGE);
}

static bool pools_give(void *each, const void *row)
{
	const struct pools_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_pool_each(struct store *s, bool (*each)(void *, const struct store_pool *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_pool), pools_behind, pools_row, pools_give, NULL};

	return sql_each(sql_of(s), &list, NULL, &(struct pools_to){each, arg});
}
