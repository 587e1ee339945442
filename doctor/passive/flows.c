/* doctor/passive/flows.c: TCP connections, their octets in order.
 *
 * At most two for each machine, STREAM_MAX octets of each direction and HELD_MAX of all: a connection that would take more is followed by
 * its shape alone.
 */
#include <stdlib.h>
#include <string.h>

#include "doctor/passive/internal.h"

#define BUCKETS (sizeof((struct passive *)0)->by_ports / sizeof(unsigned))
#define CONNECT_PATIENCE SECONDS(8) /* our own phone waits 10 s; others are said to wait longer */
#define ANSWER_PATIENCE SECONDS(10)
#define IDLE SECONDS(900)

/* ---- the table -------------------------------------------------------------------------------------------------- */

static unsigned bucket(const struct passive *p, uint32_t a, uint16_t ap, uint32_t b, uint16_t bp)
{
	uint64_t v = ((uint64_t)a << 32 | b) ^ p->key;

	v = (v ^ v >> 31) * 0x9e3779b97f4a7c15ull;
	v = (v ^ ((uint64_t)ap << 16 | bp)) * 0xbf58476d1ce4e5b9ull;
	return (unsigned)(v >> 40) % BUCKETS;
}

static bool is_flow(const struct flow *f, uint32_t a, uint16_t ap, uint32_t b, uint16_t bp)
{
	return f->client == a && f->cport == ap && f->server == b && f->sport == bp;
}

static struct flow *flow_find(struct passive *p, uint32_t a, uint16_t ap, uint32_t b, uint16_t bp)
{
	for (unsigned i = p->by_ports[bucket(p, a, ap, b, bp)]; i; i = p->flow[i - 1].next)
		if (is_flow(&p->flow[i - 1], a, ap, b, bp))
			return &p->flow[i - 1];
	return NULL;
}

static void half_clear(struct passive *p, struct half *h)
{
	for (unsigned i = 0; i < PARTS; i++) {
		p->held -= h->part[i].n < p->held ? h->part[i].n : p->held;
		free(h->part[i].p);
		h->part[i] = (struct part){0};
	}
	flow_drop(p, &h->text);
	flow_drop(p, &h->record);
	free(h->open);
	tls_open_old_free(h->old);
	h->open = NULL;
	h->old = NULL;
}

void flow_free(struct passive *p, struct flow *f)
{
	unsigned *at = &p->by_ports[bucket(p, f->client, f->cport, f->server, f->sport)], me = (unsigned)(f - p->flow) + 1;
	struct host *h = flow_host(p, f);

	while (*at && *at != me)
		at = &p->flow[*at - 1].next;
	if (*at)
		*at = f->next;
	if (h && !f->closed_by && h->flows)
		h->flows--;
	half_clear(p, &f->half[0]);
	half_clear(p, &f->half[1]);
	flow_drop(p, &f->chain);
	*f = (struct flow){0};
}

static struct flow *flow_place(struct passive *p)
{
	struct flow *oldest = &p->flow[0];

	for (unsigned i = 0; i < p->flows_max; i++) {
		if (!p->flow[i].used)
			return &p->flow[i];
		if (p->flow[i].last < oldest->last)
			oldest = &p->flow[i];
	}
	p->lost.flows++;
	flow_free(p, oldest);
	return oldest;
}

/* Where the services of a sign-in are, by default. */
static bool service_port(uint16_t port)
{
	return port == 443 || port == 80 || port == 5061 || port == 5060 || port == 4443 || port == 444;
}

/* v is from the client.  Only connections of machines that are known, or that knock at a port of the sign-in, are followed. */
static struct flow *flow_new(struct passive *p, const struct packet_view *v, bool midway)
{
	struct host *h = host_of_packet(p, v);
	struct flow *f;
	unsigned *first;

	if (h == NULL || (!h->is_phone && !service_port(v->dport)))
		return NULL;
	f = flow_place(p);
	*f = (struct flow){.used = true, .client = v->src, .cport = v->sport, .server = v->dst, .sport = v->dport, .began = p->now,
			   .last = p->now, .host = host_index(p, h) + 1, .start = h->pub.starts, .midway = midway, .answered = midway};
	first = &p->by_ports[bucket(p, f->client, f->cport, f->server, f->sport)];
	f->next = *first;
	*first = (unsigned)(f - p->flow) + 1;
	h->flows++;
	meaning_began(p, f);
	return f;
}

/* ---- octets in order -------------------------------------------------------------------------------------------- */

static void octets(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[from];

	h->octets += n;
	if (f->turn != from + 1) { /* the other side speaks */
		f->turn = (uint8_t)(from + 1);
		if (from == 0) {
			f->ask_octets = 0;
			f->questions++;
		} else {
			f->answer_octets = 0;
			f->answers++;
		}
	}
	*(from == 0 ? &f->ask_octets : &f->answer_octets) += (uint32_t)n;
	f->asked = from == 0 ? (f->asked ? f->asked : p->now) : 0;
	if (f->protocol == P_UNKNOWN && from == 0)
		f->protocol = o[0] == 22 || (o[0] & 0x80)     ? P_TLS
			      : o[0] >= 'A' && o[0] <= 'Z' && f->stage == DT_STAGE_LOGON ? P_SIP
			      : o[0] >= 'A' && o[0] <= 'Z'   ? P_HTTP
							     : P_OTHER;
	if (f->protocol == P_TLS)
		tls_octets(p, f, from, o, n);
	else if (f->protocol == P_HTTP || f->protocol == P_SIP)
		clear_octets(p, f, from, o, n);
	meaning_turn(p, f);
}

static void part_store(struct passive *p, struct half *h, uint32_t seq, const uint8_t *o, size_t n)
{
	for (unsigned i = 0; i < PARTS; i++)
		if (h->part[i].p && h->part[i].seq == seq)
			return;
	for (unsigned i = 0; i < PARTS; i++)
		if (h->part[i].p == NULL && p->held + n <= HELD_MAX && (h->part[i].p = malloc(n)) != NULL) {
			memcpy(h->part[i].p, o, n);
			h->part[i].seq = seq;
			h->part[i].n = n;
			p->held += n;
			return;
		}
	h->lost = true; /* a packet is missing in the capture: only the shape is followed from here on */
	p->lost.gaps++;
}

static void in_order(struct passive *p, struct flow *f, unsigned from, uint32_t seq, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[from];
	int32_t ahead;
	bool more = true;

	if (!h->known) {
		h->known = true;
		h->next = seq;
	}
	ahead = (int32_t)(seq - h->next);
	if (h->lost || n == 0)
		return;
	if (ahead > 0) {
		part_store(p, h, seq, o, n);
		return;
	}
	if ((uint32_t)-ahead >= n)
		return; /* sent again */
	h->next = seq + (uint32_t)n;
	octets(p, f, from, o + (uint32_t)-ahead, n - (uint32_t)-ahead);
	while (more) {
		more = false;
		for (unsigned i = 0; i < PARTS; i++) {
			struct part t = h->part[i];
			uint32_t skip = h->next - t.seq;

			if (t.p == NULL || (int32_t)skip < 0)
				continue;
			h->part[i] = (struct part){0};
			p->held -= t.n < p->held ? t.n : p->held;
			if (skip < t.n) {
				h->next = t.seq + (uint32_t)t.n;
				octets(p, f, from, t.p + skip, t.n - skip);
				more = true;
			}
			free(t.p);
		}
	}
}

/* ---- packets ---------------------------------------------------------------------------------------------------- */

static void closed(struct passive *p, struct flow *f, unsigned from)
{
	struct host *h = flow_host(p, f);

	if (f->closed_by)
		return;
	f->closed_by = (uint8_t)(from + 1);
	if (h && h->flows)
		h->flows--;
	meaning_over(p, f, false);
}

static struct flow *flow_of(struct passive *p, const struct packet_view *v, unsigned *from)
{
	struct flow *f = flow_find(p, v->src, v->sport, v->dst, v->dport);
	bool syn = (v->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;

	*from = 0;
	if (f && syn && f->closed_by) { /* the same ports again */
		flow_free(p, f);
		f = NULL;
	}
	if (f)
		return f;
	if (!syn && (f = flow_find(p, v->dst, v->dport, v->src, v->sport)) != NULL) {
		*from = 1;
		return f;
	}
	if (syn)
		return flow_new(p, v, false);
	/* it was there before the capture began */
	return v->data.n && service_port(v->dport) && !service_port(v->sport) && !(v->flags & (TCP_RST | TCP_FIN)) ? flow_new(p, v, true)
														   : NULL;
}

void flow_packet(struct passive *p, const struct packet_view *v)
{
	unsigned from;
	struct flow *f = flow_of(p, v, &from);
	struct host *h = f ? flow_host(p, f) : NULL;

	if (f == NULL)
		return;
	f->last = p->now;
	if (h && from == 0)
		h->pub.last_us = p->now;
	if (v->flags & TCP_SYN) {
		f->half[from].known = true;
		f->half[from].next = v->seq + 1;
		f->syn |= from == 0;
		f->syns += from == 0;
		f->answered |= from == 1;
	}
	if (v->data.n)
		in_order(p, f, from, v->seq + ((v->flags & TCP_SYN) != 0), (const uint8_t *)v->data.p, v->data.n);
	if (!f->used)
		return;
	if (v->flags & TCP_RST) {
		f->reset = true;
		f->refused |= from == 1 && !f->answered;
		closed(p, f, from);
	} else if (v->flags & TCP_FIN) {
		closed(p, f, from);
	}
}

enum dt_stage flow_refused(struct passive *p, const struct icmp_error *e)
{
	struct flow *f = e->protocol == IP_TCP ? flow_find(p, e->src, e->sport, e->dst, e->dport) : NULL;
	enum dt_stage stage;

	if (f == NULL || f->answered || f->closed_by)
		return DT_STAGE_NONE;
	stage = f->stage;
	f->refused = true;
	closed(p, f, 1);
	return stage;
}

/* A connection that nobody answers, or that is silent after a question, is over for the phone; a closed one is forgotten. */
void flow_sweep(struct passive *p, bool end)
{
	for (unsigned i = 0; i < p->flows_max; i++) {
		struct flow *f = &p->flow[i];

		if (!f->used)
			continue;
		if (!f->closed_by && !f->report_end &&
		    ((!f->answered && p->now - f->began > (end ? SECONDS(2) : CONNECT_PATIENCE)) ||
		     (f->answered && f->asked && p->now - f->asked > (end ? SECONDS(3) : ANSWER_PATIENCE)) || end))
			meaning_over(p, f, end);
		if ((f->closed_by && p->now - f->last > SECONDS(2)) || p->now - f->last > IDLE)
			flow_free(p, f);
	}
}
