/* host/names.c: DNS questions by c-ares, to the servers of the phone's lease and nobody else.
 *
 * The host's resolv.conf, hosts file and search list play no part: questions go out as the phone asked them.
 */
#include "host/dns_answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/internal.h"

#define SOCKETS 16

struct host_names {
	struct host *h;
	ares_channel channel;
	bool open;
	struct event timer;
	struct socket_watch {
		struct event ev;
		ares_socket_t fd;
		bool used;
	} at[SOCKETS];
};

struct question {
	struct host *h;
	unsigned id, life;
	enum dt_rr type;
};

struct reply {
	unsigned id;
	struct dt_dns_answer answer;
};

/* ---- c-ares in the loop -------------------------------------------------------------------------------------- */

static void set_timer(struct host_names *n)
{
	struct timeval t, *wait = ares_timeout(n->channel, NULL, &t);

	if (wait)
		event_add(&n->timer, wait);
	else
		event_del(&n->timer);
}

#if ARES_VERSION >= 0x012200
/* Lets c-ares use a socket that is ready, and give up what has waited too long; no socket: -1. */
static void process(struct host_names *n, ares_socket_t fd, short what)
{
	ares_fd_events_t at = {fd, (what & EV_READ ? ARES_FD_EVENT_READ : 0u) | (what & EV_WRITE ? ARES_FD_EVENT_WRITE : 0u)};

	ares_process_fds(n->channel, &at, fd == ARES_SOCKET_BAD ? 0 : 1, ARES_PROCESS_FLAG_NONE);
	set_timer(n);
}
#else
static void process(struct host_names *n, ares_socket_t fd, short what)
{
	ares_process_fd(n->channel, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(n);
}
#endif

static void ready(evutil_socket_t fd, short what, void *arg)
{
	process(arg, fd, what);
}

static void timed(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	process(arg, ARES_SOCKET_BAD, 0);
}

static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct host_names *n = arg;
	struct socket_watch *w = NULL;

	for (unsigned i = 0; i < SOCKETS; i++)
		if (n->at[i].used && n->at[i].fd == fd)
			w = &n->at[i];
	if (w) {
		event_del(&w->ev);
		w->used = false;
	}
	if (!readable && !writable)
		return;
	for (unsigned i = 0; w == NULL && i < SOCKETS; i++)
		if (!n->at[i].used)
			w = &n->at[i];
	if (w == NULL)
		return; /* the question then ends by its timeout */
	w->fd = fd;
	if (event_assign(&w->ev, n->h->base, fd, (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST),
			 ready, n) == 0)
		w->used = event_add(&w->ev, NULL) == 0;
}

static int socket_made(ares_socket_t fd, int type, void *arg)
{
	(void)type;
	return place_socket(((struct host_names *)arg)->h, fd) < 0 ? -1 : 0;
}

static int channel_open(struct host_names *n)
{
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
				 .timeout = 2000,
				 .tries = 3,
				 .ndots = 0,
				 .lookups = (char *)"b",
				 .sock_state_cb = socket_changed,
				 .sock_state_cb_data = n};
	int rc = ares_init_options(&n->channel, &o,
				   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
				       ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS | ARES_OPT_SERVERS);

	if (rc != ARES_SUCCESS)
		return -ENOMEM;
	n->open = true;
	ares_set_socket_configure_callback(n->channel, socket_made, n);
	return 0;
}

static void channel_close(struct host_names *n)
{
	if (n->open)
		ares_destroy(n->channel); /* open questions are answered ECANCELLED: dropped in answered() */
	n->open = false;
	event_del(&n->timer);
	for (unsigned i = 0; i < SOCKETS; i++)
		if (n->at[i].used)
			event_del(&n->at[i].ev);
	memset(n->at, 0, sizeof n->at);
}

int names_open(struct host *h)
{
	struct host_names *n = calloc(1, sizeof *n);

	if (n == NULL)
		return -ENOMEM;
	h->names = n;
	n->h = h;
	return evtimer_assign(&n->timer, h->base, timed, n) < 0 ? -ENOMEM : 0;
}

void names_close(struct host *h)
{
	if (h->names == NULL)
		return;
	channel_close(h->names);
	free(h->names);
	h->names = NULL;
}

void names_servers(struct host *h)
{
	char list[4 * INET_ADDRSTRLEN] = "", address[INET_ADDRSTRLEN];
	size_t n = 0;

	channel_close(h->names);
	if (!h->has_lease || h->lease.ndns == 0 || channel_open(h->names) < 0)
		return;
	for (unsigned i = 0; i < h->lease.ndns && i < 4; i++) {
		struct in_addr at = {.s_addr = htonl(h->lease.dns[i])};

		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? "," : "",
				      inet_ntop(AF_INET, &at, address, sizeof address));
	}
	if (ares_set_servers_csv(h->names->channel, list) != ARES_SUCCESS)
		channel_close(h->names);
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void tell(struct host *h, void *arg)
{
	struct reply *r = arg;

	tell_dns(h, r->id, &r->answer);
}

/* What a question's end means to the phone, when there is no answer to read. */
static int status_of(int status)
{
	switch (status) {
	case ARES_SUCCESS:
		return DT_DNS_OK;
	case ARES_ENOTFOUND:
		return DT_DNS_NXDOMAIN;
	case ARES_ENODATA:
		return DT_DNS_NODATA;
	case ARES_ETIMEOUT:
	case ARES_ECONNREFUSED: /* no server could be reached */
		return DT_DNS_TIMEOUT;
	default:
		return DT_DNS_ERROR;
	}
}

/* Frees the question; the reply, if one is wanted still, is the caller's to fill in and to hand to host_later(). */
static struct reply *settled(struct question *q, int status)
{
	struct reply *r = NULL;

	if (status != ARES_ECANCELLED && status != ARES_EDESTRUCTION && q->life == q->h->life)
		r = calloc(1, sizeof *r);
	if (r) {
		r->id = q->id;
		r->answer.status = status_of(status);
	}
	free(q);
	return r;
}

#if ARES_VERSION >= 0x012200
static void answered(void *arg, ares_status_t status, size_t timeouts, const ares_dns_record_t *record)
{
	struct host *h = ((struct question *)arg)->h;
	struct reply *r = settled(arg, (int)status);

	(void)timeouts;
	if (r == NULL)
		return;
	if (status == ARES_SUCCESS)
		dns_answer_read(&r->answer, record);
	host_later(h, tell, r);
}

static void ask(ares_channel_t *channel, const char *name, struct question *q)
{
	ares_query_dnsrec(channel, name, ARES_CLASS_IN, q->type == DT_RR_SRV ? ARES_REC_TYPE_SRV : ARES_REC_TYPE_A, answered, q,
			  NULL);
}
#else
static void answered(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct host *h = ((struct question *)arg)->h;
	enum dt_rr type = ((struct question *)arg)->type;
	struct reply *r = settled(arg, status);

	(void)timeouts;
	if (r == NULL)
		return;
	if (status == ARES_SUCCESS)
		dns_answer_read(&r->answer, type, p, n);
	host_later(h, tell, r);
}

static void ask(ares_channel channel, const char *name, struct question *q)
{
	ares_query(channel, name, ns_c_in, q->type == DT_RR_SRV ? ns_t_srv : ns_t_a, answered, q);
}
#endif

int names_ask(struct host *h, unsigned id, const char *name, enum dt_rr type)
{
	struct question *q = calloc(1, sizeof *q);
	struct reply *r;

	if (q == NULL)
		return -ENOMEM;
	*q = (struct question){h, id, h->life, type};
	if (h->names->open) {
		ask(h->names->channel, name, q);
		set_timer(h->names);
		return 0;
	}
	r = settled(q, ARES_ECONNREFUSED); /* no server is known */
	return r ? host_later(h, tell, r) : -ENOMEM;
}
