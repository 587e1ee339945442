/* server/location/workers.c: the location process and its workers: their questions, the orders to them, and the workers of earlier
 * generations, which have phones still. */
#include "base/clock.h"
#include "base/log.h"
#include "server/location/feed.h"
#include "server/location/ipc.h"
#include "server/location/process_internal.h"

/* ---- orders ---------------------------------------------------------------------------------------------------------- */

void process_notice(void *arg, uint32_t worker, const struct location_notice *n)
{
	struct process *p = arg;
	struct client *c = p->asks;
	uint64_t number = ++p->number;
	struct buf b = {0};
	unsigned slot = 0;

	if (n->order != LOCATION_ASK) {
		feed_order(p->journeys, n);
		p->metrics.orders++;
	}
	if (c) {
		while (slot < PENDING && p->pending[slot].number)
			slot++;
		c->acted++;
	}
	if (worker >= p->nworker)
		return;
	ipc_begin(&b, number, LOCATION_P_ORDER);
	location_notice_put(&b, n);
	if (c) {
		c->outstanding++;
		if (slot < PENDING) {
			p->pending[slot].number = number;
			p->pending[slot].client = c;
		}
	}
	if (!ipc_server_send(&p->worker[worker].push, &b))
		log_line(LOG_ERROR, "location", "worker %u cannot be given an order", worker);
}

/* On the second pair: an order was obeyed. */
static void obeyed(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct process *p = ((struct worker *)arg)->process;

	(void)from;
	for (unsigned i = 0; m->number && i < PENDING; i++) {
		struct client *c = p->pending[i].client;

		if (p->pending[i].number != m->number)
			continue;
		p->pending[i].number = 0;
		p->pending[i].client = NULL;
		if (c && c->outstanding) {
			c->outstanding--;
			client_acted(c);
		}
		return;
	}
}

/* ---- workers ------------------------------------------------------------------------------------------------------------ */

/* An order then reaches everybody. */
void process_gathered(struct process *p)
{
	if (p->conf->control_fd >= 0)
		loop_fd_want(&p->control, LOOP_READ);
}

static void process_question(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct worker *w = arg;
	struct process *p = w->process;
	struct location_reply r;
	struct location_ask q;
	struct buf answer = {0};

	if (!location_ask_read(m, &q)) {
		log_line(LOG_ERROR, "location", "malformed request from worker %u (kind %u): connection closed", w->index, m->kind);
		return;
	}
	location_answer(p->location, w->index, &q, &r);
	feed_question(p->journeys, w->index, &q, &r);
	metrics_count(&p->metrics, &q, &r, clock_mono_ms());
	w->here |= q.kind == LOCATION_HELLO || q.kind == LOCATION_HELD_ALL;
	location_ask_clear(&q);
	if (m->number)
		location_reply_write(&answer, m->number, &r);
	location_reply_clear(&r);
	if (m->number && !ipc_server_send(from, &answer))
		log_line(LOG_WARN, "location", "worker %u cannot be answered", w->index);
	for (unsigned i = 0; i < p->conf->nworker + p->conf->nadopted; i++)
		if (!p->worker[i].here)
			return;
	process_gathered(p);
}

/* A worker of an earlier generation has ended, and its socket pair is gone. */
static void worker_gone(void *arg, struct ipc_server *from)
{
	struct worker *w = arg;

	(void)from;
	location_drop_worker(w->process->location, w->index);
}

bool process_worker(struct process *p, int ask, int push)
{
	unsigned i = p->nworker;
	struct worker *w = &p->worker[i];
	struct buf b = {0};

	*w = (struct worker){.process = p, .index = i};
	if (!ipc_server_init(&w->ask, p->loop, ask, process_question, w) || !ipc_server_init(&w->push, p->loop, push, obeyed, w))
		return false;
	p->nworker++;
	w->ask.gone = i < p->conf->nworker ? NULL : worker_gone;
	ipc_begin(&b, ++p->number, LOCATION_P_REPLAY);
	return ipc_server_send(&w->push, &b);
}

/* The location process of an earlier generation has ended: its workers are asked what they hold, and tell it here from now on. */
void process_adopt(struct process *p)
{
	for (unsigned i = p->nworker - p->conf->nworker; i < p->conf->nadopted; i++)
		if (!process_worker(p, p->conf->adopted_ask[i], p->conf->adopted_push[i])) {
			log_line(LOG_ERROR, "location", "out of memory: not every phone of before can be found");
			return;
		}
}

/* The DHCP responder tells, and is answered nothing: it does not even read. */
static void process_seen(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct process *p = arg;
	struct location_reply none = {.kind = LOCATION_SEEN};
	struct location_ask q;

	(void)from;
	if (!location_ask_read(m, &q))
		return;
	if (q.kind == LOCATION_SEEN && q.seen.evidence == SEEN_DATAGRAM) {
		feed_question(p->journeys, LOCATION_ANYBODY, &q, &none);
		metrics_count(&p->metrics, &q, &none, clock_mono_ms());
	}
	location_ask_clear(&q);
}

bool process_dhcp(struct process *p, int fd)
{
	return ipc_server_init(&p->dhcp, p->loop, fd, process_seen, p);
}
