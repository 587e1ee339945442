/* doctor/probe_answer.c: what the files of the probe stand on: questions, and their answers in the run. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ip.h"
#include "base/clock.h"
#include "doctor/probe_internal.h"

/* clang-format off */
static const char *const ask_words[] = {
	[ASK_SRV] = "srv", [ASK_AAAA] = "aaaa", [ASK_CNAME] = "cname", [ASK_A] = "a", [ASK_TCP] = "tcp", [ASK_TLS] = "tls", [ASK_PLAIN_TLS] = "tls without a name", [ASK_PHONE_TLS] = "tls 1.0", [ASK_OCTET] = "small request",
	[ASK_LARGE] = "large request", [ASK_CRL] = "crl", [ASK_RESOLVER] = "dns", [ASK_RESOLVER_TCP] = "dns over tcp", [ASK_ARP] = "arp",
	[ASK_OFFERS] = "offers", [ASK_INFORM] = "inform", [ASK_DISCOVER] = "discover", [ASK_REBOOT] = "request of a foreign address",
};
/* clang-format on */

void probe_more(char *out, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	if (n < cap)
		vsnprintf(out + n, cap - n, fmt, ap);
	va_end(ap);
}

static void what_of(const struct doctor_question *q, char *out, size_t cap)
{
	char ip[IP_TEXT_MAX];

	if (q->ask == ASK_OFFERS)
		snprintf(out, cap, q->vlan ? "dhcp offers in VLAN %u" : "dhcp offers, untagged", q->vlan);
	else if (q->ask == ASK_ARP)
		snprintf(out, cap, "arp %s", ip_text(q->address, ip));
	else if (q->ask == ASK_RESOLVER || q->ask == ASK_RESOLVER_TCP)
		snprintf(out, cap, "%s %s: %s", ask_words[q->ask], ip_text(q->address, ip), q->name);
	else if (q->address)
		snprintf(out, cap, "%s %s:%u%s%s%s", ask_words[q->ask], ip_text(q->address, ip), q->port, q->name[0] ? " as " : "", q->name,
			 q->again ? ", again" : "");
	else
		snprintf(out, cap, "%s %s%s", ask_words[q->ask], q->name, q->again ? ", again" : "");
}

struct doctor_answer *probe_answer_open(struct doctor_probe *p, unsigned at, bool ok)
{
	struct doctor_answer *a = &p->run->answer[p->run->answers];
	const struct doctor_question *q = &p->q[at];

	if (p->run->answers == DOCTOR_ANSWERS)
		return NULL;
	p->asked[at].answer = p->run->answers++;
	*a = (struct doctor_answer){.stage = q->stage, .ok = ok, .fact.address = q->address, .fact.port = q->port};
	if (q->ask < ASK_RESOLVER)
		snprintf(a->host, sizeof a->host, "%s", q->name);
	a->fact.host = a->host[0] ? a->host : NULL;
	if (ok && q->gives != DT_SIGN_NONE)
		dt_signs_add(a->sign, q->gives);
	if (ok && q->gives == DT_SIGN_ASKED_SRV_INSIDE) /* is one of these, too */
		dt_signs_add(a->sign, DT_SIGN_ASKED_SRV);
	what_of(q, a->what, sizeof a->what);
	return a;
}

struct doctor_answer *probe_answer_at(struct doctor_probe *p, unsigned at)
{
	return p->asked[at].sent && p->asked[at].answer < p->run->answers ? &p->run->answer[p->asked[at].answer] : NULL;
}

void probe_close(struct doctor_probe *p, unsigned at)
{
	p->asked[at].open = false;
	p->open--;
}

struct doctor_answer *probe_answer(struct doctor_probe *p, unsigned at, bool ok)
{
	probe_close(p, at);
	return probe_answer_open(p, at, ok);
}

/* DOCTOR_ANSWERS: nobody's any more. */
unsigned probe_question_of(const struct doctor_probe *p, unsigned id)
{
	unsigned i = id - HOST_OBSERVER;

	return i < p->n && p->asked[i].open ? i : DOCTOR_ANSWERS;
}

void probe_add(struct doctor_probe *p, struct doctor_question q, const char *name)
{
	if (p->n == DOCTOR_ANSWERS || !sv_copy(q.name, sizeof q.name, sv_of(name)))
		return;
	for (unsigned i = 0; i < p->n; i++)
		if (doctor_question_is(&p->q[i], &q))
			return;
	p->q[p->n] = q;
	p->asked[p->n++] = (struct asked){.answer = DOCTOR_ANSWERS};
}
