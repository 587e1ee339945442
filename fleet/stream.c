/* fleet/stream.c: TCP and TLS of the phones, on one epoll.
 *
 * CONNECTING -> (TLS: SHAKING ->) OPEN.  The phone may close a stream from within a call about it: its memory stays until the turn
 * of the loop is over (streams_end()), as other events of the same turn may name it.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fleet/internal.h"

#include "host/tls_stream.h"

#define CHUNK 16384

struct fleet_stream {
	struct fleet_stream *next;
	struct fleet_phone *p;
	unsigned id;
	int fd;
	enum { CONNECTING, SHAKING, OPEN } where;
	bool wants_tls, report_only, public_roots, dead, answered, speaks_tls, writes;
	struct tls *tls;
	struct buf out;
	uint64_t limit;
	int64_t unix_s;
	uint32_t address;
	uint16_t port;
	char *name, *anchors; /* until it is open */
};

static struct fleet_stream *stream_find(const struct fleet_phone *p, unsigned id)
{
	struct fleet_stream *s = p->streams;

	while (s && s->id != id)
		s = s->next;
	return s;
}

static void limits_again(struct fleet_phone *p)
{
	p->limit_at = NEVER;
	for (const struct fleet_stream *s = p->streams; s; s = s->next)
		if (s->where != OPEN && s->limit < p->limit_at)
			p->limit_at = s->limit;
	heap_update(p->f, p);
}

static void opening_done(struct fleet_stream *s)
{
	free(s->name);
	free(s->anchors);
	s->name = s->anchors = NULL;
}

static void stream_drop(struct fleet_stream *s)
{
	struct fleet_stream **at = &s->p->streams;

	if (s->dead)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	s->dead = true;
	if (s->fd >= 0)
		close(s->fd);
	buf_wipe(&s->out);
	opening_done(s);
	s->next = s->p->f->graves;
	s->p->f->graves = s;
	limits_again(s->p);
}

void streams_end(struct fleet *f)
{
	while (f->graves) {
		struct fleet_stream *s = f->graves;

		f->graves = s->next;
		tls_free(s->tls); /* the reason that it gave was reported behind stream_drop() */
		free(s);
	}
}

/* ---- to the phone ------------------------------------------------------------------------------------------------------- */

static void closed(struct fleet_stream *s, const char *why)
{
	struct fleet_phone *p = s->p;
	unsigned id = s->id;

	stream_drop(s);
	dt_phone_stream_closed(p->ph, id, why);
	p->f->on->changed(p);
}

/* false: the stream is gone */
static bool opened(struct fleet_stream *s, struct dt_stream_opened *o)
{
	struct fleet_phone *p = s->p;
	unsigned id = s->id;

	if (o->failure != DT_F_OK) {
		stream_drop(s);
	} else {
		s->where = OPEN;
		limits_again(p);
		tls_stream_local(s->fd, o);
	}
	dt_phone_stream_opened(p->ph, id, o);
	if (!s->dead)
		opening_done(s);
	p->f->on->changed(p);
	return !s->dead;
}

static bool failed(struct fleet_stream *s, enum dt_failure f, const char *why)
{
	struct dt_stream_opened o = tls_stream_failed(f, why, s->where == SHAKING && !s->answered);

	return opened(s, &o);
}

static bool deliver(struct fleet_stream *s, const uint8_t *p, size_t n)
{
	dt_phone_stream_data(s->p->ph, s->id, p, n);
	s->p->f->on->changed(s->p);
	return !s->dead;
}

/* ---- out --------------------------------------------------------------------------------------------------------------- */

static void want(struct fleet_stream *s, bool writes)
{
	struct epoll_event ev = {.events = EPOLLIN | (writes ? EPOLLOUT : 0), .data.ptr = s};

	if (s->writes != writes && epoll_ctl(s->p->f->epoll, EPOLL_CTL_MOD, s->fd, &ev) == 0)
		s->writes = writes;
}

/* NULL, or why nothing can be sent. */
static const char *flush(struct fleet_stream *s)
{
	bool full;
	const char *why = tls_stream_flush(s->fd, s->tls, &s->out, &full);

	if (why)
		return why;
	if (!full)
		buf_free(&s->out); /* a registered phone has none */
	want(s, full);
	return NULL;
}

int fleet_stream_send(struct fleet_phone *p, unsigned id, const void *octets, size_t n)
{
	struct fleet_stream *s = stream_find(p, id);

	if (s == NULL || s->where != OPEN)
		return -ENOTCONN;
	if (s->tls)
		tls_write(s->tls, octets, n);
	else
		buf_add(&s->out, octets, n);
	return flush(s) ? -EIO : 0;
}

void fleet_stream_close(struct fleet_phone *p, unsigned id)
{
	struct fleet_stream *s = stream_find(p, id);

	if (s == NULL)
		return;
	if (s->where == OPEN) {
		if (s->tls)
			tls_shutdown(s->tls);
		(void)flush(s); /* one try: a phone that hangs up does not wait */
	}
	stream_drop(s);
}

/* The peer hears nothing, where the system permits that (CAP_NET_ADMIN), as when a cable is cut; else a reset. */
void streams_cut(struct fleet_phone *p)
{
	struct linger l = {.l_onoff = 1};
	int on = 1;

	while (p->streams) {
		(void)setsockopt(p->streams->fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
		(void)setsockopt(p->streams->fd, IPPROTO_TCP, TCP_REPAIR, &on, sizeof on);
		stream_drop(p->streams);
	}
}

/* ---- in ---------------------------------------------------------------------------------------------------------------- */

static bool shaken(struct fleet_stream *s)
{
	struct dt_stream_opened o = {.failure = DT_F_OK};
	struct buf der = {0};
	const struct verdict *v;
	bool alive;

	s->p->f->stats.handshakes++;
	s->p->f->stats.resumed += tls_resumed(s->tls);
	o.nchain = tls_peer_chain(s->tls, &der, o.chain, o.chain_n, sizeof o.chain / sizeof *o.chain);
	v = verdict_of(s->p->f->verdicts, &(struct verdict_ask){.der = o.chain, .n = o.chain_n, .count = o.nchain, .anchors = s->anchors,
								.host = s->name, .public_roots = s->public_roots, .unix_s = s->unix_s});
	tls_stream_shaken(s->tls, v->verdict, &v->result, s->report_only, &o);
	alive = opened(s, &o);
	buf_free(&der);
	return alive;
}

static bool not_shaken(struct fleet_stream *s, const char *broken)
{
	struct dt_stream_opened o = tls_stream_not_shaken(s->tls, broken, s->speaks_tls);

	return opened(s, &o);
}

/* false: the stream is gone */
static bool feed(struct fleet_stream *s, const uint8_t *p, size_t n)
{
	static uint8_t plain[CHUNK];
	const char *broken;
	enum tls_state state;
	long got;

	if (s->tls == NULL)
		return deliver(s, p, n);
	if (!s->answered) {
		s->answered = true;
		s->speaks_tls = tls_stream_speaks(p[0]);
	}
	state = tls_feed(s->tls, p, n);
	broken = flush(s);
	if (s->where == SHAKING) {
		if (state == TLS_FAILED || state == TLS_CLOSED || broken)
			return not_shaken(s, broken);
		if (state == TLS_HANDSHAKE)
			return true;
		if (!shaken(s))
			return false;
	}
	while ((got = tls_read(s->tls, plain, sizeof plain)) > 0)
		if (!deliver(s, plain, (size_t)got))
			return false;
	state = tls_state(s->tls);
	if (state == TLS_CLOSED || state == TLS_FAILED || broken) {
		closed(s, broken ? broken : state == TLS_FAILED ? tls_why(s->tls) : NULL);
		return false;
	}
	return true;
}

static void readable(struct fleet_stream *s)
{
	static uint8_t p[CHUNK];
	ssize_t n;

	for (unsigned i = 0; i < 4; i++) { /* a download must not starve the rest */
		n = recv(s->fd, p, sizeof p, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		if (n > 0) {
			if (!feed(s, p, (size_t)n) || (size_t)n < sizeof p)
				return;
			continue;
		}
		if (s->where == SHAKING)
			failed(s, DT_F_TLS_HANDSHAKE, n < 0 ? strerror(errno) : "the server closed the connection within the handshake");
		else
			closed(s, n < 0 ? strerror(errno) : NULL);
		return;
	}
}

/* ---- opening ----------------------------------------------------------------------------------------------------------- */

/* The phone resumes with whom it spoke before, as that of `dialtone connect` does. */
static struct tls *stream_tls(struct fleet_stream *s)
{
	struct fleet_phone *p = s->p;
	char peer[DT_NAME_MAX + 32];

	if (p->sessions == NULL)
		p->sessions = tls_sessions_new();
	snprintf(peer, sizeof peer, "%s %08x:%u", s->name, (unsigned)s->address, s->port);
	return tls_connect_again(p->f->tls, s->name[0] ? s->name : NULL, p->sessions, peer);
}

/* false: the stream is gone, or there is nothing to read yet */
static bool connected(struct fleet_stream *s)
{
	struct dt_stream_opened o = {.failure = DT_F_OK, .verdict = DT_NO_CERT};
	int error = tls_stream_error(s->fd);

	if (error) {
		o = tls_stream_refused(error);
		return opened(s, &o);
	}
	s->p->f->stats.streams++;
	if (!s->wants_tls) {
		want(s, false);
		return opened(s, &o);
	}
	s->where = SHAKING;
	s->tls = stream_tls(s);
	if (s->tls == NULL)
		return failed(s, DT_F_MEMORY, NULL);
	return flush(s) == NULL || failed(s, DT_F_TLS_HANDSHAKE, "the connection broke");
}

void streams_event(struct fleet_stream *s, unsigned events)
{
	const char *broken;

	if (s->dead)
		return;
	if (s->where == CONNECTING) {
		if (!connected(s))
			return;
	} else if (events & EPOLLOUT) {
		broken = flush(s);
		if (broken && s->where == SHAKING) {
			failed(s, DT_F_TLS_HANDSHAKE, broken);
			return;
		}
		if (broken) {
			closed(s, broken);
			return;
		}
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		readable(s);
}

void streams_limit(struct fleet_phone *p)
{
	for (struct fleet_stream *s = p->streams; s; s = s->next)
		if (s->where != OPEN && s->limit <= p->f->now) {
			failed(s, DT_F_TIMEOUT, s->where == CONNECTING ? "no answer to the connection attempt"
								       : "connected, but the TLS handshake does not go on");
			return; /* the list may be another one now; the next turn looks again */
		}
	limits_again(p);
}

static bool is_target(const struct fleet_conf *c, uint32_t address)
{
	for (unsigned i = 0; i < c->targets; i++)
		if (c->target[i] == address)
			return true;
	return false;
}

static int begin(struct fleet_stream *s, const struct dt_stream_conf *conf)
{
	const struct fleet_conf *c = &s->p->f->conf;
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(conf->port), .sin_addr.s_addr = htonl(conf->address)};
	struct sockaddr_in from = {.sin_family = AF_INET};
	struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT, .data.ptr = s};
	int on = 1;

	s->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return -errno;
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (c->sources) {
		from.sin_addr.s_addr = htonl(c->source + fleet_index(s->p) % c->sources);
		(void)setsockopt(s->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
		if (bind(s->fd, (struct sockaddr *)&from, sizeof from) < 0)
			return -errno;
	}
	if (connect(s->fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS)
		return -errno;
	s->writes = true;
	return epoll_ctl(s->p->f->epoll, EPOLL_CTL_ADD, s->fd, &ev) < 0 ? -errno : 0;
}

int fleet_stream_open(struct fleet_phone *p, unsigned id, const struct dt_stream_conf *conf)
{
	struct fleet_stream *s = calloc(1, sizeof *s);
	int e = 0;

	if (s == NULL)
		return -ENOMEM;
	s->p = p;
	s->id = id;
	s->fd = -1;
	s->wants_tls = conf->tls;
	s->report_only = conf->tls_report_only;
	s->public_roots = conf->public_roots;
	s->unix_s = conf->unix_s;
	s->address = conf->address;
	s->port = conf->port;
	s->limit = p->f->now + (conf->timeout_ms ? conf->timeout_ms : 10000);
	s->name = sv_dup(sv_of(conf->name ? conf->name : ""));
	s->anchors = sv_dup(sv_of(conf->anchors ? conf->anchors : ""));
	s->next = p->streams;
	p->streams = s;
	if (s->name == NULL || s->anchors == NULL)
		e = -ENOMEM;
	else if (!is_target(&p->f->conf, conf->address)) {
		p->f->stats.unnamed++;
		e = -EACCES;
	} else {
		e = begin(s, conf);
	}
	limits_again(p);
	if (e == 0)
		return 0;
	if (!later_add(p->f, p, &(struct later){.kind = LATER_STREAM_FAILED, .id = id,
						.why = e == -EACCES ? "this address was not named as a target: it is not spoken to" : strerror(-e)})) {
		stream_drop(s);
		return -ENOMEM;
	}
	return 0;
}

void fleet_stream_failed_later(struct fleet_phone *p, unsigned id, const char *why)
{
	struct fleet_stream *s = stream_find(p, id);

	if (s && s->where == CONNECTING)
		failed(s, DT_F_CONNECT, why);
}
