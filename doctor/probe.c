#include "doctor/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/ip.h"
#include "doctor/ask_dhcp.h"
#include "doctor/questions.h"
#include "pki/cert.h"

struct asked {
	struct ask_dhcp dhcp;
	bool open;
};

struct doctor_probe {
	struct host *h;
	struct doctor_run *run;
	struct host_observer observer;
	char *anchors;
	unsigned seconds, waited, n, open;
	bool started, over;
	void (*done)(void *arg);
	void *arg;
	struct doctor_question q[DOCTOR_ANSWERS];
	struct asked asked[DOCTOR_ANSWERS];
};

/* ---- answers ------------------------------------------------------------------------------------------------- */

static void more(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void more(char *out, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	if (n < cap)
		vsnprintf(out + n, cap - n, fmt, ap);
	va_end(ap);
}

static void probe_finish(struct doctor_probe *p)
{
	if (p->over || p->open)
		return;
	p->over = true;
	host_listen(p->h, NULL);
	p->done(p->arg);
}

/* ok: a good answer came, and with it the sign that the question was asked for. */
static struct doctor_answer *probe_answer(struct doctor_probe *p, unsigned at, bool ok)
{
	static const char *const words[] = {"srv", "a", "tcp", "tls", "inform", "discover"};
	struct doctor_answer *a = &p->run->answer[p->run->answers];
	const struct doctor_question *q = &p->q[at];

	p->asked[at].open = false;
	p->open--;
	if (p->run->answers == DOCTOR_ANSWERS)
		return NULL;
	p->run->answers++;
	*a = (struct doctor_answer){.stage = q->stage, .ok = ok, .fact.address = q->address, .fact.port = q->port};
	if (ok && q->gives != DT_SIGN_NONE)
		dt_signs_add(a->sign, q->gives);
	if (ok && q->gives == DT_SIGN_ASKED_SRV_INSIDE) /* is one of these, too */
		dt_signs_add(a->sign, DT_SIGN_ASKED_SRV);
	if (q->ask != ASK_TCP && q->ask != ASK_TLS)
		snprintf(a->what, sizeof a->what, "%s %s", words[q->ask], q->name);
	else
		snprintf(a->what, sizeof a->what, "%s " IP_FMT ":%u%s%s", words[q->ask], IP_ARG(q->address), q->port,
			 q->name[0] ? " as " : "", q->name);
	return a;
}

/* DOCTOR_ANSWERS: nobody's any more. */
static unsigned question_of(const struct doctor_probe *p, unsigned id)
{
	unsigned i = id - HOST_OBSERVER;

	return i < p->n && p->asked[i].open ? i : DOCTOR_ANSWERS;
}

static void rr_text(const struct dt_dns_answer *d, enum doctor_ask ask, struct doctor_answer *a)
{
	for (unsigned i = 0; i < d->n; i++) {
		const char *comma = i ? ", " : "";

		if (ask == ASK_SRV)
			more(a->text, sizeof a->text, "%s%s:%u (priority %u, weight %u)", comma,
			     d->rr[i].target[0] ? d->rr[i].target : ".", d->rr[i].port, d->rr[i].priority, d->rr[i].weight);
		else
			more(a->text, sizeof a->text, "%s" IP_FMT, comma, IP_ARG(d->rr[i].address));
	}
	if (ask == ASK_A && d->n)
		a->fact.address = d->rr[0].address;
}

/* A made-up name is asked in the hope that there is none. */
static void wildcard_text(const struct dt_dns_answer *d, struct doctor_answer *a)
{
	if (d->status == DT_DNS_OK) {
		a->ok = false;
		more(a->text, sizeof a->text, ": this name was made up just now, so the zone has a wildcard");
	} else if (d->status == DT_DNS_NXDOMAIN) {
		a->ok = true;
		more(a->text, sizeof a->text, "does not exist, as it should: the zone has no wildcard");
	}
}

static void probe_on_dns(void *arg, unsigned id, const struct dt_dns_answer *d)
{
	static const char *const words[] = {[DT_DNS_OK] = "", [DT_DNS_NXDOMAIN] = "the name does not exist",
					    [DT_DNS_NODATA] = "the name exists, but has no such record",
					    [DT_DNS_TIMEOUT] = "no name server answers",
					    [DT_DNS_ERROR] = "the name server answers with an error"};
	struct doctor_probe *p = arg;
	unsigned at = question_of(p, id);
	struct doctor_answer *a;

	if (at == DOCTOR_ANSWERS)
		return;
	a = probe_answer(p, at, d->status == DT_DNS_OK);
	if (a) {
		a->fact.rcode = d->status == DT_DNS_NXDOMAIN ? 3 : d->rcode;
		rr_text(d, p->q[at].ask, a);
		if (p->q[at].gives == DT_SIGN_ASKED_WILDCARD)
			wildcard_text(d, a);
	}
	if (a && !a->ok && a->text[0] == '\0')
		more(a->text, sizeof a->text, "%s", d->status == DT_DNS_ERROR && d->rcode == 0 ? dt_signs[DT_SIGN_DNS_NO_SERVER].what
												 : words[d->status]);
	if (a && !a->ok && d->rcode)
		more(a->text, sizeof a->text, " (rcode %u)", d->rcode);
	probe_finish(p);
}

/* A certificate chain in a few lines of text: subject, names, issuer, validity, key. */
static void chain_text(const struct dt_stream_opened *o, char *out, size_t cap)
{
	out[0] = '\0';
	for (unsigned i = 0; i < o->nchain; i++) {
		struct pki_cert_info *c = calloc(1, sizeof *c);
		char from[ISO_TIME_MAX], to[ISO_TIME_MAX];
		const char *bad;

		if (c == NULL)
			return;
		bad = pki_cert_info(o->chain[i], o->chain_n[i], c);
		if (bad) {
			more(out, cap, "; certificate %u: %s", i, bad);
			free(c);
			continue;
		}
		more(out, cap, "%s%s, issued by %s, %.10s to %.10s, %s %u bits, %s", i ? "; " : "", c->subject, c->issuer,
		     iso_time(from, c->not_before), iso_time(to, c->not_after), c->rsa ? "RSA" : "EC", c->bits, c->signature);
		for (unsigned n = 0; i == 0 && n < c->nnames; n++)
			more(out, cap, "%s%s", n ? ", " : ", names ", c->names[n]);
		free(c);
	}
}

static void on_opened(void *arg, unsigned id, const struct dt_stream_opened *o)
{
	static const char *const verdicts[] = {[DT_TRUSTED] = "trusted", [DT_UNTRUSTED] = "not trusted by this phone",
					       [DT_WRONG_NAME] = "trusted, but for another name",
					       [DT_WRONG_DATE] = "not valid now", [DT_NO_CERT] = "no certificate"};
	struct doctor_probe *p = arg;
	unsigned at = question_of(p, id);
	struct doctor_answer *a;

	if (at == DOCTOR_ANSWERS)
		return;
	a = probe_answer(p, at, o->failure == DT_F_OK && (p->q[at].ask == ASK_TCP || o->verdict == DT_TRUSTED));
	if (a) {
		memcpy(a->sign, o->sign, sizeof a->sign);
		a->fact.alert = o->alert;
	}
	if (a && o->failure != DT_F_OK) {
		snprintf(a->text, sizeof a->text, "%s%s%s", dt_failures[o->failure].what, o->why ? ": " : "", o->why ? o->why : "");
	} else if (a && p->q[at].ask == ASK_TCP) {
		snprintf(a->text, sizeof a->text, "open");
	} else if (a) {
		char chain[800];

		chain_text(o, chain, sizeof chain);
		snprintf(a->text, sizeof a->text, "%s; %s %s; %s", verdicts[o->verdict], o->version ? o->version : "",
			 o->cipher ? o->cipher : "", chain);
	}
	host_body.stream_close(p->h, id);
	probe_finish(p);
}

static void on_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	struct doctor_probe *p = arg;

	(void)tci;
	for (unsigned i = 0; i < p->n; i++) {
		struct ask_dhcp_answer said;
		struct doctor_answer *a;

		if (p->q[i].ask < ASK_INFORM || !p->asked[i].open || !ask_dhcp_read(&p->asked[i].dhcp, frame, n, &said))
			continue;
		a = probe_answer(p, i, p->q[i].gives == DT_SIGN_ASKED_VLAN_CLASS ? said.vlan != 0 : said.option43);
		if (a) {
			a->fact.vlan = said.vlan;
			more(a->text, sizeof a->text, "%s", said.text);
		}
		probe_finish(p);
		return;
	}
}

static int send_dhcp(struct doctor_probe *p, unsigned at)
{
	const struct doctor_question *q = &p->q[at];
	struct ask_dhcp *d = &p->asked[at].dhcp;
	uint8_t frame[1518];
	unsigned vlan;
	uint32_t address;
	size_t n;

	host_where(p->h, &vlan, &address);
	if (q->stage == DT_STAGE_VLAN) /* as in stage 1: untagged */
		vlan = 0;
	*d = (struct ask_dhcp){.class = q->name, .address = q->ask == ASK_INFORM ? address : 0};
	if (q->ask == ASK_INFORM && address == 0)
		return -EADDRNOTAVAIL;
	memcpy(d->mac, host_mac(p->h), 6);
	host_body.random(p->h, &d->xid, sizeof d->xid);
	n = ask_dhcp_write(d, frame, sizeof frame);
	return n ? host_body.frame(p->h, frame, n, vlan ? (int)vlan : -1) : -EMSGSIZE;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

static int send(struct doctor_probe *p, unsigned i)
{
	const struct doctor_question *q = &p->q[i];
	struct dt_stream_conf c = {.address = q->address, .port = q->port, .tls = q->ask == ASK_TLS, .tls_report_only = true,
				   .name = q->name[0] ? q->name : NULL, .anchors = p->anchors,
				   .unix_s = clock_unix_ms() / 1000, .timeout_ms = 4000};

	if (q->ask >= ASK_INFORM)
		return send_dhcp(p, i);
	if (q->ask <= ASK_A)
		return host_body.dns(p->h, HOST_OBSERVER + i, q->name, q->ask == ASK_SRV ? DT_RR_SRV : DT_RR_A);
	return host_body.stream(p->h, HOST_OBSERVER + i, &c);
}

struct doctor_probe *doctor_probe_new(struct host *h, struct doctor_run *r, const char *anchors, unsigned seconds,
				      void (*done)(void *arg), void *arg)
{
	struct doctor_probe *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	*p = (struct doctor_probe){.h = h, .run = r, .seconds = seconds, .done = done, .arg = arg};
	p->anchors = sv_dup(sv_of(anchors));
	if (p->anchors == NULL) {
		free(p);
		return NULL;
	}
	p->observer = (struct host_observer){probe_on_dns, on_opened, on_frame, p};
	return p;
}

void doctor_probe_start(struct doctor_probe *p)
{
	uint8_t random[6];
	char odd[32]; /* a label that nobody made, the same in every domain of this run */

	host_body.random(p->h, random, sizeof random);
	snprintf(odd, sizeof odd, "dialtone-%02x%02x%02x%02x%02x%02x", random[0], random[1], random[2], random[3], random[4],
		 random[5]);
	p->n = doctor_questions(p->run, odd, p->q);
	p->started = true;
	host_listen(p->h, &p->observer);
	p->open = p->n;
	for (unsigned i = 0; i < p->n; i++)
		p->asked[i].open = true;
	for (unsigned i = 0; i < p->n; i++) {
		struct doctor_answer *a;
		int e = send(p, i);

		if (e < 0 && (a = probe_answer(p, i, false)))
			snprintf(a->text, sizeof a->text, "could not be asked: %s", strerror(-e));
	}
	/* With nothing open (no address, say) the next tick says that it is over: not from within this call. */
}

void doctor_probe_tick(struct doctor_probe *p)
{
	if (!p->started || p->over)
		return;
	p->waited++;
	for (unsigned i = 0; p->waited >= p->seconds && i < p->n; i++) {
		struct doctor_answer *a;

		if (p->asked[i].open && (a = probe_answer(p, i, false)))
			snprintf(a->text, sizeof a->text, "no answer");
	}
	probe_finish(p);
}

void doctor_probe_free(struct doctor_probe *p)
{
	if (p == NULL)
		return;
	if (p->started && !p->over)
		host_listen(p->h, NULL);
	free(p->anchors);
	free(p);
}
