#include "server/vault/ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/site/pair.h"
#include "server/vault/internal.h"

static struct sv ring_context(const struct store_key *k, char out[64])
{
	snprintf(out, 64, "%s key %u", k->kind, k->id);
	return sv_of(out);
}

bool ring_make(const struct vault_keys *by, int64_t unix_s, struct store_key *k, struct why *why)
{
	const struct pki_issue ticket = {.profile = PKI_CODE, .cn = "Web Ticket", .not_before = unix_s - 86400,
					 .not_after = unix_s + SECONDS_OF_YEARS(10)};
	struct buf pem = {0}, sealed = {0};
	uint8_t key[32];
	char context[64];
	bool ok = site_pair_make(&ticket, 2048, by->ca, &by->ca_der, &pem, &pem, why);

	vault_derive(by->secret, "keys of the pool", key);
	if (ok && (!pki_seal(key, ring_context(k, context), pem.p, pem.n, &sealed) || sealed.oom || sealed.n > sizeof k->sealed))
		ok = why_not(why, "the key cannot be sealed: %s", pki_error());
	if (ok) {
		memcpy(k->sealed, sealed.p, sealed.n);
		k->nsealed = sealed.n;
		k->made = unix_s;
	}
	explicit_bzero(key, sizeof key);
	buf_wipe(&pem);
	buf_free(&sealed);
	return ok;
}

struct ring_key *ring_open(const uint8_t secret[32], const struct store_key *k, struct why *why)
{
	struct ring_key *ret = calloc(1, sizeof *ret);
	struct buf pem = {0};
	uint8_t key[32];
	char context[64], purpose[32];
	bool ok;

	vault_derive(secret, "keys of the pool", key);
	ok = ret && pki_unseal(key, ring_context(k, context), k->sealed, k->nsealed, &pem) && pki_pem_cert(buf_view(&pem), 0, &ret->der) &&
	     (ret->key = pki_key_read(buf_view(&pem))) != NULL;
	explicit_bzero(key, sizeof key);
	buf_wipe(&pem);
	if (!ok) {
		why_set(why, "%s key %u of the store cannot be opened: vault/secret is another one than where it was made", k->kind, k->id);
		ring_free(ret);
		return NULL;
	}
	ret->id = k->id;
	snprintf(purpose, sizeof purpose, "web ticket %u", k->id);
	vault_derive(secret, purpose, ret->seal);
	return ret;
}

void ring_free(struct ring_key *k)
{
	while (k) {
		struct ring_key *before = k->next;

		pki_key_free(k->key);
		buf_free(&k->der);
		explicit_bzero(k, sizeof *k);
		free(k);
		k = before;
	}
}

/* ---- the vault's ------------------------------------------------------------------------------------------------------- */

static bool ring_add(void *arg, const struct store_key *k)
{
	struct vault *v = arg;
	struct ring_key *fresh = NULL;
	struct why why = {0};

	pthread_mutex_lock(&v->lock);
	if (k->id > (v->ring ? v->ring->id : 1) && (fresh = ring_open(v->conf.secret, k, &why)) != NULL) {
		if (v->ring)
			v->ring->ends = k->made + k->grace;
		else
			v->first_ends = k->made + k->grace;
		fresh->next = v->ring;
		v->ring = fresh;
	}
	pthread_mutex_unlock(&v->lock);
	if (fresh)
		log_line(LOG_INFO, "vault", "web tickets are signed by key %u from now on; the one before it is accepted for %lld s", k->id,
			 (long long)k->grace);
	else if (why.text[0])
		log_line(LOG_ERROR, "vault", "%s", why.text);
	return true;
}

static bool pins_refresh(struct vault *v)
{
	struct pin_keys keys;

	if (vault_pin_keys_read(v->conf.secret, v->conf.store, &keys) != STORE_OK)
		return false;
	pthread_mutex_lock(&v->lock);
	if (keys.newest > v->pin_keys.newest)
		log_line(LOG_INFO, "vault", "PINs are made with key %u from now on%s", keys.newest,
			 keys.oldest > v->pin_keys.oldest ? "; those of the keys before it are refused" : "");
	v->pin_keys = keys;
	pthread_mutex_unlock(&v->lock);
	return true;
}

static void ring_refresh(struct vault *v)
{
	struct store *s = v->conf.store;

	if ((s->ops->key_each && s->ops->key_each(s, RING_TICKET, ring_add, v) != STORE_OK) || !pins_refresh(v)) {
		atomic_store(&v->ring_stale, true); /* it is read again by whoever comes next */
		log_line(LOG_WARN, "vault", "the keys of web tickets and PINs cannot be read: %s", store_why(s));
	}
}

static struct vault_ticket_key ring_view(const struct vault *v, const struct ring_key *k)
{
	if (k == NULL)
		return (struct vault_ticket_key){1, v->conf.ticket, v->conf.ticket_der, v->seal_key};
	return (struct vault_ticket_key){k->id, k->key, buf_view(&k->der), k->seal};
}

struct vault_ticket_key vault_ring_newest(struct vault *v)
{
	struct vault_ticket_key ret;

	if (atomic_exchange(&v->ring_stale, false))
		ring_refresh(v);
	pthread_mutex_lock(&v->lock);
	ret = ring_view(v, v->ring);
	pthread_mutex_unlock(&v->lock);
	return ret;
}

struct pin_keys vault_pin_keys_now(struct vault *v)
{
	struct pin_keys ret;

	vault_ring_newest(v); /* reads the keys, if the store has changed */
	pthread_mutex_lock(&v->lock);
	ret = v->pin_keys;
	pthread_mutex_unlock(&v->lock);
	return ret;
}

/* "... ticket key N": what it says is proved by the signature that this key is then asked about. */
static unsigned ring_named(struct sv text)
{
	static const char words[] = " ticket key ";
	const char *at = text.n ? memmem(text.p, text.n, words, sizeof words - 1) : NULL;
	struct sv rest = at ? sv_from(text, (size_t)(at - text.p) + sizeof words - 1) : (struct sv){0};
	uint64_t id = 0;

	while (rest.n && rest.p[0] >= '0' && rest.p[0] <= '9' && id < 1000000) {
		id = id * 10 + (uint64_t)(rest.p[0] - '0');
		rest = sv_from(rest, 1);
	}
	return (unsigned)id;
}

/* Anybody can name a key that there is not: the store is read for that once in a second.  One that was made meanwhile is met all the
 * same, as soon as the vault has seen that the store has changed. */
static bool ring_may_ask(struct vault *v)
{
	int64_t now = vault_now(v);

	return atomic_exchange(&v->ring_asked, now) != now;
}

bool vault_ring_of(struct vault *v, struct sv ticket, struct vault_ticket_key *ret)
{
	unsigned id = ring_named(ticket);
	const struct ring_key *k;
	bool good;
	int64_t ends;

	if (id > vault_ring_newest(v).id && ring_may_ask(v))
		ring_refresh(v);
	pthread_mutex_lock(&v->lock);
	for (k = v->ring; k && k->id != id; k = k->next)
		;
	ends = k ? k->ends : v->ring ? v->first_ends : 0;
	good = (k || id <= 1) && (ends == 0 || vault_now(v) < ends);
	*ret = ring_view(v, k);
	pthread_mutex_unlock(&v->lock);
	return good;
}
