/* doctor/passive/story.c: a phone as it was watched: lines of a record in the order of the stages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "doctor/facts.h"
#include "doctor/passive/internal.h"

static bool optional(enum dt_stage s) /* "the bootstrapping process continues" without them */
{
	return s == DT_STAGE_VLAN || s == DT_STAGE_FIND || s == DT_STAGE_UPDATE;
}

/* The phone's outcome changed: since when it is as it is begins anew. */
static void outcome(struct passive *p, struct host *h, enum dt_failure f)
{
	bool same = h->was_stage == h->pub.stage && h->was_failure == f && h->was_dial_tone == h->pub.dial_tone;

	if (same)
		return;
	if (f != DT_F_OK || h->was_stage != h->pub.stage || h->was_dial_tone != h->pub.dial_tone)
		h->pub.since_us = p->now;
	h->was_stage = h->pub.stage;
	h->was_failure = f;
	h->was_dial_tone = h->pub.dial_tone;
	if (p->watch && h->is_phone)
		p->watch(p->watch_arg, &h->pub);
}

const struct doctor_line *story_last(const struct host *h, enum dt_stage s)
{
	for (size_t i = h->pub.n; i > 0; i--)
		if (h->pub.line[i - 1].kind == DT_REC_ATTEMPT && h->pub.line[i - 1].stage == s)
			return &h->pub.line[i - 1];
	return NULL;
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strncmp(a, b, TEXT_MAX - 1) == 0);
}

/* The same attempt again: a phone that tries for hours is told once. */
static bool is_reported(const struct host *h, const struct dt_record *r)
{
	for (size_t i = 0; i < h->pub.n; i++) {
		const struct doctor_line *l = &h->pub.line[i];

		if (l->kind == r->kind && l->stage == r->stage && l->ok == r->ok && l->failure == r->failure && same_text(l->what, r->what) &&
		    same_text(l->peer, r->peer) && memcmp(l->sign, r->sign, sizeof l->sign) == 0)
			return true;
	}
	return false;
}

static const char *cut(const char *s, char to[TEXT_MAX * 2])
{
	if (s == NULL)
		return NULL;
	snprintf(to, (size_t)TEXT_MAX * 2, "%s", s);
	return to;
}

static void lines_take(struct passive *p, struct passive_phone *phone)
{
	p->run.line = phone->line;
	p->run.n = phone->n;
	p->run.cap = phone->cap;
}

static void lines_give(struct passive *p, struct passive_phone *phone)
{
	phone->line = p->run.line;
	phone->n = p->run.n;
	phone->cap = p->run.cap;
	p->run.line = NULL;
	p->run.n = p->run.cap = 0;
}

static void add(struct passive *p, struct host *h, const struct dt_record *from)
{
	char text[9][TEXT_MAX * 2];
	struct dt_record r = *from;
	unsigned n = 0;

	if (h->pub.n == PASSIVE_LINES) {
		p->lost.lines++;
		return;
	}
	r.what = cut(r.what, text[n++]);
	r.peer = cut(r.peer, text[n++]);
	r.found = cut(r.found, text[n++]);
	r.warn = cut(r.warn, text[n++]);
	r.why = cut(r.why, text[n++]);
	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		if (doctor_facts[i].kind == FACT_TEXT && n < sizeof text / sizeof *text) {
			const char **s = doctor_fact_text(&r.fact, &doctor_facts[i]);

			*s = cut(*s, text[n++]);
		}
	lines_take(p, &h->pub);
	if (doctor_run_add(&p->run, &r))
		h->pub.at_us[p->run.n - 1] = p->now;
	lines_give(p, &h->pub);
}

const struct doctor_run *passive_run(struct passive *p, size_t i)
{
	struct passive_phone *phone = &p->host[p->order[i]].pub;

	lines_take(p, phone);
	p->run.has_observed = p->norder == 1; /* one phone: the frames that were heard on the port were for it */
	p->run.observed = p->observed;
	refusals_answer(&p->host[p->order[i]], &p->run);
	return &p->run;
}

/* Closes stage s: good, or gone on without. */
static void close_stage(struct passive *p, struct host *h, enum dt_stage s)
{
	const struct doctor_line *last = story_last(h, s);
	struct dt_record r = {.kind = DT_REC_STAGE, .stage = s, .ok = true,
			      .ms = s == h->pub.stage ? (uint32_t)((p->now - h->stage_us) / 1000) : 0};
	bool good = last == NULL;

	for (size_t i = 0; i < h->pub.n && last; i++) {
		const struct doctor_line *l = &h->pub.line[i];

		good |= l->kind == DT_REC_ATTEMPT && l->stage == s && l->ok;
	}
	if (s == DT_STAGE_UPDATE && last && !last->ok) /* an address that was found is no update */
		good = false;
	if (s == DT_STAGE_FIND)
		good = h->find_ok || last == NULL;
	if (last == NULL)
		r.skipped = true;
	else if (optional(s) && !good) {
		r.skipped = true;
		r.failure = last->ok ? DT_F_OK : last->failure;
		for (size_t i = h->pub.n; s == DT_STAGE_FIND && i > 0; i--) { /* the update service's name, not an SRV record's */
			const struct doctor_line *l = &h->pub.line[i - 1];

			if (l->kind == DT_REC_ATTEMPT && l->stage == s && !l->ok && l->what && strncmp(l->what, "a ", 2) == 0)
				r.failure = l->failure;
		}
	}
	if (last || h->inside || s != DT_STAGE_VLAN)
		add(p, h, &r);
}

void story_stage(struct passive *p, struct host *h, enum dt_stage s)
{
	if (s <= h->pub.stage)
		return;
	for (enum dt_stage at = h->pub.stage ? h->pub.stage : DT_STAGE_VLAN; at < s; at++)
		close_stage(p, h, at);
	h->pub.stage = s;
	h->stage_us = p->now;
	outcome(p, h, h->was_failure); /* a failure that comes again keeps its time: see story_attempt() */
}

void story_attempt(struct passive *p, struct host *h, struct dt_record *r)
{
	r->kind = DT_REC_ATTEMPT;
	for (size_t i = 0; i < DT_SIGNS_MAX && r->sign[i]; i++)
		if (r->ok && r->warn == NULL)
			r->warn = dt_signs[r->sign[i]].what;
	if (!r->ok && r->why == NULL)
		r->why = r->sign[0] ? dt_signs[r->sign[0]].what : dt_failures[r->failure].what;
	story_stage(p, h, r->stage);
	if (!is_reported(h, r))
		add(p, h, r);
	if (r->stage == h->pub.stage && !r->ok && !optional(r->stage))
		outcome(p, h, r->failure);
}

void story_back(struct passive *p, struct host *h, enum dt_stage s)
{
	size_t n = 0;

	for (size_t i = 0; i < h->pub.n; i++) {
		if (h->pub.line[i].stage >= s) {
			doctor_line_clear(&h->pub.line[i]);
			continue;
		}
		h->pub.at_us[n] = h->pub.at_us[i];
		h->pub.line[n++] = h->pub.line[i];
	}
	h->pub.n = n;
	h->pub.stage = s > DT_STAGE_VLAN ? s - 1 : DT_STAGE_NONE;
	h->pub.dial_tone = h->web_up = h->sip_up = h->released = false;
	h->web_questions = h->refusals = 0;
	h->pub.starts++;
	if (s <= DT_STAGE_FIND) {
		h->find_ok = false;
		h->nknown = 0;
	}
	if (s <= DT_STAGE_ADDRESS)
		memset(h->question, 0, sizeof h->question);
	if (s <= DT_STAGE_DISCOVER) {
		memset(h->registrar, 0, sizeof h->registrar);
		h->web_host[0] = '\0';
		h->web_known = false;
	}
	story_stage(p, h, s);
}

void story_dial_tone(struct passive *p, struct host *h)
{
	story_stage(p, h, DT_STAGE_LOGON);
	h->pub.dial_tone = true;
	outcome(p, h, DT_F_OK);
}

/* ---- the result ------------------------------------------------------------------------------------------------- */

static bool knows_registrar(const struct host *h)
{
	for (int c = 0; c < DT_CAND_COUNT; c++)
		if (h->registrar[c].host[0])
			return true;
	return false;
}

/* Stage 5 sums up what its attempts met, as the phone does. */
static enum dt_failure discover_failure(const struct host *h)
{
	for (size_t i = 0; i < h->pub.n; i++)
		if (h->pub.line[i].stage == DT_STAGE_DISCOVER && h->pub.line[i].failure == DT_F_STRICT_DOMAIN)
			return DT_F_STRICT_DOMAIN;
	return !knows_registrar(h) ? DT_F_REGISTRAR_NONE : h->web_known ? DT_F_OK : DT_F_WEB_URL_NONE;
}

/* Of several Registrars, and of chain and TLS at the web service, the first failure counts that says more than "no such record", as in
 * the phone's stages 6 and 9. */
static enum dt_failure first_failure(const struct host *h, enum dt_stage s)
{
	enum dt_failure none = DT_F_OK;

	for (size_t i = 0; i < h->pub.n; i++) {
		const struct doctor_line *l = &h->pub.line[i];

		if (l->kind != DT_REC_ATTEMPT || l->stage != s || l->ok)
			continue;
		if (l->failure != DT_F_DNS_NONE)
			return l->failure;
		none = l->failure;
	}
	return none;
}

/* A phone that has everything but a name server, or a way, sends nothing that could fail: what it was to ask next fails. */
static void silent_end(struct passive *p, struct host *h)
{
	char what[TEXT_MAX + 4];
	struct dt_record r = {.stage = DT_STAGE_CHAIN, .failure = DT_F_DNS_SILENT, .fact = {.host = h->web_host}, .what = what};

	bool unreachable = h->wanted && h->wanted_times > 1 && (h->wanted == h->resolver || h->wanted == h->router);

	if (h->pub.stage != DT_STAGE_DISCOVER || (!h->no_resolver && !unreachable) || h->web_host[0] == '\0')
		return;
	snprintf(what, sizeof what, "a %s", h->web_host);
	r.fact.address = h->resolver;
	if (unreachable)
		r.why = h->wanted == h->router ? "the router of the lease does not answer ARP" : "the name server of the lease does not answer ARP";
	else
		dt_signs_add(r.sign, DT_SIGN_DNS_NO_SERVER);
	story_attempt(p, h, &r);
}

/* A name was resolved, and nothing went to its address: there is no way to it, or nobody answered ARP for it. */
static void unsent_end(struct passive *p, struct host *h)
{
	const struct doctor_line *last = story_last(h, h->pub.stage);
	struct dt_record r = {.stage = h->pub.stage, .failure = DT_F_CONNECT};
	char what[TEXT_MAX + 16], why[96], ip[IP_TEXT_MAX];

	if (h->pub.stage < DT_STAGE_CHAIN || last == NULL || !last->ok || last->fact.address == 0 || last->fact.host == NULL ||
	    strncmp(last->what, "a ", 2) != 0)
		return;
	r.fact.address = last->fact.address;
	ip_text(last->fact.address, ip);
	if (h->wanted == last->fact.address)
		snprintf(why, sizeof why, "nobody answers ARP for %s", ip);
	else if (h->no_router && (last->fact.address & h->mask) != (h->pub.address & h->mask))
		snprintf(why, sizeof why, "the phone has no router, and %s is not in its subnet", ip);
	else
		return;
	snprintf(what, sizeof what, "connect to %s", last->fact.host);
	r.what = what;
	r.why = why;
	r.fact.host = what + strlen("connect to ");
	story_attempt(p, h, &r);
}

/* The answer was encrypted, and after it the phone went no further. */
enum { METADATA_ONLY = 2 }; /* Two questions read what certificates and tickets are offered; a third one asks for one. */

static enum dt_failure hidden(const struct host *h)
{
	return h->pub.stage >= DT_STAGE_CHAIN && h->flows == 0 && (h->web_up || h->sip_up) ? DT_F_HIDDEN : DT_F_OK;
}

void story_end(struct passive *p, struct host *h)
{
	const struct doctor_line *last;
	struct dt_record r = {.kind = DT_REC_RESULT, .ok = h->pub.dial_tone};

	if (!h->pub.dial_tone) {
		silent_end(p, h);
		unsent_end(p, h);
	}
	r.stage = h->pub.stage;
	last = story_last(h, r.stage);
	if (h->pub.dial_tone)
		r.stage = DT_STAGE_LOGON;
	else if (r.stage == DT_STAGE_DISCOVER)
		r.failure = discover_failure(h);
	else if (last && !last->ok && !optional(r.stage))
		r.failure = r.stage == DT_STAGE_LOGON || r.stage == DT_STAGE_CHAIN ? first_failure(h, r.stage) : last->failure;
	else
		r.failure = hidden(h);
	if (r.failure == DT_F_HIDDEN && r.stage == DT_STAGE_AUTH && h->web_questions == METADATA_ONLY)
		dt_signs_add(r.sign, DT_SIGN_TICKET_NOT_ASKED);
	if (r.failure == DT_F_HIDDEN)
		r.why = "the phone went no further after an answer that the capture holds encrypted only";
	if (r.ok || r.failure)
		add(p, h, &r);
	outcome(p, h, r.failure);
}
