/* server/location/location.c: the bindings in memory: a table by address-of-record, and the orders that follow from it. */
#include "server/location/location.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"
#include "server/location/packed.h"

struct node {
	struct node *next;
	struct location_packed *b;
	uint64_t since; /* when it was made, as a count: the oldest has the least */
};

struct location {
	struct node **bucket;
	size_t nbucket, n;
	uint64_t count;
	int64_t (*unix_s)(void *arg);
	void (*notice)(void *arg, uint32_t worker, const struct location_notice *n);
	void *arg;
};

#define BUCKETS_FIRST 256

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

static struct node **bucket_of(const struct location *l, const char *aor)
{
	return &l->bucket[location_hash(aor) % l->nbucket];
}

static void grow(struct location *l)
{
	struct node **old = l->bucket, **made;
	size_t n = l->nbucket;

	if (l->n < n || (made = calloc(n * 2, sizeof(struct node *))) == NULL)
		return; /* a fuller table is slower, not wrong */
	l->bucket = made;
	l->nbucket = n * 2;
	for (size_t i = 0; i < n; i++)
		for (struct node *p = old[i], *next; p; p = next) {
			struct node **to = bucket_of(l, p->b->aor);

			next = p->next;
			p->next = *to;
			*to = p;
		}
	free(old);
}

struct location *location_new(int64_t (*unix_s)(void *),
			      void (*notice)(void *arg, uint32_t worker, const struct location_notice *n), void *arg)
{
	struct location *l = calloc(1, sizeof *l);

	if (l == NULL || (l->bucket = calloc(BUCKETS_FIRST, sizeof(struct node *))) == NULL) {
		free(l);
		return NULL;
	}
	l->nbucket = BUCKETS_FIRST;
	l->unix_s = unix_s;
	l->notice = notice;
	l->arg = arg;
	return l;
}

static void cut(struct location *l, struct node **at)
{
	struct node *p = *at;

	*at = p->next;
	l->n--;
	free(p->b);
	free(p);
}

void location_free(struct location *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nbucket; i++)
		while (l->bucket[i])
			cut(l, &l->bucket[i]);
	free(l->bucket);
	free(l);
}

/* ---- putting and dropping ------------------------------------------------------------------------------------- */

/* "the key is (aor, instance or epid)" */
static bool same_endpoint(const struct location_packed *a, const struct location_binding *b)
{
	if (!location_same(a->aor, b->aor))
		return false;
	if (a->instance[0] && b->instance[0])
		return location_same(a->instance, b->instance);
	return a->epid[0] && location_same(a->epid, b->epid);
}

static void expire_user(struct location *l, const char *aor)
{
	int64_t now = l->unix_s(l->arg);

	for (struct node **at = bucket_of(l, aor); *at;)
		if ((*at)->b->expires <= now)
			cut(l, at);
		else
			at = &(*at)->next;
}

/* Takes the binding out first: whoever hears the notice may ask again. */
static void order(struct location *l, struct node **at, enum location_order what, unsigned diag, const char *reason)
{
	struct location_notice n = {.conn = (*at)->b->conn, .order = what, .diag = diag};
	uint32_t worker = (*at)->b->worker;

	(void)sv_copy(n.aor, sizeof n.aor, sv_of((*at)->b->aor));
	(void)sv_copy(n.instance, sizeof n.instance, sv_of((*at)->b->instance));
	(void)sv_copy(n.reason, sizeof n.reason, sv_of(reason));
	cut(l, at);
	if (l->notice)
		l->notice(l->arg, worker, &n);
}

static struct node **oldest_but(struct location *l, const struct location_binding *b, size_t *n)
{
	struct node **ret = NULL;

	*n = 0;
	for (struct node **at = bucket_of(l, b->aor); *at; at = &(*at)->next) {
		if (!location_same((*at)->b->aor, b->aor) || same_endpoint((*at)->b, b))
			continue;
		++*n;
		if (ret == NULL || (*at)->since < (*ret)->since)
			ret = at;
	}
	return ret;
}

/* ret NULL: how many there are, at most cap. */
static size_t list_user(const struct location *l, const char *aor, struct location_binding *ret, size_t cap)
{
	int64_t now = l->unix_s(l->arg);
	size_t n = 0;

	for (const struct node *p = *bucket_of(l, aor); p && n < cap; p = p->next)
		if (p->b->expires > now && location_same(p->b->aor, aor)) {
			if (ret)
				location_unpack(p->b, &ret[n]);
			n++;
		}
	return n;
}

static enum location_action location_put(struct location *l, const struct location_binding *b, unsigned quota)
{
	struct location_packed *packed;
	struct node *p, **at;
	bool known;
	size_t others;

	if (quota == 0 || l->bucket == NULL)
		return LOCATION_FULL;
	expire_user(l, b->aor);
	for (p = *bucket_of(l, b->aor); p && !same_endpoint(p->b, b);)
		p = p->next;
	known = p != NULL;
	if (known && b->cseq <= p->b->cseq && strcmp(b->call_id, p->b->call_id) == 0 && p->b->call_id[0])
		return LOCATION_OLD;
	if ((packed = location_pack(b)) == NULL)
		return LOCATION_DOWN;
	if (!known) {
		if ((p = calloc(1, sizeof *p)) == NULL) {
			free(packed);
			return LOCATION_DOWN;
		}
		while ((at = oldest_but(l, b, &others)) && others >= quota)
			order(l, at, LOCATION_UNREGISTERED, 0, "");
		grow(l);
		at = bucket_of(l, b->aor);
		p->next = *at;
		*at = p;
		p->since = ++l->count;
		l->n++;
	}
	free(p->b);
	p->b = packed;
	return known ? LOCATION_REFRESHED : LOCATION_ADDED;
}

/* Connections have names within their worker only. */
static bool location_drop(struct location *l, uint32_t worker, const char *aor, const char *instance, uint64_t conn)
{
	bool dropped = false;

	expire_user(l, aor);
	for (struct node **at = bucket_of(l, aor); *at;) {
		const struct location_packed *b = (*at)->b;

		if (location_same(b->aor, aor) && location_same(b->instance, instance) && (conn == 0 || b->conn == conn) &&
		    (worker == LOCATION_ANYBODY || b->worker == worker)) {
			cut(l, at);
			dropped = true;
		} else {
			at = &(*at)->next;
		}
	}
	return dropped;
}

/* ---- questions ---------------------------------------------------------------------------------------------- */

static bool everybody(struct location *l, const char *aor, struct location_reply *ret)
{
	size_t n = list_user(l, aor, NULL, LOCATION_ENDPOINTS_MAX);
	struct location_binding *all = n ? malloc(n * sizeof *all) : NULL;

	if (n && all == NULL)
		return false;
	ret->all = all;
	ret->n = (unsigned)list_user(l, aor, all, n);
	return true;
}

static struct location_binding owned(uint32_t worker, const struct location_binding *given)
{
	struct location_binding b = *given;

	if (worker != LOCATION_ANYBODY)
		b.worker = worker;
	return b;
}

void location_answer(struct location *l, uint32_t worker, const struct location_ask *q, struct location_reply *ret)
{
	struct location_binding b;

	*ret = (struct location_reply){.kind = q->kind, .answered = true};
	switch (q->kind) {
	case LOCATION_HELLO: /* what a predecessor held is gone with its connections */
		location_drop_worker(l, worker);
		break;
	case LOCATION_PUT:
		b = owned(worker, &q->put.binding);
		ret->action = location_put(l, &b, q->put.quota);
		if (!everybody(l, b.aor, ret))
			ret->action = LOCATION_DOWN;
		break;
	case LOCATION_DROP:
		ret->found = location_drop(l, worker, q->drop.aor, q->drop.instance, q->drop.conn);
		break;
	case LOCATION_LIST:
		ret->answered = everybody(l, q->list.aor, ret);
		break;
	case LOCATION_HELD: /* nobody is pushed out by it: they were all there before */
		b = owned(worker, &q->held.binding);
		location_put(l, &b, UINT_MAX);
		break;
	default:
		break;
	}
}

void location_send(const struct location_link *l, const struct location_ask *q, location_done *done, void *arg)
{
	l->send(l->arg, q, done, arg);
}

static void direct(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	struct location_reply r;

	location_answer(arg, LOCATION_ANYBODY, q, &r);
	if (done)
		done(done_arg, &r);
	location_reply_clear(&r);
}

void location_direct(struct location *l, struct location_link *ret)
{
	*ret = (struct location_link){.send = direct, .arg = l};
}

/* ---- over all of them ----------------------------------------------------------------------------------------- */

void location_expire(struct location *l)
{
	int64_t now = l->unix_s(l->arg);

	for (size_t i = 0; i < l->nbucket; i++)
		for (struct node **at = &l->bucket[i]; *at;)
			if ((*at)->b->expires <= now)
				cut(l, at);
			else
				at = &(*at)->next;
}

void location_drop_worker(struct location *l, uint32_t worker)
{
	for (size_t i = 0; i < l->nbucket; i++)
		for (struct node **at = &l->bucket[i]; *at;)
			if ((*at)->b->worker == worker)
				cut(l, at);
			else
				at = &(*at)->next;
}

size_t location_order_user(struct location *l, const char *aor, enum location_order what, unsigned diag, const char *reason)
{
	size_t n = 0;

	expire_user(l, aor);
	for (;;) {
		struct node **at = bucket_of(l, aor);

		while (*at && !location_same((*at)->b->aor, aor))
			at = &(*at)->next;
		if (*at == NULL)
			return n;
		order(l, at, what, diag, reason);
		n++;
	}
}

size_t location_list(const struct location *l, const char *aor, struct location_binding *ret, size_t cap)
{
	int64_t now = l->unix_s(l->arg);
	size_t n = 0;

	if (aor)
		return list_user(l, aor, ret, cap);
	for (size_t i = 0; i < l->nbucket; i++)
		for (const struct node *p = l->bucket[i]; p && n < cap; p = p->next)
			if (p->b->expires > now)
				location_unpack(p->b, &ret[n++]);
	return n;
}

/* The table only grows, to twice its size: the entries of bucket 5 of 256 are then in 5 or 261 of 512.  The walk goes by the
 * size that it found, and takes all that has become of a bucket at once. */
bool location_walk(const struct location *l, struct location_walk *w, void (*fn)(void *arg, const struct location_binding *b),
		   void *arg)
{
	int64_t now = l->unix_s(l->arg);
	struct location_binding b;

	if (w->of == 0)
		w->of = l->nbucket;
	for (size_t i = w->at; i < l->nbucket; i += w->of)
		for (const struct node *p = l->bucket[i]; p; p = p->next)
			if (p->b->expires > now) {
				location_unpack(p->b, &b);
				fn(arg, &b);
			}
	return ++w->at < w->of;
}
