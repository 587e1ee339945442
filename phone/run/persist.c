/* phone/run/persist.c: files that last. */
#include "phone/run/persist.h"

#include <errno.h>
#include <string.h>

#include "base/sv.h"
#include "phone/run/desk.h"
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

/* Nothing of a guest is stored: the account of the room comes back with the power. */
static bool persist_is_guest(const struct dt_phone *ph, const char *name)
{
	static const char *const of_user[] = {DT_STATE_USER, DT_STATE_FRESH, DT_STATE_ACCOUNT, DT_STATE_LOCK};

	for (size_t i = 0; desk_guest(ph) && i < sizeof of_user / sizeof *of_user; i++)
		if (strcmp(name, of_user[i]) == 0)
			return true;
	return false;
}

int persist_forget(struct dt_phone *ph, const char *name)
{
	struct ph_core *core = ph_core(ph);

	return persist_is_guest(ph, name) ? 0 : core->body->forget(core->arg, name);
}

bool persist_save(struct dt_phone *ph, const char *name, const struct buf *b)
{
	struct ph_core *core = ph_core(ph);
	int rc = persist_is_guest(ph, name) ? 0 : b->oom ? -ENOMEM : core->body->save(core->arg, name, b->p, b->n);
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
