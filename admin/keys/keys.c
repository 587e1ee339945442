#include "admin/keys/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/vault/ring.h"

#define LIVES_LONGER 60 /* seconds: a front end may sign with the old key until it has heard of the new one */

struct keys_found {
	struct store_key *k;
	size_t n;
	bool oom;
};

struct kind {
	const char *name;
	/* The moment until which the i-th key is accepted (0: the file's); 0: it is in use. */
	int64_t (*until)(const struct keys_found *f, size_t i);
	/* For how many seconds what the key before it has made is good, unless it ends at once. */
	int64_t (*grace)(const struct admin *a);
	bool (*make)(struct admin *a, const struct vault_keys *files, struct store_key *k, struct why *why);
	bool of_pins; /* PINs are made with it, and counted */
};

/* ---- kinds --------------------------------------------------------------------------------------------------------------- */

static int64_t end_of_one_before(const struct store_key *k)
{
	return k->grace == PIN_KEY_ALWAYS ? 0 : k->made + k->grace;
}

/* The next row says how long this key's tickets are accepted. */
static int64_t ticket_until(const struct keys_found *f, size_t i)
{
	return i < f->n ? end_of_one_before(&f->k[i]) : 0;
}

static int64_t ticket_grace(const struct admin *a)
{
	return a->site->ticket_seconds + LIVES_LONGER;
}

static bool ticket_make(struct admin *a, const struct vault_keys *files, struct store_key *k, struct why *why)
{
	return ring_make(files, a->now, k, why);
}

/* Any later row may end this key's PINs: one that ended those of its predecessor at once ended all before. */
static int64_t pin_until(const struct keys_found *f, size_t i)
{
	int64_t ret = 0;

	for (; i < f->n && ret == 0; i++)
		ret = end_of_one_before(&f->k[i]);
	return ret;
}

static int64_t pin_grace(const struct admin *a)
{
	(void)a;
	return PIN_KEY_ALWAYS;
}

static bool pin_make(struct admin *a, const struct vault_keys *files, struct store_key *k, struct why *why)
{
	(void)why;
	k->made = a->now;
	vault_pin_key_row(files->secret, k);
	return true;
}

static const struct kind kinds[] = {
    {RING_TICKET, ticket_until, ticket_grace, ticket_make, false},
    {PIN_KEY, pin_until, pin_grace, pin_make, true},
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* ---- reading ------------------------------------------------------------------------------------------------------------- */

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
static enum admin_result keys_read(struct admin *a, const struct kind *kind, struct keys_found *f, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->key_each(a->store, kind->name, keys_take, f), "the keys", why);

	return rc == ADMIN_OK && f->oom ? admin_no(ADMIN_FAILED, why, "out of memory") : rc;
}

/* *made: when the keys of the files were made. */
static enum admin_result keys_first(struct admin *a, struct vault_keys *k, int64_t *made, struct why *why)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct why text = {0};
	bool ok = info && vault_keys_load(a->site->dir, k, &text) && pki_cert_info(k->ticket_der.p, k->ticket_der.n, info) == NULL;

	*made = ok ? info->not_before + 86400 : 0;
	free(info);
	return ok ? ADMIN_OK : admin_no(ADMIN_SITE, why, "%s", text.text[0] ? text.text : "the key of web tickets cannot be read");
}

static enum admin_result kind_each(struct admin *a, const struct kind *kind, int64_t made, void (*each)(void *arg, const struct key_info *k), void *arg,
				   struct why *why)
{
	struct keys_found f = {NULL, 0, false};
	enum admin_result rc = keys_read(a, kind, &f, why);

	for (size_t i = f.n + 1; rc == ADMIN_OK && i-- > 0;) {
		struct key_info k = {.id = i ? f.k[i - 1].id : 1, .made = i ? f.k[i - 1].made : made, .until = kind->until(&f, i)};
		uint64_t pins = 0;

		snprintf(k.kind, sizeof k.kind, "%s", kind->name);
		k.accepted = k.until == 0 || a->now < k.until;
		if (kind->of_pins)
			rc = admin_store(a, a->store->ops->pins_of_key(a->store, k.id, &pins), "the PINs", why);
		k.pins = (int64_t)pins;
		if (rc == ADMIN_OK)
			each(arg, &k);
	}
	free(f.k);
	return rc;
}

enum admin_result keys_each(struct admin *a, void (*each)(void *arg, const struct key_info *k), void *arg, struct why *why)
{
	struct vault_keys files = {0};
	int64_t made = 0;
	enum admin_result rc = keys_first(a, &files, &made, why);

	vault_keys_clear(&files);
	for (size_t i = 0; rc == ADMIN_OK && i < KINDS; i++)
		rc = kind_each(a, &kinds[i], made, each, arg, why);
	return rc;
}

/* ---- a new one ----------------------------------------------------------------------------------------------------------- */

static enum admin_result kind_roll(struct admin *a, const struct kind *kind, bool at_once, unsigned *id, struct why *why)
{
	struct keys_found f = {NULL, 0, false};
	struct store_key fresh = {.id = 2, .grace = at_once ? 0 : kind->grace(a)};
	struct vault_keys files = {0};
	struct why text = {0};
	unsigned keep_from = 0;
	char done[64];
	int64_t made;
	enum admin_result rc = keys_first(a, &files, &made, why);

	snprintf(fresh.kind, sizeof fresh.kind, "%s", kind->name);
	if (rc == ADMIN_OK)
		rc = keys_read(a, kind, &f, why);
	if (rc == ADMIN_OK && f.n)
		fresh.id = f.k[f.n - 1].id + 1;
	for (size_t i = 0; i + 1 < f.n && kind->until(&f, i + 1) && a->now >= kind->until(&f, i + 1); i++)
		keep_from = f.k[i].id + 1; /* its time is over: nothing is left of it */
	if (rc == ADMIN_OK && !kind->make(a, &files, &fresh, &text))
		rc = admin_no(ADMIN_FAILED, why, "%s", text.text);
	if (rc == ADMIN_OK)
		rc = admin_store(a, a->store->ops->key_put(a->store, &fresh, keep_from), "the key", why);
	snprintf(done, sizeof done, "key roll %s%s", kind->name, at_once ? " --at-once" : "");
	if (rc == ADMIN_OK)
		admin_audit(a, "", done);
	*id = fresh.id;
	vault_keys_clear(&files);
	free(f.k);
	return rc;
}

enum admin_result keys_roll(struct admin *a, const char *kind, bool at_once, unsigned *id, struct why *why)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kind, kinds[i].name) == 0)
			return kind_roll(a, &kinds[i], at_once, id, why);
	return admin_no(ADMIN_REFUSED, why, "'%.40s' is no kind of key; type: dialtone key roll " RING_TICKET ", or: dialtone key roll " PIN_KEY, kind);
}
