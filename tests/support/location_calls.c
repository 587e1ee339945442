/* tests/support/location_calls.c: each question to the location process as a function. */
#include "tests/support/location_calls.h"

#include "tests/support/check.h"

struct location_call {
	bool there;
	struct location_reply r;
};

static void location_there(void *arg, struct location_reply *r)
{
	struct location_call *a = arg;

	a->there = true;
	a->r = *r;
	*r = (struct location_reply){.kind = LOCATION_NO_QUESTION}; /* its list is ours now */
}

static struct location_reply location_call(const struct location_link *l, const struct location_ask *q)
{
	struct location_call a = {.there = false};

	location_send(l, q, location_there, &a);
	if (!a.there && call_wait)
		call_wait(&a.there);
	assert_true(a.there);
	return a.r;
}

static void location_take(struct location_reply *r, struct location_binding *all, size_t cap, size_t *n)
{
	*n = r->n < cap ? r->n : cap;
	if (*n)
		memcpy(all, r->all, *n * sizeof *all);
	location_reply_clear(r);
}

enum location_action call_put(const struct location_link *l, const struct location_binding *b, unsigned quota,
			      struct location_binding *all, size_t cap, size_t *n)
{
	struct location_ask q = {.kind = LOCATION_PUT, .put = {*b, quota}};
	struct location_reply r = location_call(l, &q);

	if (r.answered)
		location_take(&r, all, cap, n);
	return r.action;
}

bool call_drop(const struct location_link *l, const char *aor, const char *instance, uint64_t conn)
{
	struct location_ask q = {.kind = LOCATION_DROP, .drop.conn = conn};

	strcpy(q.drop.aor, aor);
	strcpy(q.drop.instance, instance);
	return location_call(l, &q).found;
}

bool call_list(const struct location_link *l, const char *aor, struct location_binding *all, size_t cap,
	       size_t *n)
{
	struct location_ask q = {.kind = LOCATION_LIST};
	struct location_reply r;

	strcpy(q.list.aor, aor);
	r = location_call(l, &q);
	if (r.answered)
		location_take(&r, all, cap, n);
	return r.answered;
}
