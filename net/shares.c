#include "net/shares.h"

#include <stdlib.h>

#include "base/ip.h"

#define BUCKETS 4096
#define PART 4 /* an address holds at most one part in so many of the memory */

TAILQ_HEAD(holds, hold);

struct share {
	struct share *next;
	uint64_t key;
	unsigned n;
	size_t octets;
	struct holds strangers; /* the oldest first */
};

struct shares {
	struct shares_conf conf;
	size_t octets;
	struct share *bucket[BUCKETS];
};

struct shares *shares_new(const struct shares_conf *conf)
{
	struct shares *s = calloc(1, sizeof *s);

	if (s)
		s->conf = *conf;
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

/* ---- giving way ------------------------------------------------------------------------------------------------------------ */

/* Out of all sums, and of nobody's way any more. */
static void forget(struct hold *h)
{
	if (h->known)
		return;
	h->known = true;
	TAILQ_REMOVE(&h->share->strangers, h, by_age);
	h->share->octets -= h->octets;
	h->of->octets -= h->octets;
	h->octets = 0;
}

/* The oldest of that address but `self`. */
static bool end_oldest(struct share *a, const struct hold *self)
{
	struct hold *h = TAILQ_FIRST(&a->strangers);

	if (h == self)
		h = h ? TAILQ_NEXT(h, by_age) : NULL;
	if (h == NULL)
		return false;
	forget(h);
	h->end(h->arg, "its place was needed: its address held more than others");
	return true;
}

static struct share *heaviest(const struct shares *s)
{
	struct share *most = NULL;

	for (unsigned i = 0; i < BUCKETS; i++)
		for (struct share *a = s->bucket[i]; a; a = a->next)
			if (!TAILQ_EMPTY(&a->strangers) && (most == NULL || a->octets > most->octets))
				most = a;
	return most;
}

bool shares_make_room(struct shares *s)
{
	struct share *a = s ? heaviest(s) : NULL;

	return a && end_oldest(a, NULL);
}

/* ---- taking ---------------------------------------------------------------------------------------------------------------- */

bool shares_hold(struct hold *h, size_t octets)
{
	struct shares *s = h->of;
	struct share *a = h->share;
	size_t most = s ? s->conf.memory : 0;

	if (a == NULL || h->known)
		return true;
	if (most && octets > most / PART)
		return false;
	a->octets = a->octets - h->octets + octets;
	s->octets = s->octets - h->octets + octets;
	h->octets = octets;
	while (most && a->octets > most / PART)
		if (!end_oldest(a, h))
			return false;
	while (most && s->octets > most) {
		struct share *b = heaviest(s);

		if (a->octets > b->octets / 2 || !end_oldest(b, h))
			return false;
	}
	return true;
}

bool shares_take(struct shares *s, struct hold *h, const char *address, size_t octets)
{
	uint64_t key = s ? ip_key(address) : 0;
	struct share **at;

	h->of = s;
	h->share = NULL;
	if (key == 0)
		return true;
	at = place(s, key);
	if (*at == NULL && (*at = calloc(1, sizeof **at)) != NULL) {
		(*at)->key = key;
		TAILQ_INIT(&(*at)->strangers);
	}
	if (*at == NULL || (s->conf.connections && (*at)->n >= s->conf.connections))
		return false;
	h->share = *at;
	h->octets = 0;
	h->known = false;
	h->share->n++;
	TAILQ_INSERT_TAIL(&h->share->strangers, h, by_age);
	if (shares_hold(h, octets))
		return true;
	shares_give(h);
	return false;
}

void shares_know(struct hold *h)
{
	if (h->share)
		forget(h);
}

void shares_give(struct hold *h)
{
	struct share **at, *gone;

	if (h->share == NULL)
		return;
	forget(h);
	if (--h->share->n == 0) {
		at = place(h->of, h->share->key);
		gone = h->share; /* it is the one at this place */
		*at = gone->next;
		free(gone);
	}
	h->share = NULL;
}

size_t shares_held(const struct shares *s)
{
	return s ? s->octets : 0;
}
