#include "admin/keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/vault/ring.h"

#define LIVES_LONGER 60 /* seconds: a front end may sign with the old key until it has heard of the new one */

struct keys_found {
	struct store_key *k; /* without what is sealed */
	size_t n;
	bool oom;
};

static bool keys_take(void *arg, const struct store_key *k)
{
	struct keys_found *f = arg;
	struct store_key *more = realloc(f->k, (f->n + 1) * sizeof *more);

	f->oom |= more == NULL;
	if (more == NULL)
		return false;
	f->k = more;
	more[f->n++] = *k;
	return true;
}

/* Those of the store, in the order of their numbers; keys_found.k is the caller's. */
static enum admin_result keys_read(struct admin *a, struct keys_found *f, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->key_each(a->store, RING_TICKET, keys_take, f), "the keys", why);

	return rc == ADMIN_OK && f->oom ? admin_no(ADMIN_FAILED, why, "out of memory") : rc;
}

/* When that of the file was made. */
static enum admin_result keys_first(struct admin *a, struct vault_keys *k, int64_t *made, struct why *why)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct why text = {0};
	bool ok = info && vault_keys_load(a->site->dir, k, &text) && pki_cert_info(k->ticket_der.p, k->ticket_der.n, info) == NULL;

	*made = ok ? info->not_before + 86400 : 0;
	free(info);
	return ok ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text[0] ? text.text : "the key of web tickets cannot be read");
}

/* The moment until which the i-th is accepted (0: the file's), by the row behind it; 0: it is the newest. */
static int64_t keys_until(const struct keys_found *f, size_t i)
{
	return i < f->n ? f->k[i].made + f->k[i].grace : 0;
}

enum admin_result keys_each(struct admin *a, void (*each)(void *arg, const struct key_info *k), void *arg, struct why *why)
{
	struct keys_found f = {NULL, 0, false};
	struct vault_keys files = {0};
	int64_t made = 0;
	enum admin_result rc = keys_first(a, &files, &made, why);

	vault_keys_clear(&files);
	if (rc == ADMIN_OK)
		rc = keys_read(a, &f, why);
	for (size_t i = f.n + 1; rc == ADMIN_OK && i-- > 0;) {
		struct key_info k = {.id = i ? f.k[i - 1].id : 1, .made = i ? f.k[i - 1].made : made, .until = keys_until(&f, i)};

		snprintf(k.kind, sizeof k.kind, RING_TICKET);
		k.accepted = k.until == 0 || a->now < k.until;
		each(arg, &k);
	}
	free(f.k);
	return rc;
}

enum admin_result keys_roll(struct admin *a, const char *kind, bool at_once, unsigned *id, struct why *why)
{
	struct keys_found f = {NULL, 0, false};
	struct store_key fresh = {.id = 2, .grace = at_once ? 0 : a->site->ticket_seconds + LIVES_LONGER};
	struct vault_keys files = {0};
	struct why text = {0};
	unsigned keep_from = 0;
	int64_t made;
	enum admin_result rc;

	if (strcmp(kind, RING_TICKET) != 0)
		return admin_no(ADMIN_REFUSED, why, "'%.40s' is no kind of key; type: dialtone key roll " RING_TICKET, kind);
	snprintf(fresh.kind, sizeof fresh.kind, "%s", kind);
	rc = keys_first(a, &files, &made, why);
	if (rc == ADMIN_OK)
		rc = keys_read(a, &f, why);
	if (rc == ADMIN_OK && f.n)
		fresh.id = f.k[f.n - 1].id + 1;
	for (size_t i = 0; i + 1 < f.n && a->now >= keys_until(&f, i + 1); i++)
		keep_from = f.k[i].id + 1; /* its time is over: nothing is left of it */
	if (rc == ADMIN_OK && !ring_make(&files, a->now, &fresh, &text))
		rc = admin_no(ADMIN_FAILED, why, "%s", text.text);
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->key_put(a->store, &fresh, keep_from), "the key", why);
	if (rc == ADMIN_OK)
		admin_audit(a, "", at_once ? "key roll --at-once" : "key roll");
	*id = fresh.id;
	vault_keys_clear(&files);
	free(f.k);
	return rc;
}
