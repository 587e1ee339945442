/* store/sql_pin.c: PIN verifiers, their history, and the counters of lockout. */
#include "store/sql.h"

static void pin_row(struct sql *q, struct sql_st *st, struct store_pin *ret)
{
	*ret = (struct store_pin){.length = (unsigned)sql_int(q, st, 2),
				  .set_at = sql_int(q, st, 3),
				  .local = (unsigned)sql_int(q, st, 4),
				  .local_since = sql_int(q, st, 5),
				  .locked_until = sql_int(q, st, 6),
				  .global = (unsigned)sql_int(q, st, 7),
				  .last_attempt = sql_int(q, st, 8),
				  .key = (unsigned)sql_int(q, st, 9)};
	ret->set = sql_blob(q, st, 0, ret->salt, sizeof ret->salt) == sizeof ret->salt &&
		   sql_blob(q, st, 1, ret->hash, sizeof ret->hash) == sizeof ret->hash;
}

enum store_result sql_pin_get(struct store *s, int64_t user, struct store_pin *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_PIN_GET, "i", user);
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK) {
		pin_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

enum store_result sql_pin_set(struct store *s, int64_t user, const struct store_pin *p, unsigned keep)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_PIN_KEEP, "i", user);
	if (r == STORE_OK)
		r = sql_run(q, SQL_PIN_FORGET, "ii", user, (int64_t)keep);
	if (r == STORE_OK)
		r = sql_run(q, SQL_PIN_SET, "ibbiiiiiiii", user, p->salt, sizeof p->salt, p->hash, sizeof p->hash,
			       (int64_t)p->length, p->set_at, (int64_t)p->local, p->local_since, p->locked_until,
			       (int64_t)p->global, p->last_attempt, (int64_t)p->key);
	return sql_commit(q, r);
}

enum store_result sql_pin_rehash(struct store *s, int64_t user, const struct store_pin *p)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_some(q, sql_run(q, SQL_PIN_REHASH, "ibbi", user, p->salt, sizeof p->salt, p->hash, sizeof p->hash, (int64_t)p->key));
	return sql_commit(q, r == STORE_NONE ? STORE_OK : r) == STORE_OK ? r : STORE_FAILED;
}

enum store_result sql_pins_of_key(struct store *s, unsigned key, uint64_t *n)
{
	struct sql *q = sql_of(s);
	int64_t found = 0;
	enum store_result r = sql_one(q, sql_bind(q, SQL_PINS_OF_KEY, "i", (int64_t)key), &found);

	if (r == STORE_OK)
		*n = (uint64_t)found;
	return r;
}

enum store_result sql_pin_history(struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_PIN_HISTORY, "ii", user, (int64_t)cap);
	enum store_result r;
	size_t k = 0;

	while ((r = sql_step(q, st)) == STORE_OK && k < cap) {
		struct store_old_pin *o = &ret[k];

		if (sql_blob(q, st, 0, o->salt, sizeof o->salt) == sizeof o->salt &&
		    sql_blob(q, st, 1, o->hash, sizeof o->hash) == sizeof o->hash) {
			o->key = (unsigned)sql_int(q, st, 2);
			k++;
		}
	}
	sql_end(q, st);
	if (r == STORE_FAILED)
		return r;
	*n = k;
	return STORE_OK;
}

enum store_result sql_pin_step(struct store *s, const int64_t *users, size_t n,
				  void (*step)(void *, size_t, struct store_pin *), void *arg)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	for (size_t i = 0; r == STORE_OK && i < n; i++) {
		struct store_pin p = {0};

		r = sql_pin_get(s, users[i], &p);
		if (r == STORE_FAILED)
			break;
		step(arg, i, &p);
		r = sql_run(q, SQL_PIN_COUNT, "iiiiii", users[i], (int64_t)p.local, p.local_since, p.locked_until,
			       (int64_t)p.global, p.last_attempt);
	}
	return sql_commit(q, r);
}

enum store_result sql_pin_settle(struct store *s, const int64_t *users, size_t n,
				 void (*step)(void *, size_t, struct store_pin *), void *arg)
{
	struct sql *q = sql_of(s);
	enum store_result r;

	q->engine->lazy(q, true);
	r = sql_pin_step(s, users, n, step, arg);
	q->engine->lazy(q, false);
	return r;
}

/* ---- passwords ----------------------------------------------------------------------------------------- */

enum store_result sql_password_get(struct store *s, int64_t user, struct store_tries *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_PASSWORD_GET, "i", user);
	enum store_result r = sql_step(q, st);

	if (r == STORE_FAILED)
		return r;
	*ret = (struct store_tries){0};
	if (r == STORE_OK) {
		*ret = (struct store_tries){.local = (unsigned)sql_int(q, st, 0),
					    .local_since = sql_int(q, st, 1),
					    .locked_until = sql_int(q, st, 2),
					    .global = (unsigned)sql_int(q, st, 3),
					    .all = sql_int(q, st, 4)};
		sql_end(q, st);
	}
	return STORE_OK;
}

enum store_result sql_password_step(struct store *s, int64_t user, void (*step)(void *, struct store_tries *), void *arg)
{
	struct sql *q = sql_of(s);
	struct store_tries t;
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_password_get(s, user, &t);
	if (r == STORE_OK) {
		step(arg, &t);
		r = sql_run(q, SQL_PASSWORD_COUNT, "iiiiii", user, (int64_t)t.local, t.local_since, t.locked_until,
			       (int64_t)t.global, t.all);
	}
	return sql_commit(q, r);
}
