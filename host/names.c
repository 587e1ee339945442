/* host/names.c: DNS questions by c-ares, to the servers of the phone's lease only.
 *
 * The host's resolv.conf, hosts file and search list play no part: questions go out as the phone asked them.
 *
 * Two channels: with ARES_FLAG_NOCHECKRESP c-ares 1.18 tells SERVFAIL and REFUSED, but then never asks the next server.  So a
 * question goes to the channel that does ask it; when that has no server left to ask, once more to the one that tells why.
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

#define SOCKETS 48
/* After so long an observer's datagram is sent once more, with its id: one lost packet makes no server silent.  c-ares waits twice
 * as long for the second, and later versions for a random time between once and twice: two seconds in all at least, three at most. */
#define REPEAT_MS 1000

/* An observer asks each server by itself: a channel each, over UDP and over TCP. */
enum { SERVERS = 4, ASKS = 0, REPORTS, EACH_UDP, EACH_TCP = EACH_UDP + SERVERS, CHANNELS = EACH_TCP + SERVERS };

struct host_names {
	struct host *h;
	ares_channel channel[CHANNELS];
	bool open; /* the phone's two */
	bool each[CHANNELS]; /* the others */
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
	bool again; /* or it is never asked again */
	char name[DT_NAME_MAX];
};

struct reply {
	unsigned id;
	struct dt_dns_answer answer;
};

/* ---- c-ares in the loop -------------------------------------------------------------------------------------- */

static bool channel_is(const struct host_names *n, int c)
{
	return n->open && (c < EACH_UDP || n->each[c]);
}

static void names_set_timer(struct host_names *n)
{
	struct timeval t[CHANNELS], *wait = NULL;

	for (int c = 0; c < CHANNELS && n->open; c++)
		if (channel_is(n, c))
			wait = ares_timeout(n->channel[c], wait, &t[c]); /* the shortest of them */
	if (wait)
		event_add(&n->timer, wait);
	else
		event_del(&n->timer);
}

#if ARES_VERSION >= 0x012200
/* Lets c-ares use a socket that is ready, and give up what has waited too long; no socket: -1.  Of a socket that is another
 * channel's it takes no notice. */
static void process(struct host_names *n, ares_socket_t fd, short what)
{
	ares_fd_events_t at = {fd, (what & EV_READ ? ARES_FD_EVENT_READ : 0u) | (what & EV_WRITE ? ARES_FD_EVENT_WRITE : 0u)};

	for (int c = 0; c < CHANNELS; c++)
		if (channel_is(n, c))
			ares_process_fds(n->channel[c], &at, fd == ARES_SOCKET_BAD ? 0 : 1, ARES_PROCESS_FLAG_NONE);
	names_set_timer(n);
}
#else
static void process(struct host_names *n, ares_socket_t fd, short what)
{
	for (int c = 0; c < CHANNELS; c++)
		if (channel_is(n, c))
			ares_process_fd(n->channel[c], what & EV_READ ? fd : ARES_SOCKET_BAD, what & EV_WRITE ? fd : ARES_SOCKET_BAD);
	names_set_timer(n);
}
#endif

static void names_ready(evutil_socket_t fd, short what, void *arg)
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
			 names_ready, n) == 0)
		w->used = event_add(&w->ev, NULL) == 0;
}

static int socket_made(ares_socket_t fd, int type, void *arg)
{
	(void)type;
	return netns_socket(((struct host_names *)arg)->h, fd) < 0 ? -1 : 0;
}

static bool channel_open(struct host_names *n, int c, const char *servers)
{
	bool each_udp = c >= EACH_UDP && c < EACH_TCP;
	struct ares_options o = {.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | (c >= REPORTS ? ARES_FLAG_NOCHECKRESP : 0) |
					  (c >= EACH_TCP ? ARES_FLAG_USEVC : 0),
				 .timeout = each_udp ? REPEAT_MS : 2000,
				 .tries = each_udp ? 2 : c >= REPORTS ? 1 : 3,
				 .ndots = 0,
				 .lookups = (char *)"b",
				 .sock_state_cb = socket_changed,
				 .sock_state_cb_data = n};
	int rc = ares_init_options(&n->channel[c], &o,
				   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS | ARES_OPT_LOOKUPS |
				       ARES_OPT_SOCK_STATE_CB | ARES_OPT_DOMAINS | ARES_OPT_SERVERS);

	if (rc != ARES_SUCCESS)
		return false;
	ares_set_socket_configure_callback(n->channel[c], socket_made, n);
	if (ares_set_servers_csv(n->channel[c], servers) == ARES_SUCCESS)
		return true;
	ares_destroy(n->channel[c]);
	return false;
}

static void channels_open(struct host_names *n, const char *servers)
{
	int c = 0;

	while (c < EACH_UDP && channel_open(n, c, servers))
		c++;
	n->open = c == EACH_UDP;
	while (!n->open && c-- > 0)
		ares_destroy(n->channel[c]);
}

static void channels_open_each(struct host_names *n, unsigned at, const char *server)
{
	int udp = EACH_UDP + (int)at, tcp = EACH_TCP + (int)at;

	if (!n->open || at >= SERVERS)
		return;
	n->each[udp] = channel_open(n, udp, server);
	n->each[tcp] = channel_open(n, tcp, server);
}

static void channels_close(struct host_names *n)
{
	bool were = n->open;

	n->open = false;
	for (int c = 0; c < CHANNELS && were; c++)
		if (c < EACH_UDP || n->each[c])
			ares_destroy(n->channel[c]); /* open questions are answered ECANCELLED: dropped in names_answered() */
	event_del(&n->timer);
	for (unsigned i = 0; i < SOCKETS; i++)
		if (n->at[i].used)
			event_del(&n->at[i].ev);
	memset(n->at, 0, sizeof n->at);
	memset(n->each, 0, sizeof n->each);
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
	channels_close(h->names);
	free(h->names);
	h->names = NULL;
}

void names_servers(struct host *h)
{
	char list[4 * INET_ADDRSTRLEN] = "", address[INET_ADDRSTRLEN];
	size_t n = 0;

	channels_close(h->names);
	if (!h->has_lease || h->lease.ndns == 0)
		return;
	for (unsigned i = 0; i < h->lease.ndns && i < 4; i++) {
		struct in_addr at = {.s_addr = htonl(h->lease.dns[i])};

		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? "," : "",
				      inet_ntop(AF_INET, &at, address, sizeof address));
	}
	channels_open(h->names, list);
	for (unsigned i = 0; i < h->lease.ndns; i++) {
		struct in_addr at = {.s_addr = htonl(h->lease.dns[i])};

		channels_open_each(h->names, i, inet_ntop(AF_INET, &at, address, sizeof address));
	}
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

/* Frees the question; the reply, if one is wanted still, is the caller's to fill in and to hand to host_later(). */
static struct reply *names_settled(struct question *q, int status)
{
	struct reply *r = NULL;

	if (status != ARES_ECANCELLED && status != ARES_EDESTRUCTION && q->life == q->h->life)
		r = calloc(1, sizeof *r);
	if (r) {
		r->id = q->id;
		r->answer.status = status_of(status);
		r->answer.rcode = rcode_of(status);
	}
	free(q);
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

static void ask(ares_channel_t *channel, struct question *q)
{
	ares_query_dnsrec(channel, q->name, ARES_CLASS_IN, (ares_dns_rec_type_t)q->type, names_answered, q,
			  NULL);
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

static void ask(ares_channel channel, struct question *q)
{
	ares_query(channel, q->name, ns_c_in, (int)q->type, names_answered, q);
}
#endif

/* c-ares has asked every server, and says "refused" both for an error of theirs and for a server that is not there. */
static bool ask_again(struct question *q, int status)
{
	struct host_names *n = q->h->names;

	if (status != ARES_ECONNREFUSED || q->again || q->life != q->h->life || n == NULL || !n->open)
		return false;
	q->again = true;
	ask(n->channel[REPORTS], q);
	names_set_timer(n);
	return true;
}

int names_ask(struct host *h, unsigned id, const char *name, enum dt_rr type)
{
	struct question *q = calloc(1, sizeof *q);
	struct reply *r;

	if (q == NULL)
		return -ENOMEM;
	*q = (struct question){.h = h, .id = id, .life = h->life, .type = type};
	if (!sv_copy(q->name, sizeof q->name, sv_of(name))) {
		free(q);
		return -ENAMETOOLONG;
	}
	if (h->names->open) {
		ask(h->names->channel[ASKS], q);
		names_set_timer(h->names);
		return 0;
	}
	r = names_settled(q, ARES_ECONNREFUSED);
	if (r == NULL)
		return -ENOMEM;
	r->answer.status = DT_DNS_ERROR; /* rcode 0: no server is known */
	return host_later(h, names_report, r);
}

int names_ask_one(struct host *h, unsigned id, unsigned server, bool tcp, const char *name, enum dt_rr type)
{
	struct host_names *n = h->names;
	int c = (tcp ? EACH_TCP : EACH_UDP) + (int)server;
	struct question *q;

	if (server >= SERVERS || !channel_is(n, c))
		return -EADDRNOTAVAIL;
	q = calloc(1, sizeof *q);
	if (q == NULL)
		return -ENOMEM;
	*q = (struct question){.h = h, .id = id, .life = h->life, .type = type, .again = true};
	if (!sv_copy(q->name, sizeof q->name, sv_of(name))) {
		free(q);
		return -ENAMETOOLONG;
	}
	ask(n->channel[c], q);
	names_set_timer(n);
	return 0;
}
