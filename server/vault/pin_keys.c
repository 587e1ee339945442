/* server/vault/pin_keys.c holds the keys of PINs, by number: a PIN's row names the one that its hash is made with. */
#include "server/vault/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* What a row holds of its key: nobody can compute the key from it, and whoever has the same secret finds the same. */
static void pin_key_check(const uint8_t secret[32], unsigned key, uint8_t check[32])
{
	uint8_t pepper[32];

	vault_pin_pepper(secret, key, pepper);
	vault_derive(pepper, "check", check);
	explicit_bzero(pepper, sizeof pepper);
}

void vault_pin_key_row(const uint8_t secret[32], struct store_key *k)
{
	snprintf(k->kind, sizeof k->kind, PIN_KEY);
	pin_key_check(secret, k->id, k->sealed);
	k->nsealed = 32;
}

void vault_pin_keys(const uint8_t secret[32], struct pin_keys *k, const struct store_key *row)
{
	uint8_t check[32];

	pin_key_check(secret, row->id, check);
	if (row->nsealed != sizeof check || !pki_equal(check, row->sealed, sizeof check)) {
		log_line(LOG_ERROR, "vault", "PIN key %u of the store is not used: vault/secret is another one than where it was made", row->id);
		return;
	}
	k->newest = row->id;
	if (row->grace == 0)
		k->oldest = row->id;
}

struct pin_keys_found {
	const uint8_t *secret;
	struct pin_keys keys;
};

static bool pin_keys_take(void *arg, const struct store_key *row)
{
	struct pin_keys_found *f = arg;

	vault_pin_keys(f->secret, &f->keys, row);
	return true;
}

enum store_result vault_pin_keys_read(const uint8_t secret[32], struct store *s, struct pin_keys *ret)
{
	struct pin_keys_found f = {secret, {1, 1}};
	enum store_result r = s->ops->key_each ? s->ops->key_each(s, PIN_KEY, pin_keys_take, &f) : STORE_OK;

	if (r == STORE_OK)
		*ret = f.keys;
	return r;
}

void vault_pin_renew(struct vault *v, const struct store_user *u, const struct store_pin *p, struct sv pin, unsigned key)
{
	struct store *s = v->conf.store;
	struct store_pin fresh = *p;
	enum store_result r = STORE_FAILED;

	fresh.key = key;
	if (vault_pin_hash(v->conf.secret, key, fresh.salt, pin, fresh.hash))
		r = s->ops->pin_rehash(s, u->id, &fresh);
	if (r == STORE_FAILED)
		log_line(LOG_WARN, "vault", "the PIN of %s stays with key %u until it is proved again: %s", u->aor, p->key, store_why(s));
	explicit_bzero(&fresh, sizeof fresh);
}
