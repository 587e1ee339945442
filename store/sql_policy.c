/* store/sql_policy.c: PIN policies of single users. */
#include "store/sql.h"

#include <stdio.h>

static void policy_row(struct sql *q, struct sql_st *st, struct store_pin_policy *ret)
{
	*ret = (struct store_pin_policy){.min_length = (unsigned)sql_int(q, st, 1), .lifetime = (unsigned)sql_int(q, st, 2),
					 .history = (unsigned)sql_int(q, st, 3), .attempts = (unsigned)sql_int(q, st, 4),
					 .common = sql_int(q, st, 5) != 0};
	sql_text(q, st, 0, ret->name, sizeof ret->name);
}

static const char *policy_key(char ret[64], const char *name)
{
	snprintf(ret, 64, "%s", name);
	ascii_lower_all(ret);
	return ret;
}

enum store_result sql_policy_put(struct store *s, const struct store_pin_policy *p)
{
	struct sql *q = sql_of(s);
	char key[64];
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	return sql_commit(q, sql_run(q, SQL_POLICY_PUT, "tiiiii", policy_key(key, p->name), (int64_t)p->min_length, (int64_t)p->lifetime,
				     (int64_t)p->history, (int64_t)p->attempts, (int64_t)p->common));
}

enum store_result sql_policy_get(struct store *s, const char *name, struct store_pin_policy *ret)
{
	struct sql *q = sql_of(s);
	char key[64];
	struct sql_st *st = sql_bind(q, SQL_POLICY_GET, "t", policy_key(key, name));
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK) {
		policy_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

enum store_result sql_policy_remove(struct store *s, const char *name)
{
	struct sql *q = sql_of(s);
	struct sql_st *st;
	char key[64];
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	st = sql_bind(q, SQL_POLICY_USED, "t", policy_key(key, name));
	r = sql_step(q, st);
	if (r == STORE_OK) {
		why_set(&q->why, "%s has this policy", sql_chars(q, st, 0));
		sql_end(q, st);
		r = STORE_TAKEN;
	} else if (r == STORE_NONE) {
		r = sql_some(q, sql_run(q, SQL_POLICY_REMOVE, "t", key));
	}
	return sql_commit(q, r);
}

/* ---- the list ---------------------------------------------------------------------------------------------------------- */

struct policies_to {
	bool (*each)(void *arg, const struct store_pin_policy *p);
	void *arg;
};

static struct sql_st *policies_behind(struct sql *q, const void *after, const void *last)
{
	return sql_bind(q, SQL_POLICY_PAGE, "ti", last ? ((const struct store_pin_policy *)last)->name : after, (int64_t)SQL_PAGE);
}

static bool policies_row(struct sql *q, struct sql_st *st, void *ret)
{
	policy_row(q, st, ret);
	return true;
}

static bool policies_give(void *each, const void *row)
{
	const struct policies_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_policy_each(struct store *s, bool (*each)(void *, const struct store_pin_policy *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_pin_policy), policies_behind, policies_row, policies_give, NULL};

	return sql_each(sql_of(s), &list, "", &(struct policies_to){each, arg});
}
