/* host/names.c: DNS questions by c-ares, to the servers of the phone's lease and nobody else.
 *
 * The host's resolv.conf, hosts file and search list play no part: questions go out as the phone asked them.
 */
#include "host/internal.h"

#include <ares.h>
#include <ares_nameser.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static void ready(evutil_socket_t fd, short what, void *arg)
{
	struct host_names *n = arg;

	ares_process_fd(n->channel, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	set_timer(n);
}

static void timed(evutil_socket_t fd, short what, void *arg)
{
	struct host_names *n = arg;

	(void)fd;
	(void)what;
	ares_process_fd(n->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	set_timer(n);
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
	struct ares_addr_node list[4] = {0};

	channel_close(h->names);
	if (!h->has_lease || h->lease.ndns == 0 || channel_open(h->names) < 0)
		return;
	for (unsigned i = 0; i < h->lease.ndns && i < 4; i++) {
		list[i].family = AF_INET;
		list[i].addr.addr4.s_addr = htonl(h->lease.dns[i]);
		list[i].next = i + 1 < h->lease.ndns && i + 1 < 4 ? &list[i + 1] : NULL;
	}
	if (ares_set_servers(h->names->channel, list) != ARES_SUCCESS)
		channel_close(h->names);
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void tell(struct host *h, void *arg)
{
	struct reply *r = arg;

	tell_dns(h, r->id, &r->answer);
}

static void read_srv(struct dt_dns_answer *a, const unsigned char *p, int n)
{
	struct ares_srv_reply *list = NULL;

	if (ares_parse_srv_reply(p, n, &list) != ARES_SUCCESS) {
		a->status = DT_DNS_NODATA; /* an answer without a record of this type */
		return;
	}
	for (struct ares_srv_reply *s = list; s && a->n < 16; s = s->next) {
		struct dt_dns_rr *rr = &a->rr[a->n];
		struct sv host = sv_of(s->host);

		if (sv_ends(host, SV(".")))
			host.n--;
		if (!sv_copy(rr->target, sizeof rr->target, host))
			continue;
		rr->priority = s->priority;
		rr->weight = s->weight;
		rr->port = s->port;
		a->n++;
	}
	ares_free_data(list);
}

static void read_a(struct dt_dns_answer *a, const unsigned char *p, int n)
{
	struct ares_addrttl list[16];
	int count = 16;

	if (ares_parse_a_reply(p, n, NULL, list, &count) != ARES_SUCCESS || count == 0) {
		a->status = DT_DNS_NODATA;
		return;
	}
	for (int i = 0; i < count; i++)
		a->rr[a->n++].address = ntohl(list[i].ipaddr.s_addr);
}

static void answered(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct question *q = arg;
	struct reply *r;

	(void)timeouts;
	if (status == ARES_ECANCELLED || status == ARES_EDESTRUCTION || q->life != q->h->life) {
		free(q);
		return;
	}
	r = calloc(1, sizeof *r);
	if (r) {
		r->id = q->id;
		switch (status) {
		case ARES_SUCCESS:
			r->answer.status = DT_DNS_OK;
			if (q->type == DT_RR_SRV)
				read_srv(&r->answer, p, n);
			else
				read_a(&r->answer, p, n);
			break;
		case ARES_ENOTFOUND:
			r->answer.status = DT_DNS_NXDOMAIN;
			break;
		case ARES_ENODATA:
			r->answer.status = DT_DNS_NODATA;
			break;
		case ARES_ETIMEOUT:
		case ARES_ECONNREFUSED: /* no server could be reached */
			r->answer.status = DT_DNS_TIMEOUT;
			break;
		default:
			r->answer.status = DT_DNS_ERROR;
			break;
		}
		host_later(q->h, tell, r);
	}
	free(q);
}

int names_ask(struct host *h, unsigned id, const char *name, enum dt_rr type)
{
	struct question *q = calloc(1, sizeof *q);

	if (q == NULL)
		return -ENOMEM;
	*q = (struct question){h, id, h->life, type};
	if (!h->names->open) { /* no server is known */
		answered(q, ARES_ECONNREFUSED, 0, NULL, 0);
		return 0;
	}
	ares_query(h->names->channel, name, ns_c_in, type == DT_RR_SRV ? ns_t_srv : ns_t_a, answered, q);
	set_timer(h->names);
	return 0;
}
