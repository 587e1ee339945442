/* doctor/passive/names.c: the phones' questions to DNS: stage 3, the SRV records of stage 5, and the names of later stages. */
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "doctor/passive/internal.h"
#include "wire/capture/dns.h"
#include "wire/well_known.h"

#define PATIENCE SECONDS(5)

/* The SRV records of a SIP client, by the candidate that each names. */
static const struct {
	const char *prefix;
	enum dt_candidate candidate;
} services[] = {
	{SRV_INTERNAL_TLS ".", DT_CAND_INTERNAL_TLS},
	{SRV_INTERNAL_TCP ".", DT_CAND_INTERNAL_TCP},
	{SRV_EXTERNAL_TLS ".", DT_CAND_EXTERNAL_TLS},
	{SRV_EXTERNAL_TCP ".", DT_CAND_EXTERNAL_TCP},
};

static enum dt_candidate candidate_of(const char *name, const char **domain)
{
	for (size_t i = 0; i < sizeof services / sizeof *services; i++)
		if (sv_istarts(sv_of(name), sv_of(services[i].prefix))) {
			*domain = name + strlen(services[i].prefix);
			return services[i].candidate;
		}
	return DT_CAND_NONE;
}

static bool is_update(const char *name)
{
	return sv_istarts(sv_of(name), SV(NAME_UPDATES "."));
}

static bool is_registrar(const struct host *h, const char *name)
{
	for (int c = 0; c < DT_CAND_COUNT; c++)
		if (h->registrar[c].host[0] && sv_ieq(sv_of(h->registrar[c].host), sv_of(name)))
			return true;
	return false;
}

/* Which stage asks this now. */
static enum dt_stage stage_of(const struct host *h, const struct dns_message *m)
{
	if (m->type == DNS_SRV)
		return h->pub.stage >= DT_STAGE_UPDATE ? DT_STAGE_DISCOVER : DT_STAGE_FIND;
	if (is_update(m->name))
		return h->find_ok ? DT_STAGE_UPDATE : DT_STAGE_FIND;
	if (h->pub.stage < DT_STAGE_DISCOVER)
		return h->pub.stage == DT_STAGE_UPDATE ? DT_STAGE_UPDATE : DT_STAGE_FIND;
	if (is_registrar(h, m->name) && (h->web_up || h->pub.stage == DT_STAGE_LOGON || !sv_ieq(sv_of(m->name), sv_of(h->web_host))))
		return DT_STAGE_LOGON;
	if (!h->web_up)
		return DT_STAGE_CHAIN;
	return h->pub.stage; /* a home pool, a redirect */
}

static struct question *question_slot(struct host *h, const struct dns_message *m)
{
	struct question *oldest = &h->question[0];

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct question *q = &h->question[i];

		if (q->name[0] && q->type == m->type && strncmp(q->name, m->name, TEXT_MAX - 1) == 0)
			return q;
		if (q->name[0] == '\0' || (oldest->name[0] && q->began < oldest->began))
			oldest = q;
	}
	oldest->name[0] = '\0';
	return oldest;
}

static void asked(struct passive *p, struct host *h, const struct dns_message *m, const struct packet_view *v)
{
	const char *domain;
	struct question *q;

	if (is_update(m->name)) {
		host_is_phone(p, h);
		h->inside = true;
	}
	if (m->type == DNS_SRV && candidate_of(m->name, &domain) == DT_CAND_NONE)
		return; /* _ntp._udp and others */
	if (m->type == DNS_SRV && sv_istarts(sv_of(m->name), SV("_sipinternal")))
		h->inside = true;
	q = question_slot(h, m);
	if (q->name[0] == '\0') {
		*q = (struct question){.type = m->type, .began = p->now, .stage = stage_of(h, m)};
		text_set(q->name, sizeof q->name, "%s", m->name);
	}
	q->id = m->id;
	q->server = v->dst;
	if (h->is_phone && q->stage > h->pub.stage)
		story_stage(p, h, q->stage);
}

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static struct dt_record record_of(const struct question *q, char what[TEXT_MAX + 8])
{
	struct dt_record r = {.stage = q->stage, .what = what, .fact = {.host = q->name}};
	const char *domain = NULL;

	snprintf(what, TEXT_MAX + 8, "%s %s", q->type == DNS_SRV ? "srv" : "a", q->name);
	if (q->type == DNS_SRV && candidate_of(q->name, &domain))
		r.fact.domain = domain;
	return r;
}

static void srv_known(struct passive *p, struct host *h, const struct question *q, const struct dns_message *m)
{
	const char *domain = NULL;
	enum dt_candidate c = candidate_of(q->name, &domain);
	char what[64], why[2 * TEXT_MAX];
	struct dt_record r = {.stage = DT_STAGE_DISCOVER, .what = what, .failure = DT_F_STRICT_DOMAIN, .why = why,
			      .fact = {.candidate = c, .host = m->rr[0].target, .domain = domain}};

	if (c == DT_CAND_NONE || m->rr[0].target[0] == '\0' || q->stage != DT_STAGE_DISCOVER)
		return;
	if (!sv_within(sv_of(m->rr[0].target), sv_of(domain))) {
		snprintf(what, sizeof what, "registrar %s", dt_candidates[c].name);
		snprintf(why, sizeof why, "the target %.100s lies outside the SIP domain %.100s", m->rr[0].target, domain);
		dt_signs_add(r.sign, DT_SIGN_SRV_OTHER_DOMAIN);
		story_attempt(p, h, &r);
		return;
	}
	snprintf(h->registrar[c].host, TEXT_MAX, "%.*s", TEXT_MAX - 1, m->rr[0].target);
	h->registrar[c].port = m->rr[0].port;
}

static void address_known(struct host *h, const struct question *q, const struct dns_message *m)
{
	for (unsigned i = 0; i < m->n; i++) {
		struct known *k = &h->known[h->nknown < KNOWN ? h->nknown : KNOWN - 1];

		if (h->nknown == KNOWN)
			memmove(h->known, h->known + 1, (KNOWN - 1) * sizeof *k);
		else
			h->nknown++;
		k->address = m->rr[i].address;
		snprintf(k->name, sizeof k->name, "%s", q->name);
	}
}

static void found(struct passive *p, struct host *h, const struct question *q, const struct dns_message *m, struct dt_record *r)
{
	char text[2 * TEXT_MAX], ip[16];

	r->ok = true;
	r->found = text;
	if (q->type == DNS_SRV) {
		text_set(text, sizeof text, "%u %u %u %s", m->rr[0].priority, m->rr[0].weight, m->rr[0].port,
			 m->rr[0].target[0] ? m->rr[0].target : ".");
	} else {
		snprintf(text, sizeof text, "%s", ip_text(m->rr[0].address, ip));
		r->fact.address = m->rr[0].address;
		address_known(h, q, m);
		h->find_ok |= q->stage == DT_STAGE_FIND;
	}
	story_attempt(p, h, r);
	if (q->type == DNS_SRV)
		srv_known(p, h, q, m);
}

static void answered(struct passive *p, struct host *h, const struct dns_message *m)
{
	char what[TEXT_MAX + 8];

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct question *q = &h->question[i];
		struct dt_record r;

		if (q->name[0] == '\0' || q->type != m->type || q->id != m->id || !sv_ieq(sv_of(q->name), sv_of(m->name)))
			continue;
		r = record_of(q, what);
		r.ms = (uint32_t)((p->now - q->began) / 1000);
		r.fact.rcode = m->rcode;
		if (m->rcode == 0 && m->n) {
			found(p, h, q, m, &r);
		} else {
			r.failure = m->rcode == 0 || m->rcode == 3 ? DT_F_DNS_NONE : DT_F_DNS_ERROR;
			if (m->rcode != 3)
				dt_signs_add(r.sign, m->rcode ? DT_SIGN_DNS_RCODE : DT_SIGN_DNS_NO_RECORD);
			r.why = m->rcode == 3 ? NULL : r.why;
			story_attempt(p, h, &r);
		}
		q->name[0] = '\0';
		return;
	}
}

void names_packet(struct passive *p, const struct packet_view *v)
{
	struct rd r = rd_of(v->data.p, v->data.n);
	struct dns_message m;
	struct host *h;

	if (!dns_read(&r, &m) || (m.type != DNS_A && m.type != DNS_SRV))
		return;
	if (!m.answer && v->dport == 53) {
		h = host_of_packet(p, v);
		if (h)
			asked(p, h, &m, v);
	} else if (m.answer && v->sport == 53) {
		h = host_find(p, v->dst);
		if (h)
			answered(p, h, &m);
	}
}

enum dt_stage names_refused(const struct host *h, const struct icmp_error *e)
{
	for (unsigned i = 0; e->protocol == IP_UDP && e->dport == 53 && i < QUESTIONS; i++)
		if (h->question[i].name[0] && h->question[i].server == e->dst)
			return h->question[i].stage;
	return DT_STAGE_NONE;
}

void names_overdue(struct passive *p, struct host *h, bool end)
{
	char what[TEXT_MAX + 8];

	for (unsigned i = 0; i < QUESTIONS; i++) {
		struct question *q = &h->question[i];
		struct dt_record r;

		if (q->name[0] == '\0' || p->now - q->began < (end ? SECONDS(3) / 2 : PATIENCE))
			continue;
		r = record_of(q, what);
		r.failure = DT_F_DNS_SILENT;
		r.fact.address = q->server;
		r.ms = (uint32_t)((p->now - q->began) / 1000);
		q->name[0] = '\0';
		story_attempt(p, h, &r);
	}
}
