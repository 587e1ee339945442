/* admin/pin_policies.c: PIN policies of single users; the site's own stands in its configuration. */
#include <stdio.h>
#include <string.h>

#include "admin/pins.h"

enum admin_result policy_put(struct admin *a, const struct store_pin_policy *p, struct why *why)
{
	char done[128];
	enum admin_result rc;
	size_t n = strlen(p->name);

	if (n == 0 || strspn(p->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != n)
		return admin_no(ADMIN_REFUSED, why, "'%.60s' is no name; type letters, digits, '.', '_' and '-'", p->name);
	if (p->min_length < PIN_DIGITS_MIN || p->min_length > PIN_DIGITS_MAX)
		return admin_no(ADMIN_REFUSED, why, "MinPasswordLength goes from %d to %d", PIN_DIGITS_MIN, PIN_DIGITS_MAX);
	if (p->lifetime > 999 || p->history > 20 || p->attempts > 999)
		return admin_no(ADMIN_REFUSED, why, "PINLifetime goes to 999 days, PINHistoryCount to 20, MaximumLogonAttempts to 999");
	if (p->lifetime && p->history == 0)
		return admin_no(ADMIN_REFUSED, why, "PINHistoryCount must be greater than 0 while PINLifetime is set");
	rc = admin_store(a, a->store->ops->policy_put(a->store, p), p->name, why);
	snprintf(done, sizeof done, "pin policy set %s", p->name);
	if (rc == ADMIN_OK)
		admin_audit(a, "", done);
	return rc;
}

enum admin_result policy_get(struct admin *a, const char *name, struct store_pin_policy *ret, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->policy_get(a->store, name, ret), name, why);

	return rc == ADMIN_NONE ? admin_no(rc, why, "there is no PIN policy '%.60s'", name) : rc;
}

enum admin_result policy_remove(struct admin *a, const char *name, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->policy_remove(a->store, name), name, why);
	char done[128];

	if (rc == ADMIN_NONE)
		return admin_no(rc, why, "there is no PIN policy '%.60s'", name);
	if (rc == ADMIN_TAKEN)
		return admin_no(ADMIN_REFUSED, why, "'%.60s' is not removed: %s", name, store_why(a->store));
	snprintf(done, sizeof done, "pin policy remove %.60s", name);
	if (rc == ADMIN_OK)
		admin_audit(a, "", done);
	return rc;
}

enum admin_result policy_grant(struct admin *a, const struct store_user *u, const char *name, struct why *why)
{
	struct store_pin_policy p = {.name = ""};
	struct store_user changed = *u;
	enum admin_result rc = name[0] ? policy_get(a, name, &p, why) : ADMIN_OK;
	char done[128];

	if (rc != ADMIN_OK)
		return rc;
	if (strcmp(u->pin_policy, p.name) == 0)
		return ADMIN_UNCHANGED;
	snprintf(changed.pin_policy, sizeof changed.pin_policy, "%s", p.name);
	rc = admin_store(a, a->store->ops->user_set(a->store, &changed), u->aor, why);
	snprintf(done, sizeof done, "pin policy grant %s", name[0] ? p.name : "(the site's)");
	if (rc == ADMIN_OK)
		admin_audit(a, u->aor, done);
	return rc;
}

enum admin_result policies_each(struct admin *a, bool (*each)(void *arg, const struct store_pin_policy *p), void *arg, struct why *why)
{
	return admin_store(a, a->store->ops->policy_each(a->store, each, arg), "the list of PIN policies", why);
}
