/* doctor/passive/lan.c: LLDP, ARP and DHCP: stages 1 and 2, and the DHCP half of stage 5.
 *
 * What an answer means is read by the phone's own codecs (wire/lldp.h, wire/dhcp.h), whose signs these are.
 */
#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/ip.h"
#include "base/text.h"
#include "doctor/passive/internal.h"
#include "wire/dhcp.h"
#include "wire/eth.h"
#include "wire/lldp.h"

enum { SLOW_MS = 2500 };		 /* I-02, as the phone's stage 2 has it */
#define ANOTHER_START SECONDS(10)	 /* no phone is off and on again in less */
#define SILENCE SECONDS(7)		 /* the second question went out 3 to 5 s after the first: nobody has answered either */

/* ---- stage 1: LLDP ---------------------------------------------------------------------------------------------- */

void lan_settle_lldp(struct passive *p, struct host *h, bool by_dhcp)
{
	const struct neighbour *s = &p->switch_announces;
	char found[64], tag[16];
	struct dt_record r = {.stage = DT_STAGE_VLAN, .what = "lldp-med", .peer = s->name[0] ? s->name : NULL, .found = found,
			      .ms = (uint32_t)((p->now - h->lldp_at) / 1000)};

	if (h->lldp_settled || h->lldp_at == 0)
		return;
	h->lldp_settled = true;
	if (!by_dhcp && s->policy && s->sign != DT_SIGN_VLAN_RESERVED) {
		snprintf(tag, sizeof tag, s->tagged ? "VLAN %u" : "untagged", s->vlan);
		snprintf(found, sizeof found, "%s, priority %u, DSCP %u", s->tagged && s->vlan == 0 ? "priority-tagged" : tag, s->prio, s->dscp);
		r.ok = true;
		r.fact.vlan = s->tagged ? s->vlan : 0;
		if (s->tagged && s->vlan == 0)
			dt_signs_add(r.sign, DT_SIGN_VLAN_ZERO);
		if (s->conflict)
			dt_signs_add(r.sign, DT_SIGN_LLDP_CONFLICT);
		h->announced_vlan = r.fact.vlan;
	} else if (s->sign == DT_SIGN_VLAN_RESERVED) {
		r.failure = DT_F_VLAN_BAD;
		dt_signs_add(r.sign, DT_SIGN_VLAN_RESERVED);
	} else {
		r.failure = DT_F_VLAN_NONE;
		dt_signs_add(r.sign, s->any ? DT_SIGN_LLDP_NO_POLICY : DT_SIGN_LLDP_SILENT);
	}
	if (!r.ok)
		r.found = NULL;
	story_attempt(p, h, &r);
}

static void endpoint_lldp(struct passive *p, const struct packet_view *v, const struct lldp *l)
{
	struct host *h = host_of_mac(p, v->src_mac);
	const struct med_policy *voice = lldp_policy(l, MED_VOICE);

	host_is_phone(p, h);
	h->inside = true;
	if (l->model.n)
		sv_copy(h->pub.model, sizeof h->pub.model, l->model);
	if (h->lldp_at == 0)
		h->lldp_at = p->now;
	story_stage(p, h, DT_STAGE_VLAN);
	if (voice && !voice->unknown && voice->tagged) { /* it says what it uses */
		h->announced_vlan = voice->vlan;
		lan_settle_lldp(p, h, false);
	}
}

static void switch_lldp(struct passive *p, const struct lldp *l)
{
	struct neighbour *s = &p->switch_announces;
	const struct med_policy *voice = lldp_policy(l, MED_VOICE);

	if (!s->any)
		s->first = p->now;
	s->any = true;
	if (l->sys_name.n)
		sv_copy(s->name, sizeof s->name, l->sys_name);
	if (voice == NULL)
		return;
	if (voice->tagged && voice->vlan == 4095) {
		s->sign = DT_SIGN_VLAN_RESERVED;
		return;
	}
	if (s->policy && (s->vlan != voice->vlan || s->tagged != voice->tagged))
		s->conflict = true;
	if (!s->policy)
		s->first_policy = p->now;
	s->policy = true;
	s->vlan = voice->vlan;
	s->tagged = voice->tagged;
	s->prio = voice->prio;
	s->dscp = voice->dscp;
}

static void lldp_packet(struct passive *p, const struct packet_view *v)
{
	struct rd r = rd_of(v->payload.p, v->payload.n);
	struct lldp l;

	if (!lldp_read(&r, &l))
		return;
	if (l.has_med && l.med_class >= 1 && l.med_class <= MED_CLASS_3)
		endpoint_lldp(p, v, &l);
	else
		switch_lldp(p, &l);
}

/* ---- ARP -------------------------------------------------------------------------------------------------------- */

/* RFC 5227: a probe has no sender address; an answer to it means that the address is somebody's. */
static void arp_taken(struct passive *p, struct host *h, const struct arp *a)
{
	char what[32], ip[16], mac[MAC_TEXT_MAX], why[80];
	struct dt_record r = {.stage = DT_STAGE_ADDRESS, .what = what, .failure = DT_F_ADDRESS_TAKEN, .why = why, .fact = {.address = a->spa}};

	snprintf(what, sizeof what, "arp-probe %s", ip_text(a->spa, ip));
	snprintf(why, sizeof why, "%s belongs to %s", ip, mac_text(mac, a->sha));
	story_attempt(p, h, &r);
}

static void arp_packet(struct passive *p, const struct packet_view *v)
{
	struct rd r = rd_of(v->payload.p, v->payload.n);
	struct host *h;
	struct arp a;

	if (!arp_read(&r, &a))
		return;
	if (a.op == 1 && a.spa && a.spa != a.tpa) {
		h = host_find(p, a.spa);
		if (h && h->is_phone) { /* a second question for the same address: the first had no answer */
			h->wanted_times = h->wanted == a.tpa ? h->wanted_times + 1 : 1;
			h->wanted = a.tpa;
		}
	} else if (a.op == 2 && a.spa) {
		h = host_find(p, a.tpa);
		if (h && h->wanted == a.spa)
			h->wanted = h->wanted_times = 0;
		h = host_find(p, a.spa);
		if (h && h->is_phone && h->pub.has_mac && h->pub.stage == DT_STAGE_ADDRESS && memcmp(h->pub.mac, a.sha, 6) != 0 &&
		    memcmp(h->pub.mac, v->dst_mac, 6) == 0)
			arp_taken(p, h, &a);
	}
}

void lan_packet(struct passive *p, const struct packet_view *v, struct sv octets)
{
	struct host *from = NULL;

	if (v->type == ETH_LLDP)
		lldp_packet(p, v);
	else if (v->type == ETH_ARP)
		arp_packet(p, v);
	if (!v->has_dst || v->vlan)
		return;
	for (size_t i = 0; i < p->norder && i < 2; i++) /* with more than one, nobody can say for whom it was */
		if (memcmp(p->host[p->order[i]].pub.mac, v->src_mac, 6) == 0)
			from = &p->host[p->order[i]];
	if (from == NULL)
		doctor_observe_frame(&p->observed, (const uint8_t *)octets.p, octets.n);
}

/* ---- DHCP: the phone's questions --------------------------------------------------------------------------------- */

static bool of_class(const struct dhcp *d, const char *class)
{
	return sv_ieq(dhcp_text(d, 60), sv_of(class));
}

static void exchange_begin(struct passive *p, struct host *h, const struct dhcp *d, uint16_t vlan)
{
	bool inform = d->type == DHCP_INFORM;
	bool lldp_announced = p->switch_announces.policy && h->lldp_at && p->switch_announces.first_policy <= p->now;

	h->dhcp = (struct exchange){.open = true, .xid = d->xid, .began = p->now, .inform = inform, .vlan = vlan, .naks = h->dhcp.naks,
				    .for_vlan = !inform && vlan == 0 && h->pub.stage <= DT_STAGE_VLAN && !h->asked_vlan && !lldp_announced &&
						h->lldp_at};
	if (h->dhcp.for_vlan)
		h->asked_vlan = true;
	if (!inform)
		lan_settle_lldp(p, h, h->dhcp.for_vlan);
}

/* This xid was used a short time ago: a phone that starts again has another one.  `dialtone doctor` (doctor/probe.c) asks so beside a
 * phone that has its address, each second: it looks for a second server. */
static bool discover_again(struct host *h, uint32_t xid, int64_t now)
{
	struct discover *oldest = &h->discover[0];

	for (unsigned i = 0; i < DISCOVERS; i++) {
		struct discover *d = &h->discover[i];
		int64_t since = now - d->at;

		if (d->at && d->xid == xid) {
			d->at = now;
			return since < ANOTHER_START;
		}
		if (d->at < oldest->at)
			oldest = d;
	}
	*oldest = (struct discover){xid, now};
	return false;
}

static void asked(struct passive *p, struct host *h, const struct dhcp *d, uint16_t vlan)
{
	bool phone = of_class(d, DHCP_CLASS_VLAN) || of_class(d, DHCP_CLASS_UC);
	bool again = d->type == DHCP_DISCOVER && discover_again(h, d->xid, p->now);

	if (again && h->pub.stage > DT_STAGE_ADDRESS)
		return;
	if (phone) {
		host_is_phone(p, h);
		h->inside = true;
	}
	if (vlan)
		h->pub.vlan = vlan;
	if (d->type == DHCP_DISCOVER && h->pub.stage > DT_STAGE_ADDRESS) {
		bool recent = h->lldp_at && p->now - h->lldp_at < SECONDS(60);

		h->asked_vlan = false;
		h->lldp_settled = h->lldp_settled && !recent;
		story_back(p, h, recent ? DT_STAGE_VLAN : DT_STAGE_ADDRESS);
	} else if (d->type == DHCP_INFORM && h->pub.stage > DT_STAGE_DISCOVER) {
		story_back(p, h, DT_STAGE_DISCOVER);
	}
	if (!h->dhcp.open || h->dhcp.xid != d->xid)
		exchange_begin(p, h, d, vlan);
	if (d->type == DHCP_DISCOVER || d->type == DHCP_INFORM)
		h->dhcp.tries++;
	h->dhcp.asked = p->now;
	story_stage(p, h, d->type == DHCP_INFORM ? DT_STAGE_DISCOVER : h->dhcp.for_vlan ? DT_STAGE_VLAN : DT_STAGE_ADDRESS);
	if (d->type == DHCP_INFORM)
		host_has_address(p, h, d->ciaddr);
}

/* ---- DHCP: the servers' answers ---------------------------------------------------------------------------------- */

static struct dt_record dhcp_record(const struct host *h, int64_t now, const char *what, const struct dhcp *d, char ip[16])
{
	uint32_t server = 0;
	struct dt_record r = {.stage = h->dhcp.inform ? DT_STAGE_DISCOVER : h->dhcp.for_vlan ? DT_STAGE_VLAN : DT_STAGE_ADDRESS, .what = what};

	if (d && !dhcp_u32(d, 54, &server))
		server = d->siaddr;
	r.ms = (uint32_t)((now - h->dhcp.began) / 1000);
	r.fact.address = server;
	r.fact.vlan = h->dhcp.vlan;
	if (server)
		r.peer = ip_text(server, ip);
	return r;
}

static void vlan_announced(struct passive *p, struct host *h, const struct dhcp *d)
{
	uint16_t vlan = 0;
	enum dhcp_vlan_form form = d->option[43].p ? dhcp_vlan_read(d->option[43], &vlan) : DHCP_VLAN_NONE;
	char ip[16], found[32];
	struct dt_record r = dhcp_record(h, p->now, "dhcp-vlan", d, ip);

	r.fact.option = 43;
	r.fact.sub = 10;
	r.fact.vlan = vlan;
	r.ok = form != DHCP_VLAN_NONE && form != DHCP_VLAN_BAD;
	r.failure = r.ok ? DT_F_OK : form == DHCP_VLAN_BAD ? DT_F_VLAN_BAD : DT_F_VLAN_NONE;
	if (form == DHCP_VLAN_NONE)
		dt_signs_add(r.sign, DT_SIGN_VLAN_OPTION_ABSENT);
	else if (form == DHCP_VLAN_BAD)
		dt_signs_add(r.sign, DT_SIGN_VLAN_OPTION_RANGE);
	else if (form != DHCP_VLAN_U16)
		dt_signs_add(r.sign, DT_SIGN_VLAN_OPTION_FORM);
	snprintf(found, sizeof found, "VLAN %u", vlan);
	r.found = r.ok ? found : NULL;
	if (r.ok)
		h->announced_vlan = vlan;
	story_attempt(p, h, &r);
}

static void lease_given(struct passive *p, struct host *h, const struct dhcp *d)
{
	uint32_t mask = 0, router = 0, seconds = 0, dns, address = d->yiaddr ? d->yiaddr : d->ciaddr;
	uint16_t vlan = 0;
	enum dt_sign unfit;
	bool timed;
	char ip[16], mine[16], found[64];
	struct dt_record r = dhcp_record(h, p->now, "dhcp", d, ip);

	dhcp_u32(d, 1, &mask);
	timed = dhcp_u32(d, 51, &seconds);
	r.ok = true;
	r.found = found;
	r.fact.seconds = seconds;
	snprintf(found, sizeof found, "%s for %u s", ip_text(address, mine), seconds);
	h->no_resolver = dhcp_addrs(d, 6, &dns, 1) == 0;
	h->no_router = dhcp_addrs(d, 3, &router, 1) == 0;
	h->resolver = h->no_resolver ? 0 : dns;
	h->router = router;
	h->mask = mask;
	unfit = dhcp_unfit(d, address, mask);
	if (unfit) {
		r.ok = false;
		r.failure = DT_F_DHCP_BAD;
		r.fact.option = unfit == DT_SIGN_LEASE_MASK ? 1 : 0;
		dt_signs_add(r.sign, unfit);
	} else {
		r.fact.option = dhcp_odd_lease(d, timed ? seconds : UINT32_MAX, d->repeated ? d->repeated : h->dhcp.twice, r.sign);
	}
	if (h->no_resolver)
		dt_signs_add(r.sign, DT_SIGN_RESOLVER_ABSENT);
	if (sv_trim(dhcp_text(d, 15)).n == 0)
		dt_signs_add(r.sign, DT_SIGN_DOMAIN_ABSENT);
	if (h->no_router)
		dt_signs_add(r.sign, DT_SIGN_ROUTER_ABSENT);
	else if ((router & mask) != (address & mask))
		dt_signs_add(r.sign, DT_SIGN_ROUTER_OUTSIDE);
	if (p->switch_announces.policy && h->lldp_at && d->option[43].p && dhcp_vlan_read(d->option[43], &vlan) != DHCP_VLAN_BAD && vlan &&
	    vlan != (p->switch_announces.tagged ? p->switch_announces.vlan : 0)) {
		dt_signs_add(r.sign, DT_SIGN_VLAN_CONFLICT);
		r.fact.vlan = vlan;
	}
	if (h->dhcp.offer_ms >= SLOW_MS) {
		dt_signs_add(r.sign, DT_SIGN_OFFER_SLOW);
		r.fact.seconds = (h->dhcp.offer_ms + 500) / 1000;
	}
	if (!r.ok)
		r.found = NULL;
	story_attempt(p, h, &r);
}

/* Options 43 and 120, as the phone's stage 5 reads them. */
static void uc_unreadable(struct passive *p, struct host *h, const struct dhcp *d, uint8_t option, enum dt_sign sign)
{
	char ip[16];
	struct dt_record r = dhcp_record(h, p->now, "dhcp-inform", d, ip);

	r.failure = DT_F_UC_BAD;
	r.fact.option = option;
	dt_signs_add(r.sign, sign);
	story_attempt(p, h, &r);
}

static void uc_announced(struct passive *p, struct host *h, const struct dhcp *d)
{
	struct dhcp_uc uc = {0};
	struct dhcp_sip sip = {0};
	enum dt_sign bad = d->option[43].p ? dhcp_uc_read(d->option[43], &uc) : DT_SIGN_NONE;
	bool have43 = d->option[43].p && bad == DT_SIGN_NONE, have120 = d->option[120].p && dhcp_sip_read(d->option[120], &sip) == NULL;
	char ip[16], url[560] = "";
	struct dt_record r = dhcp_record(h, p->now, "dhcp-inform", d, ip);

	if (bad)
		uc_unreadable(p, h, d, 43, bad);
	if (d->option[120].p && !have120)
		uc_unreadable(p, h, d, 120, DT_SIGN_OPTION120_BAD);
	if (!d->option[43].p && !d->option[120].p)
		uc_unreadable(p, h, d, 0, DT_SIGN_OPTIONS_ABSENT);
	if (have120 && sip.encoding == 0 && sip.name[0][0])
		text_set(h->registrar[DT_CAND_DHCP_TLS].host, TEXT_MAX, "%s", sip.name[0]);
	if (have43) {
		dhcp_uc_url(&uc, url, sizeof url);
		text_set(h->web_host, sizeof h->web_host, "%s", uc.host);
		h->web_known = true;
	}
	if (!have43 && !have120)
		return;
	r.ok = true;
	memcpy(r.sign, uc.odd, sizeof r.sign);
	if (have120 && sip.encoding == 1)
		dt_signs_add(r.sign, DT_SIGN_OPTION120_ADDRESS);
	if (!d->option[43].p)
		dt_signs_add(r.sign, DT_SIGN_OPTION43_ABSENT);
	r.fact.option = uc.odd[0] || !d->option[43].p ? 43 : r.sign[0] ? 120 : 0;
	r.fact.host = have43 ? uc.host : sip.name[0];
	r.found = url[0] ? url : sip.name[0];
	story_attempt(p, h, &r);
}

static void acked(struct passive *p, struct host *h, const struct dhcp *d)
{
	h->dhcp.open = h->dhcp.inform && h->dhcp.open; /* others may answer an INFORM as well */
	h->dhcp.answered = true;
	h->dhcp.naks = 0;
	if (h->dhcp.inform) {
		uc_announced(p, h, d);
		return;
	}
	if (h->dhcp.for_vlan) {
		vlan_announced(p, h, d);
		return;
	}
	host_has_address(p, h, d->yiaddr ? d->yiaddr : d->ciaddr);
	if (h->pub.stage <= DT_STAGE_ADDRESS)
		lease_given(p, h, d);
}

static void answered(struct passive *p, struct host *h, const struct dhcp *d)
{
	char ip[16];

	if (d->type == DHCP_OFFER && !h->dhcp.offered) {
		h->dhcp.offered = true;
		h->dhcp.twice = d->repeated;
		h->dhcp.offer_ms = (uint32_t)((p->now - h->dhcp.began) / 1000);
	} else if (d->type == DHCP_ACK && (!h->dhcp.answered || h->dhcp.inform)) {
		acked(p, h, d);
	} else if (d->type == DHCP_NAK) {
		struct dt_record r = dhcp_record(h, p->now, h->dhcp.for_vlan ? "dhcp-vlan" : "dhcp", d, ip);

		r.failure = DT_F_DHCP_NAK;
		h->dhcp.naks++;
		h->dhcp.open = false;
		story_attempt(p, h, &r);
	}
}

static bool mac_is_none(const uint8_t mac[6])
{
	static const uint8_t none[6];

	return memcmp(mac, none, 6) == 0 || (mac[0] & 1);
}

void lan_dhcp(struct passive *p, const struct packet_view *v)
{
	struct rd r = rd_of(v->data.p, v->data.n);
	struct dhcp d;
	struct host *h;

	if (!dhcp_read(&r, &d) || d.type == 0 || mac_is_none(d.chaddr))
		return;
	h = host_of_mac(p, d.chaddr);
	p->observed.dhcp += d.op == 2;
	p->observed.frames += d.op == 2;
	if (d.op == 1 && (d.type == DHCP_DISCOVER || d.type == DHCP_REQUEST || d.type == DHCP_INFORM)) {
		if (d.giaddr == 0) /* else a relay repeats it, on a VLAN that is not the phone's */
			asked(p, h, &d, v->vlan);
	} else if (d.op == 1 && d.type == DHCP_RELEASE && !h->dhcp.for_vlan) {
		h->released = true;
	} else if (d.op == 2 && d.xid == h->dhcp.xid && d.giaddr == 0) {
		answered(p, h, &d);
	}
}

/* ---- silence ---------------------------------------------------------------------------------------------------- */

void lan_overdue(struct passive *p, struct host *h, bool end)
{
	struct exchange *x = &h->dhcp;
	struct dt_record r;
	char ip[16];

	if (!x->open || x->answered || p->now - x->began < (end ? SECONDS(2) : SILENCE) || (x->tries < 2 && !end))
		return;
	r = dhcp_record(h, p->now, x->inform ? "dhcp-inform" : x->for_vlan ? "dhcp-vlan" : "dhcp", NULL, ip);
	r.failure = x->inform ? DT_F_UC_SILENT : DT_F_DHCP_SILENT;
	if (!x->inform)
		dt_signs_add(r.sign, x->offered ? DT_SIGN_REQUEST_SILENT : DT_SIGN_OFFER_NONE);
	x->open = false;
	story_attempt(p, h, &r);
}
