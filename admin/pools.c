#include "admin/pools.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/orders.h"
#include "admin/pool_copy.h"
#include "base/name.h"
#include "base/sv.h"

/* ---- fields ---------------------------------------------------------------------------------------------------------- */

/* "HOST" or "HOST:PORT" */
static bool place_read(const char *text, char ret[264])
{
	struct sv rest = sv_of(text), host = sv_cut(&rest, ':');
	uint64_t port;

	return text[0] == '\0' || (name_check(host) == NULL && (rest.p == NULL || (sv_u64(rest, 65535, &port) && port)) &&
				  strlen(text) < 264)
		   ? snprintf(ret, 264, "%s", text) >= 0
		   : false;
}

static bool backup_read(const char *text, char *ret)
{
	return text[0] == '\0' || (name_check(sv_of(text)) == NULL && strlen(text) < sizeof((struct store_pool){0}).backup)
		   ? snprintf(ret, sizeof((struct store_pool){0}).backup, "%s", text) >= 0
		   : false;
}

static bool store_read(const char *text, char *ret)
{
	return strlen(text) < sizeof((struct store_pool){0}).store ? snprintf(ret, 512, "%s", text) >= 0 : false;
}

const char *const pool_field_names[POOL_FIELDS] = {"sip", "web", "external_sip", "external_web", "store", "backup"};

static const struct {
	size_t at;
	bool (*read)(const char *text, char *ret);
	const char *type;
} fields[POOL_FIELDS] = {
    [POOL_SIP] = {offsetof(struct store_pool, sip), place_read, "pool1.contoso.test or pool1.contoso.test:5061"},
    [POOL_WEB] = {offsetof(struct store_pool, web), place_read, "web1.contoso.test or web1.contoso.test:443"},
    [POOL_EXTERNAL_SIP] = {offsetof(struct store_pool, external_sip), place_read, "sip1.contoso.com:443"},
    [POOL_EXTERNAL_WEB] = {offsetof(struct store_pool, external_web), place_read, "web1.contoso.com:4443"},
    [POOL_STORE] = {offsetof(struct store_pool, store), store_read, "the folder of its site, as /etc/dialtone-pool1, or its database, as postgresql://db1,db2/pool1"},
    [POOL_BACKUP] = {offsetof(struct store_pool, backup), backup_read, "the name of a pool, as pool2.contoso.test"},
};

/* ---- the list ---------------------------------------------------------------------------------------------------------- */

static bool is_here(const struct admin *a, const char *name)
{
	return strcasecmp(name, a->site->pool) == 0 || strcasecmp(name, a->site->fqdn) == 0;
}

enum admin_result pools_put(struct admin *a, const char *name, const char *const field[POOL_FIELDS], bool is_new, struct why *why)
{
	struct store_pool p = {0}, was;
	enum store_result r;
	enum admin_result rc;

	if (name_check(sv_of(name)) != NULL || strchr(name, '.') == NULL || strlen(name) >= sizeof p.name - 8)
		return admin_no(ADMIN_REFUSED, why, "'%.100s' is not a pool's name; type it like pool01.contoso.test", name);
	if (is_here(a, name))
		return admin_no(ADMIN_REFUSED, why, "'%s' is this pool itself; the list holds the others", name);
	r = a->store->ops->pool_get(a->store, name, &p);
	if (r == STORE_FAILED)
		return admin_store(a, r, name, why);
	if (!is_new && r == STORE_NONE)
		return admin_no(ADMIN_NONE, why, "there is no pool '%s'", name);
	was = p;
	if (is_new) {
		p = (struct store_pool){0};
		snprintf(p.name, sizeof p.name, "%s", name);
		snprintf(p.sip, sizeof p.sip, "%s:5061", name);
		snprintf(p.web, sizeof p.web, "%s", name);
	}
	for (unsigned f = 0; f < POOL_FIELDS; f++)
		if (field[f] && !fields[f].read(field[f], (char *)&p + fields[f].at))
			return admin_no(ADMIN_REFUSED, why, "%s is '%.100s'; type %s", pool_field_names[f], field[f], fields[f].type);
	if (r == STORE_OK && memcmp(&was, &p, sizeof p) == 0)
		return ADMIN_UNCHANGED;
	if (is_new && r == STORE_OK)
		return admin_no(ADMIN_EXISTS, why, "the pool '%s' is in the list", was.name);
	rc = admin_store(a, a->store->ops->pool_put(a->store, &p), name, why);
	if (rc == ADMIN_OK)
		admin_audit(a, "", is_new ? "pool add" : "pool set");
	return rc;
}

enum admin_result pools_each(struct admin *a, bool (*each)(void *arg, const struct store_pool *p), void *arg, struct why *why)
{
	return admin_store(a, a->store->ops->pool_each(a->store, each, arg), "the list of pools", why);
}

enum admin_result pools_remove(struct admin *a, const char *name, struct why *why)
{
	struct store_user u;
	enum store_result r = a->store->ops->pool_user(a->store, name, &u);
	enum admin_result rc;

	if (r == STORE_OK)
		return admin_no(ADMIN_REFUSED, why, "'%s' is the home of %s and perhaps of others; move them first: dialtone user move USER POOL",
				name, u.aor);
	if (r == STORE_FAILED)
		return admin_store(a, r, name, why);
	rc = admin_store(a, a->store->ops->pool_remove(a->store, name), name, why);
	if (rc == ADMIN_NONE) /* a front end of this pool, perhaps, that is gone for good */
		rc = admin_store(a, a->store->ops->front_end_remove(a->store, name), name, why);
	if (rc == ADMIN_OK)
		admin_audit(a, "", "pool remove");
	return rc == ADMIN_NONE ? admin_no(rc, why, "there is no pool '%s'", name) : rc;
}

enum admin_result pools_home(struct admin *a, const char *name, char ret[256], struct why *why)
{
	struct store_pool p;
	enum store_result r;

	ret[0] = '\0';
	if (name[0] == '\0' || is_here(a, name))
		return ADMIN_OK;
	r = a->store->ops->pool_get(a->store, name, &p);
	if (r == STORE_NONE)
		return admin_no(ADMIN_REFUSED, why, "there is no pool '%.100s': its users could not sign in; type: dialtone pool add %.100s", name,
				name);
	if (r == STORE_OK)
		memcpy(ret, p.name, 256);
	return admin_store(a, r, name, why);
}

/* ---- telling them -------------------------------------------------------------------------------------------------------- */

struct telling {
	struct admin *a;
	const char *aor;
	bool removed;
	enum admin_result rc; /* the first that went wrong */
	struct why *why;
};

static bool report_one(void *arg, const struct store_pool *p)
{
	struct telling *t = arg;
	struct pool_copy to = {0};
	struct why why = {0};
	enum admin_result rc;

	if (p->store[0] == '\0')
		return true;
	rc = pool_copy_open(t->a, p, &to, &why);
	if (rc == ADMIN_OK)
		rc = t->removed ? pool_copy_remove(&to, t->aor, &why) : pool_copy_user(&to, t->aor, &why);
	pool_copy_close(&to);
	if (rc != ADMIN_OK && rc != ADMIN_UNCHANGED && t->rc == ADMIN_OK) {
		t->rc = ADMIN_AWAY;
		why_set(t->why, "it is stored here, but pool %.100s was not told: %.200s; when that is mended, type: dialtone pool sync %.100s",
			p->name, why.text, p->name);
	}
	return true;
}

enum admin_result pools_report(struct admin *a, const char *aor, bool removed, struct why *why)
{
	struct telling t = {a, aor, removed, ADMIN_OK, why};
	enum admin_result rc = pools_each(a, report_one, &t, why);

	return rc == ADMIN_OK ? t.rc : rc;
}

struct syncing {
	struct pool_copy *to;
	size_t n;
	enum admin_result rc;
	struct why *why;
};

static bool sync_one(void *arg, const struct store_user *u)
{
	struct syncing *s = arg;
	enum admin_result rc = pool_copy_user(s->to, u->aor, s->why);

	s->n += rc == ADMIN_OK;
	s->rc = rc == ADMIN_UNCHANGED ? ADMIN_OK : rc;
	return s->rc == ADMIN_OK;
}

/* The pool's row, or a sentence. */
static enum admin_result pool_of(struct admin *a, const char *name, struct store_pool *ret, struct why *why)
{
	enum store_result r = a->store->ops->pool_get(a->store, name, ret);

	if (r == STORE_NONE)
		return admin_no(ADMIN_NONE, why, "there is no pool '%s'", name);
	if (r == STORE_OK && ret->store[0] == '\0')
		return admin_no(ADMIN_REFUSED, why, "where the store of pool '%s' is, is not known here; type: dialtone pool set %s --store DIR",
				name, name);
	return admin_store(a, r, name, why);
}

enum admin_result pools_sync(struct admin *a, const char *name, size_t *n, struct why *why)
{
	struct pool_copy to = {0};
	struct syncing s = {&to, 0, ADMIN_OK, why};
	struct store_pool p;
	enum admin_result rc = pool_of(a, name, &p, why);

	if (rc == ADMIN_OK)
		rc = pool_copy_open(a, &p, &to, why);
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->user_each(a->store, NULL, sync_one, &s), "the list of users", why);
	pool_copy_close(&to);
	*n = s.n;
	return rc == ADMIN_OK ? s.rc : rc;
}

struct sync_all {
	struct admin *a;
	enum admin_result rc;
	struct why *why;
};

static bool sync_pool(void *arg, const struct store_pool *p)
{
	struct sync_all *s = arg;
	struct why why = {0};
	size_t n;

	if (p->store[0] && pools_sync(s->a, p->name, &n, &why) != ADMIN_OK && s->rc == ADMIN_OK) {
		s->rc = ADMIN_AWAY;
		why_set(s->why, "it is stored here, but pool %.100s was not told: %.200s; when that is mended, type: dialtone pool sync %.100s",
			p->name, why.text, p->name);
	}
	return true;
}

enum admin_result pools_sync_all(struct admin *a, struct why *why)
{
	struct sync_all s = {a, ADMIN_OK, why};
	enum admin_result rc = pools_each(a, sync_pool, &s, why);

	return rc == ADMIN_OK ? s.rc : rc;
}

/* ---- moving ---------------------------------------------------------------------------------------------------------------- */

enum admin_result pools_move(struct admin *a, const struct store_user *u, const char *to, unsigned *phones, struct why *why)
{
	struct pool_copy from = {0}, there = {0};
	struct store_pool p;
	struct store_user moved = *u;
	char home[256];
	enum admin_result rc = pools_home(a, to, home, why);
	bool was_here = u->home_pool[0] == '\0' || is_here(a, u->home_pool), goes_here = home[0] == '\0';

	*phones = 0;
	if (rc == ADMIN_OK && (strcasecmp(home, was_here ? "" : u->home_pool) == 0))
		return admin_no(ADMIN_UNCHANGED, why, "%s lives on %s already", u->aor, goes_here ? "this pool" : home);
	if (rc == ADMIN_OK && !goes_here && (rc = pool_of(a, home, &p, why)) == ADMIN_OK)
		rc = pool_copy_open(a, &p, &there, why);
	if (rc == ADMIN_OK && !was_here && (rc = pool_of(a, u->home_pool, &p, why)) == ADMIN_OK)
		rc = pool_copy_open(a, &p, &from, why);
	if (rc == ADMIN_OK) { /* first all that the user needs there, then the way */
		snprintf(moved.home_pool, sizeof moved.home_pool, "%s", goes_here ? a->site->pool : home);
		rc = pool_copy_move(a, was_here ? NULL : &from, goes_here ? NULL : &there, &moved, why);
	}
	if (rc == ADMIN_OK) {
		admin_audit(a, u->aor, "user move");
		rc = pools_report(a, u->aor, false, why);
	}
	if (rc == ADMIN_OK || rc == ADMIN_AWAY) {
		enum admin_result order = order_move(a, was_here ? NULL : from.dir, from.store, u->aor, phones, why);

		rc = order == ADMIN_OK ? rc : order;
	}
	pool_copy_close(&from);
	pool_copy_close(&there);
	return rc;
}
