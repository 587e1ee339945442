#include "net/http_server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/date.h"
#include "pki/key.h"

#define IDLE_MS 60000
#define HEAD_MS 10000
#define BODY_MS 20000
#define WAIT_MS 30000 /* for an answer that comes later: whoever owes it has an earlier deadline */
#define ANSWER_MS 60000
#define OCTETS_PER_MS 4	 /* the slowest that a body may come or go, beside the time it always has */
#define PIECE 65536 /* of chunks */
#define QUEUE_HIGH 262144 /* that much waits for the peer before its next request is looked at */

enum state { IDLE, HEAD, BODY, WAIT, ANSWER };

struct http_conn {
	struct http_server *server;
	struct http_conn *next, **link;
	struct conn *conn;
	const void *tag;
	void *own;	  /* the service's */
	enum state state;
	struct buf in;
	size_t looked; /* of `in`: no empty line ends before it */
	size_t head_n, body_max;
	uint64_t length;
	bool chunked;
	struct msg_chunks chunks; /* how far they have been read */
	struct buf body;	  /* out of its chunks */
	size_t used;		  /* octets of `in` that the request took */
	bool head_only;
	bool last; /* the connection ends behind this answer */
	bool spoke, left; /* the peer has sent something of a request; it sends no more */
};

static uint64_t in_ms(uint64_t ms)
{
	return clock_mono_ms() + ms;
}

static void enter(struct http_conn *c, enum state to, uint64_t ms)
{
	c->state = to;
	conn_timer(c->conn, in_ms(ms));
}

/* What the peer has sent and the server has not answered. */
static bool http_hold(struct http_conn *c)
{
	return conn_hold(c->conn, c->in.cap + c->body.cap);
}

/* ---- answers ----------------------------------------------------------------------------------------------- */

/* RFC 9110 6.4.1, 8.6: no content, and no length of it. */
static bool bodiless(unsigned status)
{
	return status < 200 || status == 204 || status == 304;
}

static void answer(struct http_conn *c, struct http_answer *a, bool head_only)
{
	uint64_t n = a->file >= 0 ? a->file_n : a->body.n;
	struct buf out = {0};
	char date[ISO_TIME_MAX];

	if (a->body.oom || a->headers.oom) {
		conn_reset(c->conn, "out of memory");
		return;
	}
	c->last = c->last || a->close || c->server->draining;
	buf_printf(&out, "HTTP/1.1 %u %s\r\nDate: %s\r\n", a->status, http_reason(a->status),
		   http_date(date, clock_unix_ms() / 1000));
	if (a->type[0])
		buf_printf(&out, "Content-Type: %s\r\n", a->type);
	if (!bodiless(a->status))
		buf_printf(&out, "Content-Length: %llu\r\n", (unsigned long long)n);
	buf_printf(&out, "Connection: %s\r\n", c->last ? "close" : "keep-alive");
	buf_add(&out, a->headers.p, a->headers.n);
	buf_str(&out, "\r\n");
	enter(c, ANSWER, ANSWER_MS + n / OCTETS_PER_MS);
	if (a->file < 0 && !head_only && !bodiless(a->status))
		buf_add(&out, a->body.p, a->body.n);
	if (out.oom)
		conn_reset(c->conn, "out of memory");
	else
		conn_write(c->conn, out.p, out.n);
	buf_wipe(&out);
	if (a->file >= 0 && !head_only && !bodiless(a->status)) {
		conn_file(c->conn, a->file, a->file_at, a->file_n);
		a->file = -1;
	}
}

static void answer_clear(struct http_answer *a)
{
	if (a->file >= 0)
		close(a->file);
	buf_wipe(&a->headers);
	buf_wipe(&a->body);
	a->file = -1;
}

/* A framing error ends the connection: the start of the next request is unknown. */
static void http_refuse_with(struct http_conn *c, unsigned status, const char *why, struct buf *headers)
{
	struct http_answer a = {.status = status ? status : 400, .type = "text/plain; charset=utf-8", .file = -1, .close = true};

	a.headers = *headers;
	*headers = (struct buf){0}; /* they have moved */
	buf_printf(&a.body, "%s\n", why);
	if (a.status == 503)
		buf_printf(&a.headers, "Retry-After: %u\r\n", pki_random_between(30, 59));
	answer(c, &a, false);
	answer_clear(&a);
}

static void http_refuse(struct http_conn *c, unsigned status, const char *why)
{
	http_refuse_with(c, status, why, &(struct buf){0});
}

/* The answer is on its way: the next request, or the end.  true: go on with what is in the buffer. */
static bool http_answered(struct http_conn *c)
{
	if (conn_filing(c->conn) || conn_queued(c->conn) >= QUEUE_HIGH) {
		conn_pause(c->conn, true);
		conn_notify_sent(c->conn);
		return false;
	}
	if (c->last) {
		conn_close(c->conn);
		return false;
	}
	conn_pause(c->conn, false);
	enter(c, IDLE, c->server->conf.idle_ms);
	return conn_open(c->conn);
}

/* ---- requests ---------------------------------------------------------------------------------------------- */

static void served(struct http_conn *c, struct http_answer *a)
{
	answer(c, a, c->head_only);
	answer_clear(a);
	explicit_bzero(c->in.p, c->used);
	buf_drop(&c->in, c->used);
	if (c->in.n == 0)
		buf_free(&c->in);
	buf_wipe(&c->body);
	http_hold(c);
	c->looked = 0;
}

static void http_serve(struct http_conn *c, struct sv body, size_t used)
{
	struct http_answer a = {.status = 500, .file = -1};
	const struct http_server_conf *conf = &c->server->conf;
	struct msg_error err;
	struct msg m;

	if (msg_scan_head((const char *)c->in.p, c->in.n, MSG_HTTP, &m, &err) != MSG_OK) {
		http_refuse(c, err.status, err.why); /* cannot be: it was read before */
		return;
	}
	m.body = body;
	c->last = c->last || !m.keep_alive;
	c->used = used;
	c->head_only = sv_eq(m.method, SV("HEAD"));
	conf->service->request(conf->arg, c->own, &m, body, &a);
	if (a.status != HTTP_LATER) {
		served(c, &a);
		return;
	}
	buf_free(&a.headers); /* http_conn_answer() brings its own */
	buf_free(&a.body);
	conn_pause(c->conn, true);
	enter(c, WAIT, WAIT_MS);
}

static void begin_body(struct http_conn *c, const struct msg *m)
{
	const struct http_server_conf *conf = &c->server->conf;
	struct sv expect = msg_get(m, "Expect");
	struct buf headers = {0};
	unsigned status = 400;

	c->body_max = conf->service->body_max(conf->arg, c->own, m, &status, &headers);
	if (c->body_max == 0) {
		http_refuse_with(c, status, "this request is refused", &headers);
		return;
	}
	buf_free(&headers);
	if (m->has_length && m->length > c->body_max) {
		http_refuse(c, 413, "the body is too long");
		return;
	}
	if (expect.p && !sv_ieq(expect, SV("100-continue"))) {
		http_refuse(c, 417, "only 100-continue can be expected");
		return;
	}
	c->head_n = m->head_n;
	c->length = m->length;
	c->chunked = m->chunked;
	c->chunks = (struct msg_chunks){0};
	enter(c, BODY, conf->body_ms + (m->chunked ? c->body_max : m->length) / OCTETS_PER_MS);
	/* RFC 9110 10.1.1: a server may omit it when it has received some of the content already. */
	if (expect.p && c->in.n == c->head_n && sv_eq(m->version, SV("HTTP/1.1")))
		conn_write(c->conn, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

static bool take_head(struct http_conn *c)
{
	struct msg_error err = {0};
	struct msg m;

	if (!msg_head_may_end((const char *)c->in.p, c->in.n, &c->looked))
		return false;
	switch (msg_scan_head((const char *)c->in.p, c->in.n, MSG_HTTP, &m, &err)) {
	case MSG_PARTIAL:
		return false;
	case MSG_BAD:
		http_refuse(c, err.status, err.why);
		return true;
	case MSG_OK:
		break;
	}
	if (!m.request)
		http_refuse(c, 400, "this is a response");
	else if (m.chunked || m.length)
		begin_body(c, &m);
	else
		http_serve(c, (struct sv){NULL, 0}, m.head_n);
	return true;
}

/* Octets taken out of their chunks are not kept twice. */
static void forget_chunks(struct http_conn *c)
{
	size_t at = c->chunks.at;

	if (at < PIECE)
		return;
	memmove(c->in.p + c->head_n, c->in.p + c->head_n + at, c->in.n - c->head_n - at);
	explicit_bzero(c->in.p + c->in.n - at, at);
	c->in.n -= at;
	c->chunks.gone += at;
	c->chunks.at = 0;
}

static bool take_body(struct http_conn *c)
{
	const char *p = (const char *)c->in.p + c->head_n;
	size_t n = c->in.n - c->head_n;
	struct msg_error err = {0};

	if (!c->chunked) {
		if (n < c->length)
			return false;
		http_serve(c, (struct sv){p, (size_t)c->length}, c->head_n + (size_t)c->length);
		return true;
	}
	switch (msg_dechunk_on(&c->chunks, p, n, c->body_max, &c->body, &err)) {
	case MSG_PARTIAL:
		forget_chunks(c);
		return false;
	case MSG_BAD:
		http_refuse(c, err.status, err.why);
		return true;
	case MSG_OK:
		break;
	}
	if (c->body.oom)
		conn_reset(c->conn, "out of memory");
	else
		http_serve(c, buf_view(&c->body), c->head_n + c->chunks.at);
	return true;
}

static void go_on(struct http_conn *c)
{
	bool more = true;

	while (more && conn_open(c->conn)) {
		if (c->state == ANSWER) {
			more = http_answered(c);
			continue;
		}
		if (c->state == IDLE && c->in.n)
			enter(c, HEAD, c->server->conf.head_ms);
		more = (c->state == HEAD && take_head(c)) || (c->state == BODY && take_body(c));
	}
}

void http_conn_answer(struct http_conn *c, struct http_answer *a)
{
	if (c->state != WAIT || !conn_open(c->conn)) {
		answer_clear(a);
		return;
	}
	conn_pause(c->conn, false);
	served(c, a);
	go_on(c);
}

/* ---- the connection's events ------------------------------------------------------------------------------- */

static void up(void *arg, struct conn *conn)
{
	struct http_conn *c = arg;

	(void)conn;
	c->own = c->server->conf.service->open(c->server->conf.arg, c);
	if (c->own == NULL)
		conn_reset(c->conn, "out of memory");
	else
		enter(c, IDLE, c->server->conf.idle_ms < c->server->conf.head_ms ? c->server->conf.idle_ms : c->server->conf.head_ms);
}

static void data(void *arg, const void *p, size_t n)
{
	struct http_conn *c = arg;

	c->spoke = true;
	buf_add(&c->in, p, n);
	if (c->in.oom)
		conn_reset(c->conn, "out of memory");
	else if (!http_hold(c) && (c->state == HEAD || c->state == BODY))
		http_refuse(c, 503, "there is no room for this request now");
	else
		go_on(c);
}

static void sent(void *arg)
{
	struct http_conn *c = arg;

	go_on(c);
}

static void timer(void *arg)
{
	struct http_conn *c = arg;

	switch (c->state) {
	case IDLE:
		conn_close(c->conn);
		return;
	case HEAD:
	case BODY:
		http_refuse(c, 408, "it took too long");
		go_on(c);
		return;
	case WAIT:
		conn_reset(c->conn, "no answer was found");
		return;
	case ANSWER:
		conn_reset(c->conn, "the answer is read too slowly");
	}
}

static void eof(void *arg)
{
	struct http_conn *c = arg;

	c->last = c->left = true;
	if (c->state != ANSWER && c->state != WAIT)
		conn_close(c->conn);
}

static void gone(void *arg, const char *why)
{
	struct http_conn *c = arg;

	if (!c->spoke && conn_tls(c->conn) && c->server->conf.service->wordless && (c->own == NULL ? why != NULL : c->left))
		c->server->conf.service->wordless(c->server->conf.arg, c, c->own ? NULL : why);
	if (c->own)
		c->server->conf.service->gone(c->server->conf.arg, c->own);
	if (c->next)
		c->next->link = c->link;
	*c->link = c->next;
	c->server->n--;
	buf_wipe(&c->in);
	buf_wipe(&c->body);
	free(c);
}

static const struct conn_events events = {up, data, sent, timer, eof, gone};

/* ---- the server -------------------------------------------------------------------------------------------- */

void http_server_init(struct http_server *s, const struct http_server_conf *conf)
{
	*s = (struct http_server){.conf = *conf};
	s->conf.idle_ms = conf->idle_ms ? conf->idle_ms : IDLE_MS;
	s->conf.head_ms = conf->head_ms ? conf->head_ms : HEAD_MS;
	s->conf.body_ms = conf->body_ms ? conf->body_ms : BODY_MS;
}

void http_server_take(struct http_server *s, int fd, const struct sockaddr_storage *from, const struct conn_kind *kind,
		      const void *tag)
{
	struct http_conn *c = calloc(1, sizeof *c);
	struct conn_conf conf = {.loop = s->conf.loop, .tls = kind->tls, .proxy = kind->proxy, .old = kind->old, .admission = kind->admission,
				 .shares = s->conf.shares, .on = &events, .arg = c};

	if (c == NULL) {
		close(fd);
		return;
	}
	*c = (struct http_conn){.server = s, .tag = tag};
	c->conn = conn_new(&conf, fd, from);
	if (c->conn == NULL) {
		free(c);
		return;
	}
	c->next = s->first;
	c->link = &s->first;
	if (c->next)
		c->next->link = &c->next;
	s->first = c;
	s->n++;
}

void http_server_drain(struct http_server *s)
{
	s->draining = true;
	for (struct http_conn *c = s->first; c; c = c->next) {
		c->last = true;
		if (c->state == IDLE)
			conn_close(c->conn);
	}
}

void http_server_reset(struct http_server *s)
{
	for (struct http_conn *c = s->first; c; c = c->next)
		conn_reset(c->conn, "the server ends");
}

struct conn *http_conn_conn(struct http_conn *c)
{
	return c->conn;
}

const void *http_conn_tag(const struct http_conn *c)
{
	return c->tag;
}
