#include "server/location/journey_table.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/text.h"

#define BUCKETS 8192
#define CROWDS 1024
#define LOOKED_AT 64 /* of the oldest proved ones, for one that is not registered */

struct entry {
	struct journey j; /* first: a journey of the table is its entry */
	LIST_ENTRY(entry) by[JOURNEY_KEYS];
	TAILQ_ENTRY(entry) order;
	unsigned crowd;
};
LIST_HEAD(bucket, entry);
TAILQ_HEAD(row, entry);

struct journeys {
	struct journeys_conf conf;
	struct bucket *bucket[JOURNEY_KEYS];
	struct row rows[2]; /* strange, proved: the one that was seen longest ago first */
	unsigned n[2], evidence[SEEN_PROVED + 1];
	unsigned crowd[CROWDS]; /* strange ones of a network */
};

static struct entry *entry_of(const struct journey *j)
{
	return (struct entry *)j;
}

static bool proved(const struct entry *e)
{
	return e->j.evidence == SEEN_PROVED;
}

const struct journeys_conf *journeys_conf(const struct journeys *t)
{
	return &t->conf;
}

/* The network of an address: the first three numbers of IPv4, the first 64 bits of IPv6. */
static unsigned crowd_of(const char *address)
{
	unsigned char a[16];
	char net[40];

	if (inet_pton(AF_INET, address, a) == 1)
		text_set(net, sizeof net, "%u.%u.%u", a[0], a[1], a[2]);
	else if (inet_pton(AF_INET6, address, a) == 1)
		text_set(net, sizeof net, "%02x%02x%02x%02x%02x%02x%02x%02x", a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
	else
		net[0] = '\0';
	return (unsigned)(location_hash(net) % CROWDS);
}

/* ---- keys ----------------------------------------------------------------------------------------------------------- */

static char *key_of(struct journey *j, enum journey_key k, size_t *cap)
{
	char *const texts[] = {[KEY_INSTANCE] = j->instance, [KEY_MAC] = j->mac, [KEY_ADDRESS] = j->address};
	static const size_t caps[] = {sizeof((struct journey *)0)->instance, sizeof((struct journey *)0)->mac,
				      sizeof((struct journey *)0)->address};

	*cap = caps[k];
	return texts[k];
}

static struct bucket *bucket_of(const struct journeys *t, enum journey_key k, const char *key)
{
	return &t->bucket[k][location_hash(key) % BUCKETS];
}

struct journey *journeys_first(const struct journeys *t, enum journey_key k, const char *key)
{
	struct entry *e = key[0] ? LIST_FIRST(bucket_of(t, k, key)) : NULL;

	return e ? &e->j : NULL;
}

struct journey *journeys_next(const struct journey *j, enum journey_key k)
{
	struct entry *e = LIST_NEXT(entry_of(j), by[k]);

	return e ? &e->j : NULL;
}

static void crowd_set(struct journeys *t, struct entry *e)
{
	if (proved(e))
		return;
	t->crowd[e->crowd]--;
	e->crowd = crowd_of(e->j.address);
	t->crowd[e->crowd]++;
}

void journeys_set(struct journeys *t, struct journey *j, enum journey_key k, const char *key)
{
	struct entry *e = entry_of(j);
	size_t cap;
	char *at = key_of(j, k, &cap);

	if (strcmp(at, key) == 0)
		return;
	if (at[0])
		LIST_REMOVE(e, by[k]);
	text_set(at, cap, "%s", key);
	if (at[0])
		LIST_INSERT_HEAD(bucket_of(t, k, at), e, by[k]);
	if (k == KEY_ADDRESS)
		crowd_set(t, e);
}

/* ---- who goes --------------------------------------------------------------------------------------------------------- */

void journeys_drop(struct journeys *t, struct journey *j)
{
	struct entry *e = entry_of(j);
	size_t cap;

	for (int k = 0; k < JOURNEY_KEYS; k++)
		if (key_of(j, (enum journey_key)k, &cap)[0])
			LIST_REMOVE(e, by[k]);
	TAILQ_REMOVE(&t->rows[proved(e)], e, order);
	t->n[proved(e)]--;
	t->evidence[j->evidence]--;
	if (!proved(e))
		t->crowd[e->crowd]--;
	free(e);
}

/* Less sure before surer, of a fuller network before one of an emptier, older before newer. */
static struct entry *strange_victim(const struct journeys *t)
{
	struct entry *worst = NULL, *e;

	TAILQ_FOREACH(e, &t->rows[false], order)
		if (worst == NULL || e->j.evidence < worst->j.evidence ||
		    (e->j.evidence == worst->j.evidence && t->crowd[e->crowd] > t->crowd[worst->crowd]))
			worst = e;
	return worst;
}

static struct entry *proved_victim(const struct journeys *t)
{
	struct entry *e = TAILQ_FIRST(&t->rows[true]);

	for (unsigned i = 0; e && i < LOOKED_AT; i++, e = TAILQ_NEXT(e, order))
		if (e->j.state != JOURNEY_REGISTERED)
			return e;
	return TAILQ_FIRST(&t->rows[true]);
}

static bool make_room(struct journeys *t, enum seen_evidence e)
{
	bool p = e == SEEN_PROVED;
	struct entry *victim;

	if (t->n[p] < (p ? t->conf.proved : t->conf.strange))
		return true;
	victim = p ? proved_victim(t) : strange_victim(t);
	if (victim == NULL || victim->j.evidence > e)
		return false;
	journeys_drop(t, &victim->j);
	return true;
}

static void enter(struct journeys *t, struct entry *e)
{
	TAILQ_INSERT_TAIL(&t->rows[proved(e)], e, order);
	t->n[proved(e)]++;
	t->evidence[e->j.evidence]++;
	e->crowd = crowd_of(e->j.address);
	if (!proved(e))
		t->crowd[e->crowd]++;
}

struct journey *journeys_add(struct journeys *t, const char *address, enum seen_evidence evidence)
{
	struct entry *e = make_room(t, evidence) ? calloc(1, sizeof *e) : NULL;

	if (e == NULL)
		return NULL;
	e->j.evidence = evidence;
	enter(t, e);
	journeys_set(t, &e->j, KEY_ADDRESS, address);
	return &e->j;
}

void journeys_raise(struct journeys *t, struct journey *j, enum seen_evidence evidence)
{
	struct entry *e = entry_of(j);
	bool moves = evidence == SEEN_PROVED;

	if (moves) {
		make_room(t, evidence);
		TAILQ_REMOVE(&t->rows[false], e, order);
		t->n[false]--;
		t->crowd[e->crowd]--;
	}
	t->evidence[j->evidence]--;
	j->evidence = evidence;
	if (moves)
		enter(t, e);
	else
		t->evidence[evidence]++;
}

void journeys_touch(struct journeys *t, struct journey *j)
{
	struct entry *e = entry_of(j);
	struct row *r = &t->rows[proved(e)];

	TAILQ_REMOVE(r, e, order);
	TAILQ_INSERT_TAIL(r, e, order);
	LIST_REMOVE(e, by[KEY_ADDRESS]); /* each has an address */
	LIST_INSERT_HEAD(bucket_of(t, KEY_ADDRESS, j->address), e, by[KEY_ADDRESS]);
}

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

/* Every one has an address, though it may be that of a hash alone: the table of addresses holds all. */
bool journeys_walk(const struct journeys *t, struct location_walk *w, void (*fn)(void *arg, const struct journey *j), void *arg)
{
	const struct entry *e;

	w->of = BUCKETS;
	LIST_FOREACH(e, &t->bucket[KEY_ADDRESS][w->at], by[KEY_ADDRESS])
		fn(arg, &e->j);
	return ++w->at < w->of;
}

void journeys_all(struct journeys *t, void (*fn)(void *arg, struct journey *j), void *arg)
{
	struct entry *e;

	for (int p = 0; p < 2; p++)
		TAILQ_FOREACH(e, &t->rows[p], order)
			fn(arg, &e->j);
}

size_t journeys_count(const struct journeys *t, enum seen_evidence e)
{
	return t->evidence[e];
}

/* ---- life ---------------------------------------------------------------------------------------------------------------- */

struct journeys *journeys_new(const struct journeys_conf *c)
{
	struct journeys *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->conf = *c;
	t->conf.proved = c->proved ? c->proved : JOURNEYS_PROVED;
	t->conf.strange = c->strange ? c->strange : JOURNEYS_STRANGE;
	TAILQ_INIT(&t->rows[false]);
	TAILQ_INIT(&t->rows[true]);
	for (int k = 0; k < JOURNEY_KEYS; k++)
		if ((t->bucket[k] = calloc(BUCKETS, sizeof *t->bucket[k])) == NULL) {
			journeys_free(t);
			return NULL;
		}
	return t;
}

void journeys_free(struct journeys *t)
{
	struct entry *e;

	if (t == NULL)
		return;
	for (int p = 0; p < 2; p++)
		while ((e = TAILQ_FIRST(&t->rows[p])) != NULL)
			journeys_drop(t, &e->j);
	for (int k = 0; k < JOURNEY_KEYS; k++)
		free(t->bucket[k]);
	free(t);
}
