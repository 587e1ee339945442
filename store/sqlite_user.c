/* store/sqlite_user.c: accounts. */
#include "store/sqlite.h"

#include <stdio.h>

static void user_lower(char *ret, size_t cap, const char *s)
{
	snprintf(ret, cap, "%s", s);
	ascii_lower_all(ret);
}

static void user_row(sqlite3_stmt *st, struct store_user *ret)
{
	*ret = (struct store_user){.id = sqlite3_column_int64(st, 0),
				   .enabled = sqlite3_column_int(st, 7) != 0,
				   .remote = sqlite3_column_int(st, 8) != 0,
				   .created = sqlite3_column_int64(st, 10),
				   .tickets_after = sqlite3_column_int64(st, 11)};
	sqlite_text(st, 1, ret->aor, sizeof ret->aor);
	sqlite_text(st, 2, ret->login, sizeof ret->login);
	sqlite_text(st, 3, ret->display, sizeof ret->display);
	sqlite_text(st, 4, ret->number, sizeof ret->number);
	sqlite_text(st, 5, ret->extension, sizeof ret->extension);
	sqlite_text(st, 6, ret->home_pool, sizeof ret->home_pool);
	ret->n_nt_hash = sqlite_blob(st, 9, ret->nt_hash, sizeof ret->nt_hash);
}

static enum store_result user_one(struct sqlite *q, sqlite3_stmt *st, struct store_user *ret)
{
	enum store_result r;

	if (st == NULL)
		return STORE_FAILED;
	r = sqlite_step(q, st);
	if (r == STORE_OK) {
		user_row(st, ret);
		sqlite_end(st);
	}
	return r;
}

/* Says which of the three that must be unique another one has. */
static enum store_result clash(struct sqlite *q, const struct store_user *u, const char *aor, const char *login)
{
	sqlite3_stmt *st = sqlite_bind(q, SQL_USER_CLASH, "tttti", aor, login, u->number, u->extension, u->id);
	enum store_result r = st ? sqlite_step(q, st) : STORE_FAILED;

	if (r == STORE_OK) {
		why_set(&q->why, "this %s belongs to %s", sqlite3_column_text(st, 0),
			sqlite3_column_text(st, 1));
		sqlite_end(st);
		return STORE_TAKEN;
	}
	return r;
}

enum store_result sqlite_user_add(struct store *s, struct store_user *u)
{
	struct sqlite *q = sqlite_of(s);
	char aor[256], login[256];
	enum store_result r;

	user_lower(aor, sizeof aor, u->aor);
	user_lower(login, sizeof login, u->login);
	u->id = 0;
	if ((r = sqlite_begin(q)) != STORE_OK)
		return r;
	r = clash(q, u, aor, login);
	if (r == STORE_NONE)
		r = sqlite_run(q, SQL_USER_ADD, "tttttttiibii", aor, u->login, login, u->display, u->number,
			       u->extension, u->home_pool, (int64_t)u->enabled, (int64_t)u->remote, u->nt_hash,
			       u->n_nt_hash, u->created, u->tickets_after);
	if (r == STORE_OK)
		u->id = sqlite3_last_insert_rowid(q->db);
	return sqlite_commit(q, r);
}

enum store_result sqlite_user_set(struct store *s, const struct store_user *u)
{
	struct sqlite *q = sqlite_of(s);
	char aor[256], login[256];
	enum store_result r;

	user_lower(aor, sizeof aor, u->aor);
	user_lower(login, sizeof login, u->login);
	if ((r = sqlite_begin(q)) != STORE_OK)
		return r;
	r = clash(q, u, aor, login);
	if (r == STORE_NONE)
		r = sqlite_run(q, SQL_USER_SET, "tttttttiibiii", aor, u->login, login, u->display, u->number,
			       u->extension, u->home_pool, (int64_t)u->enabled, (int64_t)u->remote, u->nt_hash,
			       u->n_nt_hash, u->created, u->tickets_after, u->id);
	if (r == STORE_OK && sqlite3_changes(q->db) == 0)
		r = STORE_NONE;
	return sqlite_commit(q, r);
}

enum store_result sqlite_user_remove(struct store *s, int64_t id)
{
	struct sqlite *q = sqlite_of(s);
	enum store_result r = sqlite_begin(q);

	if (r != STORE_OK)
		return r;
	r = sqlite_run(q, SQL_USER_REMOVE, "i", id);
	if (r == STORE_OK && sqlite3_changes(q->db) == 0)
		r = STORE_NONE;
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_PIN_REMOVE, "i", id);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_PASSWORD_REMOVE, "i", id);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_PIN_FORGET, "ii", id, (int64_t)0);
	if (r == STORE_OK)
		r = sqlite_run(q, SQL_CERT_REVOKE, "i", id);
	return sqlite_commit(q, r);
}

enum store_result sqlite_user_get(struct store *s, const char *aor, struct store_user *ret)
{
	struct sqlite *q = sqlite_of(s);
	char key[256];

	user_lower(key, sizeof key, aor);
	return user_one(q, sqlite_bind(q, SQL_USER_GET, "t", key), ret);
}

enum store_result sqlite_user_by_id(struct store *s, int64_t id, struct store_user *ret)
{
	struct sqlite *q = sqlite_of(s);

	return user_one(q, sqlite_bind(q, SQL_USER_BY_ID, "i", id), ret);
}

enum store_result sqlite_user_by_login(struct store *s, const char *login, struct store_user *ret)
{
	struct sqlite *q = sqlite_of(s);
	char key[256];

	user_lower(key, sizeof key, login);
	return user_one(q, sqlite_bind(q, SQL_USER_BY_LOGIN, "t", key), ret);
}

enum store_result sqlite_user_by_line(struct store *s, const char *number, const char *extension, struct store_user *ret,
				      size_t cap, size_t *n)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st;
	enum store_result r;
	size_t k = 0;

	if (number && extension)
		st = sqlite_bind(q, SQL_USER_BY_LINE, "tti", number, extension, (int64_t)cap);
	else if (number)
		st = sqlite_bind(q, SQL_USER_BY_NUMBER, "ti", number, (int64_t)cap);
	else
		st = sqlite_bind(q, SQL_USER_BY_EXT, "ti", extension ? extension : "", (int64_t)cap);
	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK && k < cap)
		user_row(st, &ret[k++]);
	sqlite_end(st);
	if (r == STORE_FAILED)
		return r;
	*n = k;
	return k ? STORE_OK : STORE_NONE;
}

enum store_result sqlite_user_each(struct store *s, bool (*each)(void *, const struct store_user *), void *arg)
{
	struct sqlite *q = sqlite_of(s);
	sqlite3_stmt *st = sqlite_bind(q, SQL_USER_EACH, "");
	enum store_result r;
	struct store_user u;

	if (st == NULL)
		return STORE_FAILED;
	while ((r = sqlite_step(q, st)) == STORE_OK) {
		user_row(st, &u);
		if (!each(arg, &u))
			break;
	}
	sqlite_end(st);
	return r == STORE_FAILED ? r : STORE_OK;
}
