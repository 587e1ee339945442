/* server/vault/secret.c keeps the secrets of users: NT hashes sealed, PINs as verifiers with a pepper.
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

void vault_pin_pepper(const uint8_t secret[32], unsigned key, uint8_t pepper[32])
{
	char purpose[24] = "pin"; /* the first, which PINs had before keys had numbers */

	if (key > 1)
		snprintf(purpose, sizeof purpose, "pin key %u", key);
	vault_derive(secret, purpose, pepper);
}

bool vault_pin_hash(const uint8_t secret[32], unsigned key, const uint8_t salt[16], struct sv pin, uint8_t hash[32])
{
	uint8_t pepper[32], peppered[32];
	bool ok;

	vault_pin_pepper(secret, key, pepper);
	pki_hmac_sha256(pepper, sizeof pepper, pin.p, pin.n, peppered);
	ok = pki_pbkdf2(peppered, sizeof peppered, salt, 16, PIN_ROUNDS, hash);
	explicit_bzero(pepper, sizeof pepper);
	explicit_bzero(peppered, sizeof peppered);
	return ok;
}
