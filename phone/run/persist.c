/* phone/run/persist.c: files that last. */
#include "phone/run/persist.h"

#include <errno.h>
#include <string.h>

#include "base/sv.h"
#include "phone/run/record.h"

#define PERSIST_MAX 65536

bool persist_load(struct dt_phone *ph, const char *name, struct buf *ret)
{
	const struct ph_core *core = ph_core(ph);
	long n = core->body->load(core->arg, name, NULL, 0);

	if (n <= 0 || n > PERSIST_MAX || !buf_reserve(ret, (size_t)n + 1))
		return false;
	n = core->body->load(core->arg, name, ret->p + ret->n, (size_t)n);
	if (n <= 0)
		return false;
	ret->n += (size_t)n;
	return true;
}

bool persist_save(struct dt_phone *ph, const char *name, const struct buf *b)
{
	struct ph_core *core = ph_core(ph);
	int rc = b->oom ? -ENOMEM : core->body->save(core->arg, name, b->p, b->n);
	struct why why;

	if (rc < 0)
		why_hold(&core->persist_why, why_set(&why, "%s cannot be written: %s", name, strerror(-rc)));
	return rc == 0;
}

bool persist_save_changed(struct dt_phone *ph, const char *name, const struct buf *b)
{
	struct buf old = {0};
	bool same = persist_load(ph, name, &old) && sv_eq(buf_view(&old), buf_view(b));

	buf_wipe(&old);
	return same || persist_save(ph, name, b);
}
