/* doctor/passive/flow.c: one connection, and what is held of it. */
#include <stdlib.h>
#include <string.h>

#include "doctor/passive/internal.h"

struct host *flow_host(struct passive *p, const struct flow *f)
{
	struct host *h = f->host ? &p->host[f->host - 1] : NULL;

	return h && h->used && h->pub.starts == f->start && h->pub.address == f->client ? h : NULL;
}

void flow_hold(struct passive *p, struct buf *b, const void *octets, size_t n)
{
	if (p->held + n > HELD_MAX || b->n + n > STREAM_MAX)
		return;
	buf_add(b, octets, n);
	p->held += n;
}

void flow_drop(struct passive *p, struct buf *b)
{
	p->held -= b->n < p->held ? b->n : p->held;
	buf_free(b);
}
