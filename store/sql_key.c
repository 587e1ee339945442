/* store/sql_key.c stores the keys that the front ends of a pool have in common. */
#include "store/sql.h"

#include <stdio.h>

enum store_result sql_key_put(struct store *s, const struct store_key *k, unsigned keep_from)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_KEY_PUT, "tiiib", k->kind, (int64_t)k->id, k->made, k->grace, k->sealed, k->nsealed);
	if (r == STORE_OK)
		r = sql_run(q, SQL_KEY_TRIM, "ti", k->kind, (int64_t)keep_from);
	return sql_commit(q, sql_note_change(q, r));
}

struct keys_to {
	bool (*each)(void *arg, const struct store_key *k);
	void *arg;
};

static struct sql_st *keys_behind(struct sql *q, const void *kind, const void *last)
{
	return sql_bind(q, SQL_KEY_PAGE, "tii", kind, (int64_t)(last ? ((const struct store_key *)last)->id : 0), (int64_t)SQL_PAGE);
}

static bool keys_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct store_key *k = ret;

	*k = (struct store_key){.id = (unsigned)sql_int(q, st, 1), .made = sql_int(q, st, 2), .grace = sql_int(q, st, 3)};
	sql_text(q, st, 0, k->kind, sizeof k->kind);
	k->nsealed = sql_blob(q, st, 4, k->sealed, sizeof k->sealed);
	return true;
}

static bool keys_give(void *each, const void *row)
{
	const struct keys_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_key_each(struct store *s, const char *kind, bool (*each)(void *, const struct store_key *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_key), keys_behind, keys_row, keys_give, NULL};

	return sql_each(sql_of(s), &list, kind, &(struct keys_to){each, arg});
}
