#include "admin/pool_copy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pki/key.h"
#include "server/vault/make.h"

static enum admin_result failed(const struct pool_copy *c, enum store_result r, const char *aor, struct why *why)
{
	return r == STORE_OK ? ADMIN_OK
			     : admin_no(r == STORE_TAKEN ? ADMIN_TAKEN : ADMIN_STORE, why, "%s in the store of pool %s: %s", aor, c->name,
					r == STORE_NONE ? "there is no such user" : store_why(c->store));
}

/* PINs and passwords are sealed by the company's secret: another company's pool could not use them. */
static enum admin_result same_company(struct admin *a, const char *dir, struct why *why)
{
	uint8_t secret[32];
	struct why text = {0};
	bool read = admin_secret(a, why) == ADMIN_OK && vault_secret_load(dir, secret, &text), same;

	same = read && pki_equal(secret, a->secret, sizeof secret);
	explicit_bzero(secret, sizeof secret);
	if (!read)
		return text.text[0] ? admin_no(ADMIN_SITE, why, "%s", text.text) : ADMIN_SITE;
	return same ? ADMIN_OK
		    : admin_no(ADMIN_SITE, why, "the site %s is of another company: its secret is another one; make a pool of this company with: "
			       "dialtone init DIR --company %s", dir, a->site->dir);
}

enum admin_result pool_copy_open(struct admin *a, const struct store_pool *p, struct pool_copy *ret, struct why *why)
{
	char path[sizeof p->store + sizeof STORE_FILE + 1];
	enum admin_result rc;
	struct why text = {0};

	*ret = (struct pool_copy){.a = a};
	snprintf(ret->name, sizeof ret->name, "%s", p->name);
	snprintf(ret->dir, sizeof ret->dir, "%s", p->store);
	if (store_is_postgres(p->store)) { /* the secrets of its front ends are out of reach: whether they are ours is not seen here */
		ret->store = store_open(p->store, &text);
		return ret->store ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text);
	}
	snprintf(path, sizeof path, "%s/" STORE_FILE, p->store);
	if (access(path, R_OK | W_OK) < 0)
		return admin_no(ADMIN_SITE, why, "its store '%s': %s", path, strerror(errno));
	if ((rc = same_company(a, p->store, why)) != ADMIN_OK)
		return rc;
	ret->store = store_sqlite(path, &text);
	return ret->store ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text);
}

void pool_copy_close(struct pool_copy *c)
{
	store_close(c->store);
	*c = (struct pool_copy){0};
}

/* The PIN, unless it is there already: *changed. */
static enum store_result pin_copy(struct store *from, int64_t id, struct store *to, int64_t to_id, unsigned keep, bool *changed)
{
	struct store_pin pin = {0}, there = {0};
	enum store_result r = from->ops->pin_get(from, id, &pin);
	bool same;

	if (r == STORE_NONE || (r == STORE_OK && !pin.set))
		return STORE_OK;
	same = r == STORE_OK && to->ops->pin_get(to, to_id, &there) == STORE_OK && there.set && memcmp(there.salt, pin.salt, sizeof pin.salt) == 0;
	if (same && there.key >= pin.key)
		return STORE_OK;
	if (same) { /* made anew with a later key: it is no new PIN */
		r = to->ops->pin_rehash(to, to_id, &pin);
		*changed = true;
	} else if (r == STORE_OK) {
		pin.local = pin.global = 0;
		pin.local_since = pin.locked_until = 0;
		r = to->ops->pin_set(to, to_id, &pin, keep);
		*changed = true;
	}
	explicit_bzero(&pin, sizeof pin);
	explicit_bzero(&there, sizeof there);
	return r;
}

/* Ids and times are each store's own. */
static bool row_same(const struct store_user *a, const struct store_user *b)
{
	return strcmp(a->login, b->login) == 0 && strcmp(a->display, b->display) == 0 && strcmp(a->number, b->number) == 0 &&
	       strcmp(a->extension, b->extension) == 0 && strcmp(a->home_pool, b->home_pool) == 0 && a->enabled == b->enabled &&
	       a->remote == b->remote && a->n_nt_hash == b->n_nt_hash && memcmp(a->nt_hash, b->nt_hash, a->n_nt_hash) == 0 &&
	       a->tickets_after == b->tickets_after && a->common_area == b->common_area && strcmp(a->display_number, b->display_number) == 0 &&
	       strcmp(a->pin_policy, b->pin_policy) == 0 && a->pin_locked == b->pin_locked;
}

/* u as it is to be there, added or changed: *changed. */
static enum store_result row_copy(struct store *to, const struct store_user *u, int64_t *id, bool *changed)
{
	struct store_user row = *u, there;
	enum store_result r = to->ops->user_get(to, u->aor, &there);
	unsigned n;

	if (r == STORE_NONE) {
		row.id = 0;
		r = to->ops->user_add(to, &row);
		*changed = true;
	} else if (r == STORE_OK) {
		row.id = there.id;
		row.tickets_after = there.tickets_after > u->tickets_after ? there.tickets_after : u->tickets_after;
		if (!row_same(&row, &there)) {
			r = to->ops->user_set(to, &row);
			*changed = true;
		}
		if (r == STORE_OK && u->tickets_after > there.tickets_after) /* revoked since it was copied last: there, too */
			r = to->ops->cert_revoke(to, row.id, u->tickets_after, &n);
	}
	*id = row.id;
	return r;
}

static enum store_result user_copy(struct admin *a, struct store *from, struct store *to, const struct store_user *u, bool *changed)
{
	enum store_result r = to->ops->begin(to);
	struct store_user was;
	int64_t id = 0;

	if (r != STORE_OK)
		return r;
	r = row_copy(to, u, &id, changed);
	if (r == STORE_OK && (r = from->ops->user_get(from, u->aor, &was)) == STORE_OK)
		r = pin_copy(from, was.id, to, id, a->site->PINHistoryCount, changed);
	return to->ops->end(to, r);
}

enum admin_result pool_copy_user(struct pool_copy *c, const char *aor, struct why *why)
{
	struct store *from = c->a->store;
	struct store_user u;
	enum store_result r = from->ops->user_get(from, aor, &u);
	enum admin_result rc;
	bool changed = false;

	if (r != STORE_OK)
		return admin_store(c->a, r, aor, why);
	if (u.home_pool[0] == '\0') /* this one: there it has a name */
		snprintf(u.home_pool, sizeof u.home_pool, "%s", c->a->site->pool);
	rc = failed(c, user_copy(c->a, from, c->store, &u, &changed), aor, why);
	return rc == ADMIN_OK && !changed ? ADMIN_UNCHANGED : rc;
}

enum admin_result pool_copy_remove(struct pool_copy *c, const char *aor, struct why *why)
{
	struct store_user u;
	enum store_result r = c->store->ops->user_get(c->store, aor, &u);

	if (r == STORE_OK)
		r = c->store->ops->user_remove(c->store, u.id);
	return failed(c, r == STORE_NONE ? STORE_OK : r, aor, why);
}

/* ---- moving ---------------------------------------------------------------------------------------------------------------- */

struct certs {
	struct store *to;
	int64_t user;
	enum store_result r;
};

static bool cert_copy(void *arg, const struct store_cert *c)
{
	struct certs *x = arg;
	struct store_cert copy = *c, there = {0};

	copy.user = x->user;
	x->r = x->to->ops->cert_find(x->to, c->sha1, &there);
	store_cert_clear(&there);
	if (x->r == STORE_NONE)
		x->r = x->to->ops->cert_put(x->to, &copy);
	return x->r == STORE_OK;
}

static enum store_result all_copy(struct admin *a, struct store *from, struct store *to, const struct store_user *moved)
{
	bool changed = false;
	enum store_result r = user_copy(a, from, to, moved, &changed);
	struct store_user was, is;
	struct certs x = {.to = to};

	if (r == STORE_OK)
		r = from->ops->user_get(from, moved->aor, &was);
	if (r == STORE_OK)
		r = to->ops->user_get(to, moved->aor, &is);
	if (r != STORE_OK)
		return r;
	x.user = is.id;
	r = from->ops->cert_each(from, was.id, cert_copy, &x);
	return r == STORE_OK ? x.r : r;
}

/* The row says where the user lives, and the certificates are gone, in one transaction. */
static enum store_result leave(struct store *from, const struct store_user *moved)
{
	enum store_result r = from->ops->begin(from);
	struct store_user was;
	unsigned n;

	if (r != STORE_OK)
		return r;
	r = from->ops->user_get(from, moved->aor, &was);
	if (r == STORE_OK) {
		memcpy(was.home_pool, moved->home_pool, sizeof was.home_pool);
		r = from->ops->user_set(from, &was);
	}
	if (r == STORE_OK)
		r = from->ops->cert_revoke(from, was.id, was.tickets_after, &n);
	return from->ops->end(from, r);
}

enum admin_result pool_copy_move(struct admin *a, struct pool_copy *from, struct pool_copy *to, const struct store_user *moved,
				 struct why *why)
{
	struct store *old = from ? from->store : a->store, *new = to ? to->store : a->store;
	enum store_result r = all_copy(a, old, new, moved);

	if (r == STORE_OK)
		r = leave(old, moved);
	if (r == STORE_OK && from && to) { /* this pool was neither: it only has to know the way */
		struct store_user u;

		r = a->store->ops->user_get(a->store, moved->aor, &u);
		memcpy(u.home_pool, moved->home_pool, sizeof u.home_pool);
		if (r == STORE_OK)
			r = a->store->ops->user_set(a->store, &u);
	}
	return r == STORE_OK ? ADMIN_OK
			     : admin_no(ADMIN_STORE, why, "%s is not moved: %s%s%s", moved->aor, store_why(new), store_why(old)[0] ? " / " : "",
					store_why(old));
}
