#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/ip.h"
#include "doctor/probe_internal.h"
#include "wire/eth.h"
#include "wire/dhcp.h"

#define LATE_MS 12000 /* spanning tree holds a port for 30 s; a phone's first DISCOVER goes unanswered, and its second */

static int lan_tci(unsigned vlan)
{
	return vlan ? (int)vlan : -1;
}

static int send_arp(struct doctor_probe *p, unsigned at)
{
	static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct doctor_question *q = &p->q[at];
	uint32_t own = p->run->place.lease.address;
	struct arp a = {.op = 1, .spa = q->address == own ? 0 : own, .tpa = q->address}; /* 0: a probe, RFC 5227 */
	uint8_t frame[64];
	struct wr w = wr_of(frame, sizeof frame);

	memcpy(a.sha, host_mac(p->h), 6);
	eth_write(&w, everyone, host_mac(p->h), ETH_ARP);
	arp_write(&w, &a);
	return host_body.frame(p->h, frame, wr_n(&w), lan_tci(p->run->place.vlan));
}

static int send_dhcp(struct doctor_probe *p, unsigned at)
{
	const struct doctor_question *q = &p->q[at];
	struct ask_dhcp *d = &p->asked[at].dhcp;
	unsigned vlan = q->ask == ASK_OFFERS || q->ask == ASK_REBOOT ? q->vlan : q->stage == DT_STAGE_VLAN ? 0 : p->run->place.vlan; /* as in stage 1: untagged */
	uint32_t address = p->run->place.lease.address;
	uint8_t frame[1518];
	size_t n;

	/* RFC 2131, 4.1: a client may use the same xid when it sends a message again: a server that takes its time answers the first one. */
	*d = (struct ask_dhcp){.xid = d->xid, .foreign = q->ask == ASK_REBOOT, .class = q->ask == ASK_OFFERS ? DHCP_CLASS_VLAN : q->name, .address = q->ask == ASK_INFORM ? address : 0};
	memcpy(d->mac, host_mac(p->h), 6);
	while (d->xid == 0)
		host_body.random(p->h, &d->xid, sizeof d->xid);
	n = ask_dhcp_write(d, frame, sizeof frame);
	return n ? host_body.frame(p->h, frame, n, lan_tci(vlan)) : -EMSGSIZE;
}

int probe_lan_send(struct doctor_probe *p, unsigned at)
{
	return p->q[at].ask == ASK_ARP ? send_arp(p, at) : send_dhcp(p, at);
}

/* ---- answers ------------------------------------------------------------------------------------------------- */

static bool same_network(const struct doctor_answer *a, const struct ask_dhcp_answer *b)
{
	const struct dt_lease *l = &a->offer;

	return l->mask == b->mask && (l->address & l->mask) == (b->address & b->mask) && l->router == b->router && l->dns[0] == b->dns;
}

/* The first offer on this VLAN, of this server or of any other, that leads phones to the same place or elsewhere. */
static const struct doctor_answer *lan_offered(const struct doctor_probe *p, uint16_t vlan, const struct ask_dhcp_answer *said, bool own, bool same)
{
	for (unsigned i = 0; i < p->run->answers; i++) {
		const struct doctor_answer *a = &p->run->answer[i];

		if (dt_signs_have(a->sign, DT_SIGN_ASKED_OFFER) && a->fact.vlan == vlan && (a->fact.address == said->server) == own && same_network(a, said) == same)
			return a;
	}
	return NULL;
}

static void lan_offer(struct doctor_probe *p, unsigned at, const struct ask_dhcp_answer *said)
{
	uint64_t now = clock_mono_ms();
	const struct doctor_answer *other = lan_offered(p, p->q[at].vlan, said, false, false); /* I-03 */
	struct doctor_answer *a;
	char ip[4][IP_TEXT_MAX];

	if (lan_offered(p, p->q[at].vlan, said, true, true)) /* its answer to the question that was sent again */
		return;
	a = probe_answer_open(p, at, true);
	p->asked[at].offers++;
	if (a == NULL)
		return;
	dt_signs_add(a->sign, DT_SIGN_ASKED_OFFER);
	if (p->q[at].vlan == 0)
		dt_signs_add(a->sign, DT_SIGN_ASKED_OFFER_UNTAGGED);
	if (p->q[at].vlan == 0 && said->vlan) /* where phones will be: who offers what there? */
		probe_add(p, (struct doctor_question){.ask = ASK_OFFERS, .stage = DT_STAGE_ADDRESS, .vlan = said->vlan}, "");
	if (other) {
		dt_signs_add(a->sign, DT_SIGN_ASKED_OFFER_OTHER);
		ip_text(other->fact.address, a->host);
		a->fact.host = a->host;
	}
	if (p->run->place.lease.address == 0 && now - p->asked[at].since > LATE_MS)
		dt_signs_add(a->sign, DT_SIGN_ASKED_OFFER_LATE);
	a->fact.address = said->server;
	a->fact.vlan = p->q[at].vlan;
	a->fact.seconds = (uint32_t)((now - p->asked[at].since) / 1000);
	a->offer = (struct dt_lease){.address = said->address, .mask = said->mask, .router = said->router, .dns = {said->dns}};
	probe_more(a->text, sizeof a->text, "%s offers %s, router %s, resolver %s, %s", ip_text(said->server, ip[0]),
		   ip_text(said->address, ip[1]), said->router ? ip_text(said->router, ip[2]) : "none",
		   said->dns ? ip_text(said->dns, ip[3]) : "none", said->domain[0] ? said->domain : "no domain");
}

static void lan_dhcp(struct doctor_probe *p, unsigned at, const struct ask_dhcp_answer *said)
{
	struct doctor_answer *a;

	if (p->q[at].ask == ASK_OFFERS) {
		lan_offer(p, at, said);
		return;
	}
	a = probe_answer(p, at, p->q[at].ask == ASK_REBOOT || (p->q[at].gives == DT_SIGN_ASKED_VLAN_CLASS ? said->vlan != 0 : said->option43));
	if (a && p->q[at].ask == ASK_REBOOT) {
		a->fact.address = said->server;
		probe_more(a->text, sizeof a->text, "refused at once");
	} else if (a) {
		a->fact.vlan = said->vlan;
		probe_more(a->text, sizeof a->text, "%s", said->text);
	}
}

static void lan_arp(struct doctor_probe *p, unsigned at, const uint8_t by[6])
{
	static const uint8_t none[6];
	struct asked *s = &p->asked[at];
	struct doctor_answer *a;
	char mac[2][MAC_TEXT_MAX];

	if (memcmp(by, s->by, 6) == 0 || memcmp(by, host_mac(p->h), 6) == 0)
		return;
	if (memcmp(s->by, none, 6) == 0 && strcmp(p->q[at].name, "own") != 0) {
		memcpy(s->by, by, 6); /* the first one: others may follow */
		return;
	}
	a = probe_answer(p, at, false);
	if (a == NULL)
		return;
	dt_signs_add(a->sign, DT_SIGN_ASKED_ARP_TWO);
	probe_more(a->text, sizeof a->text, "%s answers", mac_text(mac[0], by));
	if (memcmp(s->by, none, 6) != 0)
		probe_more(a->text, sizeof a->text, ", and %s too", mac_text(mac[1], s->by));
	else
		probe_more(a->text, sizeof a->text, " for the phone's own address");
}

void probe_lan_frame(struct doctor_probe *p, const uint8_t *frame, size_t n, int tci)
{
	struct rd r = rd_of(frame, n), payload;
	struct ask_dhcp_answer said;
	struct eth e;
	struct arp a;
	bool is_arp;

	(void)tci;
	if (!eth_read(&r, &e))
		return;
	payload = rd_of(e.payload.p, e.payload.n);
	is_arp = e.type == ETH_ARP && arp_read(&payload, &a) && a.op == 2;
	for (unsigned i = 0; i < p->n; i++) {
		if (!p->asked[i].open && !p->asked[i].listens)
			continue;
		if (p->q[i].ask == ASK_ARP && is_arp && a.spa == p->q[i].address)
			lan_arp(p, i, a.sha);
		else if (p->q[i].ask >= ASK_OFFERS && e.type == ETH_IPV4 && ask_dhcp_read(&p->asked[i].dhcp, frame, n, &said))
			lan_dhcp(p, i, &said);
	}
}

/* ---- the end of waiting --------------------------------------------------------------------------------------- */

static void end_arp(struct doctor_probe *p, unsigned at)
{
	static const uint8_t none[6];
	const struct doctor_question *q = &p->q[at];
	bool own = strcmp(q->name, "own") == 0, answered = memcmp(p->asked[at].by, none, 6) != 0;
	struct doctor_answer *a = probe_answer(p, at, own ? !answered : answered);
	char mac[MAC_TEXT_MAX];

	if (a == NULL)
		return;
	if (answered || own)
		probe_more(a->text, sizeof a->text, "%s", answered ? mac_text(mac, p->asked[at].by) : "nobody else has it");
	else
		dt_signs_add(a->sign, strcmp(q->name, "router") == 0 ? DT_SIGN_ASKED_ARP_ROUTER : DT_SIGN_ASKED_ARP_SILENT);
}

void probe_lan_end(struct doctor_probe *p, unsigned at)
{
	struct doctor_answer *a;

	if (p->q[at].ask == ASK_ARP) {
		end_arp(p, at);
		return;
	}
	if (p->q[at].ask == ASK_OFFERS && p->asked[at].offers) { /* they stand there already */
		probe_close(p, at);
		p->asked[at].listens = true;
		return;
	}
	a = probe_answer(p, at, false);
	if (a && p->q[at].ask == ASK_OFFERS && p->q[at].vlan == 0)
		dt_signs_add(a->sign, DT_SIGN_ASKED_OFFER_NONE);
	if (a)
		probe_more(a->text, sizeof a->text, "no answer");
}
