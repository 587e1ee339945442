#include "admin/rules.h"

#include <stdio.h>
#include <string.h>

#include "admin/image_files.h"
#include "base/enc.h"
#include "base/sv.h"
#include "pki/key.h"

bool rule_approve(struct store_rule *r)
{
	if (r->pending[0] == '\0')
		return false;
	if (strcmp(r->approved, r->pending) != 0)
		memcpy(r->restore, r->approved, sizeof r->restore);
	memcpy(r->approved, r->pending, sizeof r->approved);
	r->withdrawn[0] = '\0';
	r->pending[0] = '\0';
	return true;
}

bool rule_reject(struct store_rule *r)
{
	if (r->pending[0] == '\0')
		return false;
	r->pending[0] = '\0';
	return true;
}

bool rule_restore(struct store_rule *r)
{
	if (r->approved[0] == '\0')
		return false;
	if (r->restore[0] == '\0')
		memcpy(r->withdrawn, r->approved, sizeof r->withdrawn);
	memcpy(r->approved, r->restore, sizeof r->approved);
	r->restore[0] = '\0';
	return true;
}

/* A version that becomes the approved one is given to all phones: it may lead older ones to what comes later. */
static enum store_result image_release(struct store *s, const struct store_rule *r, const char *was_approved)
{
	struct store_image im;
	enum store_result ret;

	if (r->approved[0] == '\0' || strcmp(r->approved, was_approved) == 0)
		return STORE_OK;
	ret = s->ops->image_get(s, r->id, r->approved, &im);
	if (ret != STORE_OK || im.released)
		return ret;
	im.released = true;
	return s->ops->image_put(s, &im);
}

enum store_result rule_change(struct store *s, struct store_rule *r, rule_transition *transition, bool *done)
{
	enum store_result ret = s->ops->begin(s);
	char was[sizeof r->approved];

	*done = false;
	if (ret != STORE_OK)
		return ret;
	ret = s->ops->rule_find(s, r, r);
	memcpy(was, r->approved, sizeof was);
	if (ret == STORE_OK && transition(r)) {
		*done = true;
		ret = image_release(s, r, was);
		if (ret == STORE_OK)
			ret = s->ops->rule_put(s, r);
	}
	return s->ops->end(s, ret);
}

static void guid(char out[40])
{
	uint8_t u[16] = {0};
	char hex[33];

	pki_random(u, sizeof u);
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	hex_write(hex, u, sizeof u, false);
	snprintf(out, 40, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* The rule itself, made when it is not there. */
static enum store_result rule_get(struct store *s, struct store_rule *r)
{
	enum store_result ret = s->ops->rule_find(s, r, r);

	if (ret != STORE_NONE)
		return ret;
	r->id = 0;
	guid(r->guid);
	return s->ops->rule_put(s, r);
}

/* Its image: one that was given to all phones before keeps that. */
static enum store_result image_add(struct store *s, const struct store_rule *r, struct store_image *im)
{
	struct store_image before;
	enum store_result ret;

	im->rule = r->id;
	ret = s->ops->image_get(s, r->id, im->version, &before);
	if (ret != STORE_OK && ret != STORE_NONE)
		return ret;
	im->released = ret == STORE_OK && before.released;
	return s->ops->image_put(s, im);
}

enum store_result rule_import(struct store *s, struct store_rule *r, struct store_image *im, bool approve)
{
	enum store_result ret = s->ops->begin(s);
	char was[sizeof r->approved];

	if (ret != STORE_OK)
		return ret;
	ret = rule_get(s, r);
	memcpy(was, r->approved, sizeof was);
	if (ret == STORE_OK)
		ret = image_add(s, r, im);
	if (ret == STORE_OK) {
		snprintf(r->pending, sizeof r->pending, "%s", im->version);
		if (approve)
			rule_approve(r);
		ret = image_release(s, r, was);
	}
	if (ret == STORE_OK)
		ret = s->ops->rule_put(s, r);
	return s->ops->end(s, ret);
}

/* ---- verbs ----------------------------------------------------------------------------------------------------- */

struct choice {
	const char *wanted;
	struct store_rule found;
	unsigned n;
};

static bool chosen(const struct store_rule *r, const char *wanted)
{
	const char *const parts[] = {r->brand, r->model, r->revision, r->locale};
	struct sv rest = sv_of(wanted);
	uint64_t id;

	if (sv_u64(rest, INT64_MAX, &id))
		return (int64_t)id == r->id;
	if (sv_ieq(rest, sv_of(r->guid)))
		return true;
	for (size_t i = 0; i < 4; i++) {
		if (!sv_ieq(sv_cut(&rest, '/'), sv_of(parts[i])))
			return false;
		if (rest.p == NULL)
			return i > 0;
	}
	return false;
}

static bool choose(void *arg, const struct store_rule *r)
{
	struct choice *c = arg;

	if (chosen(r, c->wanted)) {
		c->found = *r;
		c->n++;
	}
	return true;
}

enum admin_result rules_get(struct admin *a, const char *name, struct store_rule *ret, struct why *why)
{
	struct choice c = {.wanted = name};
	enum admin_result rc = admin_store(a, a->store->ops->rule_each(a->store, choose, &c), name, why);

	if (rc != ADMIN_OK)
		return rc;
	if (c.n == 0)
		return admin_no(ADMIN_NONE, why, "there is no rule '%s'", name);
	if (c.n > 1)
		return admin_no(ADMIN_REFUSED, why, "'%s' means %u rules; type one's number or GUID", name, c.n);
	*ret = c.found;
	return ADMIN_OK;
}

enum admin_result rules_each(struct admin *a, bool (*each)(void *arg, const struct store_rule *r), void *arg, struct why *why)
{
	return admin_store(a, a->store->ops->rule_each(a->store, each, arg), "the list of rules", why);
}

/* nothing: the sentence about the rule, when the transition has nothing to work on */
static enum admin_result transit(struct admin *a, const char *name, rule_transition *transition, const char *what, const char *nothing,
				 struct store_rule *ret, struct why *why)
{
	enum admin_result rc = rules_get(a, name, ret, why);
	char done[32];
	bool changed;

	if (rc == ADMIN_OK)
		rc = admin_store(a, rule_change(a->store, ret, transition, &changed), name, why);
	if (rc != ADMIN_OK)
		return rc;
	if (!changed)
		return admin_no(ADMIN_UNCHANGED, why, "'%s' has nothing %s", name, nothing);
	snprintf(done, sizeof done, "update %s", what);
	admin_audit(a, "", done);
	return ADMIN_OK;
}

enum admin_result rules_approve(struct admin *a, const char *name, struct store_rule *ret, struct why *why)
{
	return transit(a, name, rule_approve, "approve", "pending; import an image first", ret, why);
}

enum admin_result rules_reject(struct admin *a, const char *name, struct store_rule *ret, struct why *why)
{
	return transit(a, name, rule_reject, "reject", "pending; restore takes an approved version back", ret, why);
}

enum admin_result rules_restore(struct admin *a, const char *name, struct store_rule *ret, struct why *why)
{
	return transit(a, name, rule_restore, "restore", "approved that could be taken back", ret, why);
}

static bool paths_add(void *arg, const struct store_image *im)
{
	struct buf *list = arg; /* a NUL behind each */

	buf_add(list, im->file, strlen(im->file) + 1);
	buf_add(list, im->signature, strlen(im->signature) + 1);
	return true;
}

enum admin_result rules_remove(struct admin *a, const char *name, struct why *why)
{
	struct buf list = {0};
	struct store_rule r = {0};
	enum admin_result rc = rules_get(a, name, &r, why), one;

	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->image_each(a->store, r.id, paths_add, &list), name, why);
	if (rc == ADMIN_OK && list.oom)
		rc = admin_no(ADMIN_FAILED, why, "out of memory");
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->rule_remove(a->store, r.id), name, why);
	if (rc == ADMIN_OK) {
		admin_audit(a, "", "update remove");
		for (size_t i = 0; list.p && i < list.n; i += strlen((char *)list.p + i) + 1)
			if ((one = image_file_remove(a, (char *)list.p + i, why)) != ADMIN_OK)
				rc = one; /* the others are deleted all the same */
	}
	buf_free(&list);
	return rc;
}
