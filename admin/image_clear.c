/* admin/image_clear.c: images that no rule offers any more go. */
#include <stdlib.h>
#include <string.h>

#include "admin/images.h"
#include "base/vec.h"

struct clear_work {
	struct admin *a;
	struct store_image *gone;
	size_t n, cap;
	const struct store_rule *rule;
	enum admin_result rc;
	struct why *why;
	bool oom;
};

static bool clear_one(void *arg, const struct store_image *im)
{
	struct clear_work *w = arg;
	const char *const kept[] = {w->rule->approved, w->rule->restore, w->rule->pending};
	struct store_image *more;

	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		if (strcmp(im->version, kept[i]) == 0)
			return true;
	more = vec_room(w->gone, w->n, &w->cap, sizeof *more);
	w->oom |= more == NULL;
	if (more == NULL)
		return false;
	w->gone = more;
	w->gone[w->n++] = *im;
	return true;
}

static bool clear_rule(void *arg, const struct store_rule *r)
{
	struct clear_work *w = arg;

	w->rule = r;
	w->rc = admin_store(w->a, w->a->store->ops->image_each(w->a->store, r->id, clear_one, w), r->model, w->why);
	return w->rc == ADMIN_OK && !w->oom;
}

/* The row first: a file without a row is nobody's, a row without its file would be an offer that cannot be kept. */
static enum admin_result clear_image(struct admin *a, const struct store_image *im, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->image_remove(a->store, im->rule, im->version), im->file, why);

	if (rc == ADMIN_OK)
		rc = image_file_remove(a, im->file, why);
	return rc == ADMIN_OK ? image_file_remove(a, im->signature, why) : rc;
}

enum admin_result images_clear(struct admin *a, unsigned *n, struct why *why)
{
	struct clear_work w = {.a = a, .why = why, .rc = ADMIN_OK};
	enum admin_result rc = admin_store(a, a->store->ops->rule_each(a->store, clear_rule, &w), "the list of rules", why);

	*n = 0;
	if (rc == ADMIN_OK)
		rc = w.oom ? admin_no(ADMIN_FAILED, why, "out of memory") : w.rc;
	for (size_t i = 0; rc == ADMIN_OK && i < w.n; i++)
		if ((rc = clear_image(a, &w.gone[i], why)) == ADMIN_OK)
			++*n;
	free(w.gone);
	if (*n)
		admin_audit(a, "", "update clear-files");
	return rc;
}
