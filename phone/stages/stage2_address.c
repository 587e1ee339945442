/* phone/stages/stage2_address.c
 *
 * "Obtain an IP Address": DISCOVER to ACK on the VLAN, a probe whether somebody has it, then the time, which must be
 * right before any certificate is judged.
 */
#include <errno.h>

#include "phone/internal.h"

#define SLOW_MS 3000 /* I-02: a server that pings first needs three seconds */
#define DECLINES 3
#define DECLINE_WAIT_MS 10000 /* RFC 2131 3.1.5: "The client SHOULD wait a minimum of ten seconds" */

static void use(struct dt_phone *ph)
{
	int rc = ph->body->address(ph->arg, &ph->lease.l);

	if (rc < 0) {
		stage_fail(ph, DT_F_DHCP_BAD, strerror(-rc));
		return;
	}
	if (!ph->no_dhcp)
		lease_take(ph);
	sntp_begin(ph);
}

void stage_address(struct dt_phone *ph)
{
	ph->declined = 0;
	ph->bound = false;
	memset(&ph->lease, 0, sizeof ph->lease);
	if (ph->no_dhcp) {
		ph->lease.l = ph->lease_conf;
		use(ph);
		return;
	}
	dhcp_discover(ph, false);
}

/* What is odd about a lease that can be used: I-02, I-04, I-05, V-10.  Its facts are those of the weightiest. */
static void odd_lease(const struct dt_phone *ph, const struct lease *l, struct attempt *a)
{
	struct sv option43 = ph->message.option[43];
	uint16_t vlan = 0;
	enum dhcp_vlan_form form = option43.p ? dhcp_vlan_read(option43, &vlan) : DHCP_VLAN_NONE;

	a->fact.vlan = ph->tagged ? ph->vlan : 0;
	a->fact.seconds = l->seconds;
	if (l->l.ndns == 0)
		attempt_sign(a, DT_SIGN_RESOLVER_ABSENT);
	if (l->domain[0] == '\0')
		attempt_sign(a, DT_SIGN_DOMAIN_ABSENT);
	if (l->l.router == 0)
		attempt_sign(a, DT_SIGN_ROUTER_ABSENT);
	else if ((l->l.router & l->l.mask) != (l->l.address & l->l.mask))
		attempt_sign(a, DT_SIGN_ROUTER_OUTSIDE);
	if (ph->lldp_used && vlan && form != DHCP_VLAN_BAD && vlan != (ph->tagged ? ph->vlan : 0)) {
		attempt_sign(a, DT_SIGN_VLAN_CONFLICT);
		a->fact.vlan = vlan;
	}
	if (ph->dhcp.offer_ms >= SLOW_MS) {
		attempt_sign(a, DT_SIGN_OFFER_SLOW);
		a->fact.seconds = (uint32_t)(ph->dhcp.offer_ms / 1000);
	}
}

void address_dhcp(struct dt_phone *ph, const struct lease *l, enum dt_failure f, const char *why)
{
	char found[128], ip[16];

	if (l == NULL) {
		stage_fail(ph, f, why);
		return;
	}
	ph->lease = *l;
	text(found, sizeof found, "%s for %u s", ip_text(l->l.address, ip), l->seconds);
	odd_lease(ph, l, &ph->dhcp.try);
	attempt_ok(ph, &ph->dhcp.try, found, NULL);
	arp_probe(ph);
}

void address_free(struct dt_phone *ph, bool taken, const uint8_t by[6])
{
	char why[96], ip[16];

	if (!taken) {
		use(ph);
		return;
	}
	text(why, sizeof why, "%s belongs to %02x:%02x:%02x:%02x:%02x:%02x", ip_text(ph->lease.l.address, ip), by[0], by[1],
	     by[2], by[3], by[4], by[5]);
	ph->try.fact.address = ph->lease.l.address;
	attempt_fail(ph, &ph->try, DT_F_ADDRESS_TAKEN, why);
	dhcp_decline(ph);
	if (++ph->declined == DECLINES) {
		stage_fail(ph, DT_F_ADDRESS_TAKEN, why);
		return;
	}
	dhcp_again(ph, DECLINE_WAIT_MS);
}

void address_time(struct dt_phone *ph, bool known, const char *why)
{
	char ip[16], dns[16];

	if (!known) {
		struct attempt a;

		attempt_begin(ph, &a, "time");
		attempt_sign(&a, DT_SIGN_TIME_SILENT);
		attempt_fail(ph, &a, DT_F_CLOCK_WRONG, why);
	}
	if (ph->stage == DT_STAGE_ADDRESS)
		stage_done(ph, "%s, resolver %s%s%s%s", ip_text(ph->lease.l.address, ip),
			   ph->lease.l.ndns ? ip_text(ph->lease.l.dns[0], dns) : "none", ph->lease.domain[0] ? ", " : "",
			   ph->lease.domain, known ? "" : ", no time server");
}
