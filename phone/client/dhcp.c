/* phone/client/dhcp.c: the client of RFC 2131, in its three phases [network B.1]:
 *
 *   VLAN     untagged, CPE-OCPHONE: DISCOVER OFFER REQUEST ACK RELEASE   three tries
 *   address  on the VLAN, CPE-OCPHONE: DISCOVER OFFER REQUEST ACK        four tries; later renew and rebind
 *   UC       MS-UC-Client: INFORM ACK                                    four tries
 *
 * UNKNOWN: option 60 of the address phase on a real phone's wire, its retry counts and times.  RFC 2131 4.1's: 4, 8, 16,
 * 32 seconds, each plus or minus one.
 */
#include <endian.h>

#include "phone/internal.h"

enum { NAKS = 3, NAK_WAIT_MS = 1000 };

static const uint8_t everyone[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

int phone_tci(const struct dt_phone *ph)
{
	return ph->tagged ? ph->prio << 13 | ph->vlan : -1;
}

/* What one message says besides its type. */
struct say {
	uint8_t type;
	const char *class;
	uint32_t ciaddr, requested, server; /* 0: not said */
	uint32_t from, to;		     /* IP addresses */
	const uint8_t *mac;		     /* Ethernet destination */
	const uint8_t *ask;		     /* option 55 */
	size_t nask;
};

/* A shorter lease than this, in seconds, counts as this long, as with other clients: it would ask for nothing but renewals. */
enum { LEASE_MIN = 20 };

static const uint8_t ask_vlan[] = {1, 3, 6, 15, 43};
static const uint8_t ask_address[] = {1, 3, 4, 6, 15, 42, 43, 51, 54, 58, 59, 119};
static const uint8_t ask_uc[] = {120, 43, 6, 15};

static void send(struct dt_phone *ph, const struct say *s)
{
	uint8_t id[7] = {1}, payload[DHCP_SIZE_MAX], frame[1518];
	uint32_t requested = htobe32(s->requested), server = htobe32(s->server);
	uint16_t max = htobe16(DHCP_SIZE_MAX);
	struct dhcp *d = &ph->message;
	uint64_t secs = (mono(ph) - ph->dhcp.since) / 1000;
	struct udp u = {.src = s->from, .dst = s->to, .sport = 68, .dport = 67};
	struct wr w = wr_of(payload, sizeof payload);

	memcpy(id + 1, ph->mac, 6);
	memset(d, 0, sizeof *d);
	d->op = 1;
	d->xid = ph->dhcp.xid;
	d->secs = (uint16_t)(secs > 0xffff ? 0xffff : secs);
	d->ciaddr = s->ciaddr;
	memcpy(d->chaddr, ph->mac, 6);
	d->type = s->type;
	d->option[53] = (struct sv){(const char *)&s->type, 1};
	d->option[61] = (struct sv){(const char *)id, sizeof id};
	if (s->class)
		d->option[60] = sv_of(s->class);
	if (s->requested)
		d->option[50] = (struct sv){(const char *)&requested, 4};
	if (s->server)
		d->option[54] = (struct sv){(const char *)&server, 4};
	if (s->ask) {
		d->option[55] = (struct sv){(const char *)s->ask, s->nask};
		d->option[57] = (struct sv){(const char *)&max, 2};
	}
	dhcp_write(&w, d);
	u.payload = (struct sv){(const char *)payload, wr_n(&w)};
	if (!w.err) {
		struct wr f = wr_of(frame, sizeof frame);

		eth_write(&f, s->mac, ph->mac, ETH_IPV4);
		udp_write(&f, &u, 0);
		if (!f.err)
			ph->body->frame(ph->arg, frame, wr_n(&f), phone_tci(ph));
	}
}

static void send_state(struct dt_phone *ph)
{
	struct say s = {.mac = everyone, .to = 0xffffffff, .class = DHCP_CLASS_VLAN,
			.ask = ph->dhcp.for_vlan ? ask_vlan : ask_address,
			.nask = ph->dhcp.for_vlan ? sizeof ask_vlan : sizeof ask_address};

	switch (ph->dhcp.state) {
	case DHCP_SELECTING:
		s.type = DHCP_DISCOVER;
		break;
	case DHCP_REQUESTING:
		s.type = DHCP_REQUEST;
		s.requested = ph->dhcp.offered;
		s.server = ph->dhcp.server;
		break;
	case DHCP_INFORMING:
		s = (struct say){.type = DHCP_INFORM, .class = DHCP_CLASS_UC, .ciaddr = ph->lease.l.address,
				 .from = ph->lease.l.address, .to = 0xffffffff, .mac = everyone, .ask = ask_uc,
				 .nask = sizeof ask_uc};
		break;
	case DHCP_RENEWING:
		s.to = ph->lease.server;
		s.mac = ph->lease.server_mac;
		/* fall through */
	case DHCP_REBINDING:
		s.type = DHCP_REQUEST;
		s.ciaddr = s.from = ph->lease.l.address;
		break;
	case DHCP_IDLE:
		return;
	}
	send(ph, &s);
}

static unsigned most_tries(const struct dt_phone *ph)
{
	return ph->dhcp.for_vlan ? 3 : 4;
}

static void sent(struct dt_phone *ph)
{
	uint64_t wait = (4000ull << ph->dhcp.tries) - 1000 + dice_below(ph, 2000);

	if (ph->dhcp.state == DHCP_SELECTING && ph->dhcp.tries == 0)
		ph->dhcp.since = mono(ph);
	send_state(ph);
	ph->dhcp.tries++;
	timer_set(ph, T_DHCP, wait);
}

static void start(struct dt_phone *ph, int state)
{
	dice(ph, &ph->dhcp.xid, 4);
	ph->dhcp.state = state;
	ph->dhcp.tries = 0;
	ph->dhcp.since = mono(ph);
}

void dhcp_discover(struct dt_phone *ph, bool for_vlan)
{
	start(ph, DHCP_SELECTING);
	ph->dhcp.for_vlan = for_vlan;
	ph->dhcp.naks = 0;
	attempt_begin(ph, &ph->dhcp.try, for_vlan ? "dhcp-vlan" : "dhcp");
	sent(ph);
}

void dhcp_again(struct dt_phone *ph, uint64_t ms)
{
	start(ph, DHCP_SELECTING); /* the timer sends the DISCOVER */
	attempt_begin(ph, &ph->dhcp.try, ph->dhcp.for_vlan ? "dhcp-vlan" : "dhcp");
	timer_set(ph, T_DHCP, ms);
}

void dhcp_inform(struct dt_phone *ph)
{
	start(ph, DHCP_INFORMING);
	ph->dhcp.for_vlan = false;
	attempt_begin(ph, &ph->dhcp.try, "dhcp-inform");
	sent(ph);
}

void dhcp_renew(struct dt_phone *ph, bool rebind)
{
	start(ph, rebind ? DHCP_REBINDING : DHCP_RENEWING);
	ph->dhcp.for_vlan = false;
	attempt_begin(ph, &ph->dhcp.try, rebind ? "dhcp-rebind" : "dhcp-renew");
	send_state(ph); /* lease.c asks again */
}

void dhcp_release(struct dt_phone *ph)
{
	struct say s = {.type = DHCP_RELEASE, .ciaddr = ph->lease.l.address, .server = ph->lease.server,
			.from = ph->lease.l.address, .to = ph->lease.server, .mac = ph->lease.server_mac};

	start(ph, DHCP_IDLE);
	send(ph, &s);
}

/* RFC 2131 4.4.4 table 5: ciaddr 0, requested IP address, server identifier; broadcast. */
void dhcp_decline(struct dt_phone *ph)
{
	struct say s = {.type = DHCP_DECLINE, .requested = ph->lease.l.address, .server = ph->lease.server,
			.to = 0xffffffff, .mac = everyone};

	start(ph, DHCP_IDLE);
	send(ph, &s);
}

/* Where nobody answered decides who must look: on a VLAN that was announced, the switch's side. */
static void silence(struct dt_phone *ph, int state, char *out, size_t cap)
{
	enum dt_sign sign = state == DHCP_REQUESTING ? DT_SIGN_REQUEST_SILENT : DT_SIGN_OFFER_NONE;
	const char *what = dt_signs[sign].what;

	attempt_sign(&ph->dhcp.try, sign);
	ph->dhcp.try.fact.vlan = ph->tagged ? ph->vlan : 0;
	if (ph->tagged && ph->vlan)
		text(out, cap, "%s, on VLAN %u", what, ph->vlan);
	else
		text(out, cap, "%s, untagged", what);
}

void dhcp_timer(struct dt_phone *ph)
{
	int state = ph->dhcp.state;
	char why[WHY_MAX];

	if (state == DHCP_IDLE)
		return;
	if (ph->dhcp.tries < most_tries(ph)) {
		sent(ph);
		return;
	}
	ph->dhcp.state = DHCP_IDLE;
	if (state == DHCP_INFORMING) {
		if (ph->dhcp.tries < DHCP_ANSWERED)
			attempt_fail(ph, &ph->dhcp.try, DT_F_UC_SILENT, NULL);
		discover_inform(ph, NULL);
		return;
	}
	silence(ph, state, why, sizeof why);
	attempt_fail(ph, &ph->dhcp.try, DT_F_DHCP_SILENT, why);
	if (ph->dhcp.for_vlan)
		vlan_dhcp(ph, NULL, NULL);
	else
		address_dhcp(ph, NULL, DT_F_DHCP_SILENT, why);
}

static void lease_of(struct dt_phone *ph, const struct dhcp *d, const uint8_t from[6], struct lease *ret)
{
	struct sv name;
	uint32_t v;

	memset(ret, 0, sizeof *ret);
	ret->l.address = d->yiaddr ? d->yiaddr : d->ciaddr;
	dhcp_u32(d, 1, &ret->l.mask);
	if (dhcp_addrs(d, 3, &v, 1))
		ret->l.router = v;
	ret->l.ndns = (unsigned)dhcp_addrs(d, 6, ret->l.dns, 4);
	ret->nntp = (unsigned)dhcp_addrs(d, 42, ret->ntp, 4);
	ret->ntime = (unsigned)dhcp_addrs(d, 4, ret->time, 4);
	if (!dhcp_u32(d, 54, &ret->server))
		ret->server = d->siaddr;
	if (!dhcp_u32(d, 51, &ret->seconds))
		ret->seconds = 3600;
	if (ret->seconds < LEASE_MIN)
		ret->seconds = LEASE_MIN;
	/* RFC 2131 4.4.5: "T1 defaults to (0.5 * duration_of_lease).  T2 defaults to (0.875 * duration_of_lease)"; times that
	 * are next to nothing, or out of order, say nothing. */
	if (!dhcp_u32(d, 58, &ret->t1) || ret->t1 < LEASE_MIN / 2 || ret->t1 >= ret->seconds)
		ret->t1 = ret->seconds / 2;
	if (!dhcp_u32(d, 59, &ret->t2) || ret->t2 >= ret->seconds || ret->t2 < ret->t1)
		ret->t2 = ret->seconds - ret->seconds / 8;
	name = sv_trim(dhcp_text(d, 15));
	sv_copy(ret->domain, sizeof ret->domain, sv_cut(&name, ' ')); /* some scopes list several there */
	if (ret->domain[0] && ret->domain[strlen(ret->domain) - 1] == '.')
		ret->domain[strlen(ret->domain) - 1] = '\0';
	if (d->option[119].p)
		dhcp_search_read(d->option[119], &ret->search);
	memcpy(ret->server_mac, from, 6);
	ret->since = mono(ph);
}

static enum dt_sign unfit(const struct dhcp *d, const struct lease *l)
{
	uint32_t host = ~l->l.mask;

	if (l->l.address == 0 || l->l.address >> 28 >= 14 || l->l.address >> 24 == 127)
		return DT_SIGN_LEASE_ADDRESS;
	if (d->option[1].p == NULL || l->l.mask == 0 || (host & (host + 1)) != 0)
		return DT_SIGN_LEASE_MASK;
	return DT_SIGN_NONE;
}

static void acked(struct dt_phone *ph, const uint8_t from[6])
{
	struct lease l;
	enum dt_sign why;

	lease_of(ph, &ph->message, from, &l);
	why = unfit(&ph->message, &l);
	ph->dhcp.state = DHCP_IDLE;
	timer_off(ph, T_DHCP);
	if (ph->dhcp.for_vlan) {
		vlan_dhcp(ph, &ph->message, &l);
	} else if (why) {
		attempt_sign(&ph->dhcp.try, why);
		ph->dhcp.try.fact.option = why == DT_SIGN_LEASE_MASK ? 1 : 0;
		attempt_fail(ph, &ph->dhcp.try, DT_F_DHCP_BAD, NULL);
		address_dhcp(ph, NULL, DT_F_DHCP_BAD, dt_signs[why].what);
	} else {
		address_dhcp(ph, &l, DT_F_OK, NULL);
	}
}

/* RFC 2131 3.1: "If the client receives a DHCPNAK message, the client restarts the configuration process."  But not for
 * ever: a phone on the desk of somebody who waits says at last that it is refused. */
static void refused(struct dt_phone *ph)
{
	attempt_fail(ph, &ph->dhcp.try, DT_F_DHCP_NAK, NULL);
	if (++ph->dhcp.naks < NAKS) {
		dhcp_again(ph, NAK_WAIT_MS);
		return;
	}
	ph->dhcp.state = DHCP_IDLE;
	timer_off(ph, T_DHCP);
	if (ph->dhcp.for_vlan)
		vlan_dhcp(ph, NULL, NULL);
	else
		address_dhcp(ph, NULL, DT_F_DHCP_NAK, NULL);
}

static void renewed(struct dt_phone *ph, const uint8_t from[6])
{
	struct lease l;

	lease_of(ph, &ph->message, from, &l);
	if (unfit(&ph->message, &l) || l.l.address != ph->lease.l.address)
		return;
	ph->dhcp.state = DHCP_IDLE;
	l.search = ph->lease.search;
	ph->lease = l;
	attempt_ok(ph, &ph->dhcp.try, NULL, NULL);
	lease_renewed(ph);
}

void dhcp_frame(struct dt_phone *ph, const struct eth *e, const struct udp *u)
{
	struct rd r = rd_of(u->payload.p, u->payload.n);
	struct dhcp *d = &ph->message;
	uint32_t server = 0;
	char ip[16];

	if ((ph->dhcp.state == DHCP_IDLE && ph->informed.xid == 0) || !dhcp_read(&r, d) || d->op != 2 ||
	    memcmp(d->chaddr, ph->mac, 6) != 0)
		return;
	dhcp_u32(d, 54, &server);
	ip_text(server ? server : u->src, ip);
	if (d->type == DHCP_ACK && d->xid == ph->informed.xid && ph->informed.xid)
		discover_ignored(ph, d, ip);
	if (ph->dhcp.state == DHCP_IDLE || d->xid != ph->dhcp.xid)
		return;
	attempt_peer(&ph->dhcp.try, "%s", ip);
	ph->dhcp.try.fact.address = server ? server : u->src;
	switch (ph->dhcp.state) {
	case DHCP_SELECTING:
		if (d->type != DHCP_OFFER || d->yiaddr == 0 || server == 0)
			return;
		ph->dhcp.offer_ms = mono(ph) - ph->dhcp.since;
		ph->dhcp.offered = d->yiaddr;
		ph->dhcp.server = server;
		ph->dhcp.state = DHCP_REQUESTING;
		ph->dhcp.tries = 0;
		sent(ph);
		return;
	case DHCP_REQUESTING:
		if (server != ph->dhcp.server)
			return;
		if (d->type == DHCP_ACK) {
			acked(ph, e->src);
		} else if (d->type == DHCP_NAK) {
			refused(ph);
		}
		return;
	case DHCP_INFORMING:
		if (d->type == DHCP_ACK)
			discover_inform(ph, d);
		return;
	case DHCP_RENEWING:
	case DHCP_REBINDING:
		if (d->type == DHCP_ACK) {
			renewed(ph, e->src);
		} else if (d->type == DHCP_NAK) {
			ph->dhcp.state = DHCP_IDLE;
			attempt_fail(ph, &ph->dhcp.try, DT_F_DHCP_NAK, NULL);
			lease_lost(ph, DT_SIGN_LEASE_REVOKED);
		}
		return;
	case DHCP_IDLE:
		return;
	}
}
