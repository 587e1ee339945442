/* phone/stages/stage2_address.c
 *
 * "Obtain an IP Address": DISCOVER to ACK on the VLAN, a probe whether somebody has it, then the time, which must be
 * right before any certificate is judged.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

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

static void add(char *to, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void add(char *to, size_t cap, const char *fmt, ...)
{
	size_t n = strlen(to);
	va_list ap;

	if (n && n + 2 < cap) {
		memcpy(to + n, "; ", 3);
		n += 2;
	}
	va_start(ap, fmt);
	vsnprintf(to + n, cap - n, fmt, ap);
	va_end(ap);
}

/* What is odd about a lease that can be used: I-02, I-04, I-05, V-10. */
static void odd_lease(const struct dt_phone *ph, const struct lease *l, char *out, size_t cap)
{
	struct sv option43 = ph->message.option[43];
	uint16_t vlan = 0;
	enum dhcp_vlan_form form = option43.p ? dhcp_vlan_read(option43, &vlan) : DHCP_VLAN_NONE;

	out[0] = '\0';
	if (l->l.ndns == 0)
		add(out, cap, "option 6, the resolvers, is missing");
	if (l->domain[0] == '\0')
		add(out, cap, "option 15, the domain, is missing");
	if (l->l.router == 0)
		add(out, cap, "option 3, the router, is missing");
	else if ((l->l.router & l->l.mask) != (l->l.address & l->l.mask))
		add(out, cap, "option 3, the router, lies outside the subnet");
	if (ph->lldp_used && vlan && form != DHCP_VLAN_BAD && vlan != (ph->tagged ? ph->vlan : 0))
		add(out, cap, "DHCP names VLAN %u for phones, LLDP-MED another: LLDP-MED counts", vlan);
	if (ph->dhcp.offer_ms >= SLOW_MS)
		add(out, cap, "the OFFER took %u s", (unsigned)(ph->dhcp.offer_ms / 1000));
}

void address_dhcp(struct dt_phone *ph, const struct lease *l, enum dt_failure f, const char *why)
{
	char found[128], ip[16], odd[WHY_MAX];

	if (l == NULL) {
		stage_fail(ph, f, why);
		return;
	}
	ph->lease = *l;
	text(found, sizeof found, "%s for %u s", ip_text(l->l.address, ip), l->seconds);
	odd_lease(ph, l, odd, sizeof odd);
	attempt_ok(ph, &ph->dhcp.try, found, odd);
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
		attempt_fail(ph, &a, DT_F_CLOCK_WRONG, why);
	}
	if (ph->stage == DT_STAGE_ADDRESS)
		stage_done(ph, "%s, resolver %s%s%s%s", ip_text(ph->lease.l.address, ip),
			   ph->lease.l.ndns ? ip_text(ph->lease.l.dns[0], dns) : "none", ph->lease.domain[0] ? ", " : "",
			   ph->lease.domain, known ? "" : ", no time server");
}
