#include "admin/pins.h"

#include <stdio.h>
#include <string.h>

#include "admin/pools.h"

#include "pki/key.h"
#include "server/vault/make.h"

bool pins_check(const struct admin *a, const struct store_user *u, struct sv pin, struct why *why)
{
	struct pin_policy policy = vault_pin_policy(a->site, a->store, u);
	const char *no = pin_check_policy(pin, &policy, sv_of(u->number), sv_of(u->extension));

	if (no == NULL)
		return true;
	if (pin.n < policy.min_length)
		return why_not(why, "the PIN of %.100s is refused: %.100s, %u", u->aor, no, policy.min_length);
	return why_not(why, "the PIN of %.100s is refused: %.100s", u->aor, no);
}

enum admin_result pins_make(const struct admin *a, const struct store_user *u, struct buf *pin, struct why *why)
{
	struct pin_policy policy = vault_pin_policy(a->site, a->store, u);
	unsigned n = policy.min_length > PIN_DIGITS_MIN ? policy.min_length : PIN_DIGITS_MIN;

	for (unsigned tries = 0; tries < 1000 && !pin->oom; tries++) {
		buf_clear(pin);
		while (pin->n < n && pin->n < PIN_DIGITS_MAX && !pin->oom) {
			uint8_t v;

			if (!pki_random(&v, 1))
				return admin_no(ADMIN_FAILED, why, "no PIN could be made: %s", pki_error());
			if (v < 250) /* every digit as likely as any other */
				buf_printf(pin, "%u", v % 10u);
		}
		if (!pin->oom && pin_check_policy(buf_view(pin), &policy, sv_of(u->number), sv_of(u->extension)) == NULL)
			return ADMIN_OK;
	}
	return admin_no(ADMIN_FAILED, why, "no PIN could be made that the policy takes");
}

bool pins_same(struct admin *a, const struct store_user *u, struct sv pin)
{
	struct store_pin p = {0};
	struct pin_info info = {0};
	struct why none = {0};
	uint8_t hash[32];
	bool same = pins_check(a, u, pin, &none) && a->store->ops->pin_get(a->store, u->id, &p) == STORE_OK && p.set &&
		    p.key == a->pin_key && p.local == 0 && p.global == 0 && pins_info(a, u, &info, &none) == ADMIN_OK && !info.locked &&
		    (info.expires == 0 || info.expires > a->now) &&
		    vault_pin_hash(a->secret, p.key, p.salt, pin, hash) && pki_equal(hash, p.hash, sizeof hash);

	explicit_bzero(hash, sizeof hash);
	explicit_bzero(&p, sizeof p);
	return same;
}

enum admin_result pins_set(struct admin *a, const struct store_user *u, struct sv pin, struct why *why)
{
	struct why text = {0};
	const char *no;

	if (admin_secret(a, why) != ADMIN_OK)
		return ADMIN_SITE;
	if (pins_same(a, u, pin))
		return ADMIN_UNCHANGED;
	no = vault_pin_set(a->secret, a->site, a->store, u, pin, false, a->now, &text);
	if (no)
		return admin_no(ADMIN_REFUSED, why, "the PIN of %s is refused: %s", u->aor, no);
	admin_audit(a, u->aor, "pin set");
	return pools_report(a, u->aor, false, why);
}

static void unlock(void *arg, size_t i, struct store_pin *p)
{
	struct pin_counters c;

	(void)arg;
	(void)i;
	pin_unlock(&c);
	p->local = c.local;
	p->global = c.global;
	p->local_since = c.local_since;
	p->locked_until = c.locked_until;
}

static void unlock_password(void *arg, struct store_tries *t)
{
	(void)arg;
	*t = (struct store_tries){.all = t->all};
}

static enum admin_result pins_by_hand(struct admin *a, const struct store_user *u, bool locked, struct why *why)
{
	struct store_user changed = *u;

	changed.pin_locked = locked;
	return u->pin_locked == locked ? ADMIN_OK : admin_store(a, a->store->ops->user_set(a->store, &changed), u->aor, why);
}

/* "Lock-CsClientPin: temporarily disables PIN authentication of a user". */
enum admin_result pins_lock(struct admin *a, const struct store_user *u, struct why *why)
{
	enum admin_result rc = u->pin_locked ? ADMIN_UNCHANGED : pins_by_hand(a, u, true, why);

	if (rc == ADMIN_OK)
		admin_audit(a, u->aor, "pin lock");
	return rc;
}

enum admin_result pins_unlock(struct admin *a, const struct store_user *u, struct why *why)
{
	struct pin_info info = {0};
	struct store_tries t = {0};
	enum admin_result rc = pins_info(a, u, &info, why);

	if (rc == ADMIN_OK && !u->pin_locked && !info.locked && info.local == 0 && info.global == 0 &&
	    a->store->ops->password_get(a->store, u->id, &t) == STORE_OK && t.local == 0 && t.global == 0 && t.locked_until == 0)
		return ADMIN_UNCHANGED;
	if (rc == ADMIN_OK)
		rc = pins_by_hand(a, u, false, why);
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->pin_step(a->store, &u->id, 1, unlock, NULL), u->aor, why);
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->password_step(a->store, u->id, unlock_password, NULL), u->aor, why);
	if (rc == ADMIN_OK)
		admin_audit(a, u->aor, "pin unlock");
	return rc;
}

enum admin_result pins_info(struct admin *a, const struct store_user *u, struct pin_info *ret, struct why *why)
{
	struct store_pin p = {0};
	enum store_result r = a->store->ops->pin_get(a->store, u->id, &p);
	struct pin_counters c = {p.local, p.global, p.local_since, p.locked_until};
	struct store_tries t;
	struct pin_policy policy;
	enum pin_gate gate;

	if (r != STORE_OK && r != STORE_NONE)
		return admin_store(a, r, u->aor, why);
	policy = vault_pin_policy(a->site, a->store, u);
	ret->limit = pin_limits(p.length, policy.attempts);
	gate = pin_gate(&c, ret->limit, a->now);
	ret->set = p.set;
	ret->locked = gate != PIN_OPEN || u->pin_locked;
	ret->by_hand = gate == PIN_LOCKED_GLOBAL || u->pin_locked;
	snprintf(ret->policy, sizeof ret->policy, "%s", u->pin_policy);
	ret->local = p.local_since && a->now - p.local_since < PIN_WINDOW ? p.local : 0;
	ret->global = p.global;
	ret->expires = p.set && policy.lifetime ? p.set_at + (int64_t)policy.lifetime * 86400 : 0;
	ret->until = gate == PIN_LOCKED ? p.locked_until : 0;
	if ((r = a->store->ops->password_get(a->store, u->id, &t)) != STORE_OK)
		return admin_store(a, r, u->aor, why);
	gate = pin_gate(&(struct pin_counters){t.local, t.global, t.local_since, t.locked_until}, password_limits(), a->now);
	ret->password_by_hand = gate == PIN_LOCKED_GLOBAL;
	ret->password_until = gate == PIN_LOCKED || gate == PIN_PAUSED ? t.locked_until : 0;
	return ADMIN_OK;
}
