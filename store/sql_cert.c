/* store/sql_cert.c: the users' certificates.  A certificate that is not here was never published, or is revoked. */
#include "store/sql.h"

#include <string.h>

static bool cert_row(struct sql *q, struct sql_st *st, struct store_cert *ret)
{
	const void *der;
	size_t n = 0;

	*ret = (struct store_cert){.user = sql_int(q, st, 1), .published = sql_int(q, st, 5), .expires = sql_int(q, st, 6)};
	sql_text(q, st, 2, ret->device, sizeof ret->device);
	sql_blob(q, st, 3, ret->sha1, sizeof ret->sha1);
	sql_blob(q, st, 7, ret->key, sizeof ret->key);
	der = sql_blob_view(q, st, 4, &n);
	buf_add(&ret->der, der, n);
	return !ret->der.oom;
}

/* Follows a text that deletes certificates: a phone that was admitted with one of them has to be admitted anew. */
static enum store_result dropped(struct sql *q, enum store_result r)
{
	return r == STORE_OK && sql_changed(q) ? sql_note_change(q, r) : r;
}

#define USER_CERTS_MAX 128 /* two a device, and as many devices as MaxEndpointsPerUser may be */

/* Whoever holds the private key could sign in as each user it has a certificate for: the last to enrol it has it. */
static enum store_result key_is_one_users(struct sql *q, const struct store_cert *c)
{
	static const uint8_t unknown[sizeof c->key];

	if (memcmp(c->key, unknown, sizeof unknown) == 0)
		return STORE_OK;
	return dropped(q, sql_run(q, SQL_CERT_OF_OTHERS, "bi", c->key, sizeof c->key, c->user));
}

enum store_result sql_cert_put(struct store *s, const struct store_cert *c)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_CERT_PUT, "itbbiib", c->user, c->device, c->sha1, sizeof c->sha1, c->der.p, c->der.n,
		       c->published, c->expires, c->key, sizeof c->key);
	if (r == STORE_OK)
		r = key_is_one_users(q, c);
	if (r == STORE_OK)
		r = dropped(q, sql_run(q, SQL_CERT_TRIM, "it", c->user, c->device));
	if (r == STORE_OK)
		r = dropped(q, sql_run(q, SQL_CERT_TRIM_USER, "iii", c->user, c->published, (int64_t)USER_CERTS_MAX));
	return sql_commit(q, r);
}

enum store_result sql_cert_settle(struct store *s, const struct store_cert *c)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_CERT_OLDER, "itb", c->user, c->device, c->sha1, sizeof c->sha1);
	enum store_result r = sql_step(q, st);

	if (r != STORE_OK) /* nothing older: nothing is written */
		return r == STORE_NONE ? STORE_OK : r;
	sql_end(q, st);
	q->engine->lazy(q, true);
	if ((r = sql_begin(q)) == STORE_OK)
		r = sql_commit(q, dropped(q, sql_run(q, SQL_CERT_SETTLE, "itb", c->user, c->device, c->sha1, sizeof c->sha1)));
	q->engine->lazy(q, false);
	return r;
}

enum store_result sql_cert_find(struct store *s, const uint8_t sha1[20], struct store_cert *ret)
{
	struct sql *q = sql_of(s);
	struct sql_st *st = sql_bind(q, SQL_CERT_FIND, "b", sha1, (size_t)20);
	enum store_result r = sql_step(q, st);
	struct store_cert c;

	if (r != STORE_OK)
		return r;
	if (cert_row(q, st, &c))
		*ret = c;
	else
		r = STORE_FAILED;
	sql_end(q, st);
	return r;
}

/* ---- the list ---------------------------------------------------------------------------------------------------------- */

struct cert_listed {
	int64_t id;
	struct store_cert c;
};

struct certs_to {
	bool (*each)(void *arg, const struct store_cert *c);
	void *arg;
};

static struct sql_st *certs_behind(struct sql *q, const void *of, const void *last)
{
	const int64_t user = *(const int64_t *)of;
	const struct cert_listed *l = last;

	if (user)
		return sql_bind(q, SQL_CERT_PAGE_OF, "iii", user, l ? l->id : 0, (int64_t)SQL_PAGE);
	return sql_bind(q, SQL_CERT_PAGE, "iii", l ? l->c.user : INT64_MIN, l ? l->id : 0, (int64_t)SQL_PAGE);
}

static bool certs_row(struct sql *q, struct sql_st *st, void *ret)
{
	struct cert_listed *l = ret;

	l->id = sql_int(q, st, 0);
	return cert_row(q, st, &l->c);
}

static bool certs_give(void *each, const void *row)
{
	const struct certs_to *to = each;

	return to->each(to->arg, &((const struct cert_listed *)row)->c);
}

static void certs_clear(void *row)
{
	store_cert_clear(&((struct cert_listed *)row)->c);
}

enum store_result sql_cert_each(struct store *s, int64_t user, bool (*each)(void *, const struct store_cert *), void *arg)
{
	static const struct sql_list list = {sizeof(struct cert_listed), certs_behind, certs_row, certs_give, certs_clear};

	return sql_each(sql_of(s), &list, &user, &(struct certs_to){each, arg});
}

enum store_result sql_cert_revoke(struct store *s, int64_t user, int64_t now, unsigned *n)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);
	unsigned k = 0;

	if (r != STORE_OK)
		return r;
	r = sql_run(q, SQL_CERT_REVOKE, "i", user);
	k = (unsigned)sql_changed(q);
	if (r == STORE_OK)
		r = sql_some(q, sql_run(q, SQL_TICKETS_AFTER, "ii", user, now));
	r = sql_note_change(q, r);
	r = sql_commit(q, r);
	if (r == STORE_OK && n)
		*n = k;
	return r;
}
