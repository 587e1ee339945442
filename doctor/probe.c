#include "doctor/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/ip.h"
#include "doctor/probe_internal.h"

#define FINISH_MS 6000	  /* behind the phone's result */
#define BUDGET_MS 40000	  /* for all questions together, so that an answer is there within 45 s */
#define FINISH_LEAST_MS 1000
#define SERVERS_MAX 2	       /* DHCP servers: with a second one all is known that is asked for */
#define PINGED_MS 7000 /* two offers, each of an address that was pinged for three seconds */
#define OPEN_MAX 24	  /* questions under way at once */

/* How long each is waited for. */
/* clang-format off */
static const unsigned wait_ms[] = {
	[ASK_SRV] = 5000, [ASK_AAAA] = 5000, [ASK_CNAME] = 5000, [ASK_A] = 5000, [ASK_TCP] = 4500, [ASK_TLS] = 4500, [ASK_PLAIN_TLS] = 4500, [ASK_PHONE_TLS] = 4500, [ASK_OCTET] = 4500, [ASK_LARGE] = 4500,
	[ASK_CRL] = 6000, [ASK_RESOLVER] = 4500, [ASK_RESOLVER_TCP] = 2500, [ASK_ARP] = 2000, [ASK_OFFERS] = 4500, [ASK_INFORM] = 3000,
	[ASK_DISCOVER] = 3000, [ASK_REBOOT] = 3000,
};
/* After how long the same message is sent again; 0: never, or the host does that. */
static const unsigned again_ms[ASK_REBOOT + 1] = {
	[ASK_ARP] = 400, [ASK_OFFERS] = 1000, [ASK_INFORM] = 1000, [ASK_DISCOVER] = 1000, [ASK_REBOOT] = 1000,
};
/* clang-format on */

/* ---- sending ------------------------------------------------------------------------------------------------- */

static unsigned resolver_number(const struct doctor_probe *p, uint32_t address)
{
	const struct dt_lease *l = &p->run->place.lease;
	unsigned i = 0;

	while (i < l->ndns && l->dns[i] != address)
		i++;
	return i;
}

static const enum dt_rr rr_of[] = {[ASK_SRV] = DT_RR_SRV, [ASK_AAAA] = DT_RR_AAAA, [ASK_CNAME] = DT_RR_CNAME, [ASK_A] = DT_RR_A};

static int send_question(struct doctor_probe *p, unsigned i)
{
	const struct doctor_question *q = &p->q[i];
	unsigned id = HOST_OBSERVER + i;

	switch (q->ask) {
	case ASK_SRV:
	case ASK_AAAA:
	case ASK_CNAME:
	case ASK_A:
		return host_body.dns(p->h, id, q->name, rr_of[q->ask]);
	case ASK_RESOLVER:
	case ASK_RESOLVER_TCP:
		return host_ask_dns(p->h, id, resolver_number(p, q->address), q->ask == ASK_RESOLVER_TCP, q->name, DT_RR_SRV);
	case ASK_ARP:
	case ASK_OFFERS:
	case ASK_INFORM:
	case ASK_DISCOVER:
	case ASK_REBOOT:
		return probe_lan_send(p, i);
	case ASK_CRL:
		return probe_send_crl(p, i);
	default:
		return probe_send_stream(p, i);
	}
}

static bool needs_address(enum doctor_ask ask)
{
	return ask != ASK_OFFERS && ask != ASK_DISCOVER && ask != ASK_REBOOT;
}

static void probe_send(struct doctor_probe *p)
{
	for (unsigned i = 0; i < p->n && p->open < OPEN_MAX; i++) {
		struct asked *s = &p->asked[i];
		int e;

		if (s->sent || (needs_address(p->q[i].ask) && p->run->place.lease.address == 0))
			continue;
		s->sent = s->open = true;
		p->open++;
		s->since = s->last = clock_mono_ms();
		s->until = s->since + wait_ms[p->q[i].ask];
		e = send_question(p, i);
		if (e == -EAGAIN || (e < 0 && p->q[i].ask == ASK_OFFERS)) { /* another one comes first; the cable has no link yet */
			s->sent = false;
			probe_close(p, i);
		} else if (e < 0) {
			probe_end(p, i);
		}
	}
}

/* ---- what comes: an answer brings up the next question, which need not wait for a tick --------------------------- */

static void probe_on_frame(void *arg, const uint8_t *frame, size_t n, int tci)
{
	probe_lan_frame(arg, frame, n, tci);
	probe_icmp_frame(arg, frame, n);
}

static void probe_on_dns(void *arg, unsigned id, const struct dt_dns_answer *d)
{
	struct doctor_probe *p = arg;
	unsigned at = probe_question_of(p, id);

	if (at == DOCTOR_ANSWERS)
		return;
	probe_names_answered(p, at, d);
	probe_send(p);
}

static void probe_on_opened(void *arg, unsigned id, const struct dt_stream_opened *o)
{
	struct doctor_probe *p = arg;
	unsigned at = probe_question_of(p, id);

	if (at == DOCTOR_ANSWERS)
		return;
	probe_streams_opened(p, at, o);
	probe_send(p);
}

/* ---- the end of waiting -------------------------------------------------------------------------------------- */

/* A phone without a lease waits for any server.  Beside one that has a lease a second server is looked for (I-03): it may be the slower one. */
static bool probe_knows_servers(const struct doctor_probe *p, const struct asked *s)
{
	return s->offers >= (p->run->place.lease.address ? SERVERS_MAX : 1);
}

/* A lost packet is no machine that is silent. */
static void probe_again(struct doctor_probe *p, uint64_t now)
{
	for (unsigned i = 0; i < p->n; i++) {
		struct asked *s = &p->asked[i];
		enum doctor_ask ask = p->q[i].ask;

		if (s->open && again_ms[ask] && now - s->last >= again_ms[ask] && !probe_knows_servers(p, s)) {
			s->last = now;
			probe_lan_send(p, i);
		}
	}
}

/* Where the phone has no lease, any offer is waited for.  A lease without router or resolver may be a stranger's: the right server may ping
 * the address first, and offers it seconds later. */
static bool probe_awaits_offer(const struct doctor_probe *p, unsigned i, uint64_t now)
{
	const struct dt_lease *l = &p->run->place.lease;

	if (p->q[i].ask != ASK_OFFERS)
		return false;
	if (l->address == 0)
		return p->asked[i].offers == 0 && (!p->finishing || now < p->listen_until);
	return p->asked[i].offers < SERVERS_MAX && (l->router == 0 || l->dns[0] == 0) && now - p->asked[i].since < PINGED_MS;
}

static void probe_expire(struct doctor_probe *p)
{
	uint64_t now = clock_mono_ms();

	for (unsigned i = 0; i < p->n; i++)
		if (p->asked[i].open && p->asked[i].until <= now && !probe_awaits_offer(p, i, now))
			probe_end(p, i);
	probe_again(p, now);
}

static bool probe_has_more(const struct doctor_probe *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (!p->asked[i].sent && (!needs_address(p->q[i].ask) || p->run->place.lease.address))
			return true;
	return false;
}

/* Where no DHCP server answered the phone, an offer is what the port was listened to for. */
static bool probe_offered(const struct doctor_probe *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->q[i].ask == ASK_OFFERS && p->asked[i].offers && p->run->place.lease.address == 0)
			return true;
	return false;
}

static void probe_settle(struct doctor_probe *p)
{
	uint64_t now = clock_mono_ms();
	bool busy = p->open || probe_has_more(p) || (now < p->listen_until && !probe_offered(p));

	if (!p->finishing || p->over || (busy && now <= p->finish_by))
		return;
	for (unsigned i = 0; i < p->n; i++)
		if (p->asked[i].open)
			probe_end(p, i);
	p->over = true;
	host_listen(p->h, NULL);
	p->done(p->arg);
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

struct doctor_probe *doctor_probe_new(struct host *h, struct doctor_run *r, unsigned cannot, bool dhcp, void (*done)(void *arg), void *arg)
{
	struct doctor_probe *p = calloc(1, sizeof *p);
	uint8_t x[6];

	if (p == NULL)
		return NULL;
	*p = (struct doctor_probe){.began = clock_mono_ms(), .h = h, .run = r, .cannot = cannot, .done = done, .arg = arg};
	p->run->place.asks = dhcp;
	host_body.random(h, x, sizeof x);
	snprintf(p->odd, sizeof p->odd, "dialtone-%02x%02x%02x%02x%02x%02x", x[0], x[1], x[2], x[3], x[4], x[5]);
	p->observer = (struct host_observer){.dns = probe_on_dns, .opened = probe_on_opened, .data = probe_on_data, .closed = probe_on_closed,
					     .frame = probe_on_frame, .arg = p};
	host_listen(h, &p->observer);
	return p;
}

void doctor_probe_more(struct doctor_probe *p)
{
	const struct dt_lease *l = host_lease(p->h);
	struct doctor_question *q;
	uint32_t address;
	unsigned n;

	if (p->over)
		return;
	host_where(p->h, &p->run->place.vlan, &address);
	p->run->place.lease = l ? *l : (struct dt_lease){0};
	q = calloc(DOCTOR_ANSWERS, sizeof *q);
	n = q ? doctor_questions(p->run, p->odd, q) : 0;
	for (unsigned i = 0; i < n; i++)
		probe_add(p, q[i], q[i].name);
	free(q);
	probe_send(p);
}

void doctor_probe_restart(struct doctor_probe *p)
{
	for (unsigned i = 0; i < p->n; i++)
		if (p->asked[i].open) {
			probe_close(p, i);
			p->asked[i].sent = false;
		}
}

void doctor_probe_tick(struct doctor_probe *p)
{
	if (p->over)
		return;
	doctor_probe_more(p);
	probe_expire(p);
	probe_settle(p);
}

void doctor_probe_finish(struct doctor_probe *p, int64_t off_s, unsigned until_ms)
{
	uint64_t now = clock_mono_ms(), least = now + FINISH_LEAST_MS;

	p->off_s = off_s;
	p->finishing = true;
	p->finish_by = now + FINISH_MS;
	if (p->finish_by > p->began + BUDGET_MS)
		p->finish_by = p->began + BUDGET_MS;
	if (p->finish_by < least)
		p->finish_by = least;
	p->listen_until = p->began + until_ms;
	if (p->finish_by < p->listen_until)
		p->finish_by = p->listen_until;
	doctor_probe_more(p);
}

void doctor_probe_check(struct doctor_probe *p, const char *anchors)
{
	probe_names_check(p);
	probe_icmp_check(p);
	probe_tls_check(p, anchors);
}

void doctor_probe_free(struct doctor_probe *p)
{
	if (p == NULL)
		return;
	if (!p->over)
		host_listen(p->h, NULL);
	for (unsigned i = 0; i < p->n; i++)
		buf_free(&p->asked[i].der);
	free(p);
}
