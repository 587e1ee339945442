/* tests/meet/network.c: a switch port with LLDP-MED, a DHCP server, DNS and NTP, as the phone sees them. */
#include "tests/meet/meet.h"

#include <endian.h>

#include <stdlib.h>
#include <string.h>

#include "wire/eth.h"

static const uint8_t switch_mac[6] = {0x00, 0x1b, 0x21, 0xaa, 0xbb, 0x01};
static const uint8_t server_mac[6] = {0x00, 0x1b, 0x21, 0xaa, 0xbb, 0x02};

struct parcel {
	int tci;
	uint32_t address;
	uint16_t port;
	size_t n;
	uint8_t p[1600];
};

static void deliver_frame(struct meet *m, void *arg)
{
	struct parcel *f = arg;

	if (m->on_frame)
		m->on_frame(m, f->p, f->n);
	if (m->phone)
		dt_phone_frame(m->phone, f->p, f->n, f->tci);
	free(f);
}

static void deliver_udp(struct meet *m, void *arg)
{
	struct parcel *f = arg;

	if (m->phone)
		dt_phone_udp(m->phone, f->address, f->port, f->p, f->n);
	free(f);
}

static struct parcel *parcel(void)
{
	return calloc(1, sizeof(struct parcel));
}

/* ---- LLDP --------------------------------------------------------------------------------------------- */

void meet_lldp(struct meet *m)
{
	struct parcel *f = parcel();
	struct lldp l = {.chassis_subtype = 4,
			 .chassis = {(const char *)switch_mac, 6},
			 .port_subtype = 7,
			 .port = SV("1/0/1"),
			 .ttl = 120,
			 .sys_name = SV("access-switch-1"),
			 .has_caps = true,
			 .caps = LLDP_CAP_BRIDGE | LLDP_CAP_ROUTER,
			 .caps_on = LLDP_CAP_BRIDGE,
			 .has_pvid = true,
			 .pvid = m->net.native,
			 .has_med = true,
			 .med_caps = 3,
			 .med_class = MED_NETWORK,
			 .npolicy = 1};
	struct wr w;

	if (f == NULL)
		return;
	l.policy[0] = m->net.policy;
	if (m->net.lldp_as)
		m->net.lldp_as(&l);
	w = wr_of(f->p, sizeof f->p);
	eth_write(&w, lldp_group, m->net.lldp_second ? server_mac : switch_mac, ETH_LLDP);
	lldp_write(&w, &l);
	f->n = wr_n(&w);
	f->tci = -1;
	meet_at(m, 2, deliver_frame, f);
}

/* Cisco's announcement of the voice VLAN: LLC, SNAP, version, lifetime, checksum, then the appliance TLV [network A.5]. */
static void network_cdp(struct meet *m)
{
	static const uint8_t group[6] = {0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc};
	struct parcel *f = parcel();
	struct wr w;

	if (f == NULL)
		return;
	w = wr_of(f->p, sizeof f->p);
	wr_put(&w, group, 6);
	wr_put(&w, switch_mac, 6);
	wr_be(&w, 2, 19);
	wr_be(&w, 8, 0xaaaa0300000c2000);
	wr_be(&w, 4, 0x02b40000);
	wr_be(&w, 4, 0x000e0007);
	wr_be(&w, 1, 1);
	wr_be(&w, 2, m->net.voice);
	f->n = wr_n(&w);
	f->tci = -1;
	meet_at(m, 2, deliver_frame, f);
}

/* ---- DHCP --------------------------------------------------------------------------------------------- */

static struct sv class_vlan(const struct meet *m)
{
	return m->net.class_vlan ? sv_of(m->net.class_vlan) : SV(DHCP_CLASS_VLAN);
}

static struct sv class_uc(const struct meet *m)
{
	return m->net.class_uc ? sv_of(m->net.class_uc) : SV(DHCP_CLASS_UC);
}

bool network_class(const struct meet *m, const char *class, uint8_t type)
{
	return (type == DHCP_INFORM ? m->net.uc : m->net.dhcp) &&
	       ((sv_eq(sv_of(class), class_uc(m)) && m->net.uc_43) || (sv_eq(sv_of(class), class_vlan(m)) && m->net.dhcp_vlan));
}

/* Options 43 and 120, as the class in option 60 asks for them; `v43` and `v120` hold what the answer points to. */
static void dhcp_class_options(struct meet *m, const struct dhcp *q, uint16_t vlan, struct dhcp *a, uint8_t v43[300], uint8_t v120[300])
{
	bool for_vlan = sv_eq(q->option[60], class_vlan(m)), for_uc = sv_eq(q->option[60], class_uc(m));
	struct wr w43 = wr_of(v43, 300), w120 = wr_of(v120, 300);

	if (for_vlan && m->net.dhcp_vlan && vlan == m->net.native) {
		dhcp_vlan_write(&w43, m->net.voice);
		a->option[43] = (struct sv){(const char *)v43, wr_n(&w43)};
	}
	if (for_uc && m->net.uc_43) {
		struct dhcp_uc uc = {.scheme = "https", .port = 443, .path = "/CertProv/CertProvisioningService.svc"};

		sv_copy(uc.host, sizeof uc.host, sv_of(m->net.web_host));
		dhcp_uc_write(&w43, &uc);
		a->option[43] = (struct sv){(const char *)v43, wr_n(&w43)};
	}
	if (sv_ieq(q->option[60], SV(DHCP_CLASS_UC)) && m->net.uc_120) { /* it does not look at the spelling here */
		struct dhcp_sip sip = {.encoding = 0, .name = {"fe01.contoso.test"}, .n = 1};

		dhcp_sip_write(&w120, &sip);
		a->option[120] = (struct sv){(const char *)v120, wr_n(&w120)};
	}
	if (for_vlan && m->net.vlan43.p)
		a->option[43] = m->net.vlan43;
	if (for_uc && m->net.option43.p)
		a->option[43] = m->net.option43;
	if (for_uc && m->net.option120.p)
		a->option[120] = m->net.option120;
}

/* The answer in a frame to whoever asked, after the time that the server takes. */
static void dhcp_send(struct meet *m, const struct dhcp *q, const struct dhcp *a, uint32_t server, int tci, unsigned ms)
{
	struct parcel *f = parcel();
	uint8_t bytes[1472];
	struct wr w = wr_of(bytes, sizeof bytes), fw;
	struct udp u = {.src = server, .dst = q->ciaddr ? q->ciaddr : 0xffffffff, .sport = 67, .dport = 68};

	if (f == NULL)
		return;
	dhcp_write(&w, a, NULL);
	u.payload = (struct sv){(const char *)bytes, wr_n(&w)};
	fw = wr_of(f->p, sizeof f->p);
	eth_write(&fw, q->chaddr, server_mac, ETH_IPV4);
	udp_write(&fw, &u, 0);
	f->n = wr_n(&fw);
	f->tci = tci;
	if (m->net.dhcp_checksum)
		f->p[14 + 20 + 6] ^= 1; /* behind Ethernet and IPv4 */
	if (w.err || fw.err)
		free(f);
	else
		meet_at(m, ms, deliver_frame, f);
}

static void dhcp_answer(struct meet *m, const struct dhcp *q, uint8_t type, uint16_t vlan, int tci)
{
	struct dhcp *a = calloc(1, sizeof *a);
	uint32_t server = MEET_IP(10, vlan, 0, 1), mask = htobe32(0xffffff00), router = htobe32(server),
		 dns = htobe32(server), lease = htobe32(m->net.lease_s ? m->net.lease_s : 600), sid = htobe32(server), ntp = htobe32(server);
	uint8_t v43[300], v120[300];

	if (a == NULL)
		return;
	*a = (struct dhcp){.op = 2, .xid = q->xid, .flags = q->flags, .siaddr = server, .type = type};
	memcpy(a->chaddr, q->chaddr, 6);
	a->option[53] = (struct sv){(const char *)&type, 1};
	if (!m->net.no_server_id)
		a->option[54] = (struct sv){(const char *)&sid, 4};
	if (!m->net.no_mask)
		a->option[1] = (struct sv){(const char *)&mask, 4};
	if (m->net.router_outside)
		router = htobe32(MEET_IP(192, 0, 2, 1));
	if (!m->net.no_router)
		a->option[3] = (struct sv){(const char *)&router, 4};
	if (!m->net.no_resolver)
		a->option[6] = (struct sv){(const char *)&dns, 4};
	a->option[15] = m->net.domain ? sv_of(m->net.domain) : SV("contoso.test");
	if (m->net.ntp)
		a->option[42] = (struct sv){(const char *)&ntp, 4};
	if (q->type != DHCP_INFORM) {
		a->yiaddr = MEET_IP(10, vlan, 0, 100 + (m->net.conflict == MEET_IP(10, vlan, 0, 100) && m->dhcp_out[DHCP_DECLINE]));
		if (m->net.no_address)
			a->yiaddr = MEET_IP(127, 0, 0, 1);
		a->option[51] = (struct sv){(const char *)&lease, 4};
	} else {
		a->ciaddr = q->ciaddr;
	}
	if (m->net.dhcp_odd_option)
		a->option[m->net.dhcp_odd_option] = (struct sv){"\x0a\x14\x00\x01\x00", 5};
	dhcp_class_options(m, q, vlan, a, v43, v120);
	dhcp_send(m, q, a, server, tci, m->net.slow && type == DHCP_OFFER ? 5000 : 3);
	free(a);
}

/* "No": the one from the other server, or from the only one. */
static void dhcp_nak(struct meet *m, const struct dhcp *q, uint16_t vlan, int tci)
{
	struct dhcp *a = calloc(1, sizeof *a);
	uint32_t server = MEET_IP(10, vlan, 0, 1), sid = htobe32(server);
	uint8_t type = DHCP_NAK;

	if (a == NULL)
		return;
	*a = (struct dhcp){.op = 2, .xid = q->xid, .flags = q->flags, .type = type};
	memcpy(a->chaddr, q->chaddr, 6);
	a->option[53] = (struct sv){(const char *)&type, 1};
	a->option[54] = (struct sv){(const char *)&sid, 4};
	dhcp_send(m, q, a, server, tci, 3);
	free(a);
}

/* A second server on the VLAN, with an option 43 of its own. */
static void dhcp_second(struct meet *m, const struct dhcp *q, uint16_t vlan, int tci)
{
	struct dhcp *a = calloc(1, sizeof *a);
	uint32_t server = MEET_IP(10, vlan, 0, 2), sid = htobe32(server);
	struct dhcp_uc uc = {.scheme = "https", .host = "other.contoso.test", .port = 443, .path = "/CertProv/CertProvisioningService.svc"};
	uint8_t type = DHCP_ACK, v43[300];
	struct wr w43 = wr_of(v43, sizeof v43);

	if (a == NULL)
		return;
	*a = (struct dhcp){.op = 2, .xid = q->xid, .flags = q->flags, .ciaddr = q->ciaddr, .siaddr = server, .type = type};
	memcpy(a->chaddr, q->chaddr, 6);
	a->option[53] = (struct sv){(const char *)&type, 1};
	a->option[54] = (struct sv){(const char *)&sid, 4};
	dhcp_uc_write(&w43, &uc);
	a->option[43] = (struct sv){(const char *)v43, wr_n(&w43)};
	dhcp_send(m, q, a, server, tci, 200);
	free(a);
}

static void dhcp_serve(struct meet *m, const struct udp *u, int tci)
{
	struct dhcp *q = calloc(1, sizeof *q);
	struct rd r = rd_of(u->payload.p, u->payload.n);
	uint16_t vlan = tci < 0 || (tci & 0xfff) == 0 ? m->net.native : (uint16_t)(tci & 0xfff);

	if (q == NULL || !dhcp_read(&r, q) || q->type > 8)
		goto out;
	m->dhcp_out[q->type]++;
	if (vlan != m->net.native && vlan != m->net.voice)
		goto out;
	if (q->type == DHCP_DISCOVER && m->net.dhcp)
		dhcp_answer(m, q, DHCP_OFFER, vlan, tci);
	if (q->type == DHCP_REQUEST && m->net.dhcp && m->net.nak)
		dhcp_nak(m, q, vlan, tci);
	else if (q->type == DHCP_REQUEST && m->net.dhcp)
		dhcp_answer(m, q, DHCP_ACK, vlan, tci);
	if (q->type == DHCP_INFORM && m->net.uc)
		dhcp_answer(m, q, DHCP_ACK, vlan, tci);
	if (q->type == DHCP_INFORM && m->net.second_dhcp)
		dhcp_second(m, q, vlan, tci);
out:
	free(q);
}

static void arp_serve(struct meet *m, const struct arp *a, int tci)
{
	struct parcel *f;
	struct arp reply = {.op = 2, .spa = a->tpa, .tpa = a->spa};
	struct wr w;

	if (a->op != 1 || a->tpa == 0 || (a->tpa != m->net.conflict && !m->net.conflicts))
		return;
	f = parcel();
	if (f == NULL)
		return;
	memcpy(reply.sha, server_mac, 6);
	memcpy(reply.tha, a->sha, 6);
	w = wr_of(f->p, sizeof f->p);
	eth_write(&w, a->sha, server_mac, ETH_ARP);
	arp_write(&w, &reply);
	f->n = wr_n(&w);
	f->tci = tci;
	meet_at(m, 1, deliver_frame, f);
}

void network_frame(struct meet *m, const uint8_t *frame, size_t n, int tci)
{
	struct rd r = rd_of(frame, n), pr;
	struct eth e;
	struct udp u;
	struct arp a;

	m->frames_out++;
	if (!eth_read(&r, &e))
		return;
	pr = rd_of(e.payload.p, e.payload.n);
	if (e.type == ETH_LLDP && m->net.cdp)
		network_cdp(m);
	if (e.type == ETH_LLDP && m->net.lldp)
		meet_lldp(m);
	else if (e.type == ETH_IPV4 && udp_read(&pr, &u) && u.dport == 67)
		dhcp_serve(m, &u, tci);
	else if (e.type == ETH_ARP && arp_read(&pr, &a))
		arp_serve(m, &a, tci);
}

/* ---- NTP: RFC 5905 7.3, the server's half -------------------------------------------------------------- */

void network_udp(struct meet *m, uint32_t address, uint16_t port, const void *p, size_t n)
{
	struct parcel *f;
	struct wr w;
	uint64_t now = (uint64_t)(m->unix_ms / 1000 + m->net.ntp_off_s + 2208988800) << 32;

	if (port != 123 || !m->net.ntp || n < 48)
		return;
	f = parcel();
	if (f == NULL)
		return;
	w = wr_of(f->p, sizeof f->p);
	wr_be(&w, 1, m->net.ntp_unset ? 0xe4 : 0x24); /* LI 3: alarm, or 0; version 4, mode 4 */
	wr_be(&w, 1, m->net.ntp_unset ? 16 : 2);	/* stratum */
	wr_be(&w, 2, 0x06ec);
	wr_be(&w, 8, 0);
	wr_be(&w, 4, 0x0a000001);
	wr_be(&w, 8, now);
	wr_put(&w, (const uint8_t *)p + 40, 8); /* originate = the client's transmit */
	wr_be(&w, 8, now);
	wr_be(&w, 8, now);
	f->n = wr_n(&w);
	f->address = address;
	f->port = port;
	meet_at(m, 1, deliver_udp, f);
}

/* ---- DNS ----------------------------------------------------------------------------------------------- */

struct dns_parcel {
	unsigned id;
	struct dt_dns_answer a;
};

static void deliver_dns(struct meet *m, void *arg)
{
	struct dns_parcel *f = arg;

	if (m->phone)
		dt_phone_dns(m->phone, f->id, &f->a);
	free(f);
}

void network_name(struct meet *m, const char *name, enum dt_rr type, struct dt_dns_answer *ret)
{
	const struct {
		const char *name;
		uint32_t address;
		bool there;
	} hosts[] = {
	    {"fe01.contoso.test", MEET_FE, true},
	    {"sip.contoso.test", MEET_FE, true},
	    {"ucupdates-r2.contoso.test", MEET_FE, m->net.update_record},
	    {"edge.contoso.test", MEET_EDGE, true},
	    {"web.contoso.test", MEET_WEB, true},
	    {"pool.fabrikam.test", MEET_FE, true},
	    {"other.contoso.test", MEET_FE, true},
	};
	const struct {
		const char *name;
		uint16_t port;
		const char *target;
		bool there;
	} services[] = {
	    {"_sipinternaltls._tcp.contoso.test", 5061, m->net.srv_target, m->net.srv},
	    {"_sipinternal._tcp.contoso.test", 5060, m->net.srv_target, m->net.srv},
	    {"_sip._tls.contoso.test", 443, "edge.contoso.test", m->net.srv_outside},
	};

	*ret = (struct dt_dns_answer){.status = DT_DNS_NXDOMAIN};
	for (size_t i = 0; type == DT_RR_A && i < sizeof hosts / sizeof *hosts; i++)
		if (sv_ieq(sv_of(name), sv_of(hosts[i].name)) && hosts[i].there) {
			ret->status = DT_DNS_OK;
			ret->n = 1;
			ret->rr[0].address = hosts[i].address;
		}
	for (size_t i = 0; type == DT_RR_SRV && i < sizeof services / sizeof *services; i++)
		if (sv_ieq(sv_of(name), sv_of(services[i].name)) && services[i].there) {
			ret->status = DT_DNS_OK;
			ret->n = 1;
			ret->rr[0].port = services[i].port;
			sv_copy(ret->rr[0].target, sizeof ret->rr[0].target, sv_of(services[i].target));
		}
	if (m->net.dns != MEET_DNS_ANSWERS)
		*ret = (struct dt_dns_answer){.status = m->net.dns == MEET_DNS_SILENT ? DT_DNS_TIMEOUT : DT_DNS_ERROR,
					      .rcode = m->net.dns == MEET_DNS_SERVFAIL ? 2 : 0};
	else if (m->net.name)
		m->net.name(m, name, type, ret);
}

void network_dns(struct meet *m, unsigned id, const char *name, enum dt_rr type)
{
	struct dns_parcel *f = calloc(1, sizeof *f);

	if (f == NULL)
		return;
	f->id = id;
	network_name(m, name, type, &f->a);
	meet_at(m, 1, deliver_dns, f);
}
