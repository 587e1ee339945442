/* server/vault/pin_set.c makes a user's new PIN, by the policy and the PINs of before. */
#include "server/vault/internal.h"

#include "auth/pin.h"

static bool secret_same(const uint8_t secret[32], unsigned key, const uint8_t salt[16], const uint8_t hash[32], struct sv pin)
{
	uint8_t h[32];

	return vault_pin_hash(secret, key, salt, pin, h) && pki_equal(h, hash, sizeof h);
}

/* PINHistoryCount: the present PIN and those before it, that many together. */
static const char *used_before(const uint8_t secret[32], unsigned history, struct store *store, const struct store_user *u, struct sv pin)
{
	struct store_old_pin old[20];
	struct store_pin now = {0};
	size_t n = 0, cap = history;

	if (cap == 0)
		return NULL;
	if (store->ops->pin_get(store, u->id, &now) == STORE_FAILED ||
	    store->ops->pin_history(store, u->id, old, cap - 1 < 20 ? cap - 1 : 20, &n) != STORE_OK)
		return "the store cannot be read";
	if (now.set && secret_same(secret, now.key, now.salt, now.hash, pin))
		return "it is the present PIN";
	for (size_t i = 0; i < n; i++)
		if (secret_same(secret, old[i].key, old[i].salt, old[i].hash, pin))
			return "it was used before (PINHistoryCount)";
	return NULL;
}

const char *vault_pin_make(const uint8_t secret[32], unsigned key, struct sv pin, int64_t unix_s, struct store_pin *ret, struct why *why)
{
	struct store_pin p = {.set = true, .key = key, .length = (unsigned)pin.n, .set_at = unix_s};

	if (!pki_random(p.salt, sizeof p.salt) || !vault_pin_hash(secret, key, p.salt, pin, p.hash))
		return why_set(why, "%s", pki_error());
	*ret = p;
	return NULL;
}

const char *vault_pin_set(const uint8_t secret[32], const struct site *site, struct store *store,
			  const struct store_user *u, struct sv pin, bool by_user, int64_t unix_s, struct why *ret)
{
	struct pin_policy policy = vault_pin_policy(site, store, u);
	const char *why = pin_check_policy(pin, &policy, sv_of(u->number), sv_of(u->extension));
	struct pin_keys keys;
	struct store_pin p;

	if (why == NULL && vault_pin_keys_read(secret, store, &keys) != STORE_OK)
		why = store_why(store);
	if (why == NULL && by_user)
		why = used_before(secret, policy.history, store, u, pin);
	if (why == NULL)
		why = vault_pin_make(secret, keys.newest, pin, unix_s, &p, ret);
	if (why == NULL && store->ops->pin_set(store, u->id, &p, policy.history) != STORE_OK)
		why = store_why(store);
	return why && why != ret->text ? why_set(ret, "%s", why) : why;
}
