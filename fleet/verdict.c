/* fleet/verdict.c: a chain is verified once for all phones that see it, with the same roots, under the same name, in the same
 * minute: a thousand phones compute that on a thousand processors, the fleet once. */
#include "fleet/internal.h"

#define VERDICTS 32

struct verdict_cache {
	struct kept {
		uint8_t key[32];
		bool used;
		struct verdict v;
	} kept[VERDICTS];
	unsigned next;
};

struct verdict_cache *verdicts_new(void)
{
	return calloc(1, sizeof(struct verdict_cache));
}

void verdicts_free(struct verdict_cache *c)
{
	free(c);
}

static bool verdict_key(const struct verdict_ask *ask, uint8_t key[32])
{
	struct pki_sha256_ctx *h = pki_sha256_new();
	int64_t minute = ask->unix_s / 60;

	if (h == NULL)
		return false;
	for (unsigned i = 0; i < ask->count; i++) {
		pki_sha256_add(h, &ask->n[i], sizeof ask->n[i]);
		pki_sha256_add(h, ask->der[i], ask->n[i]);
	}
	pki_sha256_add(h, ask->anchors, strlen(ask->anchors) + 1);
	pki_sha256_add(h, ask->host, strlen(ask->host) + 1);
	pki_sha256_add(h, &ask->public_roots, sizeof ask->public_roots);
	pki_sha256_add(h, &minute, sizeof minute);
	pki_sha256_end(h, key);
	return true;
}

const struct verdict *verdict_of(struct verdict_cache *c, const struct verdict_ask *ask)
{
	struct kept *k;
	uint8_t key[32];
	bool keyed = verdict_key(ask, key);

	for (unsigned i = 0; keyed && i < VERDICTS; i++)
		if (c->kept[i].used && memcmp(c->kept[i].key, key, sizeof key) == 0)
			return &c->kept[i].v;
	k = &c->kept[c->next++ % VERDICTS];
	memcpy(k->key, key, sizeof key);
	k->used = keyed;
	k->v.result = (struct pki_chain_result){0};
	k->v.verdict = pki_chain_verify(ask->der, ask->n, ask->count, sv_of(ask->anchors), ask->public_roots, ask->host[0] ? ask->host : NULL,
					ask->unix_s, &k->v.result);
	return &k->v;
}
