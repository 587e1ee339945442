/* server/location/table.c is the table of bindings by address-of-record: it makes places in it and takes them out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"
#include "server/location/internal.h"

bool location_same(const char *a, const char *b)
{
	return sv_ieq(sv_of(a), sv_of(b));
}

/* FNV-1a over the name in lower case. */
uint64_t location_hash(const char *aor)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *aor; aor++)
		h = (h ^ (uint8_t)ascii_lower(*aor)) * UINT64_C(0x100000001b3);
	return h ^ h >> 32;
}

struct node **location_bucket(const struct location *l, const char *aor)
{
	return &l->bucket[location_hash(aor) % l->nbucket];
}

static void grow(struct location *l)
{
	struct node **old = l->bucket, **made;
	size_t n = l->nbucket;

	if (l->n < n || (made = (struct node **)calloc(n * 2, sizeof(struct node *))) == NULL)
		return; /* a fuller table is slower, not wrong */
	l->bucket = made;
	l->nbucket = n * 2;
	for (size_t i = 0; i < n; i++)
		for (struct node *p = old[i], *next; p; p = next) {
			struct node **to = location_bucket(l, p->b->aor);

			next = p->next;
			p->next = *to;
			*to = p;
		}
	free((void *)old);
}

void location_far_of(const struct location *l, const struct node *p, bool gone, struct location_far *ret)
{
	*ret = (struct location_far){.seconds = p->seconds, .since = p->since, .gone = gone};
	location_unpack(p->b, &ret->binding);
	snprintf(ret->front_end, sizeof ret->front_end, "%s", l->front_end[0]);
	ret->binding.worker = ret->binding.cseq = 0;
	ret->binding.conn = 0;
	ret->binding.expires = 0;
	ret->binding.call_id[0] = '\0';
}

void location_cut(struct location *l, struct node **at, bool report)
{
	struct node *p = *at;
	struct location_far f;

	if (report && p->front_end == 0 && l->changed) {
		location_far_of(l, p, true, &f);
		l->changed(l->changed_arg, &f);
	}
	*at = p->next;
	l->n--;
	free(p->b);
	free(p);
}

/* "the key is (aor, instance or epid)" */
bool location_same_endpoint(const struct location_packed *a, const struct location_binding *b)
{
	if (!location_same(a->aor, b->aor))
		return false;
	if (a->instance[0] && b->instance[0])
		return location_same(a->instance, b->instance);
	return a->epid[0] && location_same(a->epid, b->epid);
}

struct node *location_node(struct location *l, struct location_packed *b)
{
	struct node *p = calloc(1, sizeof *p), **at;

	if (p == NULL)
		return NULL;
	grow(l);
	at = location_bucket(l, b->aor);
	p->b = b;
	p->next = *at;
	*at = p;
	l->n++;
	return p;
}
