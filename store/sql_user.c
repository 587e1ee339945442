/* store/sql_user.c: accounts. */
#include "store/sql.h"

#include <stdio.h>

#include "base/text.h"
#include "base/utf8.h"
#include "wire/ntlm.h"

#define SQL_LOGIN_KEY 520 /* a letter may take more octets in the other case */

void sql_lower(char *ret, size_t cap, const char *s)
{
	snprintf(ret, cap, "%s", s);
	ascii_lower_all(ret);
}

/* NTLM makes its proof with the upper case of Windows ([MS-UCODEREF] 3.1.5.3): logins that differ in that case only are one.  ASCII
 * stands in lower case, as it always has. */
static void login_key(char ret[SQL_LOGIN_KEY], const char *login)
{
	struct sv rest = sv_of(login);
	struct buf key = {0};

	while (rest.n) {
		uint32_t c = (uint8_t)rest.p[0];
		size_t n = utf8_next(rest, &c);

		utf8_add(&key, n > 1 ? upper_case(c) : (uint32_t)(uint8_t)ascii_lower((char)c));
		rest = sv_from(rest, n ? n : 1);
	}
	text_set(ret, SQL_LOGIN_KEY, "%s", key.oom ? "" : buf_cstr(&key));
	buf_free(&key);
}

static void user_row(struct sql *q, struct sql_st *st, struct store_user *ret)
{
	*ret = (struct store_user){.id = sql_int(q, st, 0),
				   .enabled = sql_int(q, st, 7) != 0,
				   .remote = sql_int(q, st, 8) != 0,
				   .created = sql_int(q, st, 10),
				   .tickets_after = sql_int(q, st, 11),
				   .common_area = sql_int(q, st, 12) != 0,
				   .pin_locked = sql_int(q, st, 15) != 0};
	sql_text(q, st, 1, ret->aor, sizeof ret->aor);
	sql_text(q, st, 2, ret->login, sizeof ret->login);
	sql_text(q, st, 3, ret->display, sizeof ret->display);
	sql_text(q, st, 4, ret->number, sizeof ret->number);
	sql_text(q, st, 5, ret->extension, sizeof ret->extension);
	sql_text(q, st, 6, ret->home_pool, sizeof ret->home_pool);
	sql_text(q, st, 13, ret->display_number, sizeof ret->display_number);
	sql_text(q, st, 14, ret->pin_policy, sizeof ret->pin_policy);
	ret->n_nt_hash = sql_blob(q, st, 9, ret->nt_hash, sizeof ret->nt_hash);
}

enum store_result sql_user_one(struct sql *q, struct sql_st *st, struct store_user *ret)
{
	enum store_result r;

	r = sql_step(q, st);
	if (r == STORE_OK) {
		user_row(q, st, ret);
		sql_end(q, st);
	}
	return r;
}

/* Says which of the three that must be unique another one has. */
static enum store_result clash(struct sql *q, const struct store_user *u, const char *aor, const char *login)
{
	struct sql_st *st = sql_bind(q, SQL_USER_CLASH, "tttti", aor, login, u->number, u->extension, u->id);
	enum store_result r = sql_step(q, st);

	if (r == STORE_OK) {
		why_set(&q->why, "this %s belongs to %s", sql_chars(q, st, 0),
			sql_chars(q, st, 1));
		sql_end(q, st);
		return STORE_TAKEN;
	}
	return r;
}

/* The row is inserted first, and a clash is looked for only when it was refused: an import asks nothing. */
enum store_result sql_user_add(struct store *s, struct store_user *u)
{
	struct sql *q = sql_of(s);
	char aor[256], login[SQL_LOGIN_KEY];
	enum store_result r;

	sql_lower(aor, sizeof aor, u->aor);
	login_key(login, u->login);
	u->id = 0;
	if ((r = sql_begin(q)) != STORE_OK)
		return r;
	r = sql_one(q,
		    sql_bind(q, SQL_USER_ADD, "tttttttiibiiitti", aor, u->login, login, u->display, u->number, u->extension, u->home_pool,
			     (int64_t)u->enabled, (int64_t)u->remote, u->nt_hash, u->n_nt_hash, u->created, u->tickets_after,
			     (int64_t)u->common_area, u->display_number, u->pin_policy, (int64_t)u->pin_locked),
		    &u->id);
	if (r == STORE_NONE) {
		why_set(&q->why, "something that must be unique is in use");
		r = clash(q, u, aor, login);
		r = r == STORE_FAILED ? r : STORE_TAKEN;
	}
	return sql_commit(q, r);
}

enum store_result sql_user_set(struct store *s, const struct store_user *u)
{
	struct sql *q = sql_of(s);
	char aor[256], login[SQL_LOGIN_KEY];
	enum store_result r;

	sql_lower(aor, sizeof aor, u->aor);
	login_key(login, u->login);
	if ((r = sql_begin(q)) != STORE_OK)
		return r;
	r = clash(q, u, aor, login);
	if (r == STORE_NONE)
		r = sql_run(q, SQL_USER_SET, "tttttttiibiiittii", aor, u->login, login, u->display, u->number,
			       u->extension, u->home_pool, (int64_t)u->enabled, (int64_t)u->remote, u->nt_hash,
			       u->n_nt_hash, u->created, u->tickets_after, (int64_t)u->common_area, u->display_number, u->pin_policy,
			       (int64_t)u->pin_locked, u->id);
	r = sql_note_change(q, sql_some(q, r));
	return sql_commit(q, r);
}

enum store_result sql_user_remove(struct store *s, int64_t id)
{
	struct sql *q = sql_of(s);
	enum store_result r = sql_begin(q);

	if (r != STORE_OK)
		return r;
	r = sql_note_change(q, sql_some(q, sql_run(q, SQL_USER_REMOVE, "i", id)));
	if (r == STORE_OK)
		r = sql_run(q, SQL_PIN_REMOVE, "i", id);
	if (r == STORE_OK)
		r = sql_run(q, SQL_PASSWORD_REMOVE, "i", id);
	if (r == STORE_OK)
		r = sql_run(q, SQL_PIN_FORGET, "ii", id, (int64_t)0);
	if (r == STORE_OK)
		r = sql_run(q, SQL_CERT_REVOKE, "i", id);
	return sql_commit(q, r);
}

enum store_result sql_user_get(struct store *s, const char *aor, struct store_user *ret)
{
	struct sql *q = sql_of(s);
	char key[256];

	sql_lower(key, sizeof key, aor);
	return sql_user_one(q, sql_bind(q, SQL_USER_GET, "t", key), ret);
}

enum store_result sql_user_by_id(struct store *s, int64_t id, struct store_user *ret)
{
	struct sql *q = sql_of(s);

	return sql_user_one(q, sql_bind(q, SQL_USER_BY_ID, "i", id), ret);
}

enum store_result sql_user_by_login(struct store *s, const char *login, struct store_user *ret)
{
	struct sql *q = sql_of(s);
	char key[SQL_LOGIN_KEY];

	login_key(key, login);
	return sql_user_one(q, sql_bind(q, SQL_USER_BY_LOGIN, "t", key), ret);
}

enum store_result sql_user_by_line(struct store *s, const char *number, const char *extension, struct store_user *ret,
				      size_t cap, size_t *n)
{
	struct sql *q = sql_of(s);
	struct sql_st *st;
	enum store_result r;
	size_t k = 0;

	if (number && extension)
		st = sql_bind(q, SQL_USER_BY_LINE, "tti", number, extension, (int64_t)cap);
	else if (number)
		st = sql_bind(q, SQL_USER_BY_NUMBER, "ti", number, (int64_t)cap);
	else
		st = sql_bind(q, SQL_USER_BY_EXT, "ti", extension ? extension : "", (int64_t)cap);
	while ((r = sql_step(q, st)) == STORE_OK && k < cap)
		user_row(q, st, &ret[k++]);
	sql_end(q, st);
	if (r == STORE_FAILED)
		return r;
	*n = k;
	return k ? STORE_OK : STORE_NONE;
}

/* ---- the list ---------------------------------------------------------------------------------------------------------- */

struct users_to {
	bool (*each)(void *arg, const struct store_user *u);
	void *arg;
};

static struct sql_st *users_behind(struct sql *q, const void *after, const void *last)
{
	return sql_bind(q, SQL_USER_PAGE, "ti", last ? ((const struct store_user *)last)->aor : after, (int64_t)SQL_PAGE);
}

static bool users_row(struct sql *q, struct sql_st *st, void *ret)
{
	user_row(q, st, ret);
	return true;
}

static bool users_give(void *each, const void *row)
{
	const struct users_to *to = each;

	return to->each(to->arg, row);
}

enum store_result sql_user_each(struct store *s, const char *after, bool (*each)(void *, const struct store_user *), void *arg)
{
	static const struct sql_list list = {sizeof(struct store_user), users_behind, users_row, users_give, NULL};
	char key[256];

	sql_lower(key, sizeof key, after ? after : "");
	return sql_each(sql_of(s), &list, key, &(struct users_to){each, arg});
}
