#include "net/shares.h"

#include <stdlib.h>

#include "base/ip.h"

#define BUCKETS 4096

struct share {
	struct share *next;
	uint64_t key;
	unsigned n;
};

struct shares {
	unsigned most;
	struct share *bucket[BUCKETS];
};

struct shares *shares_new(unsigned most)
{
	struct shares *s = calloc(1, sizeof *s);

	if (s)
		s->most = most;
	return s;
}

void shares_free(struct shares *s)
{
	for (unsigned i = 0; s && i < BUCKETS; i++)
		while (s->bucket[i]) {
			struct share *gone = s->bucket[i];

			s->bucket[i] = gone->next;
			free(gone);
		}
	free(s);
}

static struct share **place(struct shares *s, uint64_t key)
{
	struct share **at = &s->bucket[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 52];

	while (*at && (*at)->key != key)
		at = &(*at)->next;
	return at;
}

bool shares_take(struct shares *s, const char *address, uint64_t *key)
{
	struct share **at;

	*key = s ? ip_key(address) : 0;
	if (*key == 0)
		return true;
	at = place(s, *key);
	if (*at == NULL && (*at = calloc(1, sizeof **at)) != NULL)
		(*at)->key = *key;
	if (*at == NULL || (*at)->n >= s->most) {
		*key = 0;
		return false;
	}
	(*at)->n++;
	return true;
}

void shares_give(struct shares *s, uint64_t key)
{
	struct share **at = s && key ? place(s, key) : NULL, *gone;

	if (at == NULL || *at == NULL || --(*at)->n)
		return;
	gone = *at;
	*at = gone->next;
	free(gone);
}
