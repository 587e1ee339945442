#include "admin/audit.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/sv.h"

struct audit_reading {
	const struct audit_filter *f;
	void (*each)(void *arg, const struct audit_entry *e);
	void *arg;
	struct audit_entry *ring; /* of the newest; NULL: all are given at once */
	size_t n;
};

static bool audit_wanted(const struct audit_filter *f, const struct audit_entry *e)
{
	return !(f->failed && e->ok) && !(f->what && !sv_ieq(sv_of(f->what), sv_of(e->what))) &&
	       !(f->user && !sv_ieq(sv_of(f->user), sv_of(e->user)));
}

static bool audit_one(void *arg, int64_t at, const char *what, const char *whom, bool ok, const char *detail)
{
	struct audit_reading *r = arg;
	struct audit_entry e = {.at = at, .ok = ok};

	snprintf(e.what, sizeof e.what, "%s", what);
	snprintf(e.user, sizeof e.user, "%s", whom);
	snprintf(e.detail, sizeof e.detail, "%s", detail);
	if (!audit_wanted(r->f, &e))
		return true;
	if (r->ring)
		r->ring[r->n++ % r->f->last] = e;
	else
		r->each(r->arg, &e);
	return true;
}

enum admin_result audit_list(struct admin *a, const struct audit_filter *f, void (*each)(void *arg, const struct audit_entry *e), void *arg,
			     struct why *why)
{
	struct audit_reading r = {f, each, arg, f->last ? calloc(f->last, sizeof *r.ring) : NULL, 0};
	enum admin_result rc;

	if (f->last && r.ring == NULL)
		return admin_no(ADMIN_FAILED, why, "out of memory");
	rc = admin_store(a, a->store->ops->audit_each(a->store, f->since, audit_one, &r), "the audit", why);
	for (size_t i = r.n > f->last ? r.n - f->last : 0; rc == ADMIN_OK && r.ring && i < r.n; i++)
		each(arg, &r.ring[i % f->last]);
	free(r.ring);
	return rc;
}
