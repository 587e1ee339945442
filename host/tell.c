/* host/tell.c: what the body reports to the phone, or to the observer that asked, and what waits for the loop's next round. */
#include <errno.h>
#include <stdlib.h>

#include "host/internal.h"

struct host_later {
	struct host_later *next;
	void (*fn)(struct host *h, void *arg);
	void *arg;
	unsigned life;
};

int host_later(struct host *h, void (*fn)(struct host *h, void *arg), void *arg)
{
	struct host_later *l = malloc(sizeof *l);

	if (l == NULL) {
		free(arg);
		return -ENOMEM;
	}
	*l = (struct host_later){NULL, fn, arg, h->life};
	*h->later_end = l;
	h->later_end = &l->next;
	event_active(&h->later_ev, EV_TIMEOUT, 0);
	return 0;
}

void host_run_later(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;
	struct host_later *l = h->later;

	(void)fd;
	(void)what;
	h->later = NULL;
	h->later_end = &h->later;
	while (l) {
		struct host_later *next = l->next;

		if (l->life == h->life)
			l->fn(h, l->arg);
		free(l->arg);
		free(l);
		l = next;
	}
}

void host_drop_later(struct host *h)
{
	while (h->later) {
		struct host_later *l = h->later;

		h->later = l->next;
		free(l->arg);
		free(l);
	}
	h->later_end = &h->later;
}

void report_dns(struct host *h, unsigned id, const struct dt_dns_answer *a)
{
	if (id < HOST_OBSERVER && h->phone)
		dt_phone_dns(h->phone, id, a);
	else if (id >= HOST_OBSERVER && h->observer)
		h->observer->dns(h->observer->arg, id, a);
}

void report_opened(struct host *h, unsigned id, const struct dt_stream_opened *o)
{
	if (id < HOST_OBSERVER && h->phone)
		dt_phone_stream_opened(h->phone, id, o);
	else if (id >= HOST_OBSERVER && h->observer)
		h->observer->opened(h->observer->arg, id, o);
}

void report_data(struct host *h, unsigned id, const void *p, size_t n)
{
	if (id < HOST_OBSERVER && h->phone)
		dt_phone_stream_data(h->phone, id, p, n);
	else if (id >= HOST_OBSERVER && h->observer && h->observer->data)
		h->observer->data(h->observer->arg, id, p, n);
}

void report_closed(struct host *h, unsigned id, const char *why, uint8_t alert)
{
	if (id < HOST_OBSERVER && h->phone)
		dt_phone_stream_closed(h->phone, id, why);
	else if (id >= HOST_OBSERVER && h->observer && h->observer->closed)
		h->observer->closed(h->observer->arg, id, alert);
}
