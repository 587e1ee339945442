/* doctor/passive/meaning.c: connections as steps of the sign-in: the stage of each, and its end.
 *
 * UNKNOWN: the messages under TLS.  Their shape is read, with the sizes of our own phone and the documents' (a web ticket is an
 * assertion of some thousand octets, and the question for a certificate carries it):
 *
 *     web service   the first question reads metadata (stage 6); the next ones sign in (7); one of 4 KB and more, which follows an
 *                   answer that can hold a ticket, asks for the certificate (8)
 *     Registrar     SIGN_IN answers and a connection that stays: REGISTER until 200, then SUBSCRIBE
 */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "doctor/passive/internal.h"
#include "pki/cert.h"
#include "wire/soap/soap.h"
#include "wire/well_known.h"
#include "wire/xml.h"

enum { TICKET = 2500, WITH_TICKET = 4096, SIGN_IN = 5, FINISHED = 80, ALERT_SIZED = 64, CHAIN_CERTS = 8 };
#define STAYS SECONDS(20)

/* ---- whose it is ------------------------------------------------------------------------------------------------ */

static bool is_update_name(const char *name)
{
	return sv_istarts(sv_of(name), SV(NAME_UPDATES_OLD));
}

static enum dt_candidate candidate_of(const struct host *h, const struct flow *f)
{
	for (int c = DT_CAND_NONE + 1; c < DT_CAND_COUNT; c++) {
		const struct place *r = &h->registrar[c];
		uint16_t port = r->port ? r->port : c == DT_CAND_DHCP_TCP ? 5060 : 5061;

		if (r->host[0] && port == f->sport && (f->name[0] == '\0' || sv_ieq(sv_of(r->host), sv_of(f->name))))
			return (enum dt_candidate)c;
	}
	return h->sip_up && f->name[0] ? DT_CAND_HOME_POOL : DT_CAND_NONE;
}

static enum dt_stage stage_of(const struct host *h, const struct flow *f)
{
	if (is_update_name(f->name))
		return DT_STAGE_UPDATE;
	if (f->sport == 5061 || f->sport == 5060 || (f->candidate && (h->web_up || !sv_ieq(sv_of(f->name), sv_of(h->web_host)))))
		return DT_STAGE_LOGON;
	if (h->pub.stage && h->pub.stage < DT_STAGE_DISCOVER)
		return DT_STAGE_UPDATE;
	return f->sport == 80 || !h->web_up || h->pub.stage < DT_STAGE_CHAIN ? DT_STAGE_CHAIN : h->pub.stage;
}

/* The phone comes to another Registrar after it hung up on one: it was sent on to the home pool, or refused in a way that is hidden. */
static void hung_up_before(struct passive *p, struct host *h, const struct flow *f)
{
	struct dt_record r = {.stage = DT_STAGE_LOGON, .what = h->hung_up, .failure = DT_F_HIDDEN};

	if (h->hung_up[0] && h->is_phone && f->candidate != DT_CAND_HOME_POOL)
		story_attempt(p, h, &r);
	h->hung_up[0] = '\0';
}

void meaning_began(struct passive *p, struct flow *f)
{
	struct host *h = flow_host(p, f);
	const char *name = h ? host_name_of(h, f->server) : NULL;

	if (h == NULL)
		return;
	if (name)
		snprintf(f->name, sizeof f->name, "%s", name);
	f->candidate = candidate_of(h, f);
	f->stage = stage_of(h, f);
	if (f->stage == DT_STAGE_LOGON)
		hung_up_before(p, h, f);
	if (h->is_phone && h->pub.stage)
		story_stage(p, h, f->stage);
}

/* Paths that only phones of this kind ask for. */
static const struct {
	const char *path;
	enum dt_stage stage;
} paths[] = {
	{CERTPROV_FOLDER, DT_STAGE_CHAIN},
	{UPDATE_FOLDER, DT_STAGE_UPDATE},
	{UPDATE_EXT_FOLDER, DT_STAGE_UPDATE},
	{IMAGES_FOLDER, DT_STAGE_UPDATE},
	{IMAGES_EXT_FOLDER, DT_STAGE_UPDATE},
};

void meaning_named(struct passive *p, struct flow *f)
{
	struct host *h = flow_host(p, f);

	if (h == NULL)
		return;
	if (f->protocol == P_TLS && is_update_name(f->name)) {
		host_is_phone(p, h);
		f->stage = DT_STAGE_UPDATE;
	}
	for (size_t i = 0; f->protocol == P_HTTP && i < sizeof paths / sizeof *paths; i++)
		if (sv_istarts(sv_of(f->target), sv_of(paths[i].path))) {
			host_is_phone(p, h);
			f->stage = paths[i].stage;
		}
	if (h->is_phone)
		story_stage(p, h, f->stage);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

struct dt_record meaning_record(const struct flow *f, struct meaning_line *l)
{
	struct dt_record r = {.stage = f->stage, .what = l->what, .peer = l->peer,
			      .ms = (uint32_t)((f->last - f->began) / 1000),
			      .fact = {.host = f->name[0] ? f->name : NULL, .address = f->server, .port = f->sport, .candidate = f->candidate}};
	char ip[16];

	snprintf(l->peer, sizeof l->peer, "%s:%u", ip_text(f->server, ip), f->sport);
	switch (f->stage) {
	case DT_STAGE_UPDATE:
		snprintf(l->what, sizeof l->what, f->protocol == P_HTTP ? "update %s" : "update question", f->target);
		break;
	case DT_STAGE_LOGON:
		snprintf(l->what, sizeof l->what, "registrar %s%s%s:%u", dt_candidates[f->candidate].name, f->candidate ? " " : "",
			 f->name[0] ? f->name : ip, f->sport);
		break;
	case DT_STAGE_CHAIN:
		snprintf(l->what, sizeof l->what, f->sport == 80 ? "root chain http://%s%s" : "tls https://%s", f->name[0] ? f->name : ip,
			 f->target);
		break;
	default:
		snprintf(l->what, sizeof l->what, "web service https://%s", f->name[0] ? f->name : ip);
	}
	return r;
}

static const char *version_name(uint16_t v)
{
	static const char *const names[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

	return v >= 0x0300 && v <= 0x0304 ? names[v - 0x0300] : "TLS";
}

/* ---- certificates in clear --------------------------------------------------------------------------------------- */

static unsigned chain_of(const struct flow *f, const uint8_t *der[CHAIN_CERTS], size_t n[CHAIN_CERTS])
{
	struct rd r = rd_of(f->chain.p, f->chain.n);
	unsigned count = 0;

	while (count < CHAIN_CERTS && rd_left(&r) > 3) {
		size_t length = (size_t)rd_be(&r, 3);

		der[count] = rd_take(&r, length);
		n[count] = length;
		if (r.err)
			break;
		count++;
	}
	return count;
}

/* RFC 5246 7.2.2: what the phone itself said of the certificate, if it said anything. */
static enum dt_failure by_alert(uint8_t alert)
{
	enum { BAD_CERTIFICATE = 42, UNSUPPORTED_CERTIFICATE, CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED, CERTIFICATE_UNKNOWN, UNKNOWN_CA = 48 };

	return alert == CERTIFICATE_EXPIRED ? DT_F_TLS_DATE : alert == UNKNOWN_CA || alert == BAD_CERTIFICATE ? DT_F_TLS_UNTRUSTED : DT_F_HIDDEN;
}

/* The phone hung up after it had seen the certificate: why, by the roots that it fetched in clear; else by name and date, which need
 * no root to be compared. */
static void verify(struct passive *p, const struct host *h, const struct flow *f, struct dt_record *r, struct pki_chain_result *j)
{
	static const enum dt_failure failures[] = {[PKI_TRUSTED] = DT_F_HIDDEN, [PKI_UNTRUSTED] = DT_F_TLS_UNTRUSTED,
						   [PKI_WRONG_NAME] = DT_F_TLS_NAME, [PKI_WRONG_DATE] = DT_F_TLS_DATE,
						   [PKI_NO_CERT] = DT_F_HIDDEN};
	const uint8_t *der[CHAIN_CERTS];
	size_t n[CHAIN_CERTS];
	unsigned count = chain_of(f, der, n);
	struct buf own = {0};
	enum pki_verdict verdict;

	r->failure = by_alert(f->half[0].alert);
	r->fact.alert = f->half[0].alert;
	if (count == 0) {
		dt_signs_add(r->sign, DT_SIGN_CERT_NOT_TAKEN);
		return;
	}
	if (h->chain.n == 0)
		pki_pem_add(&own, "CERTIFICATE", der[count - 1], n[count - 1]);
	verdict = pki_chain_verify(der, n, count, buf_view(h->chain.n ? &h->chain : &own), false, f->name[0] ? f->name : NULL, p->now / 1000000, j);
	buf_free(&own);
	if (failures[verdict] != DT_F_HIDDEN)
		r->failure = failures[verdict];
	memcpy(r->sign, j->sign, sizeof r->sign);
	if (r->failure == DT_F_HIDDEN)
		dt_signs_add(r->sign, DT_SIGN_CERT_NOT_TAKEN);
	r->fact.cert = j->name;
	r->why = why_or(&j->why, NULL);
}

/* ---- TLS comes up ------------------------------------------------------------------------------------------------ */

/* The client has said something under TLS beyond its Finished, and more than "close". */
bool meaning_tls_up(const struct flow *f)
{
	return f->half[0].secrets > 0 && f->half[0].longest > FINISHED;
}

void meaning_up(struct passive *p, struct flow *f)
{
	struct host *h = flow_host(p, f);
	struct meaning_line l;
	struct dt_record r = meaning_record(f, &l);
	char found[64];
	const uint8_t *der[CHAIN_CERTS];
	size_t n[CHAIN_CERTS];

	if (h == NULL || !h->is_phone)
		return;
	snprintf(found, sizeof found, "%s; the rest is encrypted", version_name(f->version));
	r.ok = true;
	r.found = found;
	if (f->stage == DT_STAGE_UPDATE && chain_of(f, der, n) && f->name[0] && !pki_cert_names(der[0], n[0], f->name))
		dt_signs_add(r.sign, DT_SIGN_CERT_OTHER_NAME);
	f->up_answers = f->answers;
	f->seen_questions = f->questions - 1;
	if (f->stage == DT_STAGE_CHAIN)
		h->web_up = true;
	if (f->stage == DT_STAGE_LOGON)
		h->sip_up = true;
	story_attempt(p, h, &r);
}

void meaning_turn(struct passive *p, struct flow *f)
{
	struct host *h = flow_host(p, f);

	if (h && h->is_model && f->stage == DT_STAGE_LOGON)
		host_is_phone(p, h);
	if (h == NULL || !h->is_phone)
		return;
	if (f->midway && f->stage == DT_STAGE_LOGON && f->questions && f->answers) { /* registered before the capture began */
		h->sip_up = true;
		story_dial_tone(p, h);
		return;
	}
	if (!f->report_up)
		return;
	if (f->stage == DT_STAGE_LOGON) {
		if (!h->pub.dial_tone && (f->answers - f->up_answers >= SIGN_IN || (f->answers > f->up_answers && p->now - f->began > STAYS)))
			story_dial_tone(p, h);
		return;
	}
	if (f->stage < DT_STAGE_CHAIN || f->turn != 1 || f->half[0].open || f->half[0].old) /* nobody guesses at what can be read */
		return;
	if (f->questions != f->seen_questions && f->ask_octets > ALERT_SIZED) { /* a farewell is none */
		f->seen_questions = f->questions;
		h->web_questions++;
	}
	if (h->web_questions >= 2 && f->stage < DT_STAGE_AUTH)
		f->stage = DT_STAGE_AUTH;
	if (f->stage == DT_STAGE_AUTH && f->ask_octets >= WITH_TICKET && f->answer_octets >= TICKET)
		f->stage = DT_STAGE_CERT;
	story_stage(p, h, f->stage);
}

/* ---- HTTP in clear ----------------------------------------------------------------------------------------------- */

/* false: it is no chain. */
static bool chain_take(struct passive *p, struct host *h, struct sv body)
{
	struct buf p7 = {0}, pem = {0};
	xmlDocPtr doc = xml_read(body.p, body.n, NULL);
	bool taken = doc ? soap_chain_answer_read(doc, &p7) == NULL && pki_p7_read(p7.p, p7.n, &pem) == NULL
			 : pki_p7_read(body.p, body.n, &pem) == NULL;

	xmlFreeDoc(doc);
	if (taken) {
		flow_drop(p, &h->chain);
		flow_hold(p, &h->chain, pem.p, pem.n);
	}
	buf_free(&p7);
	buf_free(&pem);
	return taken;
}

/* HTML, for people: a proxy's or a portal's. */
static bool is_page(struct sv body)
{
	for (size_t at = 0; at + 5 <= body.n && at < 512; at++)
		if (sv_istarts(sv_from(body, at), SV("<html")))
			return true;
	return false;
}

void meaning_http(struct passive *p, struct flow *f, unsigned status, struct sv body)
{
	struct host *h = flow_host(p, f);
	struct meaning_line l;
	struct dt_record r = meaning_record(f, &l);
	char why[32];

	if (h == NULL || !h->is_phone || f->stage > DT_STAGE_CHAIN)
		return;
	snprintf(why, sizeof why, "HTTP %u", status);
	r.fact.http = (uint16_t)status;
	r.ok = status < 400;
	if (f->stage == DT_STAGE_CHAIN && status == 200 && !chain_take(p, h, body) && body.n < STREAM_MAX / 2) { /* a longer one was cut */
		r.ok = false;
		r.failure = DT_F_CHAIN_BAD;
		if (is_page(body))
			dt_signs_add(r.sign, DT_SIGN_ANSWER_PAGE);
	}
	if (status >= 300 && status < 400) {
		r.what = "redirect";
		dt_signs_add(r.sign, DT_SIGN_PLAIN_REDIRECTED);
	} else if (status >= 400) {
		r.failure = f->stage == DT_STAGE_CHAIN ? DT_F_CHAIN_DISABLED : DT_F_UPDATE_FETCH;
		r.why = why;
	}
	story_attempt(p, h, &r);
}

/* ---- the end of it ----------------------------------------------------------------------------------------------- */

static enum dt_failure tls_failure(struct passive *p, const struct host *h, struct flow *f, struct dt_record *r, struct pki_chain_result *j)
{
	const struct half *server = &f->half[1];

	r->failure = DT_F_TLS_HANDSHAKE;
	if (server->octets == 0 && (!f->closed_by || (f->closed_by == 1 && p->now - f->began > SECONDS(5))))
		r->failure = DT_F_TIMEOUT;
	else if (server->alert) {
		dt_signs_add(r->sign, DT_SIGN_TLS_ALERT);
		r->fact.alert = server->alert;
	} else if (f->protocol == P_TLS && f->answered_hello && (f->closed_by != 2 || f->half[0].alert)) {
		verify(p, h, f, r, j);
	}
	return r->failure;
}

/* The first REGISTER was challenged, and nothing followed: none of the schemes is one that the phone has [network E]. */
static bool no_scheme(const struct flow *f)
{
	return f->challenged && f->closed_by;
}

static enum dt_failure why_over(struct passive *p, const struct host *h, struct flow *f, bool end, struct dt_record *r, struct pki_chain_result *j)
{
	if (!f->answered)
		return f->refused ? DT_F_CONNECT : f->closed_by && p->now - f->began < SECONDS(2) ? DT_F_OK : DT_F_TIMEOUT;
	if (f->greeted && !f->report_up && !f->midway && (f->closed_by || f->asked))
		return !f->closed_by && f->asked && p->now - f->asked < SECONDS(3) ? DT_F_OK : tls_failure(p, h, f, r, j);
	if (no_scheme(f))
		return DT_F_SIP_SCHEME;
	if (f->asked && !f->closed_by && (!end || p->now - f->asked > SECONDS(3)))
		return DT_F_TIMEOUT;
	if (f->asked && f->half[1].octets == 0 && f->closed_by == 2)
		return DT_F_CLOSED;
	if (f->report_up && f->closed_by == 2 && f->questions - f->seen_questions <= 1 && f->answer_octets <= ALERT_SIZED && f->stage >= DT_STAGE_CHAIN)
		return DT_F_CLOSED; /* an alert, perhaps: it wants a certificate of the phone */
	return DT_F_OK;
}

void meaning_over(struct passive *p, struct flow *f, bool end)
{
	struct host *h = flow_host(p, f);
	struct meaning_line l;
	struct dt_record r = meaning_record(f, &l);
	struct pki_chain_result j = {0};

	if (h == NULL || !h->is_phone || f->report_end || (end && !f->answered && p->now - f->began < SECONDS(2) && !f->refused))
		return;
	if (f->closed_by && f->report_up && f->stage == DT_STAGE_LOGON && h->pub.dial_tone && !h->released && p->now - f->began > SECONDS(2))
		h->sip_up = false; /* the connection went; whether the phone comes back is seen next */
	if (f->closed_by == 1 && f->report_up && f->stage == DT_STAGE_LOGON && !h->pub.dial_tone)
		snprintf(h->hung_up, sizeof h->hung_up, "%.*s", TEXT_MAX - 1, r.what);
	r.failure = why_over(p, h, f, end, &r, &j);
	if (r.failure == DT_F_OK)
		return;
	f->report_end = true;
	story_attempt(p, h, &r);
}
