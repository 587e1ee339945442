/* doctor/probe_icmp.c reads the errors of ICMP, which say who refuses a packet: the machine itself, a firewall, or a router. */
#include "base/ip.h"
#include "doctor/icmp.h"
#include "doctor/probe_internal.h"

enum { TCP = 6, UDP = 17, DNS = 53 };

void probe_icmp_frame(struct doctor_probe *p, const uint8_t *frame, size_t n)
{
	struct rd r = rd_of(frame, n), payload;
	struct icmp_error *e = &p->error[p->errors];
	struct eth eth;

	if (p->errors == ERRORS_MAX || !eth_read(&r, &eth) || eth.type != ETH_IPV4)
		return;
	payload = rd_of(eth.payload.p, eth.payload.n);
	if (!icmp_error_read(&payload, e) || e->src != p->run->place.lease.address)
		return;
	for (unsigned i = 0; i < p->errors; i++)
		if (p->error[i].dst == e->dst && p->error[i].dport == e->dport && p->error[i].protocol == e->protocol)
			return;
	p->errors++;
}

static bool is_about(const struct icmp_error *e, const struct doctor_question *q)
{
	if (e->dst != q->address)
		return false;
	return q->ask == ASK_TCP ? e->protocol == TCP && e->dport == q->port : q->ask == ASK_RESOLVER && e->protocol == UDP && e->dport == DNS;
}

void probe_icmp_check(struct doctor_probe *p)
{
	char ip[IP_TEXT_MAX];

	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a = probe_answer_at(p, i);

		for (unsigned k = 0; a && !a->ok && k < p->errors; k++) {
			enum dt_sign sign = doctor_icmp_sign(&p->error[k]);

			if (!is_about(&p->error[k], &p->q[i]) || sign == DT_SIGN_NONE)
				continue;
			dt_signs_add(a->sign, sign);
			a->fact.by = p->error[k].from;
			probe_more(a->text, sizeof a->text, "; %s says so (ICMP type %u, code %u)", ip_text(p->error[k].from, ip), p->error[k].type,
				   p->error[k].code);
		}
	}
}
