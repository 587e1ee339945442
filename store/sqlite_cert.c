/* store/sqlite_cert.c: the users' certificates.  A certificate that is not here was never published, or is revoked. */
#include "store/sqlite.h"

static bool cert_row(sqlite3_stmt *st, struct store_cert *ret)
{
	const void *der = sqlite3_column_blob(st, 3);

	*ret = (struct store_cert){.user = sqlite3_column_int64(st, 0),
				   .published = sqlite3_column_int64(st, 4),
				   .expires = sqlite3_column_int64(st, 5)};
	sqlite_text(st, 1, ret->device, sizeof ret->device);
	sqlite_blob(st, 2, ret->sha1, sizeof ret->sha1);
	buf_add(&ret->der, der, (size_t)sqlite3_column_bytes(st, 3));
	return !ret->der.oom;
}

static enum store_result dropped(struct sqlite *q, enum store_result r)
{
	if (r == STORE_OK)
		q->dropped += (uint32_t)sqlite3_changes(q->db);
	return r;
}

enum store_result sqlite_cert_put(struct store *s, const struct store_cert *c)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	r = sqlite_run(q, SQL_CERT_PUT, "itbbii", c->user, c->device, c->sha1, sizeof c->sha1, c->der.p, c->der.n,
		       c->published, c->expires);
	if (r == STORE_OK)
		r = dropped(q, sqlite_run(q, SQL_CERT_TRIM, "it", c->user, c->device));
	return sqlite_commit(q, r);
}

enum store_result sqlite_cert_settle(struct store *s, const struct store_cert *c)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_CERT_OLDER, "itb", c->user, c->device, c->sha1, sizeof c->sha1);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r != STORE_OK) /* nothing older: nothing is written */
		return r == STORE_NONE ? STORE_OK : r;
	sqlite_end(st);
	return dropped(q, sqlite_run(q, SQL_CERT_SETTLE, "itb", c->user, c->device, c->sha1, sizeof c->sha1));
}

enum store_result sqlite_cert_find(struct store *s, const uint8_t sha1[20], struct store_cert *ret)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_CERT_FIND, "b", sha1, (size_t)20);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;
	struct store_cert c;

	if (r != STORE_OK)
		return r;
	if (cert_row(st, &c))
		*ret = c;
	else
		r = STORE_FAILED;
	sqlite_end(st);
	return r;
}

enum store_result sqlite_cert_each(struct store *s, int64_t user, bool (*each)(void *, const struct store_cert *),
				   void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st =
	    user ? sqlite_bind(q, SQL_CERT_EACH_OF, "i", user) : sqlite_bind(q, SQL_CERT_EACH, "");
	enum store_result r;
	bool more = true;

	if (st == NULL)
		return STORE_FAILED;
	while (more && (r = sqlite_step(q, st)) == STORE_OK) {
		struct store_cert c;

		if (!cert_row(st, &c))
			r = STORE_FAILED;
		more = r == STORE_OK && each(arg, &c);
		store_cert_clear(&c);
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}

enum store_result sqlite_cert_revoke(struct store *s, int64_t user, int64_t now, unsigned *n)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);
	unsigned k = 0;

	if (r != STORE_OK)
		return r;
	r = sqlite_run(q, SQL_CERT_REVOKE, "i", user);
	k = (unsigned)sqlite3_changes(q->db);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_TICKETS_AFTER, "ii", user, now);
	if (r == STORE_OK && sqlite3_changes(q->db) == 0)
		r = STORE_NONE;
	r = sqlite_commit(q, r);
	if (r == STORE_OK && n)
		*n = k;
	return r;
}
