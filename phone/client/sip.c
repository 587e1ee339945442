/* phone/client/sip.c: the SIP connection: REGISTER and SUBSCRIBE as a phone writes them, answers matched, signatures checked
 * [sip 3, 4, 5, 11.1, 14.1]. */
#include <ctype.h>

#include "phone/internal.h"

#define ANSWER_MS 32000 /* RFC 3261 timer F */
#define BODY_MAX ((size_t)131072)
#define METHODS "INVITE, MESSAGE, INFO, SUBSCRIBE, OPTIONS, BYE, CANCEL, NOTIFY, ACK, REFER, BENOTIFY"

/* Stable per device and user (5): ten hexadecimal digits out of the MAC address and the URI. */
void sip_ids(struct dt_phone *ph)
{
	char key[300], hex[41];
	uint8_t sum[20];

	if (strcmp(ph->sip.ids_of, ph->account.sip) == 0 && ph->sip.uuid[0])
		return;
	text(ph->sip.ids_of, sizeof ph->sip.ids_of, "%s", ph->account.sip);
	text(key, sizeof key, "%02x%02x%02x%02x%02x%02x:%s", ph->mac[0], ph->mac[1], ph->mac[2], ph->mac[3], ph->mac[4],
	     ph->mac[5], ph->account.sip);
	for (char *c = key; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	pki_sha1(key, strlen(key), sum);
	hex_write(hex, sum, 20, false);
	text(ph->sip.epid, sizeof ph->sip.epid, "%.10s", hex);
	sip_instance_of_epid(sv_of(ph->sip.epid), ph->sip.uuid);
}

/* ---- the connection ---------------------------------------------------------------------------------------------- */

bool sip_open(struct dt_phone *ph, const struct sip_target *t, uint32_t address)
{
	struct dt_stream_conf c = {.address = address, .port = t->port, .tls = t->tls, .public_roots = ph->outside,
				   .name = t->host, .anchors = buf_cstr(&ph->anchors), .unix_s = phone_unix(ph),
				   .timeout_ms = t->tls ? 15000 : 5000};

	sip_close(ph);
	ph->sip.peer = *t;
	ph->sip.address = address;
	ph->sip.id = ++ph->ids;
	timer_set(ph, T_SIP, c.timeout_ms + 2000);
	if (ph->body->stream(ph->arg, ph->sip.id, &c) == 0)
		return true;
	ph->sip.id = 0;
	timer_off(ph, T_SIP);
	return false;
}

void sip_close(struct dt_phone *ph)
{
	struct sip *s = &ph->sip;

	if (s->id)
		ph->body->stream_close(ph->arg, s->id);
	s->id = 0;
	s->open = false;
	s->asked.busy = false;
	buf_clear(&s->in);
	sip_auth_end(ph);
	sip_sa_clear(&s->sa);
	sip_sa_clear(&s->next);
	timer_off(ph, T_SIP);
	timer_off(ph, T_KEEPALIVE);
	timer_off(ph, T_REFRESH);
}

void sip_opened(struct dt_phone *ph, const struct dt_stream_opened *o)
{
	timer_off(ph, T_SIP);
	ph->sip.open = o->failure == DT_F_OK;
	ph->sip.local_address = o->local_address;
	ph->sip.local_port = o->local_port;
	if (!ph->sip.open)
		ph->sip.id = 0;
	logon_opened(ph, o);
}

static int octets(struct dt_phone *ph, const void *p, size_t n)
{
	int rc = ph->sip.open ? ph->body->stream_send(ph->arg, ph->sip.id, p, n) : -1;

	if (ph->registered && ph->sip.keepalive) /* "restarted whenever the client sends anything" */
		timer_set(ph, T_KEEPALIVE, ph->sip.keepalive * 1000ull * 2 / 3);
	return rc;
}

void sip_raw(struct dt_phone *ph, const void *p, size_t n)
{
	octets(ph, p, n);
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

static void head(struct dt_phone *ph, struct buf *b, const char *method, const char *uri, const char *call_id, uint32_t cseq)
{
	char ip[16], branch[17], tag[17], agent[160];

	dice_hex(ph, branch, 16);
	dice_hex(ph, tag, 10);
	model_user_agent(ph, agent, sizeof agent);
	buf_printf(b, "%s %s SIP/2.0\r\n", method, uri);
	buf_printf(b, "Via: SIP/2.0/%s %s:%u;branch=z9hG4bK%s\r\n", ph->sip.peer.tls ? "TLS" : "TCP",
		   ip_text(ph->sip.local_address, ip), ph->sip.local_port, branch);
	buf_printf(b, "Max-Forwards: 70\r\nFrom: <sip:%s>;tag=%s;epid=%s\r\n", ph->account.sip, tag, ph->sip.epid);
	buf_printf(b, "To: <sip:%s>\r\nCall-ID: %s\r\nCSeq: %u %s\r\nUser-Agent: %s\r\n", ph->account.sip, call_id, cseq, method,
		   agent);
}

static void fail_soon(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	ph->sip.bad = f;
	text(ph->sip.why, sizeof ph->sip.why, "%s", why);
	timer_set(ph, T_SIP, 0);
}

/* Completes b with credentials, length and body, and sends it.  b is freed.
 *
 * "With 4 the REGISTER that finishes the handshake already carries crand/cnum/response; with 3 or less it carries none,
 * signing starts with the next request": its answer is signed by the server all the same. */
static void send(struct dt_phone *ph, struct buf *b, const struct buf *body, const struct sip_auth *auth,
		 struct sip_sa *signer)
{
	struct buf out = {0}, value = {0}, end = {0};
	struct msg_error err;
	size_t used;
	bool ok = true, sign = signer && (auth == NULL || sip_version(signer) > 3);

	ph->sip.asked.signer = signer;
	ph->sip.bad = DT_F_OK;
	buf_printf(&end, "Content-Length: %zu\r\n\r\n", body ? body->n : 0);
	if (body)
		buf_sv(&end, buf_view(body));
	if (sign) {
		buf_sv(&out, buf_view(b));
		buf_sv(&out, buf_view(&end));
		ok = !out.oom && msg_scan((const char *)out.p, out.n, MSG_SIP, BODY_MAX, &ph->sip.draft, &used, &err) == MSG_OK &&
		     sip_sign(ph, signer, auth, &value);
		buf_clear(&out);
	} else if (auth) {
		sip_auth_write(&value, SIP_CREDENTIALS, auth);
	}
	buf_sv(&out, buf_view(b));
	if (value.n) {
		buf_str(&out, (signer ? signer : &ph->sip.next)->proxy ? "Proxy-Authorization: " : "Authorization: ");
		buf_sv(&out, buf_view(&value));
		buf_str(&out, "\r\n");
	}
	buf_sv(&out, buf_view(&end));
	ok = ok && !out.oom && !value.oom && !end.oom && !b->oom;
	timer_set(ph, T_SIP, ANSWER_MS);
	if (!ok) {
		fail_soon(ph, DT_F_MEMORY, "");
	} else if (octets(ph, out.p, out.n) < 0) {
		fail_soon(ph, DT_F_CLOSED, "");
	}
	buf_wipe(&out);
	buf_wipe(&value);
	buf_free(&end);
	buf_free(b);
}

static void expect(struct dt_phone *ph, const char *method, const char *call_id, uint32_t cseq, sip_fn *done)
{
	ph->sip.asked.busy = true;
	ph->sip.asked.cseq = cseq;
	ph->sip.asked.done = done;
	text(ph->sip.asked.method, sizeof ph->sip.asked.method, "%s", method);
	text(ph->sip.asked.call_id, sizeof ph->sip.asked.call_id, "%s", call_id);
}

void sip_register(struct dt_phone *ph, int expires, const struct sip_auth *auth, struct sip_sa *signer, sip_fn *done)
{
	const char *at = strchr(ph->account.sip, '@'), *transport = ph->sip.peer.tls ? "tls" : "tcp";
	char uri[300], ip[16];
	struct buf b = {0};

	text(uri, sizeof uri, "sip:%s", at ? at + 1 : ph->account.sip);
	text(ph->sip.contact, sizeof ph->sip.contact, "sip:%s:%u;transport=%s;ms-opaque=%s", ip_text(ph->sip.local_address, ip),
	     ph->sip.local_port, transport, ph->sip.epid);
	ph->sip.cseq++;
	head(ph, &b, "REGISTER", uri, ph->sip.call_id, ph->sip.cseq);
	buf_printf(&b, "Contact: <%s>;methods=\"" METHODS "\";proxy=replace;+sip.instance=\"<urn:uuid:%s>\"\r\n", ph->sip.contact,
		   ph->sip.uuid);
	buf_str(&b, "Supported: gruu-10, adhoclist, msrtc-event-categories\r\nSupported: ms-forking\r\n"
		    "Supported: ms-cluster-failover\r\nSupported: ms-userservices-state-notification\r\n"
		    "Event: registration\r\nAllow-Events: presence\r\nms-keep-alive: UAC;hop-hop=yes\r\n");
	if (expires >= 0)
		buf_printf(&b, "Expires: %d\r\n", expires);
	expect(ph, "REGISTER", ph->sip.call_id, ph->sip.cseq, done);
	send(ph, &b, NULL, auth, signer);
}

/* "Expires: 0 = one-shot fetch." */
void sip_subscribe(struct dt_phone *ph, sip_fn *done)
{
	static const char *const groups[] = {"ServerConfiguration", "ucPolicy", "endpointConfiguration", "userSetting",
					     "locationPolicy"};
	struct provisioning_ask q = {.ngroup = sizeof groups / sizeof *groups};
	char uri[300], call_id[40];
	struct buf b = {0}, body = {0};

	for (unsigned i = 0; i < q.ngroup; i++)
		text(q.group[i], sizeof q.group[i], "%s", groups[i]);
	provisioning_ask_write(&body, &q);
	text(uri, sizeof uri, "sip:%s", ph->account.sip);
	dice_hex(ph, call_id, 32);
	head(ph, &b, "SUBSCRIBE", uri, call_id, 1);
	buf_str(&b, "Event: vnd-microsoft-provisioning-v2\r\nAccept: " PROVISIONING_TYPE
		    "\r\nSupported: com.microsoft.autoextend\r\nSupported: ms-benotify\r\nProxy-Require: ms-benotify\r\n"
		    "Supported: ms-piggyback-first-notify\r\nExpires: 0\r\n");
	buf_printf(&b, "Contact: <%s>\r\nContent-Type: " PROVISIONING_TYPE "\r\n",
		   ph->sip.gruu[0] ? ph->sip.gruu : ph->sip.contact);
	expect(ph, "SUBSCRIBE", call_id, 1, done);
	b.oom |= body.oom;
	send(ph, &b, &body, NULL, &ph->sip.sa);
	buf_free(&body);
}

/* ---- answers --------------------------------------------------------------------------------------------------------- */

static void no_answer(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why ? why : "");
	ph->sip.asked.busy = false;
	ph->sip.bad = f;
	text(ph->sip.why, sizeof ph->sip.why, "%s", copy);
	ph->sip.asked.done(ph, NULL);
}

static void response(struct dt_phone *ph, const struct msg *m)
{
	struct sip *s = &ph->sip;
	struct sv method;
	uint32_t cseq;
	const char *why;

	if (!s->asked.busy || m->status < 200 || !sip_cseq_read(msg_get(m, "CSeq"), &cseq, &method) ||
	    cseq != s->asked.cseq || !sv_eq(method, sv_of(s->asked.method)) ||
	    !sv_eq(msg_get(m, "Call-ID"), sv_of(s->asked.call_id)))
		return;
	timer_off(ph, T_SIP);
	if (s->asked.signer && !sip_challenged(m) && (why = sip_verify(ph, s->asked.signer, m)) != NULL) {
		char said[WHY_MAX], all[WHY_MAX + 64];
		unsigned id;

		/* not believed, but told: a proxy on the way signs nothing */
		sip_diag_text(m, &id, said, sizeof said);
		text(all, sizeof all, "%s: %s", why, said);
		no_answer(ph, DT_F_SIP_SIGNATURE, all);
		return;
	}
	s->asked.busy = false;
	s->asked.done(ph, m);
}

static void copy_headers(struct buf *b, const struct msg *q, const char *name)
{
	for (size_t i = 0; i < msg_count(q, name); i++)
		buf_printf(b, "%s: " SV_FMT "\r\n", name, SV_ARG(msg_get_nth(q, name, i)));
}

/* Signed as a response is: the status code is the last field. */
void sip_reply(struct dt_phone *ph, const struct msg *q, unsigned status, const char *reason)
{
	struct buf b = {0}, value = {0}, tags = {0};
	struct msg_error err;
	size_t used;
	char tag[17];
	bool tagged = sip_param(msg_get(q, "To"), "tag").p != NULL;

	dice_hex(ph, tag, 10);
	buf_printf(&b, "SIP/2.0 %u %s\r\n", status, reason);
	copy_headers(&b, q, "Via");
	copy_headers(&b, q, "From");
	buf_printf(&b, "To: " SV_FMT "%s%s\r\n", SV_ARG(msg_get(q, "To")), tagged ? "" : ";tag=", tagged ? "" : tag);
	copy_headers(&b, q, "Call-ID");
	copy_headers(&b, q, "CSeq");
	if (status == 420 && sip_tags_unknown(q, &tags) && tags.n)
		buf_printf(&b, "Unsupported: %s\r\n", buf_cstr(&tags));
	buf_free(&tags);
	if (ph->sip.sa.up) {
		struct buf whole = {0};

		buf_sv(&whole, buf_view(&b));
		buf_str(&whole, "Content-Length: 0\r\n\r\n");
		if (!whole.oom &&
		    msg_scan((const char *)whole.p, whole.n, MSG_SIP, BODY_MAX, &ph->sip.draft, &used, &err) == MSG_OK &&
		    sip_sign(ph, &ph->sip.sa, NULL, &value))
			buf_printf(&b, "%sAuthorization: %s\r\n", ph->sip.sa.proxy ? "Proxy-" : "", buf_cstr(&value));
		buf_free(&whole);
	}
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	if (!b.oom)
		sip_raw(ph, b.p, b.n);
	buf_free(&b);
	buf_wipe(&value);
}

static void request(struct dt_phone *ph, const struct msg *m)
{
	unsigned status = 400;

	if (!ph->sip.sa.up || sip_verify(ph, &ph->sip.sa, m) != NULL)
		return; /* "A client discards a signed message that matches no SA"; an unsigned one as well */
	if (sip_check(m, &status) == NULL)
		stay_request(ph, m);
	else if (!sv_eq(m->method, SV("ACK")) && !sv_eq(m->method, SV("BENOTIFY")))
		sip_reply(ph, m, status, status == 420 ? "Bad Extension" : status == 416 ? "Unsupported URI Scheme" : "Bad Request");
}

void sip_data(struct dt_phone *ph, const void *p, size_t n)
{
	struct sip *s = &ph->sip;
	unsigned id = s->id;

	if (n > 2 * BODY_MAX - s->in.n)
		s->in.oom = true;
	else
		buf_add(&s->in, p, n);
	if (s->in.oom) {
		ph->body->stream_close(ph->arg, s->id);
		sip_closed(ph, "what came was too much to hold");
		return;
	}
	while (s->id == id && s->in.n) {
		struct msg_error err = {0};
		struct buf now;
		size_t used = 0;
		enum msg_result r = msg_scan((const char *)s->in.p, s->in.n, MSG_SIP, BODY_MAX, &s->m, &used, &err);

		if (r == MSG_PARTIAL)
			return;
		if (r == MSG_BAD) { /* where the next one begins is not known any more */
			char why[WHY_MAX];

			text(why, sizeof why, "%s", err.why);
			ph->body->stream_close(ph->arg, s->id);
			if (s->asked.busy) {
				s->id = 0;
				s->open = false;
				no_answer(ph, DT_F_SIP_BAD, why);
			} else {
				sip_closed(ph, why);
			}
			return;
		}
		now = s->in; /* what is handled may close the connection: its octets stay until then */
		s->in = (struct buf){0};
		buf_add(&s->in, now.p + used, now.n - used);
		if (s->m.request)
			request(ph, &s->m);
		else
			response(ph, &s->m);
		buf_free(&now);
	}
}

void sip_closed(struct dt_phone *ph, const char *why)
{
	struct sip *s = &ph->sip;
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why ? why : "");
	s->id = 0;
	s->open = false;
	timer_off(ph, T_SIP);
	if (s->asked.busy)
		no_answer(ph, DT_F_CLOSED, copy);
	else if (ph->registered)
		stay_lost(ph, copy);
}

void sip_timer(struct dt_phone *ph)
{
	struct sip *s = &ph->sip;
	struct dt_stream_opened o = {.failure = DT_F_TIMEOUT};

	if (s->bad != DT_F_OK && s->asked.busy) {
		char why[WHY_MAX];

		text(why, sizeof why, "%s", s->why);
		no_answer(ph, s->bad, why);
	} else if (s->asked.busy) {
		no_answer(ph, DT_F_TIMEOUT, "no answer in time");
	} else if (s->id && !s->open) {
		ph->body->stream_close(ph->arg, s->id);
		s->id = 0;
		logon_opened(ph, &o);
	}
}

static bool find_diag(const struct msg *m, struct sip_diag *ret)
{
	static const char *const names[] = {"ms-diagnostics", "ms-diagnostics-public"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sv v = msg_get(m, names[i]);

		if (v.p && sip_diag_read(v, ret))
			return true;
	}
	return false;
}

void sip_diag_text(const struct msg *m, unsigned *id, char *out, size_t cap)
{
	struct sip_diag d;

	*id = 0;
	text(out, cap, "%u " SV_FMT, m->status, SV_ARG(m->reason));
	if (find_diag(m, &d)) {
		*id = d.id;
		text(out, cap, "%u " SV_FMT ": %u " SV_FMT, m->status, SV_ARG(m->reason), d.id, SV_ARG(d.reason));
	}
}

void sip_said(const struct msg *m, uint32_t *id, char *out, size_t cap)
{
	struct sip_diag d = {0};

	*id = find_diag(m, &d) ? d.id : 0;
	text(out, cap, SV_FMT, SV_ARG(d.reason.n ? d.reason : m->reason));
}
