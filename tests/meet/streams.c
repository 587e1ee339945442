/* tests/meet/streams.c: streams in memory, with real TLS between the phone and the servers' handlers.
 *
 *     phone --stream_send--> [tls client] ==octets==> [tls server] --> msg_scan, web_handle() | reg_conn_feed()
 */
#include "tests/meet/meet.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"

struct meet_stream {
	struct meet_stream *next;
	struct meet *m;
	unsigned id;
	bool open, closing, told; /* told: the phone knows that it is closed */
	bool phone_gone;
	struct meet_listener *at;
	struct tls *client, *server;
	struct buf to_phone, to_server; /* plaintext on its way */
	bool pump_queued;
	struct web_conn *web;
	struct reg_conn *reg;
	struct reg_peer peer;
	struct buf in; /* HTTP: not yet a whole message */
	struct dt_stream_conf conf;
	char name[DT_NAME_MAX];
	char *anchors;
};

static void pump(struct meet *m, void *arg);

static struct meet_stream *find(struct meet *m, unsigned id)
{
	for (struct meet_stream *s = m->streams; s; s = s->next)
		if (s->id == id && !s->phone_gone)
			return s;
	return NULL;
}

static bool alive(struct meet *m, struct meet_stream *s)
{
	for (struct meet_stream *t = m->streams; t; t = t->next)
		if (t == s)
			return true;
	return false;
}

static void nothing(struct meet *m, void *arg)
{
	(void)m;
	(void)arg;
}

static void stream_free(struct meet *m, struct meet_stream *s)
{
	/* its events find nothing: not even a later stream that happens to lie where this one was */
	for (struct meet_event *e = m->events; e; e = e->next)
		if (e->arg == s)
			e->fn = nothing;
	for (struct meet_stream **at = &m->streams; *at; at = &(*at)->next)
		if (*at == s) {
			*at = s->next;
			break;
		}
	reg_conn_free(s->reg);
	web_conn_free(s->web);
	tls_free(s->client);
	tls_free(s->server);
	buf_free(&s->to_phone);
	buf_free(&s->to_server);
	buf_free(&s->in);
	free(s->anchors);
	free(s);
}

static void queue(struct meet_stream *s)
{
	if (s->pump_queued)
		return;
	s->pump_queued = true;
	meet_at(s->m, 1, pump, s);
}

/* ---- HTTP ------------------------------------------------------------------------------------------------ */

static void http_answer(struct meet_stream *s, struct web_answer *a)
{
	struct buf *b = &s->to_phone;
	uint64_t n = a->file >= 0 ? a->file_n : a->body.n;
	char date[ISO_TIME_MAX];

	buf_printf(b, "HTTP/1.1 %u %s\r\nDate: %s\r\nContent-Length: %llu\r\n", a->status, a->status < 400 ? "OK" : "Refused",
		   http_date(date, s->m->unix_ms / 1000), (unsigned long long)n);
	if (a->type[0])
		buf_printf(b, "Content-Type: %s\r\n", a->type);
	buf_sv(b, buf_view(&a->headers));
	buf_str(b, "\r\n");
	if (a->file < 0) {
		buf_sv(b, buf_view(&a->body));
	} else if (buf_reserve(b, n)) {
		ssize_t k = pread(a->file, b->p + b->n, n, (off_t)a->file_at);

		b->n += k > 0 ? (size_t)k : 0;
	}
	s->closing |= a->close;
}

static void taken(void *arg, struct web_answer *a)
{
	*(struct web_answer *)arg = *a;
	*a = (struct web_answer){.file = -1}; /* it has moved */
}

static void http_feed(struct meet_stream *s)
{
	for (;;) {
		struct msg *q = malloc(sizeof *q);
		struct msg_error err = {0};
		size_t used = 0;
		enum msg_result r;

		if (q == NULL)
			return;
		r = msg_scan((const char *)s->in.p, s->in.n, MSG_HTTP, 1 << 20, q, &used, &err);
		if (r == MSG_OK) {
			struct web_request wq = {.m = q,
						 .body = q->body,
						 .tls = s->server != NULL,
						 .outside = s->at->outside,
						 .peer = s->peer.address,
						 .unix_s = s->m->unix_ms / 1000};
			struct web_answer a = {.file = -1};

			web_handle(s->m->web, s->web, &wq, taken, &a);
			if (s->m->net.update_status && sv_iends(q->target, SV("/ucdevice.upx"))) {
				a.status = s->m->net.update_status;
				buf_clear(&a.body);
				buf_str(&a.body, s->m->net.update_body);
			}
			if (s->m->from_web)
				s->m->from_web(s->m, s->at, q, &a);
			if (!(q->request && sv_eq(q->method, SV("HEAD"))) || a.file < 0)
				http_answer(s, &a);
			web_answer_clear(&a);
			buf_drop(&s->in, used);
		}
		if (r == MSG_BAD)
			s->closing = true;
		free(q);
		if (r != MSG_OK)
			return;
	}
}

/* ---- SIP -------------------------------------------------------------------------------------------------- */

static void sip_send(void *arg, const void *p, size_t n)
{
	struct meet_stream *s = arg;
	size_t at = s->to_phone.n;
	struct buf message = {0};

	buf_add(s->m->from_registrar ? &message : &s->to_phone, p, n);
	if (s->m->from_registrar) {
		s->m->from_registrar(s->m, &message);
		buf_sv(&s->to_phone, buf_view(&message));
		buf_free(&message);
	}
	if (s->to_phone.n > at)
		queue(s);
}

static void sip_close(void *arg)
{
	struct meet_stream *s = arg;

	s->closing = true;
	queue(s);
}

static void serve(struct meet_stream *s, const void *p, size_t n)
{
	if (s->at->reset || s->closing) {
		s->closing = true;
		return;
	}
	if (s->at->mute)
		return;
	if (s->at->service <= MEET_HTTPS) {
		buf_add(&s->in, p, n);
		http_feed(s);
		servers_orders(s->m);
		return;
	}
	if (s->reg && s->m->to_registrar) {
		struct buf b = {0};

		buf_add(&b, p, n);
		s->m->to_registrar(s->m, &b);
		s->closing |= !reg_conn_feed(s->reg, b.p, b.n, s->m->mono, s->m->unix_ms / 1000);
		buf_free(&b);
	} else if (s->reg) {
		s->closing |= !reg_conn_feed(s->reg, p, n, s->m->mono, s->m->unix_ms / 1000);
	}
	servers_orders(s->m);
}

/* ---- octets between the two ends --------------------------------------------------------------------------- */

static void told_closed(struct meet_stream *s, const char *why)
{
	if (s->told)
		return;
	s->told = true;
	if (!s->phone_gone && s->m->phone)
		dt_phone_stream_closed(s->m->phone, s->id, why);
}

static bool shuttle(struct meet_stream *s) /* ciphertext both ways until nothing moves; false: one end failed */
{
	for (;;) {
		struct buf a = {0}, b = {0};
		bool moved;

		tls_drain(s->client, &a);
		if (a.n)
			tls_feed(s->server, a.p, a.n);
		tls_drain(s->server, &b);
		if (b.n)
			tls_feed(s->client, b.p, b.n);
		moved = a.n || b.n;
		buf_free(&a);
		buf_free(&b);
		if (tls_state(s->client) == TLS_FAILED || tls_state(s->server) == TLS_FAILED)
			return false;
		if (!moved)
			return true;
	}
}

static void pump(struct meet *m, void *arg)
{
	struct meet_stream *s = arg;
	uint8_t chunk[8192];
	long n;

	if (!alive(m, s))
		return;
	s->pump_queued = false;
	if (s->to_server.n) {
		struct buf out = s->to_server;

		s->to_server = (struct buf){0};
		if (s->client) {
			tls_write(s->client, out.p, out.n);
			shuttle(s);
			while ((n = tls_read(s->server, chunk, sizeof chunk)) > 0)
				serve(s, chunk, (size_t)n);
		} else {
			serve(s, out.p, out.n);
		}
		buf_free(&out);
	}
	while (s->to_phone.n && !s->phone_gone && m->phone && !m->dead) {
		struct buf out = s->to_phone;

		s->to_phone = (struct buf){0};
		if (s->server) {
			tls_write(s->server, out.p, out.n);
			shuttle(s);
			while (alive(m, s) && !s->phone_gone && (n = tls_read(s->client, chunk, sizeof chunk)) > 0)
				dt_phone_stream_data(m->phone, s->id, chunk, (size_t)n);
		} else {
			for (size_t at = 0; at < out.n && alive(m, s) && !s->phone_gone; at += 1400)
				dt_phone_stream_data(m->phone, s->id, out.p + at, out.n - at < 1400 ? out.n - at : 1400);
		}
		buf_free(&out);
		if (!alive(m, s))
			return;
	}
	if (s->closing && s->to_phone.n == 0) {
		told_closed(s, NULL);
		if (alive(m, s))
			stream_free(m, s);
	}
}

/* ---- opening ------------------------------------------------------------------------------------------------ */

static void stream_verify(struct meet_stream *s, struct dt_stream_opened *o, struct buf *der)
{
	static struct pki_chain_result result;
	enum pki_verdict v;

	o->nchain = tls_peer_chain(s->client, der, o->chain, o->chain_n, 8);
	v = pki_chain_verify(o->chain, o->chain_n, o->nchain, sv_of(s->anchors), false, s->name, s->conf.unix_s, &result);
	o->verdict = (enum dt_verdict)v;
	memcpy(o->sign, result.sign, sizeof o->sign);
	o->cert_name = result.name[0] ? result.name : NULL;
	if (v != PKI_TRUSTED && !s->conf.tls_report_only) {
		o->failure = pki_failure_of(v);
		o->why = result.why.text;
	}
	o->version = tls_version(s->client);
	o->cipher = tls_cipher(s->client);
}

static void opening(struct meet *m, void *arg)
{
	struct meet_stream *s = arg;
	struct dt_stream_opened o = {.local_address = m->lease.address, .local_port = (uint16_t)(40000 + s->peer.id % 20000)};
	struct buf der = {0};
	struct reg_io io = {sip_send, sip_close, s};
	bool tls;

	if (!alive(m, s) || m->phone == NULL)
		return;
	tls = s->at && (s->at->service == MEET_HTTPS || s->at->service == MEET_SIP_TLS);
	if (m->lease.address == 0) {
		o.failure = DT_F_CONNECT;
		o.why = "Network is unreachable";
	} else if (s->at && s->at->silent) {
		o.failure = DT_F_TIMEOUT;
	} else if (s->at == NULL || s->at->down || m->web == NULL) {
		o.failure = DT_F_CONNECT;
		o.why = "connection refused";
	} else if (s->conf.tls != tls) {
		o.failure = s->conf.tls ? DT_F_TLS_HANDSHAKE : DT_F_OK;
		o.why = s->conf.tls ? "the server does not speak TLS" : NULL;
	} else if (tls) {
		s->client = tls_connect(m->client_ctx, s->name[0] ? s->name : NULL);
		s->server = tls_accept(s->at->tls ? s->at->tls : m->https_ctx);
		if (s->client == NULL || s->server == NULL || !shuttle(s) || tls_state(s->client) != TLS_UP) {
			o.failure = DT_F_TLS_HANDSHAKE;
			o.why = s->client ? tls_why(s->client) : "out of memory";
		} else {
			stream_verify(s, &o, &der);
		}
	}
	if (o.failure == DT_F_OK && s->at->service <= MEET_HTTPS && (s->web = web_conn_new()) == NULL) {
		o.failure = DT_F_CONNECT;
		o.why = "out of memory";
	}
	if (o.failure == DT_F_OK && s->at->service >= MEET_SIP_TLS)
		s->reg = reg_conn_new(m->registrar, &io, &s->peer, m->mono, m->unix_ms / 1000);
	if (o.failure != DT_F_OK) {
		unsigned id = s->id;
		bool gone = s->phone_gone;

		if (!gone)
			dt_phone_stream_opened(m->phone, id, &o);
		if (alive(m, s))
			stream_free(m, s);
	} else {
		s->open = true;
		dt_phone_stream_opened(m->phone, s->id, &o);
	}
	buf_free(&der);
}

int servers_stream(struct meet *m, unsigned id, const struct dt_stream_conf *conf)
{
	struct meet_stream *s = calloc(1, sizeof *s);

	if (s == NULL)
		return -12;
	s->m = m;
	s->id = id;
	s->conf = *conf;
	sv_copy(s->name, sizeof s->name, sv_of(conf->name));
	s->anchors = sv_dup(sv_of(conf->anchors ? conf->anchors : ""));
	s->at = meet_listener(m, conf->address, conf->port);
	s->peer = (struct reg_peer){.port = conf->port, .tls = conf->tls, .outside = s->at && s->at->outside,
				    .id = ++m->conn_id};
	snprintf(s->peer.address, sizeof s->peer.address, "%u.%u.%u.%u", m->lease.address >> 24,
		 m->lease.address >> 16 & 255, m->lease.address >> 8 & 255, m->lease.address & 255);
	s->conf.name = s->conf.anchors = NULL;
	s->next = m->streams;
	m->streams = s;
	meet_at(m, s->at && s->at->silent ? conf->timeout_ms : 1, opening, s);
	return 0;
}

int servers_send(struct meet *m, unsigned id, const void *p, size_t n)
{
	struct meet_stream *s = find(m, id);

	if (s == NULL || !s->open)
		return -32;
	buf_add(&s->to_server, p, n);
	queue(s);
	return 0;
}

static void gone(struct meet *m, void *arg)
{
	if (alive(m, arg))
		stream_free(m, arg);
}

void servers_close(struct meet *m, unsigned id)
{
	struct meet_stream *s = find(m, id);

	if (s == NULL)
		return;
	if (s->to_server.n)
		queue(s); /* octets that were sent still arrive */
	s->phone_gone = true;
	meet_at(m, 2, gone, s);
}

void servers_close_all(struct meet *m)
{
	while (m->streams)
		stream_free(m, m->streams);
}

/* Every connection of the worker ends; the phones hear that a moment later, as from a kernel that closes for the dead. */
void servers_hang_up(struct meet *m)
{
	for (struct meet_stream *s = m->streams; s; s = s->next) {
		reg_conn_free(s->reg);
		web_conn_free(s->web);
		s->reg = NULL;
		s->web = NULL;
		s->closing = true;
		buf_clear(&s->to_server);
		buf_clear(&s->in);
		queue(s);
	}
}

/* ---- timers ------------------------------------------------------------------------------------------------- */

uint64_t servers_deadline(const struct meet *m)
{
	uint64_t at = UINT64_MAX;

	for (const struct meet_stream *s = m->streams; s; s = s->next)
		if (s->reg && !s->closing && reg_conn_deadline(s->reg) < at)
			at = reg_conn_deadline(s->reg);
	return at;
}

void servers_timer(struct meet *m)
{
	for (struct meet_stream *s = m->streams; s; s = s->next)
		if (s->reg && !s->closing && reg_conn_deadline(s->reg) <= m->mono &&
		    !reg_conn_timer(s->reg, m->mono, m->unix_ms / 1000)) {
			s->closing = true;
			queue(s);
		}
}
