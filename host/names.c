/* host/names.c: DNS questions by c-ares, to the servers of the phone's lease only.
 *
 * The host's resolv.conf, hosts file and search list play no part: questions go out as the phone asked them.
 *
 * Each question has a channel of its own.  From 1.31 on a channel keeps answers, which would answer for a server; and it learns how
 * long a server takes: behind three quick answers c-ares waits 250 ms, and a name that the server has to look for elsewhere would
 * make it a silent one.
 *
 * With ARES_FLAG_NOCHECKRESP c-ares 1.18 tells SERVFAIL and REFUSED, but then never asks the next server.  So a question goes to
 * the servers in turn first; when none is left to ask, it goes out once more in the way that tells why.
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

/* A question has a socket to each server for UDP, and one for TCP when an answer was cut. */
enum { SERVERS = 4, SERVERS_TEXT = SERVERS * INET_ADDRSTRLEN, SOCKETS = 2 * SERVERS };

/* ASKS is the phone's question, to one server after the other.  An observer asks each server by itself, over UDP twice, as a packet
 * may get lost; it waits for three seconds at most, over UDP and over TCP. */
enum way { ASKS, REPORTS, ONE_BY_UDP, ONE_BY_TCP };

static const struct {
	int flags, timeout_ms, tries; /* c-ares waits twice as long for each further try */
} ways[] = {
    [ASKS] = {0, 2000, 3},
    [REPORTS] = {ARES_FLAG_NOCHECKRESP, 2000, 1},
    [ONE_BY_UDP] = {ARES_FLAG_NOCHECKRESP, 1000, 2},
    [ONE_BY_TCP] = {ARES_FLAG_NOCHECKRESP | ARES_FLAG_USEVC, 3000, 1},
};

struct question {
	struct question *next;
	struct host *h;
	unsigned id, life;
	enum dt_rr type;
	enum way way;
	bool ended;
	ares_channel channel;
	struct socket_watch {
		struct event ev;
		ares_socket_t fd;
		bool used;
	} at[SOCKETS];
	char name[DT_NAME_MAX];
};

struct host_names {
	struct question *open;
	struct event timer;
};

struct reply {
	unsigned id;
	struct dt_dns_answer answer;
};

/* ---- c-ares in the loop -------------------------------------------------------------------------------------- */

static void names_set_timer(struct host_names *n)
{
	struct timeval t, least, *wait = NULL;

	for (struct question *q = n->open; q; q = q->next)
		if (ares_timeout(q->channel, wait, &t) == &t) { /* it ends before those that were looked at */
			least = t;
			wait = &least;
		}
	if (wait)
		event_add(&n->timer, wait);
	else
		event_del(&n->timer);
}

static void question_free(struct question *q)
{
	ares_destroy(q->channel); /* one that is open is answered ARES_EDESTRUCTION: dropped in names_settled() */
	for (unsigned i = 0; i < SOCKETS; i++)
		if (q->at[i].used)
			event_del(&q->at[i].ev);
	free(q);
}

/* c-ares must have returned before a channel is destroyed: whoever calls it calls this afterwards. */
static void names_sweep(struct host_names *n)
{
	for (struct question **at = &n->open; *at;) {
		struct question *q = *at;

		if (!q->ended) {
			at = &q->next;
			continue;
		}
		*at = q->next;
		question_free(q);
	}
	names_set_timer(n);
}

/* Lets c-ares use a socket that is ready, and give up what has waited too long; no socket: -1. */
static void question_process(struct question *q, ares_socket_t fd, short what)
{
#if ARES_VERSION >= 0x012200
	ares_fd_events_t at = {fd, (what & EV_READ ? ARES_FD_EVENT_READ : 0u) | (what & EV_WRITE ? ARES_FD_EVENT_WRITE : 0u)};

	ares_process_fds(q->channel, &at, fd == ARES_SOCKET_BAD ? 0 : 1, ARES_PROCESS_FLAG_NONE);
#else
	ares_process_fd(q->channel, what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
#endif
}

static void names_ready(evutil_socket_t fd, short what, void *arg)
{
	struct question *q = arg;
	struct host_names *n = q->h->names;

	question_process(q, fd, what);
	names_sweep(n);
}

static void names_timed(evutil_socket_t fd, short what, void *arg)
{
	struct host_names *n = arg;

	(void)fd;
	(void)what;
	for (struct question *q = n->open; q; q = q->next)
		question_process(q, ARES_SOCKET_BAD, 0);
	names_sweep(n);
}

static void socket_changed(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct question *q = arg;
	struct socket_watch *w = NULL;

	for (unsigned i = 0; i < SOCKETS; i++)
		if (q->at[i].used && q->at[i].fd == fd)
			w = &q->at[i];
	if (w) {
		event_del(&w->ev);
		w->used = false;
	}
	if (!readable && !writable)
		return;
	for (unsigned i = 0; w == NULL && i < SOCKETS; i++)
		if (!q->at[i].used)
			w = &q->at[i];
	if (w == NULL)
		return; /* the question then ends by its timeout */
	w->fd = fd;
	if (event_assign(&w->ev, q->h->base, fd, (short)((readable ? EV_READ : 0) | (writable ? EV_WRITE : 0) | EV_PERSIST),
			 names_ready, q) == 0)
		w->used = event_add(&w->ev, NULL) == 0;
}

static int socket_made(ares_socket_t fd, int type, void *arg)
{
	(void)type;
	return netns_socket(((struct question *)arg)->h, fd) < 0 ? -1 : 0;
}

static bool channel_open(struct question *q, const char *servers)
{
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ways[q->way].flags,
				 .timeout = ways[q->way].timeout_ms,
				 .tries = ways[q->way].tries,
				 .ndots = 0,
				 .lookups = (char *)"b",
				 .sock_state_cb = socket_changed,
				 .sock_state_cb_data = q};
	int rc = ares_init_options(&q->channel, &o,
				   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
				       ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS | ARES_OPT_SERVERS);

	if (rc != ARES_SUCCESS)
		return false;
	ares_set_socket_configure_callback(q->channel, socket_made, q);
	if (ares_set_servers_csv(q->channel, servers) == ARES_SUCCESS)
		return true;
	ares_destroy(q->channel);
	return false;
}

int names_open(struct host *h)
{
	struct host_names *n = calloc(1, sizeof *n);

	if (n == NULL)
		return -ENOMEM;
	h->names = n;
	return evtimer_assign(&n->timer, h->base, names_timed, n) < 0 ? -ENOMEM : 0;
}

void names_drop(struct host *h)
{
	struct host_names *n = h->names;

	while (n->open) {
		struct question *q = n->open;

		n->open = q->next;
		q->ended = true;
		question_free(q);
	}
	event_del(&n->timer);
}

void names_close(struct host *h)
{
	if (h->names == NULL)
		return;
	names_drop(h);
	free(h->names);
	h->names = NULL;
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void names_report(struct host *h, void *arg)
{
	struct reply *r = arg;

	report_dns(h, r->id, &r->answer);
}

/* RFC 1035 4.1.1 */
static uint8_t rcode_of(int status)
{
	switch (status) {
	case ARES_EFORMERR:
		return 1;
	case ARES_ESERVFAIL:
		return 2;
	case ARES_ENOTIMP:
		return 4;
	case ARES_EREFUSED:
		return 5;
	default:
		return 0;
	}
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
	default: /* an error came, or no server could be reached */
		return rcode_of(status) ? DT_DNS_ERROR : DT_DNS_TIMEOUT;
	}
}

/* Ends the question.  The reply, if one is wanted still, is the caller's to fill in and to hand to host_later(). */
static struct reply *names_settled(struct question *q, int status)
{
	struct reply *r = NULL;

	if (!q->ended && status != ARES_ECANCELLED && status != ARES_EDESTRUCTION && q->life == q->h->life)
		r = calloc(1, sizeof *r);
	if (r) {
		r->id = q->id;
		r->answer.status = status_of(status);
		r->answer.rcode = rcode_of(status);
	}
	q->ended = true;
	return r;
}

static bool ask_again(struct question *q, int status);

#if ARES_VERSION >= 0x012200
static void names_answered(void *arg, ares_status_t status, size_t timeouts, const ares_dns_record_t *record)
{
	struct host *h = ((struct question *)arg)->h;
	struct reply *r;

	(void)timeouts;
	if (ask_again(arg, (int)status))
		return;
	r = names_settled(arg, (int)status);
	if (r == NULL)
		return;
	if (status == ARES_SUCCESS)
		dns_answer_read(&r->answer, record);
	host_later(h, names_report, r);
}

static void ask(struct question *q)
{
	ares_query_dnsrec(q->channel, q->name, ARES_CLASS_IN, (ares_dns_rec_type_t)q->type, names_answered, q, NULL);
}
#else
static void names_answered(void *arg, int status, int timeouts, unsigned char *p, int n)
{
	struct host *h = ((struct question *)arg)->h;
	enum dt_rr type = ((struct question *)arg)->type;
	struct reply *r;

	(void)timeouts;
	if (ask_again(arg, status))
		return;
	r = names_settled(arg, status);
	if (r == NULL)
		return;
	if (status == ARES_SUCCESS)
		dns_answer_read(&r->answer, type, p, n);
	host_later(h, names_report, r);
}

static void ask(struct question *q)
{
	ares_query(q->channel, q->name, ns_c_in, (int)q->type, names_answered, q);
}
#endif

/* Writes n servers of the lease, from that one on, as c-ares reads them. */
static void servers_text(const struct dt_lease *l, unsigned first, unsigned n, char out[SERVERS_TEXT])
{
	size_t at = 0;

	for (unsigned i = first; i < first + n && i < SERVERS; i++) {
		char address[INET_ADDRSTRLEN];

		at += (size_t)snprintf(out + at, SERVERS_TEXT - at, "%s%s", at ? "," : "",
				       inet_ntop(AF_INET, &(struct in_addr){htonl(l->dns[i])}, address, sizeof address));
	}
}

/* Puts a question to one server of the lease, or (ASKS, REPORTS) to all.  The caller calls names_sweep() afterwards. */
static int names_begin(struct host *h, enum way way, unsigned server, unsigned id, const char *name, enum dt_rr type)
{
	char servers[SERVERS_TEXT] = "";
	bool one = way == ONE_BY_UDP || way == ONE_BY_TCP;
	struct question *q = calloc(1, sizeof *q);

	if (q == NULL)
		return -ENOMEM;
	q->h = h;
	q->id = id;
	q->life = h->life;
	q->type = type;
	q->way = way;
	if (!sv_copy(q->name, sizeof q->name, sv_of(name))) {
		free(q);
		return -ENAMETOOLONG;
	}
	servers_text(&h->lease, one ? server : 0, one ? 1 : h->lease.ndns, servers);
	if (!channel_open(q, servers)) {
		free(q);
		return -ENOMEM;
	}
	q->next = h->names->open;
	h->names->open = q;
	ask(q);
	return 0;
}

/* c-ares has asked every server, and says "refused" both for an error of theirs and for a server that is not there. */
static bool ask_again(struct question *q, int status)
{
	if (status != ARES_ECONNREFUSED || q->way != ASKS || q->ended || q->life != q->h->life ||
	    names_begin(q->h, REPORTS, 0, q->id, q->name, q->type) < 0)
		return false;
	q->ended = true;
	return true;
}

int names_ask(struct host *h, unsigned id, const char *name, enum dt_rr type)
{
	struct reply *r;
	int e;

	if (h->has_lease && h->lease.ndns) {
		e = names_begin(h, ASKS, 0, id, name, type);
		names_sweep(h->names);
		return e;
	}
	r = calloc(1, sizeof *r);
	if (r == NULL)
		return -ENOMEM;
	r->id = id;
	r->answer.status = DT_DNS_ERROR; /* rcode 0: no server is known */
	return host_later(h, names_report, r);
}

int names_ask_one(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type)
{
	int e;

	if (!h->has_lease || server >= h->lease.ndns || server >= SERVERS)
		return -EADDRNOTAVAIL;
	e = names_begin(h, tcp ? ONE_BY_TCP : ONE_BY_UDP, server, id, name, type);
	names_sweep(h->names);
	return e;
}
