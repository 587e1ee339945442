#include "server/location/ipc.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/location/rows.h"

/* ---- messages -------------------------------------------------------------------------------------------------------- */

void location_ask_write(struct buf *b, uint64_t number, const struct location_ask *q)
{
	const struct location_row *row = location_row_of(q->kind);

	ipc_begin(b, number, q->kind);
	if (row)
		fields_put(b, row->ask, q);
}

bool location_ask_read(struct ipc_message *m, struct location_ask *ret)
{
	const struct location_row *row = location_row_of(m->kind);

	*ret = (struct location_ask){.kind = (enum location_kind)m->kind};
	if (row == NULL)
		return false;
	fields_get(&m->body, row->ask, ret);
	rd_end(&m->body);
	if (m->body.err)
		location_ask_clear(ret);
	return m->body.err == NULL;
}

void location_reply_write(struct buf *b, uint64_t number, const struct location_reply *r)
{
	const struct location_row *row = location_row_of(r->kind);

	ipc_begin(b, number, r->kind);
	if (row)
		fields_put(b, row->reply, r);
}

bool location_reply_read(struct ipc_message *m, struct location_reply *ret)
{
	const struct location_row *row = location_row_of(m->kind);

	*ret = (struct location_reply){.kind = (enum location_kind)m->kind, .answered = true};
	if (row == NULL)
		return false;
	fields_get(&m->body, row->reply, ret);
	rd_end(&m->body);
	if (m->body.err)
		location_reply_clear(ret);
	return m->body.err == NULL;
}

void location_notice_put(struct buf *b, const struct location_notice *n)
{
	fields_put(b, location_notice_fields, n);
}

bool location_notice_read(struct rd *body, struct location_notice *ret)
{
	struct location_notice n = {0};

	fields_get(body, location_notice_fields, &n);
	rd_end(body);
	if (body->err)
		return false;
	*ret = n;
	return true;
}

/* ---- the worker's end ------------------------------------------------------------------------------------------------ */

struct location_client {
	struct ipc_caller ipc;
	struct loop_timer keep;
	struct location_kept *kept; /* refreshed since the last report; NULL: none */
	unsigned nkept;
};

struct waits {
	enum location_kind kind;
	location_done *done;
	void *arg;
};

static void ipc_fail(const struct waits *w)
{
	struct location_reply r = {.kind = w->kind, .action = LOCATION_DOWN};

	w->done(w->arg, &r);
}

static void answered(void *arg, struct ipc_message *m)
{
	struct waits w = *(struct waits *)arg;
	struct location_reply r;

	free(arg);
	if (m == NULL || !location_reply_read(m, &r)) {
		log_line(LOG_WARN, "location", m ? "an answer cannot be read: %s" : "no answer in time: %s",
			 location_row_of(w.kind)->name);
		ipc_fail(&w);
		return;
	}
	w.done(w.arg, &r);
	location_reply_clear(&r);
}

static void report_kept(void *arg)
{
	struct location_client *c = arg;
	struct location_ask q = {.kind = LOCATION_KEEP, .keep = {c->kept, c->nkept}};
	struct buf b = {0};

	if (c->kept) {
		location_ask_write(&b, 0, &q);
		ipc_ask(&c->ipc, &b, LOCATION_DEADLINE_MS, NULL, NULL);
	}
	free(c->kept);
	c->kept = NULL;
	c->nkept = 0;
	loop_timer_at(&c->keep, UINT64_MAX);
}

/* Refreshes of about a second go together. */
static void keep(struct location_client *c, const struct location_ask *q)
{
	for (unsigned i = 0; i < q->keep.n; i++) {
		if (c->kept == NULL) {
			if ((c->kept = calloc(LOCATION_KEEP_MAX, sizeof *c->kept)) == NULL) {
				log_line(LOG_WARN, "location", "out of memory: a refresh is not reported");
				return;
			}
			loop_timer_at(&c->keep, clock_mono_ms() + LOCATION_KEEP_MS);
		}
		c->kept[c->nkept++] = q->keep.all[i];
		if (c->nkept == LOCATION_KEEP_MAX)
			report_kept(c);
	}
}

static void ask(void *arg, const struct location_ask *q, location_done *done, void *done_arg)
{
	struct location_client *c = arg;
	struct waits now = {q->kind, done, done_arg}, *w;
	struct buf b = {0};

	if (q->kind == LOCATION_KEEP) {
		keep(c, q);
		return;
	}
	w = done ? malloc(sizeof *w) : NULL;
	if (done && w == NULL) {
		ipc_fail(&now);
		return;
	}
	if (w)
		*w = now;
	location_ask_write(&b, 0, q);
	ipc_ask(&c->ipc, &b, LOCATION_DEADLINE_MS, w ? answered : NULL, w);
}

struct location_client *location_client_new(struct loop *l, int fd, void (*gone)(void *arg), void *arg,
					    struct location_link *ret)
{
	struct location_client *c = calloc(1, sizeof *c);

	if (c == NULL || !ipc_caller_init(&c->ipc, l, fd)) {
		location_client_free(c);
		return NULL;
	}
	c->ipc.gone = gone;
	c->ipc.arg = arg;
	loop_timer_init(&c->keep, l, report_kept, c);
	*ret = (struct location_link){.send = ask, .arg = c};
	ask(c, &(struct location_ask){.kind = LOCATION_HELLO}, NULL, NULL);
	return c;
}

static void client_seen(void *arg, const struct seen *s)
{
	struct location_client *c = arg;

	if (TAILQ_EMPTY(&c->ipc.unsent))
		ask(c, &(struct location_ask){.kind = LOCATION_SEEN, .seen = *s}, NULL, NULL);
}

void location_client_seen(struct location_client *c, struct seen_link *ret)
{
	*ret = (struct seen_link){client_seen, c};
}

void location_client_free(struct location_client *c)
{
	if (c == NULL)
		return;
	ipc_caller_clear(&c->ipc);
	loop_timer_stop(&c->keep);
	free(c->kept);
	free(c);
}
