/* pki/ticket_keys.c makes tomorrow's key out of today's. */
#include "pki/ticket_keys.h"

#include <string.h>

#include "pki/key.h"

bool ticket_keys_make(struct ticket_keys *k, uint64_t mono_ms)
{
	*k = (struct ticket_keys){.day = mono_ms / TICKET_DAY_MS};
	return pki_random(&k->now, sizeof k->now);
}

static void next(const struct ticket_key *from, struct ticket_key *to)
{
	uint8_t name[32];

	pki_hmac_sha256(from->mac, sizeof from->mac, "name", 4, name);
	memcpy(to->name, name, sizeof to->name);
	pki_hmac_sha256(from->mac, sizeof from->mac, "mac", 3, to->mac);
	pki_hmac_sha256(from->mac, sizeof from->mac, "cipher", 6, to->cipher);
}

void ticket_keys_turn(struct ticket_keys *k, uint64_t mono_ms)
{
	uint64_t day = mono_ms / TICKET_DAY_MS;

	for (; k->day < day; k->day++) {
		k->before = k->now;
		k->has_before = true;
		next(&k->before, &k->now);
	}
}

const struct ticket_key *ticket_keys_find(const struct ticket_keys *k, const uint8_t name[16])
{
	if (memcmp(k->now.name, name, sizeof k->now.name) == 0)
		return &k->now;
	return k->has_before && memcmp(k->before.name, name, sizeof k->before.name) == 0 ? &k->before : NULL;
}
