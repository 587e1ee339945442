/* doctor/passive/clear.c: HTTP and SIP in clear: requests' targets, answers' statuses, and the chain that is downloaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "doctor/passive/internal.h"
#include "wire/msg.h"
#include "wire/sip.h"

static void text_use(struct passive *p, struct half *h, size_t n)
{
	size_t used = n < h->text.n ? n : h->text.n;

	memmove(h->text.p, h->text.p + used, h->text.n - used);
	h->text.n -= used;
	p->held -= used < p->held ? used : p->held;
}

/* ---- SIP: the Registrar's answers -------------------------------------------------------------------------------- */

static void registered(struct passive *p, struct flow *f, struct host *h, const struct msg *m)
{
	char said[TEXT_MAX] = "", peer[40], ip[16];
	struct dt_record r = {.stage = DT_STAGE_LOGON, .what = "register", .peer = peer,
			      .fact = {.sip = (uint16_t)m->status, .said = said, .host = f->name[0] ? f->name : NULL, .address = f->server,
				       .port = f->sport, .candidate = f->candidate}};
	struct sip_diag d = {0};

	snprintf(said, sizeof said, "%.*s", (int)(m->reason.n < sizeof said ? m->reason.n : sizeof said - 1), m->reason.p ? m->reason.p : "");
	if (sip_diag_read(msg_get(m, "ms-diagnostics"), &d)) {
		r.fact.diag = d.id;
		snprintf(said, sizeof said, "%.*s", (int)(d.reason.n < sizeof said ? d.reason.n : sizeof said - 1), d.reason.p ? d.reason.p : "");
	}
	snprintf(peer, sizeof peer, "%s:%u", ip_text(f->server, ip), f->sport);
	f->challenged = (m->status == 401 || m->status == 407) && !f->proved;
	if (m->status == 401 || m->status == 407 || m->status < 200)
		return;
	r.ok = m->status == 200 || (m->status >= 300 && m->status < 400);
	if (m->status >= 300 && m->status < 400)
		dt_signs_add(r.sign, DT_SIGN_MOVED);
	if (!r.ok) {
		r.failure = dt_failure_of_sip(m->status, r.fact.diag);
		r.why = said;
	}
	story_attempt(p, h, &r);
	if (m->status == 200)
		story_dial_tone(p, h);
	f->report_end = !r.ok;
}

static void sip_answer(struct passive *p, struct flow *f, const struct msg *m)
{
	struct host *h = flow_host(p, f);
	struct sv method = {0};
	uint32_t number;

	if (h && !m->request && sip_cseq_read(msg_get(m, "CSeq"), &number, &method) && sv_ieq(method, SV("REGISTER")))
		registered(p, f, h, m);
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

static bool sip_next(struct passive *p, struct flow *f, unsigned from, struct msg *m)
{
	struct half *h = &f->half[from];
	struct msg_error e;
	size_t used = 0;

	switch (msg_scan((const char *)h->text.p, h->text.n, MSG_SIP, STREAM_MAX, m, &used, &e)) {
	case MSG_OK:
		if (from == 0 && sv_ieq(m->method, SV("REGISTER"))) {
			host_is_phone(p, &p->host[f->host - 1]);
			f->proved = msg_get(m, "Authorization").n || msg_get(m, "Proxy-Authorization").n;
			f->challenged = false;
		}
		if (from == 1)
			sip_answer(p, f, m);
		text_use(p, h, used);
		return h->text.n > 0;
	case MSG_BAD:
		h->lost = true;
		flow_drop(p, &h->text);
		return false;
	default:
		return false;
	}
}

static void http_request(struct passive *p, struct flow *f, const struct msg *m)
{
	snprintf(f->target, sizeof f->target, "%.*s", (int)(m->target.n < TEXT_MAX ? m->target.n : TEXT_MAX - 1), m->target.p);
	if (msg_get(m, "Host").n) {
		struct sv host = msg_get(m, "Host");

		sv_copy(f->name, sizeof f->name, sv_cut(&host, ':'));
	}
	f->basic |= sv_istarts(msg_get(m, "Authorization"), SV("Basic "));
	meaning_named(p, f);
	if (f->protocol == P_TLS)
		web_question(p, f);
}

static bool http_next(struct passive *p, struct flow *f, unsigned from, struct msg *m)
{
	struct half *h = &f->half[from];
	struct msg_error e;
	struct buf whole = {0};
	struct sv body;
	size_t used = 0;
	enum msg_result got = msg_scan_head((const char *)h->text.p, h->text.n, MSG_HTTP, m, &e);

	if (got == MSG_BAD) {
		h->lost = true;
		flow_drop(p, &h->text);
		return false;
	}
	if (got == MSG_PARTIAL)
		return false;
	body = (struct sv){(const char *)h->text.p + m->head_n, h->text.n - m->head_n};
	if (m->chunked) {
		if (msg_dechunk(body.p, body.n, STREAM_MAX, &whole, &used, &e) == MSG_PARTIAL && h->text.n < STREAM_MAX - 2048) {
			buf_free(&whole);
			return false;
		}
		body = buf_view(&whole);
	} else {
		size_t want = m->has_length ? (size_t)(m->length < STREAM_MAX ? m->length : STREAM_MAX) : from == 1 ? body.n : 0;

		if (body.n < want && m->head_n + want < STREAM_MAX - 2048) {
			buf_free(&whole);
			return false;
		}
		body.n = body.n < want ? body.n : want;
		used = body.n;
	}
	if (from == 0)
		http_request(p, f, m);
	else if (m->status >= 200 && f->protocol == P_TLS)
		web_answer(p, f, m, body);
	else if (m->status >= 200)
		meaning_http(p, f, m->status, body);
	text_use(p, h, m->head_n + used);
	buf_free(&whole);
	return h->text.n > 0;
}

void clear_octets(struct passive *p, struct flow *f, unsigned from, const uint8_t *o, size_t n)
{
	struct half *h = &f->half[from];
	bool sip = f->protocol == P_SIP || (f->protocol == P_TLS && f->stage == DT_STAGE_LOGON);
	struct msg *m;

	if (h->lost || (h->text.n + n > STREAM_MAX && (h->lost = true)))
		return;
	m = malloc(sizeof *m);
	flow_hold(p, &h->text, o, n);
	while (m && (sip ? sip_next(p, f, from, m) : http_next(p, f, from, m)))
		;
	free(m);
}
