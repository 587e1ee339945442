/* phone/client/sip.c: the SIP connection: requests as a phone writes them, answers matched, what the server asks. */
#include "phone/client/sip.h"

#include <stdlib.h>
#include <string.h>

#include "auth/ntlm.h"
#include "base/enc.h"
#include "base/ip.h"
#include "pki/cert.h"
#include "phone/run/record.h"
#include "wire/provisioning.h"

#define ANSWER_MS 32000 /* RFC 3261 timer F */
#define BODY_MAX ((size_t)131072)
#define METHODS "INVITE, MESSAGE, INFO, SUBSCRIBE, OPTIONS, BYE, CANCEL, NOTIFY, ACK, REFER, BENOTIFY"

/* ---- the connection ---------------------------------------------------------------------------------------------- */

/* Ten hexadecimal digits out of the MAC address and the URI. */
void sip_ids_of(const uint8_t mac[6], const char *aor, struct sip_ids *ret)
{
	char key[300], hex[41];
	uint8_t sum[20];

	hex_write(hex, mac, 6, false);
	text_set(key, sizeof key, "%s:%s", hex, aor);
	ascii_lower_all(key);
	pki_sha1(key, strlen(key), sum);
	hex_write(hex, sum, 20, false);
	text_set(ret->epid, sizeof ret->epid, "%.10s", hex);
	sip_instance_of_epid(sv_of(ret->epid), ret->uuid);
}

struct sip_client *sip_new(struct dt_phone *ph, const struct sip_conf *c, const struct sip_handlers *to)
{
	struct sip_client *s = ph_alloc(ph, sizeof *s);

	if (s == NULL)
		return NULL;
	s->ph = ph;
	s->conf = *c;
	s->to = *to;
	sip_ids_of(ph_core(ph)->mac, c->aor, &s->ids);
	return s;
}

void sip_free(struct sip_client *s)
{
	if (s == NULL)
		return;
	sip_close(s);
	buf_free(&s->in);
	buf_free(&s->leaf);
	free(s->why);
	explicit_bzero(s, sizeof *s);
	free(s);
}

bool sip_open(struct sip_client *s, const struct sip_target *at, uint32_t address)
{
	struct dt_stream_conf c = {.address = address, .port = at->port, .tls = at->tls, .public_roots = s->conf.outside,
				   .name = s->peer.host, .tls_report_only = at->tls && at->unnamed, .anchors = buf_cstr(s->conf.anchors), .unix_s = ph_unix_s(s->ph),
				   .timeout_ms = ph_wait_ms(s->ph, at->tls ? 15000 : 5000)};

	sip_close(s);
	s->peer = *at;
	s->named = false;
	s->address = address;
	s->id = ph_next_id(s->ph);
	ph_timer_set(s->ph, T_SIP, c.timeout_ms + 2000);
	if (ph_core(s->ph)->body->stream(ph_core(s->ph)->arg, s->id, &c) == 0)
		return true;
	s->id = 0;
	ph_timer_off(s->ph, T_SIP);
	return false;
}

void sip_close(struct sip_client *s)
{
	if (s == NULL)
		return;
	if (s->id)
		ph_core(s->ph)->body->stream_close(ph_core(s->ph)->arg, s->id);
	s->id = 0;
	s->open = false;
	s->asked.busy = false;
	s->keepalive = 0;
	buf_clear(&s->in);
	sip_auth_end(s);
	sip_sa_clear(&s->sa);
	sip_sa_clear(&s->next);
	ph_timer_off(s->ph, T_SIP);
	ph_timer_off(s->ph, T_KEEPALIVE);
	ph_timer_off(s->ph, T_REFRESH);
}

bool sip_has(const struct sip_client *s, unsigned stream)
{
	return s && s->id && s->id == stream;
}

/* The name is open yet; the chain and its dates are not. */
static enum dt_failure sip_unnamed_failure(enum dt_verdict v)
{
	return v == DT_TRUSTED || v == DT_WRONG_NAME ? DT_F_OK : v == DT_WRONG_DATE ? DT_F_TLS_DATE : DT_F_TLS_UNTRUSTED;
}

void sip_opened(struct sip_client *s, const struct dt_stream_opened *o)
{
	struct dt_stream_opened checked = *o;

	if (s->peer.tls && s->peer.unnamed && o->failure == DT_F_OK && (checked.failure = sip_unnamed_failure(o->verdict)) != DT_F_OK) {
		ph_core(s->ph)->body->stream_close(ph_core(s->ph)->arg, s->id);
		o = &checked;
	}
	ph_timer_off(s->ph, T_SIP);
	s->open = o->failure == DT_F_OK;
	s->local_address = o->local_address;
	s->local_port = o->local_port;
	if (!s->open)
		s->id = 0;
	buf_clear(&s->leaf);
	s->bound = s->open && s->peer.tls && o->nchain && ntlm_channel_binding(o->chain[0], o->chain_n[0], s->binding);
	if (s->open && s->peer.tls && s->peer.unnamed && o->nchain)
		buf_add(&s->leaf, o->chain[0], o->chain_n[0]);
	s->to.opened(s->to.arg, o);
}

static int sip_send_octets(struct sip_client *s, const void *p, size_t n)
{
	int rc = s->open ? ph_core(s->ph)->body->stream_send(ph_core(s->ph)->arg, s->id, p, n) : -1;

	if (s->keepalive) /* "restarted whenever the client sends anything" */
		ph_timer_set(s->ph, T_KEEPALIVE, s->keepalive * 1000ull * 2 / 3);
	return rc;
}

void sip_raw(struct sip_client *s, const void *p, size_t n)
{
	sip_send_octets(s, p, n);
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

static void sip_write_head(struct sip_client *s, struct buf *b, const char *method, const char *uri, const char *call_id, uint32_t cseq)
{
	char ip[16], branch[17], tag[17], agent[160];

	ph_random_hex(s->ph, branch, 16);
	ph_random_hex(s->ph, tag, 10);
	ph_user_agent(s->ph, agent, sizeof agent);
	buf_printf(b, "%s %s SIP/2.0\r\n", method, uri);
	buf_printf(b, "Via: SIP/2.0/%s %s:%u;branch=z9hG4bK%s\r\n", s->peer.tls ? "TLS" : "TCP",
		   ip_text(s->local_address, ip), s->local_port, branch);
	buf_printf(b, "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%s;epid=%s\r\n", s->conf.aor, tag, s->ids.epid);
	buf_printf(b, "To: <sip:%s>\r\nCall-ID: %s\r\nCSeq: %u %s\r\nUser-Agent: %s\r\n", s->conf.aor, call_id, cseq, method,
		   agent);
}

static void sip_fail_soon(struct sip_client *s, enum dt_failure f, const char *why)
{
	s->bad = f;
	why_hold(&s->why, why);
	ph_timer_set(s->ph, T_SIP, 0);
}

/* Completes b with credentials, length and body, and sends it.  b is freed.
 *
 * "With 4 the REGISTER that finishes the handshake already carries crand/cnum/response; with 3 or less it carries none,
 * signing starts with the next request": its answer is signed by the server all the same. */
static void sip_complete(struct sip_client *s, struct buf *b, const struct buf *body, const struct sip_auth *auth,
		 struct sip_sa *signer)
{
	struct buf out = {0}, value = {0}, end = {0};
	struct msg draft;
	struct msg_error err;
	size_t used;
	bool ok = true, sign = signer && (auth == NULL || sip_version(signer) > 3);

	s->asked.signer = signer;
	s->bad = DT_F_OK;
	buf_printf(&end, "Content-Length: %zu\r\n\r\n", body ? body->n : 0);
	if (body)
		buf_sv(&end, buf_view(body));
	if (sign) {
		buf_sv(&out, buf_view(b));
		buf_sv(&out, buf_view(&end));
		ok = !out.oom && msg_scan((const char *)out.p, out.n, MSG_SIP, BODY_MAX, &draft, &used, &err) == MSG_OK &&
		     sip_sign(s, signer, &draft, auth, &value);
		buf_clear(&out);
	} else if (auth) {
		sip_auth_write(&value, SIP_CREDENTIALS, auth);
	}
	buf_sv(&out, buf_view(b));
	if (value.n) {
		buf_str(&out, (signer ? signer : &s->next)->proxy ? "Proxy-Authorization: " : "Authorization: ");
		buf_sv(&out, buf_view(&value));
		buf_str(&out, "\r\n");
	}
	buf_sv(&out, buf_view(&end));
	ok = ok && !out.oom && !value.oom && !end.oom && !b->oom;
	ph_timer_set(s->ph, T_SIP, ph_wait_ms(s->ph, ANSWER_MS));
	if (!ok) {
		sip_fail_soon(s, DT_F_MEMORY, "");
	} else if (sip_send_octets(s, out.p, out.n) < 0) {
		sip_fail_soon(s, DT_F_CLOSED, "");
	}
	buf_wipe(&out);
	buf_wipe(&value);
	buf_free(&end);
	buf_free(b);
}

static void sip_expect(struct sip_client *s, const char *method, const char *call_id, uint32_t cseq, sip_fn *done, void *arg)
{
	s->asked.busy = true;
	s->asked.since = ph_now_ms(s->ph);
	s->asked.cseq = cseq;
	s->asked.done = done;
	s->asked.arg = arg;
	text_set(s->asked.method, sizeof s->asked.method, "%s", method);
	text_set(s->asked.call_id, sizeof s->asked.call_id, "%s", call_id);
}

void sip_register(struct sip_client *s, int expires, const struct sip_auth *auth, struct sip_sa *signer, sip_fn *done, void *arg)
{
	const char *at = strchr(s->conf.aor, '@'), *transport = s->peer.tls ? "tls" : "tcp";
	char uri[300], ip[16];
	struct buf b = {0};

	text_set(uri, sizeof uri, "sip:%s", at ? at + 1 : s->conf.aor);
	text_set(s->contact, sizeof s->contact, "sip:%s:%u;transport=%s;ms-opaque=%s", ip_text(s->local_address, ip),
	     s->local_port, transport, s->ids.epid);
	s->cseq++;
	sip_write_head(s, &b, "REGISTER", uri, s->call_id, s->cseq);
	buf_printf(&b, "Contact: <%s>;methods=\"" METHODS "\";proxy=replace;+sip.instance=\"<urn:uuid:%s>\"\r\n", s->contact,
		   s->ids.uuid);
	buf_str(&b, "Supported: gruu-10, adhoclist, msrtc-event-categories\r\nSupported: ms-forking\r\n"
		    "Supported: ms-cluster-failover\r\nSupported: ms-userservices-state-notification\r\n"
		    "Event: registration\r\nAllow-Events: presence\r\nms-keep-alive: UAC;hop-hop=yes\r\n");
	if (expires >= 0)
		buf_printf(&b, "Expires: %d\r\n", expires);
	sip_expect(s, "REGISTER", s->call_id, s->cseq, done, arg);
	sip_complete(s, &b, NULL, auth, signer);
}

/* DIFFERS: phones of the time ask once, "Expires: 0 = one-shot fetch"; this one hears of changes as well (RFC 6665). */
void sip_subscribe(struct sip_client *s, sip_fn *done, void *arg)
{
	static const char *const groups[] = {"ServerConfiguration", "ucPolicy", "endpointConfiguration", "userSetting",
					     "locationPolicy"};
	struct provisioning_ask q = {.ngroup = sizeof groups / sizeof *groups};
	char uri[300], call_id[40];
	struct buf b = {0}, body = {0};

	for (unsigned i = 0; i < q.ngroup; i++)
		text_set(q.group[i], sizeof q.group[i], "%s", groups[i]);
	provisioning_ask_write(&body, &q);
	text_set(uri, sizeof uri, "sip:%s", s->conf.aor);
	ph_random_hex(s->ph, call_id, 32);
	sip_write_head(s, &b, "SUBSCRIBE", uri, call_id, 1);
	buf_str(&b, "Event: vnd-microsoft-provisioning-v2\r\nAccept: " PROVISIONING_TYPE
		    "\r\nSupported: com.microsoft.autoextend\r\nSupported: ms-benotify\r\nProxy-Require: ms-benotify\r\n"
		    "Supported: ms-piggyback-first-notify\r\nExpires: 28800\r\n");
	buf_printf(&b, "Contact: <%s>\r\nContent-Type: " PROVISIONING_TYPE "\r\n",
		   s->gruu[0] ? s->gruu : s->contact);
	sip_expect(s, "SUBSCRIBE", call_id, 1, done, arg);
	b.oom |= body.oom;
	sip_complete(s, &b, &body, NULL, &s->sa);
	buf_free(&body);
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

static void sip_no_answer(struct sip_client *s, enum dt_failure f, const char *why)
{
	s->asked.busy = false;
	s->bad = f;
	why_hold(&s->why, why);
	s->asked.done(s->asked.arg, NULL);
}

static void sip_take_response(struct sip_client *s, const struct msg *m)
{
	struct sv method;
	uint32_t cseq;
	const char *why;

	if (!s->asked.busy || m->status < 200 || !sip_cseq_read(msg_get(m, "CSeq"), &cseq, &method) ||
	    cseq != s->asked.cseq || !sv_eq(method, sv_of(s->asked.method)) ||
	    !sv_eq(msg_get(m, "Call-ID"), sv_of(s->asked.call_id)))
		return;
	ph_timer_off(s->ph, T_SIP);
	if (s->asked.signer && !sip_challenged(m) && (why = sip_verify(s->asked.signer, m)) != NULL) {
		struct why said = {0};
		unsigned id;

		/* not believed, but told: a proxy on the way signs nothing */
		sip_diag_text(m, &id, &said);
		sip_no_answer(s, DT_F_SIP_SIGNATURE, why_set(&said, "%s: %s", why, said.text));
		return;
	}
	s->asked.busy = false;
	s->asked.done(s->asked.arg, m);
}

static void sip_copy_headers(struct buf *b, const struct msg *q, const char *name)
{
	for (size_t i = 0; i < msg_count(q, name); i++)
		buf_printf(b, "%s: " SV_FMT "\r\n", name, SV_ARG(msg_get_nth(q, name, i)));
}

/* Signed as a response is: the status code is the last field. */
void sip_reply(struct sip_client *s, const struct msg *q, unsigned status, const char *reason)
{
	struct buf b = {0}, value = {0}, tags = {0};
	struct msg draft;
	struct msg_error err;
	size_t used;
	char tag[17];
	bool tagged = sip_param(msg_get(q, "To"), "tag").p != NULL;

	ph_random_hex(s->ph, tag, 10);
	buf_printf(&b, "SIP/2.0 %u %s\r\n", status, reason);
	sip_copy_headers(&b, q, "Via");
	sip_copy_headers(&b, q, "From");
	buf_printf(&b, "To: " SV_FMT "%s%s\r\n", SV_ARG(msg_get(q, "To")), tagged ? "" : ";tag=", tagged ? "" : tag);
	sip_copy_headers(&b, q, "Call-ID");
	sip_copy_headers(&b, q, "CSeq");
	if (status == 420 && sip_tags_unknown(q, &tags) && tags.n)
		buf_printf(&b, "Unsupported: %s\r\n", buf_cstr(&tags));
	buf_free(&tags);
	if (s->sa.up) {
		struct buf whole = {0};

		buf_sv(&whole, buf_view(&b));
		buf_str(&whole, "Content-Length: 0\r\n\r\n");
		if (!whole.oom &&
		    msg_scan((const char *)whole.p, whole.n, MSG_SIP, BODY_MAX, &draft, &used, &err) == MSG_OK &&
		    sip_sign(s, &s->sa, &draft, NULL, &value))
			buf_printf(&b, "%sAuthorization: %s\r\n", s->sa.proxy ? "Proxy-" : "", buf_cstr(&value));
		buf_free(&whole);
	}
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	if (!b.oom)
		sip_raw(s, b.p, b.n);
	buf_free(&b);
	buf_wipe(&value);
}

static void sip_take_request(struct sip_client *s, const struct msg *m)
{
	unsigned status = 400;

	if (!s->sa.up || sip_verify(&s->sa, m) != NULL)
		return; /* "A client discards a signed message that matches no SA"; an unsigned one as well */
	if (sip_check(m, &status) == NULL)
		s->to.request(s->to.arg, m);
	else if (!sv_eq(m->method, SV("ACK")) && !sv_eq(m->method, SV("BENOTIFY")))
		sip_reply(s, m, status, status == 420 ? "Bad Extension" : status == 416 ? "Unsupported URI Scheme" : "Bad Request");
}

void sip_data(struct sip_client *s, const void *p, size_t n)
{
	unsigned id = s->id;

	if (n > 2 * BODY_MAX - s->in.n)
		s->in.oom = true;
	else
		buf_add(&s->in, p, n);
	if (s->in.oom) {
		ph_core(s->ph)->body->stream_close(ph_core(s->ph)->arg, s->id);
		sip_closed(s, "the message is too long");
		return;
	}
	while (s->id == id && s->in.n) {
		struct msg_error err = {0};
		struct buf now;
		size_t used = 0;
		struct msg m;
		enum msg_result r = msg_scan((const char *)s->in.p, s->in.n, MSG_SIP, BODY_MAX, &m, &used, &err);

		if (r == MSG_PARTIAL)
			return;
		if (r == MSG_BAD) { /* where the next one begins is not known any more */
			ph_core(s->ph)->body->stream_close(ph_core(s->ph)->arg, s->id);
			if (s->asked.busy) {
				s->id = 0;
				s->open = false;
				sip_no_answer(s, DT_F_SIP_BAD, err.why);
			} else {
				sip_closed(s, err.why);
			}
			return;
		}
		now = s->in; /* handling a message may close the connection: its octets stay until then */
		s->in = (struct buf){0};
		buf_add(&s->in, now.p + used, now.n - used);
		if (m.request)
			sip_take_request(s, &m);
		else
			sip_take_response(s, &m);
		buf_free(&now);
	}
}

void sip_closed(struct sip_client *s, const char *why)
{
	struct why copy = {0};

	why_set(&copy, "%s", why ? why : "");
	s->id = 0;
	s->open = false;
	ph_timer_off(s->ph, T_SIP);
	if (s->asked.busy)
		sip_no_answer(s, DT_F_CLOSED, copy.text);
	else
		s->to.lost(s->to.arg, copy.text);
}

void sip_timer(struct sip_client *s)
{
	struct dt_stream_opened o = {.failure = DT_F_TIMEOUT};

	if (s == NULL)
		return;
	if (s->bad != DT_F_OK && s->asked.busy) {
		sip_no_answer(s, s->bad, s->why);
	} else if (s->asked.busy) {
		sip_no_answer(s, DT_F_TIMEOUT, "no answer in time");
	} else if (s->id && !s->open) {
		ph_core(s->ph)->body->stream_close(ph_core(s->ph)->arg, s->id);
		s->id = 0;
		s->to.opened(s->to.arg, &o);
	}
}

/* ---- what a 200 to REGISTER tells ---------------------------------------------------------------------------------- */

void sip_registered_as(struct sip_client *s, const struct msg *m)
{
	struct sv e = msg_get(m, "Expires");
	struct sip_keepalive k;
	uint64_t v = 0;

	s->expires = sv_u64(e, 30 * 86400ull, &v) ? (unsigned)v : 0;
	s->keepalive = 0;
	if (sip_keepalive_read(msg_get(m, "ms-keep-alive"), &k) && k.timeout && k.timeout < 86400)
		s->keepalive = k.timeout;
	for (size_t i = 0; i < msg_count(m, "Contact"); i++) {
		struct sip_addr a = {.rest = msg_get_nth(m, "Contact", i)};

		/* "Client picks the one with its own uuid." */
		while (a.rest.p && sip_addr_read(a.rest, &a)) {
			struct sv id = sip_param(a.params, "+sip.instance"), gruu = sip_param(a.params, "gruu");
			char want[64];

			text_set(want, sizeof want, "<urn:uuid:%s>", s->ids.uuid);
			if (sv_ieq(id, sv_of(want)) && gruu.n)
				sv_copy(s->gruu, sizeof s->gruu, gruu);
			if (s->expires == 0 && sv_ieq(id, sv_of(want)) &&
			    sv_u64(sip_param(a.params, "expires"), 30 * 86400ull, &v))
				s->expires = (unsigned)v;
		}
	}
}
