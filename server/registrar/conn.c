/* server/registrar/conn.c: one connection: octets to messages, who may ask, timers [sip 19.1, 20]. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/registrar/internal.h"

struct reg_conn *reg_conn_new(struct registrar *r, const struct reg_io *io, const struct reg_peer *peer, uint64_t mono_ms,
			      int64_t unix_s)
{
	struct reg_conn *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->r = r;
	c->io = *io;
	c->peer = *peer;
	c->born = c->last = c->now = mono_ms;
	c->unix_s = unix_s;
	reg_random_hex(r, c->tag, 16, true);
	c->next = r->conns;
	c->link = &r->conns;
	if (c->next)
		c->next->link = &c->next;
	r->conns = c;
	return c;
}

void reg_conn_free(struct reg_conn *c)
{
	if (c == NULL)
		return;
	reg_turn_orphan(c);
	while (c->sas) {
		reg_unbind(c, c->sas, "the connection ended");
		reg_sa_free(c, c->sas);
	}
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	buf_wipe(&c->in);
	buf_wipe(&c->more);
	free(c);
}

/* ---- one request ----------------------------------------------------------------------------------------------- */

/* Credentials for us, in either header: "accept both credential headers" (6.1). */
static bool credentials(const struct reg_conn *c, const struct msg *m, struct sip_auth *ret)
{
	static const char *const names[] = {"Authorization", "Proxy-Authorization"};

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < msg_count(m, names[k]); i++) {
			struct sip_auth a;

			if (sip_auth_read(msg_get_nth(m, names[k], i), &a) &&
			    (sv_ieq(a.scheme, SV("NTLM")) || sv_ieq(a.scheme, SV("TLS-DSK"))) &&
			    sv_eq(a.realm, sv_of(c->r->conf.site->realm)) &&
			    sv_ieq(a.targetname, sv_of(reg_targetname(c)))) {
				*ret = a;
				return true;
			}
		}
	return false;
}

/* The association that signed a request which is refused before the checks: "4xx after an established SA are signed
 * like any other final response".  NULL: nobody whom we know. */
static struct reg_sa *signer(struct reg_conn *c, const struct msg *m)
{
	struct sip_auth a;
	struct reg_sa *sa;

	if (!credentials(c, m, &a) || a.has_gssapi)
		return NULL;
	sa = reg_sa_find(c, a.opaque, sv_ieq(a.scheme, SV("NTLM")));
	return sa && sa->state == SA_UP && reg_sa_verify(c, sa, m, &a) ? sa : NULL;
}

/* Section 20, steps 2 to 4.  NULL: it has been answered, or will be. */
static struct reg_sa *conn_authenticate(struct reg_conn *c, const struct msg *m)
{
	struct sip_auth a;
	struct reg_sa *sa;
	bool ntlm;

	if (!credentials(c, m, &a)) {
		reg_challenge(c, m, 0);
		return NULL;
	}
	ntlm = sv_ieq(a.scheme, SV("NTLM"));
	if (a.has_gssapi) {
		(ntlm ? reg_ntlm : reg_dsk)(c, m, &a);
		return NULL;
	}
	sa = reg_sa_find(c, a.opaque, ntlm);
	if (sa == NULL || sa->state < SA_KEYED) {
		reg_challenge(c, m, 0);
		return NULL;
	}
	/* "with 3 or less [the REGISTER that finishes the handshake] carries none, signing starts with the next request" */
	if (!(sa->state == SA_KEYED && sa->version <= 3 && a.response.p == NULL) && !reg_sa_verify(c, sa, m, &a)) {
		if (sa->state == SA_KEYED)
			reg_sa_free(c, sa);
		reg_refuse_proof(c, m, ntlm, "the signature is wrong, or was seen before");
		return NULL;
	}
	reg_sa_up(c, sa);
	return sa;
}

/* RFC 3261 8.2.2.3: "The UAS MUST add an Unsupported header field, and list in it those options it does not understand" */
static void refuse_malformed(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned status, const char *why)
{
	static const struct {
		unsigned status;
		const char *phrase;
	} phrases[] = {{400, "Bad Request"}, {413, "Request Entity Too Large"}, {416, "Unsupported URI Scheme"},
		       {420, "Bad Extension"}, {505, "Version Not Supported"}};
	struct buf h = {0}, tags = {0};
	size_t i = sizeof phrases / sizeof *phrases - 1;

	while (i && phrases[i].status != status)
		i--;
	log_line(LOG_WARN, "registrar", "%s: a request is refused: %s", c->peer.address, why);
	if (status == 420 && sip_tags_unknown(m, &tags) && tags.n)
		buf_printf(&h, "Unsupported: %s\r\n", buf_cstr(&tags));
	/* "Ideally, it will respond with a 400 error" (RFC 4475 3.3.1); without these two nobody could tell to what */
	if (msg_get(m, "Via").p == NULL || msg_get(m, "CSeq").p == NULL)
		c->closing = true;
	else if (!sv_eq(m->method, SV("ACK")) && !sv_eq(m->method, SV("BENOTIFY")))
		reg_answer(c, sa, m, phrases[i].status, phrases[i].phrase, &h, NULL, (struct sv){0});
	buf_free(&h);
	buf_free(&tags);
}

/* Messages that get no answer, or need no credentials.  true: the message is handled.
 *
 * "except ACK and CANCEL, which are dropped silently"; "a BENOTIFY must not be answered"; [MS-SIPCOMP]: NEGOTIATE comes
 * before anybody has signed in, and "answering 405/488/501 makes them go on uncompressed" (3.1). */
static bool without_proof(struct reg_conn *c, const struct msg *m)
{
	struct reg_sa *sa;

	if (sv_eq(m->method, SV("NEGOTIATE")))
		reg_refuse(c, signer(c, m), m, REFUSE_METHOD);
	else if (sv_eq(m->method, SV("CANCEL")) && (sa = signer(c, m)) != NULL)
		reg_refuse(c, sa, m, REFUSE_NO_CALL); /* every request is answered at once: there is none to cancel */
	else
		return sv_eq(m->method, SV("ACK")) || sv_eq(m->method, SV("CANCEL")) || sv_eq(m->method, SV("BENOTIFY"));
	return true;
}

static void message(struct reg_conn *c, const struct msg *m)
{
	unsigned status = 400;
	const char *why;
	struct reg_sa *sa;

	if (!m->request)
		return; /* an answer to a NOTIFY of ours: nothing waits for it */
	why = sip_check(m, &status);
	if (why)
		refuse_malformed(c, signer(c, m), m, status, why);
	else if (!without_proof(c, m) && (sa = conn_authenticate(c, m)) != NULL)
		reg_serve(c, sa, m);
}

/* ---- octets ---------------------------------------------------------------------------------------------------- */

static void conn_taken(struct reg_conn *c, size_t n)
{
	buf_drop(&c->in, n);
	c->looked = 0;
}

static void skip_blank_lines(struct reg_conn *c)
{
	size_t n = 0;

	while (n < c->in.n && (c->in.p[n] == '\r' || c->in.p[n] == '\n'))
		n++;
	if (n)
		conn_taken(c, n);
}

static void framed(struct reg_conn *c)
{
	struct msg m;
	struct msg_error err = {0};
	size_t used;

	c->running = true;
	while (!c->closing && c->turn == NULL) {
		skip_blank_lines(c); /* keep-alives: "there is no pong" */
		if (c->in.n == 0 || c->in.n < c->need ||
		    (c->need == 0 && !msg_head_may_end((const char *)c->in.p, c->in.n, &c->looked)))
			break;
		c->need = 0;
		switch (msg_scan((const char *)c->in.p, c->in.n, MSG_SIP,
				 reg_authenticated(c) ? REG_BODY_MAX : REG_BODY_STRANGER, &m, &used, &err)) {
		case MSG_OK:
			message(c, &m);
			c->used = c->turn ? used : 0;
			if (c->turn == NULL)
				conn_taken(c, used);
			break;
		case MSG_PARTIAL:
			if (msg_scan_head((const char *)c->in.p, c->in.n, MSG_SIP, &m, &err) == MSG_OK)
				c->need = m.head_n + (size_t)m.length;
			c->running = false;
			return;
		case MSG_BAD:
			/* where the next one begins is not known: it is answered, if it can be, and that is all */
			if (msg_salvage((const char *)c->in.p, c->in.n, MSG_SIP, &m))
				refuse_malformed(c, NULL, &m, err.status, err.why);
			else
				log_line(LOG_WARN, "registrar", "%s: the connection is closed, what comes is no SIP message: %s", c->peer.address,
					 err.why);
			c->closing = true;
		}
	}
	c->running = false;
	if (c->in.n == 0)
		buf_free(&c->in);
}

/* After each call: a connection that has said its last word. */
static bool over(struct reg_conn *c)
{
	if (c->closing && !c->close_reported) {
		c->close_reported = true;
		c->io.close(c->io.arg);
	}
	return true;
}

bool reg_conn_feed(struct reg_conn *c, const void *p, size_t n, uint64_t mono_ms, int64_t unix_s)
{
	if (c->closing)
		return true;
	c->now = c->last = mono_ms;
	c->unix_s = unix_s;
	if (c->turn) { /* answers keep the order of their requests */
		buf_add(&c->more, p, n);
		return !c->more.oom && c->more.n <= REG_MORE_MAX;
	}
	buf_add(&c->in, p, n);
	if (c->in.oom)
		return false;
	framed(c);
	return over(c);
}

bool reg_conn_busy(const struct reg_conn *c)
{
	return c->turn != NULL;
}

bool reg_conn_go_on(struct reg_conn *c, uint64_t mono_ms, int64_t unix_s)
{
	c->now = mono_ms;
	c->unix_s = unix_s;
	if (c->turn == NULL && c->used) {
		conn_taken(c, c->used);
		c->used = 0;
		buf_sv(&c->in, buf_view(&c->more));
		buf_wipe(&c->more);
		if (c->in.oom)
			return false;
		framed(c);
	}
	return over(c);
}

/* ---- timers ----------------------------------------------------------------------------------------------------- */

/* NEW, CHALLENGED, AUTHENTICATED and REGISTERED of 19.1.  A client that has promised no keep-alives is silent until
 * it refreshes: its connection lasts as long as its registration. */
static uint64_t connection_end(const struct reg_conn *c)
{
	uint64_t at = c->last + (uint64_t)c->r->conf.site->keepalive_timeout * 1000 + REG_GRACE_MS;

	if (!reg_authenticated(c))
		return c->challenged ? c->challenged + REG_CHALLENGED_MS : c->born + REG_FIRST_MS;
	for (const struct reg_sa *sa = c->sas; sa && !c->keepalive; sa = sa->next)
		if (sa->binding && sa->binding->until + REG_GRACE_MS > at)
			at = sa->binding->until + REG_GRACE_MS;
	return at;
}

uint64_t reg_conn_deadline(const struct reg_conn *c)
{
	uint64_t at;

	if (c->closing)
		return UINT64_MAX;
	at = connection_end(c);
	for (const struct reg_sa *sa = c->sas; sa; sa = sa->next) {
		if (sa->state != SA_UP && sa->pending_until < at)
			at = sa->pending_until;
		if (sa->binding && sa->binding->until < at)
			at = sa->binding->until;
		if (sa->binding && reg_subscriptions_until(sa->binding) < at)
			at = reg_subscriptions_until(sa->binding);
	}
	return at;
}

/* Octets that have come, and in which no message ends. */
static const char *unfinished(const struct buf *in)
{
	const uint8_t *lf = memchr(in->p, '\n', in->n);

	if (in->p[0] == '\0')
		return "it begins with NUL: a keep-alive is CRLF (RFC 5626 3.5.1)";
	if (lf && (lf == in->p || lf[-1] != '\r'))
		return "its lines end in LF alone: SIP wants CRLF (RFC 3261 7)";
	return "it has no end";
}

bool reg_conn_timer(struct reg_conn *c, uint64_t mono_ms, int64_t unix_s)
{
	if (c->closing)
		return true;
	c->now = mono_ms;
	c->unix_s = unix_s;
	if (connection_end(c) <= mono_ms) {
		if (c->in.n && c->turn == NULL)
			log_line(LOG_WARN, "registrar", "%s: the connection is closed, what has come is no SIP message: %s", c->peer.address,
				 unfinished(&c->in));
		return false;
	}
	reg_sa_purge(c);
	for (struct reg_sa *sa = c->sas; sa; sa = sa->next)
		if (sa->binding)
			reg_subscriptions_expire(c, sa);
	for (struct reg_sa *sa = c->sas; sa; sa = sa->next)
		if (sa->binding && sa->binding->until <= mono_ms) {
			log_line(LOG_INFO, "registrar", "%s: the registration of %s has expired", c->peer.address,
				 sa->binding->b->aor);
			reg_unbind(c, sa, "the registration expired");
		}
	return over(c);
}

size_t reg_conn_held(const struct reg_conn *c)
{
	size_t n = sizeof *c + c->in.cap + c->more.cap;

	for (const struct reg_sa *sa = c->sas; sa; sa = sa->next)
		n += sizeof *sa + (sa->dsk ? REG_DSK_OCTETS : 0);
	return n;
}

bool reg_conn_proved(const struct reg_conn *c)
{
	return reg_authenticated(c);
}

bool reg_conn_idle(const struct reg_conn *c)
{
	if (c->turn)
		return false;
	for (const struct reg_sa *sa = c->sas; sa; sa = sa->next)
		if (sa->binding)
			return false;
	return true;
}
