#include "server/location/ipc.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum {
	BUCKETS = 4096,
	REPLAY_OCTETS = 64 * 1024 /* bindings of one message */
};

/* ---- fields ---------------------------------------------------------------------------------------------------------- */

static void binding_put(struct buf *b, const struct location_binding *x)
{
	ipc_put_str(b, x->aor);
	ipc_put_str(b, x->instance);
	ipc_put_str(b, x->epid);
	ipc_put_str(b, x->contact);
	ipc_put(b, 4, x->worker);
	ipc_put(b, 8, x->conn);
	ipc_put(b, 8, (uint64_t)x->expires);
	ipc_put(b, 1, x->outside);
	ipc_put_str(b, x->user_agent);
	ipc_put_str(b, x->call_id);
	ipc_put_str(b, x->peer);
}

static void binding_get(struct rd *r, struct location_binding *ret)
{
	struct location_binding x = {0};

	ipc_get_str(r, x.aor, sizeof x.aor);
	ipc_get_str(r, x.instance, sizeof x.instance);
	ipc_get_str(r, x.epid, sizeof x.epid);
	ipc_get_str(r, x.contact, sizeof x.contact);
	x.worker = (uint32_t)rd_be(r, 4);
	x.conn = rd_be(r, 8);
	x.expires = (int64_t)rd_be(r, 8);
	x.outside = ipc_get_flag(r);
	ipc_get_str(r, x.user_agent, sizeof x.user_agent);
	ipc_get_str(r, x.call_id, sizeof x.call_id);
	ipc_get_str(r, x.peer, sizeof x.peer);
	if (r->err == NULL)
		*ret = x;
}

static void bindings_put(struct buf *b, const struct location_binding *all, size_t n)
{
	ipc_put(b, 2, n);
	for (size_t i = 0; i < n; i++)
		binding_put(b, &all[i]);
}

/* To the end of the message; what there is no room for is left out. false, and *n untouched: they cannot be read. */
static bool bindings_get(struct rd *r, struct location_binding *all, size_t cap, size_t *n)
{
	uint64_t count = rd_be(r, 2);
	size_t have = 0;

	for (; count > 0 && r->err == NULL; count--) {
		struct location_binding x = {0};

		binding_get(r, &x);
		if (r->err == NULL && have < cap)
			all[have++] = x;
	}
	rd_end(r);
	if (r->err == NULL)
		*n = have;
	return r->err == NULL;
}

void location_notice_put(struct buf *b, const struct location_notice *n)
{
	ipc_put(b, 8, n->conn);
	ipc_put(b, 1, n->order);
	ipc_put_str(b, n->aor);
	ipc_put_str(b, n->instance);
	ipc_put(b, 4, n->diag);
	ipc_put_str(b, n->reason);
}

bool location_notice_read(struct rd *body, struct location_notice *ret)
{
	struct location_notice n = {.conn = rd_be(body, 8)};
	uint64_t order = rd_be(body, 1);

	if (order > LOCATION_DEACTIVATED)
		rd_fail(body, "no such order");
	n.order = (enum location_order)order;
	ipc_get_str(body, n.aor, sizeof n.aor);
	ipc_get_str(body, n.instance, sizeof n.instance);
	n.diag = (unsigned)rd_be(body, 4);
	ipc_get_str(body, n.reason, sizeof n.reason);
	rd_end(body);
	if (body->err)
		return false;
	*ret = n;
	return true;
}

/* ---- the worker's end: its copy ---------------------------------------------------------------------------------------- */

struct copy {
	struct copy *next;
	struct location_binding b;
};

struct location_client {
	struct ipc_client ipc;
	uint32_t worker;
	struct copy *bucket[BUCKETS];
};

/* "the key is (aor, instance or epid)" */
static const char *second_key(const struct location_binding *b)
{
	return b->instance[0] ? b->instance : b->epid;
}

static struct copy **bucket_of(struct location_client *c, const char *aor)
{
	return &c->bucket[location_hash(aor) % BUCKETS]; /* only the user is hashed, so that a drop finds it */
}

static void copy_keep(struct location_client *c, const struct location_binding *b)
{
	struct copy **at = bucket_of(c, b->aor), *k;
	int64_t now = clock_unix_ms() / 1000;

	for (struct copy **p = at; *p;) { /* what has expired leaves on the way */
		k = *p;
		if (location_same(k->b.aor, b->aor) && location_same(second_key(&k->b), second_key(b))) {
			k->b = *b;
			return;
		}
		if (k->b.expires < now) {
			*p = k->next;
			free(k);
		} else {
			p = &k->next;
		}
	}
	k = malloc(sizeof *k);
	if (k == NULL)
		return; /* a restart of the location process would not know this one until its next refresh */
	*k = (struct copy){*at, *b};
	*at = k;
}

static void copy_drop(struct location_client *c, const char *aor, const char *instance, uint64_t conn)
{
	for (struct copy **p = bucket_of(c, aor); *p;) {
		struct copy *k = *p;

		if (location_same(k->b.aor, aor) && location_same(k->b.instance, instance) && (conn == 0 || k->b.conn == conn)) {
			*p = k->next;
			free(k);
		} else {
			p = &k->next;
		}
	}
}

/* ---- the worker's end: asking ------------------------------------------------------------------------------------------ */

static enum location_action put(void *arg, const struct location_binding *given, unsigned quota, struct location_binding *all,
				size_t cap, size_t *n)
{
	struct location_client *c = arg;
	struct location_binding b = *given;
	enum location_action action = LOCATION_DOWN;
	struct ipc_message m;
	struct buf q = {0};

	b.worker = c->worker;
	ipc_begin(&q, 0, LOCATION_Q_PUT);
	ipc_put(&q, 4, quota);
	binding_put(&q, &b);
	if (ipc_ask(&c->ipc, &q, LOCATION_DEADLINE_MS, &m)) {
		uint64_t got = rd_be(&m.body, 1);

		if (got <= LOCATION_DOWN && bindings_get(&m.body, all, cap, n))
			action = (enum location_action)got;
	}
	buf_free(&q);
	if (action == LOCATION_ADDED || action == LOCATION_REFRESHED)
		copy_keep(c, &b);
	return action;
}

static bool drop(void *arg, const char *aor, const char *instance, uint64_t conn)
{
	struct location_client *c = arg;
	struct ipc_message m;
	struct buf q = {0};
	bool found = false;

	copy_drop(c, aor, instance, conn);
	ipc_begin(&q, 0, LOCATION_Q_DROP);
	ipc_put_str(&q, aor);
	ipc_put_str(&q, instance);
	ipc_put(&q, 8, conn);
	if (ipc_ask(&c->ipc, &q, LOCATION_DEADLINE_MS, &m))
		found = rd_be(&m.body, 1) == 1 && m.body.err == NULL;
	buf_free(&q);
	return found;
}

static bool list(void *arg, const char *aor, struct location_binding *all, size_t cap, size_t *n)
{
	struct location_client *c = arg;
	struct ipc_message m;
	struct buf q = {0};
	bool ok;

	ipc_begin(&q, 0, LOCATION_Q_LIST);
	ipc_put_str(&q, aor);
	ok = ipc_ask(&c->ipc, &q, LOCATION_DEADLINE_MS, &m) && bindings_get(&m.body, all, cap, n);
	buf_free(&q);
	return ok;
}

static void tell(struct location_client *c, struct buf *q)
{
	struct ipc_message m;

	ipc_ask(&c->ipc, q, LOCATION_DEADLINE_MS, &m);
	buf_free(q);
}

static void replay(struct location_client *c)
{
	int64_t now = clock_unix_ms() / 1000;
	struct buf q = {0};

	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct copy *k = c->bucket[i]; k; k = k->next) {
			if (k->b.expires < now)
				continue;
			if (q.n == 0) {
				ipc_begin(&q, 0, LOCATION_Q_REPLAY);
				ipc_put(&q, 1, 0);
			}
			binding_put(&q, &k->b);
			if (q.n > REPLAY_OCTETS)
				tell(c, &q);
		}
	if (q.n)
		tell(c, &q);
	ipc_begin(&q, 0, LOCATION_Q_REPLAY); /* the last one */
	ipc_put(&q, 1, 1);
	tell(c, &q);
}

bool location_client_push(struct location_client *c, struct ipc_message *m, struct location_notice *ret)
{
	switch (m->kind) {
	case LOCATION_P_ORDER:
		return location_notice_read(&m->body, ret);
	case LOCATION_P_REPLAY:
		replay(c);
		return false;
	default:
		return false;
	}
}

struct location_client *location_client_new(int fd, uint32_t worker, struct location_ops *ret)
{
	struct location_client *c = calloc(1, sizeof *c);
	struct buf q = {0};

	if (c == NULL || !ipc_client_init(&c->ipc, fd)) {
		location_client_free(c);
		return NULL;
	}
	c->worker = worker;
	ipc_begin(&q, 0, LOCATION_Q_HELLO);
	tell(c, &q); /* what a predecessor held is gone with its connections */
	*ret = (struct location_ops){.put = put, .drop = drop, .list = list, .arg = c};
	return c;
}

void location_client_free(struct location_client *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct copy *k = c->bucket[i], *next; k; k = next) {
			next = k->next;
			free(k);
		}
	ipc_client_clear(&c->ipc);
	free(c);
}

/* ---- the location process's end ----------------------------------------------------------------------------------------- */

static bool on_put(struct location *l, uint32_t worker, struct rd *r, struct buf *answer)
{
	struct location_binding b = {0}, *all;
	unsigned quota = (unsigned)rd_be(r, 4);
	enum location_action action;
	struct location_ops ops;
	size_t n = 0;

	binding_get(r, &b);
	rd_end(r);
	if (r->err || (all = calloc(LOCATION_ENDPOINTS_MAX, sizeof *all)) == NULL)
		return false;
	b.worker = worker; /* a worker speaks for itself only */
	location_direct(l, &ops);
	action = ops.put(ops.arg, &b, quota, all, LOCATION_ENDPOINTS_MAX, &n);
	ipc_put(answer, 1, action);
	bindings_put(answer, all, n);
	free(all);
	return true;
}

static bool on_list(const struct location *l, struct rd *r, struct buf *answer)
{
	char aor[sizeof((struct location_binding *)0)->aor] = "";
	struct location_binding *all;

	ipc_get_str(r, aor, sizeof aor);
	rd_end(r);
	if (r->err || (all = calloc(LOCATION_ENDPOINTS_MAX, sizeof *all)) == NULL)
		return false;
	bindings_put(answer, all, location_list(l, aor, all, LOCATION_ENDPOINTS_MAX));
	free(all);
	return true;
}

static bool on_drop(struct location *l, uint32_t worker, struct rd *r, struct buf *answer)
{
	char aor[sizeof((struct location_binding *)0)->aor] = "", instance[sizeof((struct location_binding *)0)->instance] = "";
	uint64_t conn;

	ipc_get_str(r, aor, sizeof aor);
	ipc_get_str(r, instance, sizeof instance);
	conn = rd_be(r, 8);
	rd_end(r);
	if (r->err)
		return false;
	ipc_put(answer, 1, location_drop_of(l, worker, aor, instance, conn)); /* connections are named by each worker itself */
	return true;
}

static bool on_replay(struct location *l, uint32_t worker, struct rd *r, bool *here)
{
	bool last = rd_be(r, 1) == 1;
	struct location_ops ops;

	location_direct(l, &ops);
	while (r->err == NULL && rd_left(r) > 0) {
		struct location_binding b = {0}, all[1];
		size_t n = 0;

		binding_get(r, &b);
		b.worker = worker;
		if (r->err == NULL) /* nobody is pushed out by it: they were all there before */
			ops.put(ops.arg, &b, UINT32_MAX, all, 1, &n);
	}
	*here = *here || (last && r->err == NULL);
	return r->err == NULL;
}

bool location_answer(struct location *l, uint32_t worker, struct ipc_message *q, struct buf *answer, bool *here)
{
	bool ok = false;

	ipc_begin(answer, q->number, q->kind);
	switch (q->kind) {
	case LOCATION_Q_HELLO:
		location_drop_worker(l, worker);
		ok = *here = true;
		break;
	case LOCATION_Q_PUT:
		ok = on_put(l, worker, &q->body, answer);
		break;
	case LOCATION_Q_DROP:
		ok = on_drop(l, worker, &q->body, answer);
		break;
	case LOCATION_Q_LIST:
		ok = on_list(l, &q->body, answer);
		break;
	case LOCATION_Q_REPLAY:
		ok = on_replay(l, worker, &q->body, here);
		break;
	default:
		break;
	}
	if (!ok)
		buf_free(answer);
	return ok;
}
