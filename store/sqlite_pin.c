/* store/sqlite_pin.c: PIN verifiers, their history, and the counters of lockout. */
#include "store/sqlite.h"

static void pin_row(sqlite3_stmt *st, struct store_pin *ret)
{
	*ret = (struct store_pin){.length = (unsigned)sqlite3_column_int(st, 2),
				  .set_at = sqlite3_column_int64(st, 3),
				  .local = (unsigned)sqlite3_column_int(st, 4),
				  .local_since = sqlite3_column_int64(st, 5),
				  .locked_until = sqlite3_column_int64(st, 6),
				  .global = (unsigned)sqlite3_column_int(st, 7),
				  .last_attempt = sqlite3_column_int64(st, 8)};
	ret->set = sqlite_blob(st, 0, ret->salt, sizeof ret->salt) == sizeof ret->salt &&
		   sqlite_blob(st, 1, ret->hash, sizeof ret->hash) == sizeof ret->hash;
}

enum store_result sqlite_pin_get(struct store *s, int64_t user, struct store_pin *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_PIN_GET, "i", user);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r == STORE_OK) {
		pin_row(st, ret);
		sqlite_end(st);
	}
	return r;
}

enum store_result sqlite_pin_set(struct store *s, int64_t user, const struct store_pin *p, unsigned keep)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	r = sqlite_run(q, SQL_PIN_KEEP, "i", user);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_PIN_FORGET, "ii", user, (int64_t)keep);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_PIN_SET, "ibbiiiiiii", user, p->salt, sizeof p->salt, p->hash, sizeof p->hash,
			       (int64_t)p->length, p->set_at, (int64_t)p->local, p->local_since, p->locked_until,
			       (int64_t)p->global, p->last_attempt);
	return sqlite_commit(q, r);
}

enum store_result sqlite_pin_history(struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_PIN_HISTORY, "ii", user, (int64_t)cap);
	enum store_result r;
	size_t k = 0;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK && k < cap) {
		struct store_old_pin *o = &ret[k];

		if (sqlite_blob(st, 0, o->salt, sizeof o->salt) == sizeof o->salt &&
		    sqlite_blob(st, 1, o->hash, sizeof o->hash) == sizeof o->hash)
			k++;
	}
	sqlite_end(st);
	if (r == STORE_FAILED)
		return r;
	*n = k;
	return STORE_OK;
}

enum store_result sqlite_pin_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *, size_t, struct store_pin *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	for (size_t i = 0; r == STORE_OK && i < n; i++) {
		struct store_pin p = {0};

		r = sqlite_pin_get(s, users[i], &p);
		if (r == STORE_FAILED)
			break;
		step(arg, i, &p);
		r = sqlite_run(q, SQL_PIN_COUNT, "iiiiii", users[i], (int64_t)p.local, p.local_since, p.locked_until,
			       (int64_t)p.global, p.last_attempt);
	}
	return sqlite_commit(q, r);
}

/* ---- passwords ----------------------------------------------------------------------------------------- */

enum store_result sqlite_password_get(struct store *s, int64_t user, struct store_tries *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_PASSWORD_GET, "i", user);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r == STORE_FAILED)
		return r;
	*ret = (struct store_tries){0};
	if (r == STORE_OK) {
		*ret = (struct store_tries){.local = (unsigned)sqlite3_column_int64(st, 0),
					    .local_since = sqlite3_column_int64(st, 1),
					    .locked_until = sqlite3_column_int64(st, 2),
					    .global = (unsigned)sqlite3_column_int64(st, 3),
					    .all = sqlite3_column_int64(st, 4)};
		sqlite_end(st);
	}
	return STORE_OK;
}

enum store_result sqlite_password_step(struct store *s, int64_t user, void (*step)(void *, struct store_tries *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	struct store_tries t;
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	r = sqlite_password_get(s, user, &t);
	if (r == STORE_OK) {
		step(arg, &t);
		r = sqlite_run(q, SQL_PASSWORD_COUNT, "iiiiii", user, (int64_t)t.local, t.local_since, t.locked_until,
			       (int64_t)t.global, t.all);
	}
	return sqlite_commit(q, r);
}
