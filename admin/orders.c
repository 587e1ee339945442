#include "admin/orders.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "server/control/control.h"

enum { ACT_MS = 3000, LOOK_MS = 50 };

/* ---- the pool's other front ends ---------------------------------------------------------------------------------------------- */

struct far {
	const char *here;
	unsigned n;
	char front_end[256]; /* one of those that hold a phone */
};

static bool far_one(void *arg, const struct store_binding *b)
{
	struct far *f = arg;

	if (b->gone == 0 && strcmp(b->front_end, f->here) != 0) {
		f->n++;
		memcpy(f->front_end, b->front_end, sizeof f->front_end);
	}
	return true;
}

static bool far_count(struct store *s, const char *aor, const char *here, struct far *ret)
{
	*ret = (struct far){.here = here};
	return s->ops->bindings_of(s, aor, far_one, ret) == STORE_OK;
}

/* They read the order within a fraction of a second, and their bindings go when they have obeyed. */
static enum admin_result far_order(struct store *s, const struct store_order *o, int64_t now, unsigned *phones, struct why *why)
{
	const struct timespec look = {0, LOOK_MS * 1000000L};
	uint64_t until = clock_mono_ms() + ACT_MS;
	struct far was, is;

	if (!far_count(s, o->aor, o->origin, &was) || s->ops->order_put(s, o, now) != STORE_OK)
		return admin_no(ADMIN_ORDER, why, "it is stored, but the other front ends cannot be told: %s", store_why(s));
	*phones += was.n;
	for (is = was; is.n && clock_mono_ms() < until; nanosleep(&look, NULL))
		if (!far_count(s, o->aor, o->origin, &is))
			break;
	if (is.n == 0)
		return ADMIN_OK;
	*phones -= is.n;
	return admin_no(ADMIN_ORDER, why, "it is stored, but %s did not act on the phones of %s: does it run?", is.front_end, o->aor);
}

/* ---- orders ---------------------------------------------------------------------------------------------------------------------- */

/* far: the store that the front ends of the user's pool share; NULL: there is one only.  dir: where this machine's is told; NULL: none. */
static enum admin_result order(const struct admin *a, const char *dir, struct store *far, struct store_order *o, unsigned *phones,
			       struct why *why)
{
	struct why text = {0};

	*phones = 0;
	if (dir)
		snprintf(o->origin, sizeof o->origin, "%s", a->site->fqdn);
	if (dir && !control_order_user(dir, o->aor, (enum location_order)o->kind, o->diag, o->reason, phones, &text))
		return admin_no(ADMIN_ORDER, why, "it is stored, but dialtoned did not act on the phones of %s: %s", o->aor, text.text);
	return far ? far_order(far, o, a->now, phones, why) : ADMIN_OK;
}

static enum admin_result own_order(const struct admin *a, const char *aor, struct store_order *o, unsigned *phones, struct why *why)
{
	snprintf(o->aor, sizeof o->aor, "%s", aor);
	return order(a, a->site->dir, store_is_postgres(a->site->store) ? a->store : NULL, o, phones, why);
}

/* 4141: "User disabled" [sip 13.1] */
enum admin_result order_reject(const struct admin *a, const char *aor, unsigned *phones, struct why *why)
{
	struct store_order o = {.kind = LOCATION_REJECTED, .diag = 4141, .reason = "User disabled"};

	return own_order(a, aor, &o, phones, why);
}

/* UNKNOWN: which diagnostics a real server sends then; 4140 is the one beside "User disabled". */
enum admin_result order_unregister(const struct admin *a, const char *aor, unsigned *phones, struct why *why)
{
	struct store_order o = {.kind = LOCATION_UNREGISTERED, .diag = 4140, .reason = "Certificate revoked"};

	return own_order(a, aor, &o, phones, why);
}

/* "deactivated: user moved to another pool: register again (will be redirected)" [sip 13.1] */
enum admin_result order_move(const struct admin *a, const char *where, struct store *store, const char *aor, unsigned *phones, struct why *why)
{
	struct store_order o = {.kind = LOCATION_DEACTIVATED, .reason = "the user has moved to another pool"};

	if (where == NULL)
		return own_order(a, aor, &o, phones, why);
	snprintf(o.aor, sizeof o.aor, "%s", aor);
	return store_is_postgres(where) ? order(a, NULL, store, &o, phones, why) : order(a, where, NULL, &o, phones, why);
}
