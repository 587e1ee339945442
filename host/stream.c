/* host/stream.c: TCP and TLS streams of the phone.
 *
 * CONNECTING -> (TLS: SHAKING ->) OPEN.  TLS has no socket of its own (pki/tls.h): octets from the socket are fed,
 * its output is drained.  The peer's chain is verified here, with the phone's anchors, at the phone's time; the phone
 * gets the chain and the verdict.
 *
 * The phone may close a stream inside a callback about it: `busy` keeps the memory until the teller is done.
 */
#include "host/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/tls_stream.h"

#define CHUNK 16384
#define READS 8 /* chunks a wake-up: a download must not starve the rest */

enum where { CONNECTING, SHAKING, OPEN };

struct host_stream {
	struct host_stream *next;
	struct host *h;
	unsigned id;
	enum where where;
	int fd;
	struct event rd, wr, limit;
	struct tls_ctx *ctx;
	struct tls *tls;
	struct buf out; /* octets for the socket */
	bool wants_tls, report_only, public_roots, dead, ending;
	bool answered, speaks_tls; /* TLS: an octet came; the first one is one of TLS */
	unsigned busy;
	int64_t unix_s;
	struct witnessed seen;
	char name[DT_NAME_MAX];
	char *anchors;
};

/* ---- life ---------------------------------------------------------------------------------------------------- */

static struct host_stream *stream_find(struct host *h, unsigned id)
{
	struct host_stream *s = h->streams;

	while (s && s->id != id)
		s = s->next;
	return s;
}

/* on: a process that is killed leaves nothing behind.  An orphaned connection holds its namespace, and with it the phone's
 * MAC address, for minutes. */
static void abrupt(int fd, bool on)
{
	struct linger l = {.l_onoff = on};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
}

static void release(struct host_stream *s)
{
	witness_end(s->h, &s->seen);
	if (event_initialized(&s->rd)) {
		event_del(&s->rd);
		event_del(&s->wr);
		event_del(&s->limit);
	}
	if (s->fd >= 0) {
		abrupt(s->fd, false);
		close(s->fd);
	}
	tls_free(s->tls);
	buf_wipe(&s->out);
	free(s->anchors);
	free(s);
}

/* Out of the list: no callback is called any more. */
static void stream_drop(struct host_stream *s)
{
	struct host_stream **at = &s->h->streams;

	if (s->dead)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->dead = true;
	if (!s->busy)
		release(s);
}

/* Around every call into the phone; false: the stream is gone. */
static bool stream_leave(struct host_stream *s)
{
	bool dead = s->dead;

	if (--s->busy == 0 && dead)
		release(s);
	return !dead;
}

static void closed(struct host_stream *s, const char *why)
{
	struct host *h = s->h;
	unsigned id = s->id;
	uint8_t alert = s->tls ? tls_alert(s->tls) : 0;

	stream_drop(s);
	report_closed(h, id, why, alert);
}

/* false: the stream is gone */
static bool stream_opened(struct host_stream *s, struct dt_stream_opened *o)
{
	struct host *h = s->h;
	unsigned id = s->id;

	event_del(&s->limit);
	if (o->failure != DT_F_OK) {
		stream_drop(s);
		report_opened(h, id, o);
		return false;
	}
	s->where = OPEN;
	tls_stream_local(s->fd, o);
	report_opened(h, id, o);
	return !s->dead;
}

static bool stream_failed(struct host_stream *s, enum dt_failure f, const char *why)
{
	struct dt_stream_opened o = tls_stream_failed(f, why, s->where == SHAKING && !s->answered);

	return stream_opened(s, &o);
}

/* ---- out ----------------------------------------------------------------------------------------------------- */

/* NULL, or why nothing can be sent. */
static const char *stream_flush(struct host_stream *s)
{
	bool full;
	const char *why = tls_stream_flush(s->fd, s->tls, &s->out, &full);

	if (full)
		event_add(&s->wr, NULL);
	return why;
}

static void close_later(struct host *h, void *arg)
{
	struct host_stream *s = stream_find(h, *(unsigned *)arg);

	if (s && s->ending)
		closed(s, "the connection broke while sending");
}

int stream_write(struct host *h, unsigned id, const void *p, size_t n)
{
	struct host_stream *s = stream_find(h, id);
	unsigned *again;

	if (s == NULL || s->where != OPEN)
		return -ENOTCONN;
	witness_sent(h, &s->seen, p, n);
	if (s->tls ? !tls_write(s->tls, p, n) : (buf_add(&s->out, p, n), s->out.oom))
		return -EIO;
	if (stream_flush(s) == NULL)
		return 0;
	again = malloc(sizeof *again); /* the callback comes later, not from within the phone's own call */
	if (again == NULL)
		return -ENOMEM;
	*again = id;
	s->ending = true;
	return host_later(h, close_later, again);
}

void stream_close(struct host *h, unsigned id)
{
	struct host_stream *s = stream_find(h, id);

	if (s == NULL)
		return;
	if (s->where == OPEN) {
		if (s->tls)
			tls_shutdown(s->tls);
		(void)stream_flush(s); /* one try: a phone that hangs up does not wait */
	}
	stream_drop(s);
}

void host_witness_all(struct host *h)
{
	for (struct host_stream *s = h->streams; s; s = s->next)
		witness_end(h, &s->seen);
}

void streams_close_all(struct host *h)
{
	while (h->streams)
		stream_close(h, h->streams->id);
}

/* ---- in ------------------------------------------------------------------------------------------------------ */

static bool shaken(struct host_stream *s)
{
	struct dt_stream_opened o = {.failure = DT_F_OK};
	struct buf der = {0};
	struct pki_chain_result result;
	enum pki_verdict v;
	bool alive;

	o.nchain = tls_peer_chain(s->tls, &der, o.chain, o.chain_n, sizeof o.chain / sizeof *o.chain);
	v = pki_chain_verify(o.chain, o.chain_n, o.nchain, sv_of(s->anchors), s->public_roots, s->name[0] ? s->name : NULL, s->unix_s, &result);
	tls_stream_shaken(s->tls, v, &result, s->report_only, &o);
	witness_opened(s->h, &s->seen, &o);
	alive = stream_opened(s, &o);
	buf_free(&der);
	return alive;
}

static bool stream_not_shaken(struct host_stream *s, const char *broken)
{
	struct dt_stream_opened o = tls_stream_not_shaken(s->tls, broken, s->speaks_tls);

	return stream_opened(s, &o);
}

/* Hands plaintext to the phone. false: the stream is gone. */
static bool stream_deliver(struct host_stream *s)
{
	uint8_t p[CHUNK];

	for (;;) {
		long n = tls_read(s->tls, p, sizeof p);

		if (n <= 0)
			return true;
		witness_got(s->h, &s->seen, p, (size_t)n);
		report_data(s->h, s->id, p, (size_t)n);
		if (s->dead)
			return false;
	}
}

/* Octets, or (n 0) the end. false: the stream is gone. */
static bool feed(struct host_stream *s, const uint8_t *p, size_t n)
{
	enum tls_state state;
	const char *broken;

	if (s->tls == NULL) {
		witness_got(s->h, &s->seen, p, n);
		report_data(s->h, s->id, p, n);
		return !s->dead;
	}
	if (!s->answered) {
		s->answered = true;
		s->speaks_tls = tls_stream_speaks(p[0]);
	}
	s->h->secrets = s->seen.credentials || !s->h->witness ? NULL : &s->seen.secrets;
	state = tls_feed(s->tls, p, n);
	s->h->secrets = NULL;
	broken = stream_flush(s);
	if (s->where == SHAKING) {
		if (state == TLS_FAILED || state == TLS_CLOSED || broken)
			return stream_not_shaken(s, broken);
		if (state == TLS_HANDSHAKE)
			return true;
		if (!shaken(s))
			return false;
	}
	if (!stream_deliver(s))
		return false;
	state = tls_state(s->tls);
	if (state == TLS_CLOSED || state == TLS_FAILED || broken) {
		closed(s, broken ? broken : state == TLS_FAILED ? tls_why(s->tls) : NULL);
		return false;
	}
	return true;
}

static void stream_ended(struct host_stream *s, int error)
{
	const char *why = error ? strerror(error) : NULL;

	if (s->where == SHAKING)
		stream_failed(s, DT_F_TLS_HANDSHAKE, why ? why : "the server closed the connection within the handshake");
	else
		closed(s, why);
}

static void stream_readable(evutil_socket_t fd, short what, void *arg)
{
	struct host_stream *s = arg;
	uint8_t p[CHUNK];

	(void)what;
	s->busy++;
	for (unsigned i = 0; i < READS; i++) {
		ssize_t n = recv(fd, p, sizeof p, MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {
			stream_ended(s, n < 0 ? errno : 0);
			break;
		}
		if (!feed(s, p, (size_t)n))
			break;
	}
	stream_leave(s);
}

/* ---- opening ------------------------------------------------------------------------------------------------- */

/* The phone resumes with whom it spoke before.  An examiner wants to see each handshake whole. */
static struct tls *stream_tls(struct host_stream *s)
{
	char peer[DT_NAME_MAX + 32];

	snprintf(peer, sizeof peer, "%s %08x:%u", s->name, (unsigned)s->seen.address, s->seen.port);
	return tls_connect_again(s->ctx, s->name[0] ? s->name : NULL, s->h->witness || s->ctx != s->h->tls ? NULL : s->h->sessions, peer);
}

static bool stream_connected(struct host_stream *s)
{
	struct dt_stream_opened o = {.failure = DT_F_OK, .verdict = DT_NO_CERT};
	int error = tls_stream_error(s->fd);

	if (error) {
		o = tls_stream_refused(error);
		return stream_opened(s, &o);
	}
	event_add(&s->rd, NULL);
	if (!s->wants_tls)
		return stream_opened(s, &o);
	s->where = SHAKING;
	s->tls = stream_tls(s);
	if (s->tls == NULL)
		return stream_failed(s, DT_F_MEMORY, NULL);
	if (stream_flush(s))
		return stream_failed(s, DT_F_TLS_HANDSHAKE, "the connection broke");
	return true;
}

static void writable(evutil_socket_t fd, short what, void *arg)
{
	struct host_stream *s = arg;
	const char *why;

	(void)fd;
	(void)what;
	s->busy++;
	if (s->where == CONNECTING) {
		stream_connected(s);
	} else {
		why = stream_flush(s);
		if (why && s->where == SHAKING)
			stream_failed(s, DT_F_TLS_HANDSHAKE, why);
		else if (why)
			closed(s, why);
	}
	stream_leave(s);
}

static void stream_too_long(evutil_socket_t fd, short what, void *arg)
{
	struct host_stream *s = arg;

	(void)fd;
	(void)what;
	s->busy++;
	stream_failed(s, DT_F_TIMEOUT, s->where == CONNECTING ? "no answer to the connection attempt"
						       : "connected, but the TLS handshake does not go on");
	stream_leave(s);
}

static void stream_refused(struct host *h, void *arg)
{
	struct host_stream *s = stream_find(h, *(unsigned *)arg);

	if (s && s->ending)
		stream_failed(s, DT_F_CONNECT, "the network is unreachable: no route, or no address");
}

static int stream_begin(struct host_stream *s, const struct dt_stream_conf *conf)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(conf->port), .sin_addr.s_addr = htonl(conf->address)};
	uint32_t ms = conf->timeout_ms ? conf->timeout_ms : 10000;
	struct timeval limit = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
	int on = 1, e;
	unsigned *id;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	abrupt(s->fd, !s->h->take);
	e = netns_socket(s->h, s->fd);
	if (e < 0)
		return e;
	if (event_assign(&s->rd, s->h->base, s->fd, EV_READ | EV_PERSIST, stream_readable, s) < 0 ||
	    event_assign(&s->wr, s->h->base, s->fd, EV_WRITE, writable, s) < 0 ||
	    evtimer_assign(&s->limit, s->h->base, stream_too_long, s) < 0 || event_add(&s->limit, &limit) < 0)
		return -ENOMEM;
	if (connect(s->fd, (struct sockaddr *)&to, sizeof to) == 0 || errno == EINPROGRESS)
		return event_add(&s->wr, NULL) < 0 ? -ENOMEM : 0;
	id = malloc(sizeof *id);
	if (id == NULL)
		return -ENOMEM;
	*id = s->id;
	s->ending = true;
	return host_later(s->h, stream_refused, id);
}

int stream_open(struct host *h, unsigned id, const struct dt_stream_conf *conf, struct tls_ctx *tls)
{
	struct host_stream *s;
	int e;

	if (stream_find(h, id))
		return -EEXIST;
	s = calloc(1, sizeof *s);
	if (s == NULL)
		return -ENOMEM;
	s->h = h;
	s->id = id;
	s->fd = -1;
	s->ctx = tls;
	s->wants_tls = conf->tls;
	s->seen.address = conf->address;
	s->seen.port = conf->port;
	sv_copy(s->seen.name, sizeof s->seen.name, sv_of(conf->name));
	s->report_only = conf->tls_report_only;
	s->public_roots = conf->public_roots;
	s->unix_s = conf->unix_s;
	s->anchors = sv_dup(sv_of(conf->anchors ? conf->anchors : ""));
	if (s->anchors == NULL || !sv_copy(s->name, sizeof s->name, sv_of(conf->name)))
		e = s->anchors ? -EINVAL : -ENOMEM;
	else
		e = stream_begin(s, conf);
	if (e < 0) {
		release(s);
		return e;
	}
	s->next = h->streams;
	h->streams = s;
	return 0;
}
