#include "net/shares.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

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

/* The key of 1.2.3.4 has its octets behind ones, which no global IPv6 prefix begins with. */
static uint64_t key_of(const char *address)
{
	struct in6_addr six;
	struct in_addr four;
	uint64_t key = 0;

	if (inet_pton(AF_INET, address, &four) == 1)
		return UINT64_C(0xffffffff00000000) | four.s_addr;
	if (inet_pton(AF_INET6, address, &six) != 1)
		return 0;
	memcpy(&key, six.s6_addr, sizeof key);
	return key ? key : 1; /* ::1 and its like */
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

	*key = s ? key_of(address) : 0;
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
