/* server/vault/policy.c: the PIN policy of one user: that which was granted, else the site's [web-services 14.1]. */
#include "server/vault/internal.h"

struct pin_policy vault_pin_policy(const struct site *site, struct store *store, const struct store_user *u)
{
	struct pin_policy p = {.min_length = site->MinPasswordLength, .allow_common = site->AllowCommonPatterns,
			       .lifetime = site->PINLifetime, .history = site->PINHistoryCount, .attempts = site->MaximumLogonAttempts};
	struct store_pin_policy own;

	if (u->pin_policy[0] && store->ops->policy_get && store->ops->policy_get(store, u->pin_policy, &own) == STORE_OK)
		p = (struct pin_policy){own.min_length, own.common, own.lifetime, own.history, own.attempts};
	return p;
}
