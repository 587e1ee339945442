#include "server/location/far_link.h"

#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"

enum {
	GATHER_MS = 50,	   /* so many changes together are one commit */
	ANSWER_MS = 30000, /* a store that is slow; one that fails is told by FAR_ANEW */
	QUEUE_MAX = 4096   /* changes that wait: with more of them all is told anew */
};

struct change {
	TAILQ_ENTRY(change) next;
	struct location_far f;
};

struct far_link {
	struct ipc_caller ipc;
	struct loop_timer flush;
	struct location *location;
	void (*order)(void *arg, const struct far_order *o);
	void *arg;
	TAILQ_HEAD(, change) queue;
	unsigned queued;
	bool reporting;   /* the vault has asked for all: changes count from here on */
	bool busy;   /* a batch is not answered yet */
	bool whole;  /* all is being told */
	uint64_t turn; /* an answer to what was asked before the last FAR_ANEW means nothing */
	struct location_walk walk;
	struct far_batch batch;
};

struct waits {
	struct far_link *link;
	uint64_t turn;
};

static void hello(struct far_link *f)
{
	struct buf b = {0};

	f->reporting = false;
	ipc_begin(&b, 0, FAR_HELLO);
	ipc_ask(&f->ipc, &b, ANSWER_MS, NULL, NULL);
}

static void queue_clear(struct far_link *f)
{
	struct change *c;

	while ((c = TAILQ_FIRST(&f->queue)) != NULL) {
		TAILQ_REMOVE(&f->queue, c, next);
		free(c);
	}
	f->queued = 0;
}

/* ---- telling ---------------------------------------------------------------------------------------------------------------- */

static void batch_add(void *arg, const struct location_far *x)
{
	struct far_batch *b = arg;

	if (b->n < FAR_BATCH_MAX)
		b->row[b->n++] = *x;
}

/* A bucket at a time: it has few. */
static void batch_fill(struct far_link *f)
{
	f->batch.n = 0;
	while (f->whole && f->batch.n < FAR_BATCH_MAX / 2)
		f->whole = location_far_walk(f->location, &f->walk, batch_add, &f->batch);
	while (!f->whole && f->queued && f->batch.n < FAR_BATCH_MAX) {
		struct change *c = TAILQ_FIRST(&f->queue);

		TAILQ_REMOVE(&f->queue, c, next);
		f->queued--;
		batch_add(&f->batch, &c->f);
		free(c);
	}
}

static void flush(void *arg);

static void written(void *arg, struct ipc_message *m)
{
	struct waits w = *(struct waits *)arg;

	free(arg);
	if (w.turn != w.link->turn)
		return;
	w.link->busy = false;
	if (m)
		flush(w.link);
	else
		hello(w.link);
}

static void flush(void *arg)
{
	struct far_link *f = arg;
	struct waits *w;
	struct buf b = {0};

	if (f->busy || !f->reporting)
		return;
	batch_fill(f);
	if (f->batch.n == 0)
		return;
	if ((w = malloc(sizeof *w)) == NULL) {
		hello(f);
		return;
	}
	*w = (struct waits){f, f->turn};
	f->busy = true;
	ipc_begin(&b, 0, FAR_BATCH);
	fields_put(&b, far_batch_fields, &f->batch);
	ipc_ask(&f->ipc, &b, ANSWER_MS, written, w);
}

static void changed(void *arg, const struct location_far *x)
{
	struct far_link *f = arg;
	struct change *c = f->reporting && f->queued < QUEUE_MAX ? malloc(sizeof *c) : NULL;

	if (c) {
		c->f = *x;
		TAILQ_INSERT_TAIL(&f->queue, c, next);
		f->queued++;
		if (f->flush.at == UINT64_MAX)
			loop_timer_at(&f->flush, clock_mono_ms() + GATHER_MS);
	} else if (f->reporting) {
		queue_clear(f);
		hello(f);
	}
}

/* ---- being told ---------------------------------------------------------------------------------------------------------------- */

static void anew(struct far_link *f)
{
	location_far_lost(f->location, NULL);
	queue_clear(f);
	f->turn++;
	f->reporting = f->whole = true;
	f->busy = false;
	f->walk = (struct location_walk){0};
	flush(f);
}

static void rows(struct far_link *f, struct ipc_message *m)
{
	struct far_batch got = {0};

	fields_get(&m->body, far_batch_fields, &got);
	rd_end(&m->body);
	for (unsigned i = 0; m->body.err == NULL && i < got.n; i++)
		location_far_put(f->location, &got.row[i]);
	fields_clear(far_batch_fields, &got);
}

static void pushed(void *arg, struct ipc_message *m)
{
	struct far_link *f = arg;
	struct far_order o = {0};
	struct far_lost lost = {0};

	switch (m->kind) {
	case FAR_ANEW:
		anew(f);
		break;
	case FAR_ROWS:
		rows(f, m);
		break;
	case FAR_LOST:
		fields_get(&m->body, far_lost_fields, &lost);
		if (m->body.err == NULL)
			location_far_lost(f->location, lost.front_end);
		break;
	case FAR_ORDER:
		fields_get(&m->body, far_order_fields, &o);
		if (m->body.err == NULL)
			f->order(f->arg, &o);
		break;
	default:
		break;
	}
	if (m->body.err)
		log_line(LOG_ERROR, "location", "a message of the vault cannot be read (kind %u)", m->kind);
}

/* ---- life ------------------------------------------------------------------------------------------------------------------------ */

struct far_link *far_link_new(struct loop *l, int fd, struct location *location, const char *front_end,
			      void (*order)(void *arg, const struct far_order *o), void *arg)
{
	struct far_link *f = calloc(1, sizeof *f);

	if (f == NULL)
		return NULL;
	TAILQ_INIT(&f->queue);
	f->location = location;
	f->order = order;
	f->arg = arg;
	f->batch.row = calloc(FAR_BATCH_MAX, sizeof *f->batch.row);
	if (f->batch.row == NULL || !ipc_caller_init(&f->ipc, l, fd)) {
		far_link_free(f);
		return NULL;
	}
	f->ipc.pushed = pushed;
	f->ipc.arg = f;
	loop_timer_init(&f->flush, l, flush, f);
	location_watch(location, front_end, changed, f);
	hello(f);
	return f;
}

void far_link_free(struct far_link *f)
{
	if (f == NULL)
		return;
	queue_clear(f);
	loop_timer_stop(&f->flush);
	f->turn++; /* an answer that comes from here on is nobody's */
	ipc_caller_clear(&f->ipc);
	free(f->batch.row);
	free(f);
}
