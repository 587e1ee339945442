/* doctor/passive/refusals.c: errors of ICMP, which say who refuses a phone's packets (doctor/icmp.h).
 *
 * The doctor that asks for itself has them as answers to its questions; here they are answers as well, so that the same rows see them.
 */
#include <stdio.h>

#include "base/ip.h"
#include "doctor/icmp.h"
#include "doctor/passive/internal.h"

static bool is_known(const struct host *h, const struct icmp_error *e)
{
	for (unsigned i = 0; i < h->refusals; i++)
		if (h->refusal[i].error.dst == e->dst && h->refusal[i].error.dport == e->dport && h->refusal[i].error.protocol == e->protocol)
			return true;
	return false;
}

void refusal_add(struct host *h, const struct icmp_error *e, enum dt_stage stage)
{
	if (!is_known(h, e) && h->refusals < REFUSALS)
		h->refusal[h->refusals++] = (struct refusal){*e, stage};
}

void refusals_answer(const struct host *h, struct doctor_run *r)
{
	r->answers = 0;
	for (unsigned i = 0; i < h->refusals; i++) {
		const struct icmp_error *e = &h->refusal[i].error;
		struct doctor_answer *a = &r->answer[r->answers++];
		char ip[2][IP_TEXT_MAX];

		*a = (struct doctor_answer){.stage = h->refusal[i].stage, .sign = {doctor_icmp_sign(e)},
					    .fact = {.address = e->dst, .port = e->dport, .by = e->from}};
		snprintf(a->what, sizeof a->what, "%s %s:%u", e->protocol == IP_TCP ? "tcp" : "dns", ip_text(e->dst, ip[0]), e->dport);
		snprintf(a->text, sizeof a->text, "%s refuses it (ICMP type %u, code %u)", ip_text(e->from, ip[1]), e->type, e->code);
	}
}
