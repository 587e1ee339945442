/* server/vault/secret.c: how the secrets of users are kept: NT hashes sealed, PINs as verifiers with a pepper.
 *
 * "a 4-6 digit PIN cannot be saved by slow hashing: the secret outside the store and the lockout do that" (design):
 * a thousand rounds, 0.3 ms.
 */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/pin.h"

#define PIN_ROUNDS 1000

void vault_derive(const uint8_t secret[32], const char *purpose, uint8_t key[32])
{
	pki_hmac_sha256(secret, 32, purpose, strlen(purpose), key);
}

static struct sv nt_context(const struct store_user *u, char out[300])
{
	snprintf(out, 300, "nt hash of %s", u->aor);
	return sv_of(ascii_lower_all(out));
}

bool vault_password_set(const uint8_t secret[32], struct store_user *u, struct sv password)
{
	uint8_t key[32], hash[16];
	struct buf sealed = {0};
	char context[300];
	bool ok;

	vault_derive(secret, "nt hash", key);
	ok = ntlm_nt_hash(password, hash) && pki_seal(key, nt_context(u, context), hash, sizeof hash, &sealed) &&
	     sealed.n <= sizeof u->nt_hash;
	if (ok) {
		memcpy(u->nt_hash, sealed.p, sealed.n);
		u->n_nt_hash = sealed.n;
	}
	explicit_bzero(key, sizeof key);
	explicit_bzero(hash, sizeof hash);
	buf_free(&sealed);
	return ok;
}

bool vault_nt_hash_open(const uint8_t secret[32], const struct store_user *u, uint8_t nt_hash[16])
{
	struct buf open = {0};
	char context[300];
	uint8_t key[32];
	bool ok;

	vault_derive(secret, "nt hash", key);
	ok = u->n_nt_hash && pki_unseal(key, nt_context(u, context), u->nt_hash, u->n_nt_hash, &open) && open.n == 16;
	if (ok)
		memcpy(nt_hash, open.p, 16);
	explicit_bzero(key, sizeof key);
	buf_wipe(&open);
	return ok;
}

bool vault_pin_hash(const uint8_t secret[32], const uint8_t salt[16], struct sv pin, uint8_t hash[32])
{
	uint8_t pepper[32], peppered[32];
	bool ok;

	vault_derive(secret, "pin", pepper);
	pki_hmac_sha256(pepper, sizeof pepper, pin.p, pin.n, peppered);
	ok = pki_pbkdf2(peppered, sizeof peppered, salt, 16, PIN_ROUNDS, hash);
	explicit_bzero(pepper, sizeof pepper);
	explicit_bzero(peppered, sizeof peppered);
	return ok;
}

/* ---- a new PIN ------------------------------------------------------------------------------------------- */

static bool secret_same(const uint8_t secret[32], const uint8_t salt[16], const uint8_t hash[32], struct sv pin)
{
	uint8_t h[32];

	return vault_pin_hash(secret, salt, pin, h) && pki_equal(h, hash, sizeof h);
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
	if (now.set && secret_same(secret, now.salt, now.hash, pin))
		return "it is the present PIN";
	for (size_t i = 0; i < n; i++)
		if (secret_same(secret, old[i].salt, old[i].hash, pin))
			return "it was used before (PINHistoryCount)";
	return NULL;
}

const char *vault_pin_make(const uint8_t secret[32], struct sv pin, int64_t unix_s, struct store_pin *ret, struct why *why)
{
	struct store_pin p = {.set = true, .length = (unsigned)pin.n, .set_at = unix_s};

	if (!pki_random(p.salt, sizeof p.salt) || !vault_pin_hash(secret, p.salt, pin, p.hash))
		return why_set(why, "%s", pki_error());
	*ret = p;
	return NULL;
}

const char *vault_pin_set(const uint8_t secret[32], const struct site *site, struct store *store,
			  const struct store_user *u, struct sv pin, bool by_user, int64_t unix_s, struct why *ret)
{
	struct pin_policy policy = vault_pin_policy(site, store, u);
	const char *why = pin_check_policy(pin, &policy, sv_of(u->number), sv_of(u->extension));
	struct store_pin p;

	if (why == NULL && by_user)
		why = used_before(secret, policy.history, store, u, pin);
	if (why == NULL)
		why = vault_pin_make(secret, pin, unix_s, &p, ret);
	if (why == NULL && store->ops->pin_set(store, u->id, &p, policy.history) != STORE_OK)
		why = store_why(store);
	return why && why != ret->text ? why_set(ret, "%s", why) : why;
}
