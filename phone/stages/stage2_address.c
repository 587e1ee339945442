/* phone/stages/stage2_address.c
 *
 * "Obtain an IP Address": DISCOVER to ACK on the VLAN, a probe whether somebody has it, then the time, which must be
 * right before any certificate is verified.
 */
#include <errno.h>

#include "base/enc.h"
#include "phone/internal.h"

#define SLOW_MS 2500 /* I-02: dnsmasq pings for three seconds, by a timer that may end some milliseconds sooner; ISC dhcpd for one */
#define DECLINES 3
#define DECLINE_WAIT_MS 10000 /* RFC 2131 3.1.5: "The client SHOULD wait a minimum of ten seconds" */

/* Oddities of a usable lease: I-02, I-04, I-05, V-10.  Its facts are those of the weightiest. */
static void address_odd_lease(const struct dt_phone *ph, const struct dhcp_result *r, struct attempt *a)
{
	const struct dhcp_lease *l = r->lease;
	struct sv option43 = r->ack->option[43];
	uint16_t vlan = 0;
	enum dhcp_vlan_form form = option43.p ? dhcp_vlan_read(option43, &vlan) : DHCP_VLAN_NONE;

	a->fact.vlan = ph->core.tagged ? ph->core.vlan : 0;
	a->fact.seconds = l->seconds;
	a->fact.option = dhcp_odd_lease(r->ack, l->seconds, r->twice, a->sign);
	if (l->l.ndns == 0)
		attempt_sign(a, DT_SIGN_RESOLVER_ABSENT);
	if (l->domain[0] == '\0')
		attempt_sign(a, DT_SIGN_DOMAIN_ABSENT);
	if (l->l.router == 0)
		attempt_sign(a, DT_SIGN_ROUTER_ABSENT);
	else if ((l->l.router & l->l.mask) != (l->l.address & l->l.mask))
		attempt_sign(a, DT_SIGN_ROUTER_OUTSIDE);
	if (ph->link.lldp_used && vlan && form != DHCP_VLAN_BAD && vlan != (ph->core.tagged ? ph->core.vlan : 0)) {
		attempt_sign(a, DT_SIGN_VLAN_CONFLICT);
		a->fact.vlan = vlan;
	}
	if (r->offer_ms >= SLOW_MS) {
		attempt_sign(a, DT_SIGN_OFFER_SLOW);
		a->fact.seconds = (uint32_t)((r->offer_ms + 500) / 1000);
	}
}

static bool address_have_dhcp(void *arg, const struct dhcp_result *r);

static void address_have_time(void *arg, const char *why)
{
	struct dt_phone *ph = arg;
	char ip[16], dns[16];

	if (why) {
		struct attempt a;

		attempt_begin(ph, &a, "time");
		attempt_sign(&a, DT_SIGN_TIME_SILENT);
		attempt_fail(ph, &a, DT_F_CLOCK_WRONG, why);
	}
	stage_done(ph, "%s, resolver %s%s%s%s", ip_text(ph->link.lease.l.address, ip),
		   ph->link.lease.l.ndns ? ip_text(ph->link.lease.l.dns[0], dns) : "none", ph->link.lease.domain[0] ? ", " : "",
		   ph->link.lease.domain, why ? ", no time server" : "");
}

static void address_use(struct dt_phone *ph)
{
	struct sntp_sources from = {.nntp = ph->link.lease.nntp, .ntime = ph->link.lease.ntime,
				    .domain = ph->conf.domain ? ph->conf.domain : ph->link.lease.domain};
	int rc = ph->core.body->address(ph->core.arg, &ph->link.lease.l);

	if (rc < 0) {
		stage_fail(ph, DT_F_DHCP_BAD, strerror(-rc));
		return;
	}
	if (!ph->conf.no_dhcp)
		lease_use(ph);
	memcpy(from.ntp, ph->link.lease.ntp, sizeof from.ntp);
	memcpy(from.time, ph->link.lease.time, sizeof from.time);
	sntp_free(ph->sntp);
	ph->sntp = sntp_begin(ph, &ph->dns, &from, address_have_time, ph);
}

static void address_have_arp(void *arg, const uint8_t by[6], struct attempt *try)
{
	struct dt_phone *ph = arg;
	struct why why = {0};
	char ip[16], mac[MAC_TEXT_MAX];

	if (by == NULL) {
		address_use(ph);
		return;
	}
	why_set(&why, "%s belongs to %s", ip_text(ph->link.lease.l.address, ip), mac_text(mac, by));
	try->fact.address = ph->link.lease.l.address;
	attempt_fail(ph, try, DT_F_ADDRESS_TAKEN, why.text);
	dhcp_decline(ph, &ph->link.lease);
	if (++ph->work->declined == DECLINES) {
		stage_fail(ph, DT_F_ADDRESS_TAKEN, why.text);
		return;
	}
	dhcp_free(ph->dhcp);
	ph->dhcp = dhcp_discover(ph, false, DECLINE_WAIT_MS, address_have_dhcp, ph);
}

static bool address_have_dhcp(void *arg, const struct dhcp_result *r)
{
	struct dt_phone *ph = arg;
	char found[128], ip[16];

	if (r->lease == NULL) {
		stage_fail(ph, r->failure, r->why);
		return true;
	}
	ph->link.lease = *r->lease;
	memset(&ph->work->search, 0, sizeof ph->work->search);
	if (r->ack->option[119].p)
		dhcp_search_read(r->ack->option[119], &ph->work->search);
	text_set(found, sizeof found, "%s for %u s", ip_text(ph->link.lease.l.address, ip), ph->link.lease.seconds);
	address_odd_lease(ph, r, r->try);
	attempt_ok(ph, r->try, found, NULL);
	arp_free(ph->arp);
	ph->arp = arp_probe(ph, ph->link.lease.l.address, address_have_arp, ph);
	return true;
}

void stage_address(struct dt_phone *ph)
{
	ph->work->declined = 0;
	ph->link.bound = false;
	memset(&ph->link.lease, 0, sizeof ph->link.lease);
	memset(&ph->work->search, 0, sizeof ph->work->search);
	if (ph->conf.no_dhcp) {
		ph->link.lease.l = ph->conf.lease;
		address_use(ph);
		return;
	}
	dhcp_free(ph->dhcp);
	ph->dhcp = dhcp_discover(ph, false, 0, address_have_dhcp, ph);
}
