/* server/vault/make.h: making a vault, its key files, and the secrets that it and the administrator's verbs share.
 *
 * DIR/vault/ is 0700 and belongs to the user the vault runs as:
 *     ca.pem       the issuing CA "Communications Server": private key and certificate
 *     ticket.pem   the key that signs web tickets, and its certificate
 *     secret       32 octets in hex: seals NT hashes and proof keys, peppers PINs
 * and public, for the workers (TLS-DSK verifies client certificates with it): DIR/issuing.pem.
 */
#ifndef DIALTONE_SERVER_VAULT_MAKE_H
#define DIALTONE_SERVER_VAULT_MAKE_H

#include <stdatomic.h>

#include "auth/pin.h"
#include "base/why.h"
#include "pki/cert.h"
#include "server/site/files.h"
#include "server/site/site.h"
#include "server/vault/vault.h"
#include "store/store.h"

#define VAULT_DIR SITE_VAULT
#define VAULT_CA VAULT_DIR "/ca.pem"
#define VAULT_TICKET VAULT_DIR "/ticket.pem"

struct health;
struct vault;

struct vault_conf { /* everything is borrowed and must outlive the vault */
	const struct site *site;
	struct store *store;
	const struct pki_key *ca, *ticket;
	struct sv ca_der, ticket_der; /* their certificates */
	const uint8_t *secret;	      /* 32 octets */
	struct health *health;	      /* the pools that are watched; NULL: none is */
	atomic_ulong *locked;	      /* counts attempts at a PIN or a password that is locked out; NULL: nobody looks */
	int64_t (*unix_ms)(void *arg); /* NULL: the machine's clock */
	void (*random)(void *arg, void *p, size_t n); /* NULL: the library's */
	void *arg;
};
struct vault *vault_new(const struct vault_conf *c); /* NULL: out of memory, or ticket_init() failed */
void vault_free(struct vault *v);
/* From any thread, when its store is one for many (store_shared()).  vault_reply_clear() is the caller's. */
void vault_answer(struct vault *v, const struct vault_ask *q, struct vault_reply *ret);
/* A count that is another one when what VAULT_ADMIT has said may no longer hold: a certificate has gone, or somebody else has
 * changed the store.  It starts at random: that of the next vault is another one.  From one thread. */
uint64_t vault_changes(struct vault *v);
uint64_t vault_changes_of(struct vault *v, uint64_t store_changes); /* the same, of a store whose count is known */
/* The pools that have a backup are watched from the start; others, when a user of theirs comes.  false: store_why(). */
bool vault_watch_pools(struct store *s, struct health *h);
void vault_changed(struct vault *v); /* what it has said may no longer hold: the store has changed, a pool went away or is back */
void vault_direct(struct vault *v, struct vault_link *ret); /* a link that answers before it returns: for tests */

/* ---- key files ---------------------------------------------------------------------------------------- */

struct vault_keys { /* starts as {0} */
	struct pki_key *ca, *ticket;
	struct buf ca_der, ticket_der;
	uint8_t secret[32];
};
/* Makes what is missing of the files above and leaves the others alone.  Slow: two RSA keys. */
bool vault_keys_make(const char *dir, int64_t unix_s, struct why *why);
bool vault_keys_load(const char *dir, struct vault_keys *ret, struct why *why);
bool vault_secret_load(const char *dir, uint8_t secret[32], struct why *why); /* the secret alone, for the verbs */
void vault_keys_clear(struct vault_keys *k); /* wipes */
/* Fills the keys of *c; the rest is the caller's. */
void vault_keys_conf(const struct vault_keys *k, struct vault_conf *c);

/* ---- secrets of users ----------------------------------------------------------------------------------- */

/* Puts the password's NT hash, sealed, into u->nt_hash (u->aor must be there: the seal is bound to it). */
bool vault_password_set(const uint8_t secret[32], struct store_user *u, struct sv password);
bool vault_nt_hash_open(const uint8_t secret[32], const struct store_user *u, uint8_t nt_hash[16]);

/* The keys of PINs have numbers, like those of web tickets (ring.h).  Each is derived from the secret and its number, so that a number
 * means the same key on every front end and in every pool of the company; a row of the store says that there is such a number, since
 * when, and whether PINs of the keys before it are refused. */
#define PIN_KEY "pin"
#define PIN_KEY_ALWAYS (INT64_MAX / 2) /* store_key.grace, in seconds: the PINs of keys before it are good until they are made anew */
struct pin_keys {
	unsigned newest; /* new PINs are made with it, and old ones made anew when they are proved; 1: no row is in the store */
	unsigned oldest; /* that is accepted */
};
void vault_pin_keys(const uint8_t secret[32], struct pin_keys *k, const struct store_key *row); /* *k begins as {1, 1}; rows in their order */
enum store_result vault_pin_keys_read(const uint8_t secret[32], struct store *s, struct pin_keys *ret);
void vault_pin_key_row(const uint8_t secret[32], struct store_key *k); /* fills what is stored besides k->id, made and grace */
/* The verifier of a PIN: PBKDF2 over HMAC(pepper, PIN), 1,000 rounds.  key: its number */
bool vault_pin_hash(const uint8_t secret[32], unsigned key, const uint8_t salt[16], struct sv pin, uint8_t hash[32]);
/* A PIN's verifier with a new salt, its counters at zero: NULL, or why not, a sentence in *why. */
const char *vault_pin_make(const uint8_t secret[32], unsigned key, struct sv pin, int64_t unix_s, struct store_pin *ret, struct why *why);
/* The policy that was granted to the user, or the site's. */
struct pin_policy vault_pin_policy(const struct site *site, struct store *store, const struct store_user *u);
/* Sets a user's PIN by the user's policy [web-services 14.1]: NULL when done, else why not, a sentence in
 * `buf`.  by_user: history counts; an administrator's PIN ignores it.  Counters start at zero. */
const char *vault_pin_set(const uint8_t secret[32], const struct site *site, struct store *store,
			  const struct store_user *u, struct sv pin, bool by_user, int64_t unix_s, struct why *ret);

#endif
