/* server/location/location.c: the bindings in memory: a table by address-of-record, and the orders that follow from it. */
#include "server/location/location.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"
#include "server/location/internal.h"

#define BUCKETS_FIRST 256

struct location *location_new(int64_t (*unix_s)(void *),
			      void (*notice)(void *arg, uint32_t worker, const struct location_notice *n), void *arg)
{
	struct location *l = calloc(1, sizeof *l);

	if (l == NULL || (l->bucket = (struct node **)calloc(BUCKETS_FIRST, sizeof(struct node *))) == NULL) {
		free(l);
		return NULL;
	}
	l->nbucket = BUCKETS_FIRST;
	l->unix_s = unix_s;
	l->notice = notice;
	l->arg = arg;
	return l;
}

void location_free(struct location *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < l->nbucket; i++)
		while (l->bucket[i])
			location_cut(l, &l->bucket[i], false);
	free((void *)l->bucket);
	free(l);
}

/* ---- putting and dropping ------------------------------------------------------------------------------------- */

static void expire_user(struct location *l, const char *aor)
{
	int64_t now = l->unix_s(l->arg);

	for (struct node **at = location_bucket(l, aor); *at;)
		if ((*at)->b->expires <= now)
			location_cut(l, at, true);
		else
			at = &(*at)->next;
}

/* Takes the binding out first: whoever hears the notice may ask again. */
void location_order(struct location *l, struct node **at, enum location_order what, unsigned diag, const char *reason)
{
	struct location_notice n = {.conn = (*at)->b->conn, .order = what, .diag = diag};
	uint32_t worker = (*at)->b->worker;

	(void)sv_copy(n.aor, sizeof n.aor, sv_of((*at)->b->aor));
	(void)sv_copy(n.instance, sizeof n.instance, sv_of((*at)->b->instance));
	(void)sv_copy(n.reason, sizeof n.reason, sv_of(reason));
	location_cut(l, at, true);
	if (l->notice)
		l->notice(l->arg, worker, &n);
}

static struct node **oldest_but(struct location *l, const char *aor, const struct location_binding *b, size_t *n)
{
	struct node **ret = NULL;

	*n = 0;
	for (struct node **at = location_bucket(l, aor); *at; at = &(*at)->next) {
		if (!location_same((*at)->b->aor, aor) || (b && location_same_endpoint((*at)->b, b)))
			continue;
		++*n;
		if (ret == NULL || (*at)->since < (*ret)->since)
			ret = at;
	}
	return ret;
}

void location_crowd_out(struct location *l, const char *aor, const struct location_binding *but, size_t quota)
{
	struct node **at;
	size_t others;

	while ((at = oldest_but(l, aor, but, &others)) && others >= quota + (but == NULL))
		if ((*at)->front_end)
			location_cut(l, at, false);
		else
			location_order(l, at, LOCATION_UNREGISTERED, 0, "");
}

/* Seconds, then a count of them, then the front end: no two are the same, and those of different front ends can be compared. */
static int64_t location_stamp(struct location *l)
{
	int64_t at = (l->unix_s(l->arg) << 26) | l->mark;

	l->stamp = at > l->stamp ? at : l->stamp + 1024;
	return l->stamp;
}

/* The other front ends get a message only when one of these has changed. */
static bool location_differs(const struct node *p, const struct location_binding *b, unsigned seconds)
{
	return p->front_end || p->seconds != seconds || p->b->outside != b->outside || strcmp(p->b->contact, b->contact) != 0 ||
	       strcmp(p->b->peer, b->peer) != 0 || strcmp(p->b->user_agent, b->user_agent) != 0;
}

static void location_shown(const struct node *p, int64_t now, struct location_binding *ret)
{
	location_unpack(p->b, ret);
	if (p->front_end) /* its refreshes are not told here: as long as it is granted */
		ret->expires = now + p->seconds;
}

/* ret NULL: they are counted, up to cap. */
static size_t list_user(const struct location *l, const char *aor, struct location_binding *ret, size_t cap)
{
	int64_t now = l->unix_s(l->arg);
	size_t n = 0;

	for (const struct node *p = *location_bucket(l, aor); p && n < cap; p = p->next)
		if (p->b->expires > now && location_same(p->b->aor, aor)) {
			if (ret)
				location_shown(p, now, &ret[n]);
			n++;
		}
	return n;
}

/* Its place in the table, made when there is none; packed goes into it, or is freed. */
static struct node *location_place(struct location *l, struct node *known, const struct location_binding *b, struct location_packed *packed,
				   unsigned quota)
{
	struct node *p = known;

	if (known) {
		free(p->b);
		p->b = packed;
		return p;
	}
	location_crowd_out(l, b->aor, b, quota);
	if ((p = location_node(l, packed)) == NULL)
		free(packed);
	else
		p->since = location_stamp(l);
	return p;
}

static enum location_action location_put(struct location *l, const struct location_binding *b, unsigned quota)
{
	int64_t now = l->unix_s(l->arg);
	unsigned seconds = b->expires > now && b->expires - now < UINT_MAX ? (unsigned)(b->expires - now) : 0;
	struct location_packed *packed;
	struct location_far f;
	struct node *p;
	bool known, differs;

	if (quota == 0 || l->bucket == NULL)
		return LOCATION_FULL;
	expire_user(l, b->aor);
	for (p = *location_bucket(l, b->aor); p && !location_same_endpoint(p->b, b);)
		p = p->next;
	known = p != NULL;
	if (known && b->cseq <= p->b->cseq && strcmp(b->call_id, p->b->call_id) == 0 && p->b->call_id[0])
		return LOCATION_OLD;
	if ((packed = location_pack(b)) == NULL)
		return LOCATION_DOWN;
	differs = !known || location_differs(p, b, seconds);
	if ((p = location_place(l, p, b, packed, quota)) == NULL)
		return LOCATION_DOWN;
	if (!known)
		location_have_ask(l, b->aor, p);
	if (quota != UINT_MAX)
		l->quota = quota;
	p->seconds = seconds;
	p->front_end = 0;
	if (differs && l->changed) {
		location_far_of(l, p, false, &f);
		l->changed(l->changed_arg, &f);
	}
	return known ? LOCATION_REFRESHED : LOCATION_ADDED;
}

/* Connections have names within their worker only. */
static bool location_drop(struct location *l, uint32_t worker, const char *aor, const char *instance, uint64_t conn)
{
	bool dropped = false;

	expire_user(l, aor);
	for (struct node **at = location_bucket(l, aor); *at;) {
		const struct location_packed *b = (*at)->b;

		if (location_same(b->aor, aor) && location_same(b->instance, instance) && (conn == 0 || b->conn == conn) &&
		    (worker == LOCATION_ANYBODY || b->worker == worker) && (*at)->front_end == 0) {
			location_cut(l, at, true);
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
	case LOCATION_KEEP:
		for (unsigned i = 0; i < q->keep.n; i++)
			location_keep(l, worker, &q->keep.all[i]);
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
				location_cut(l, at, true);
			else
				at = &(*at)->next;
}

void location_drop_worker(struct location *l, uint32_t worker)
{
	for (size_t i = 0; i < l->nbucket; i++)
		for (struct node **at = &l->bucket[i]; *at;)
			if ((*at)->b->worker == worker && (*at)->front_end == 0)
				location_cut(l, at, true);
			else
				at = &(*at)->next;
}

size_t location_order_user(struct location *l, const char *aor, enum location_order what, unsigned diag, const char *reason)
{
	size_t n = 0;

	expire_user(l, aor);
	for (;;) {
		struct node **at = location_bucket(l, aor);

		while (*at && ((*at)->front_end || !location_same((*at)->b->aor, aor)))
			at = &(*at)->next;
		if (*at == NULL)
			return n;
		location_order(l, at, what, diag, reason);
		n++;
	}
}

size_t location_order_some(struct location *l, size_t most, enum location_order what, const char *reason)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nbucket && n < most; i++)
		for (struct node **at = &l->bucket[i]; *at && n < most;)
			if ((*at)->front_end) {
				at = &(*at)->next;
			} else {
				location_order(l, at, what, 0, reason);
				n++;
				at = &l->bucket[i]; /* a caller that hears of it may have changed the table */
			}
	return n;
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
