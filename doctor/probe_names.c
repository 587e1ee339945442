#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/text.h"
#include "doctor/probe_internal.h"

enum { SLOW_MS = 1200, SLOW_NAMES = 4 };

/* ---- names --------------------------------------------------------------------------------------------------- */

static void rr_text(const struct dt_dns_answer *d, enum doctor_ask ask, struct doctor_answer *a)
{
	for (unsigned i = 0; i < d->n; i++) {
		const char *comma = i ? ", " : "";

		if (ask == ASK_SRV)
			probe_more(a->text, sizeof a->text, "%s%s:%u (priority %u, weight %u)", comma,
				   d->rr[i].target[0] ? d->rr[i].target : ".", d->rr[i].port, d->rr[i].priority, d->rr[i].weight);
		else if (ask == ASK_A)
			probe_more(a->text, sizeof a->text, "%s" IP_FMT, comma, IP_ARG(d->rr[i].address));
		else
			probe_more(a->text, sizeof a->text, "%s%s", comma, d->rr[i].target);
	}
	if (ask == ASK_A && d->n)
		a->fact.address = d->rr[0].address;
}

/* A made-up name is asked in the hope that there is none. */
static void wildcard_text(const struct dt_dns_answer *d, struct doctor_answer *a)
{
	if (d->status == DT_DNS_OK) {
		a->ok = false;
		probe_more(a->text, sizeof a->text, ": this name was made up just now, so the zone has a wildcard");
	} else if (d->status == DT_DNS_NXDOMAIN) {
		a->ok = true;
		probe_more(a->text, sizeof a->text, "does not exist, as it should: the zone has no wildcard");
	}
}

/* What it leads to is asked next: the target's address, every address's port. */
static void follow_names(struct doctor_probe *p, unsigned at, const struct dt_dns_answer *d)
{
	const struct doctor_question q = p->q[at];

	if (q.ask == ASK_A && q.gives == DT_SIGN_NONE && d->status != DT_DNS_OK && d->status != DT_DNS_TIMEOUT) {
		probe_add(p, (struct doctor_question){.ask = ASK_AAAA, .stage = q.stage, .gives = DT_SIGN_ASKED_IPV6_ONLY}, q.name);
		probe_add(p, (struct doctor_question){.ask = ASK_CNAME, .stage = q.stage, .gives = DT_SIGN_ASKED_ALIAS}, q.name);
	}

	for (unsigned i = 0; i < d->n; i++) {
		if (q.ask == ASK_SRV && q.stage == DT_STAGE_DISCOVER && d->rr[i].target[0])
			probe_add(p, (struct doctor_question){.ask = ASK_A, .stage = DT_STAGE_LOGON, .port = d->rr[i].port}, d->rr[i].target);
		if (q.ask != ASK_A || q.gives == DT_SIGN_ASKED_WILDCARD)
			continue;
		if (q.port) {
			probe_add(p, (struct doctor_question){.ask = ASK_TCP, .stage = q.stage, .address = d->rr[i].address, .port = q.port}, "");
			if (q.port != 5060)
				probe_add(p, (struct doctor_question){.ask = ASK_TLS, .stage = q.stage, .address = d->rr[i].address, .port = q.port},
					  q.name);
		} else if (d->n > 1 && (q.stage == DT_STAGE_CHAIN || q.stage == DT_STAGE_UPDATE)) {
			probe_add(p, (struct doctor_question){.ask = ASK_TCP, .stage = q.stage, .address = d->rr[i].address, .port = 443}, "");
		}
	}
}

static bool same_addresses(const struct dt_dns_answer *a, const struct dt_dns_answer *b)
{
	for (unsigned i = 0; i < a->n; i++) {
		bool found = false;

		for (unsigned k = 0; k < b->n; k++)
			found |= a->rr[i].address == b->rr[k].address;
		if (!found)
			return false;
	}
	return a->n == b->n;
}

/* Asked twice: the same name with other addresses (its record changes, or two servers disagree). */
static void compare_names(struct doctor_probe *p, unsigned at, const struct dt_dns_answer *d, struct doctor_answer *a)
{
	struct dt_dns_answer *was = &p->addresses[p->naddresses];

	for (unsigned i = 0; i < p->naddresses; i++) {
		if (strcmp(p->address_of[i], p->q[at].name) != 0)
			continue;
		if (!same_addresses(&p->addresses[i], d))
			dt_signs_add(a->sign, DT_SIGN_ASKED_FLAPS);
		return;
	}
	if (p->naddresses == NAMES_MAX)
		return;
	*was = *d;
	text_set(p->address_of[p->naddresses++], DT_NAME_MAX, "%s", p->q[at].name);
}

static void dns_text(const struct dt_dns_answer *d, struct doctor_answer *a)
{
	static const char *const words[] = {[DT_DNS_OK] = "it knows the name", [DT_DNS_NXDOMAIN] = "the name does not exist",
					    [DT_DNS_NODATA] = "the name exists, but has no such record",
					    [DT_DNS_TIMEOUT] = "no name server answers",
					    [DT_DNS_ERROR] = "the name server answers with an error"};

	if (a->text[0] == '\0')
		probe_more(a->text, sizeof a->text, "%s", d->status == DT_DNS_ERROR && d->rcode == 0 ? dt_signs[DT_SIGN_DNS_NO_SERVER].what
												     : words[d->status]);
	if (!a->ok && d->rcode)
		probe_more(a->text, sizeof a->text, " (rcode %u)", d->rcode);
}

void probe_names_answered(struct doctor_probe *p, unsigned at, const struct dt_dns_answer *d)
{
	struct doctor_answer *a = probe_answer(p, at, d->status == DT_DNS_OK);

	if (a) {
		a->fact.rcode = d->status == DT_DNS_NXDOMAIN ? 3 : d->rcode;
		p->asked[at].status = d->status;
		rr_text(d, p->q[at].ask, a);
		if (p->q[at].gives == DT_SIGN_ASKED_WILDCARD)
			wildcard_text(d, a);
		else if (p->q[at].ask == ASK_A && d->status == DT_DNS_OK)
			compare_names(p, at, d, a);
		dns_text(d, a);
	}
	follow_names(p, at, d);
}

/* ---- at the end ----------------------------------------------------------------------------------------------- */

/* Another question about the same name was answered so: by another server (`ask` the same), or by the same one. */
static bool answered_elsewhere(struct doctor_probe *p, unsigned at, bool well, bool same_server)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = probe_answer_at(p, i);

		if (a && p->q[i].ask == ASK_RESOLVER && i != at && (p->q[i].address == p->q[at].address) == same_server &&
		    strcmp(p->q[i].name, p->q[at].name) == 0 && (well ? a->ok : p->asked[i].status != DT_DNS_TIMEOUT))
			return true;
	}
	return false;
}

/* Each name that the phone asked for took long: a machine that is busy now and then is no reason. */
static bool is_slow(const struct doctor_run *r)
{
	unsigned asked = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_line *l = &r->line[i];
		bool resolved = l->fact.domain || (l->fact.address && l->stage != DT_STAGE_DISCOVER); /* there it is the DHCP server's */
		bool answered = l->ok ? resolved : l->failure == DT_F_DNS_NONE;

		if (l->kind != DT_REC_ATTEMPT || l->fact.port || l->fact.host == NULL || !answered)
			continue;
		if (l->ms <= SLOW_MS)
			return false;
		asked++;
	}
	return asked >= SLOW_NAMES;
}

/* Of several name servers one that is silent while another answers, or does not know what another knows (D-08). */
static void check_resolvers(struct doctor_probe *p)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = probe_answer_at(p, i);
		bool silent = p->asked[i].status == DT_DNS_TIMEOUT;

		if (a && p->q[i].ask == ASK_RESOLVER && is_slow(p->run))
			dt_signs_add(a->sign, DT_SIGN_ASKED_DNS_SLOW);
		if (a == NULL || a->ok)
			continue;
		if (p->q[i].ask == ASK_RESOLVER && silent && answered_elsewhere(p, i, false, false))
			dt_signs_add(a->sign, DT_SIGN_ASKED_RESOLVER_DEAD);
		else if (p->q[i].ask == ASK_RESOLVER && !silent && answered_elsewhere(p, i, true, false))
			dt_signs_add(a->sign, DT_SIGN_ASKED_RESOLVER_ODD);
		else if (p->q[i].ask == ASK_RESOLVER_TCP && silent && answered_elsewhere(p, i, false, true))
			dt_signs_add(a->sign, DT_SIGN_ASKED_DNS_TCP);
	}
}

/* Of several addresses of a name one does not open the port that another one opens (D-10). */
static void check_addresses(struct doctor_probe *p)
{
	for (unsigned n = 0; n < p->naddresses; n++)
		for (unsigned i = 0; p->addresses[n].n > 1 && i < p->n; i++) {
			struct doctor_answer *a = probe_answer_at(p, i);
			bool of = false, other = false;

			if (a == NULL || a->ok || p->q[i].ask != ASK_TCP)
				continue;
			for (unsigned k = 0; k < p->addresses[n].n; k++)
				of |= p->addresses[n].rr[k].address == p->q[i].address;
			for (unsigned k = 0; k < p->n; k++)
				other |= p->q[k].ask == ASK_TCP && p->q[k].port == p->q[i].port && p->asked[k].answer < p->run->answers &&
					 p->run->answer[p->asked[k].answer].ok;
			if (!of || !other)
				continue;
			dt_signs_add(a->sign, DT_SIGN_ASKED_DEAD_ADDRESS);
			snprintf(a->host, sizeof a->host, "%s", p->address_of[n]);
			a->fact.host = a->host;
		}
}

void probe_names_check(struct doctor_probe *p)
{
	check_resolvers(p);
	check_addresses(p);
}
