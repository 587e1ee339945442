/* phone/stages/lease.c: while the phone runs, its lease is kept: renewed at T1, rebound at T2, lost at its end (RFC 2131 4.4.5);
 * announced, and defended against others who use its address (RFC 5227 2.3, 2.4).
 */
#include "base/enc.h"
#include "phone/internal.h"

#define ANNOUNCE_INTERVAL_MS 2000 /* RFC 5227 1.1 */
#define DEFEND_INTERVAL_MS 10000

static uint64_t lease_at(const struct dt_phone *ph, uint32_t seconds)
{
	return ph->link.lease.since + seconds * 1000ull;
}

static void lease_next(struct dt_phone *ph, uint32_t seconds)
{
	ph->core.timer[T_LEASE] = ph->link.lease.seconds == UINT32_MAX ? PH_NEVER : lease_at(ph, seconds);
}

void lease_take(struct dt_phone *ph)
{
	ph->link.bound = true;
	lease_next(ph, ph->link.lease.t1);
}

/* "The host must broadcast ANNOUNCE_NUM (two) ARP Announcements, spaced ANNOUNCE_INTERVAL (two) seconds apart." */
void lease_use(struct dt_phone *ph)
{
	ph->link.conflict_at = 0;
	lease_take(ph);
	arp_announce(ph, ph->link.lease.l.address);
	ph_timer_set(ph, T_ANNOUNCE, ANNOUNCE_INTERVAL_MS);
}

void lease_announce(struct dt_phone *ph)
{
	if (ph->link.bound)
		arp_announce(ph, ph->link.lease.l.address);
}

static void lease_lost(struct dt_phone *ph, enum dt_sign why)
{
	struct attempt a;

	attempt_begin(ph, &a, "lease");
	attempt_sign(&a, why);
	attempt_fail(ph, &a, why == DT_SIGN_LEASE_REVOKED ? DT_F_DHCP_NAK : DT_F_DHCP_SILENT, NULL);
	ph->link.bound = false;
	phone_want_start(ph);
}

static bool lease_have(void *arg, const struct dhcp_result *r)
{
	struct dt_phone *ph = arg;

	if (r->lease == NULL) {
		lease_lost(ph, DT_SIGN_LEASE_REVOKED);
		return true;
	}
	ph->link.lease = *r->lease;
	attempt_ok(ph, r->try, NULL, NULL);
	ph->core.body->address(ph->core.arg, &ph->link.lease.l); /* the router or the resolver may be another now */
	lease_take(ph);
	return true;
}

/* "wait one-half of the remaining time until T2 (in RENEWING state) ... down to a minimum of 60 seconds" */
void lease_timer(struct dt_phone *ph)
{
	uint64_t now = ph_now_ms(ph), left, end;
	bool rebind = now >= lease_at(ph, ph->link.lease.t2);

	if (!ph->link.bound)
		return;
	if (now >= lease_at(ph, ph->link.lease.seconds)) {
		lease_lost(ph, DT_SIGN_LEASE_EXPIRED);
		return;
	}
	if (dhcp_busy(ph->dhcp)) {
		ph_timer_set(ph, T_LEASE, 1000); /* an INFORM is under way */
		return;
	}
	dhcp_free(ph->dhcp);
	ph->dhcp = dhcp_renew(ph, &ph->link.lease, rebind, lease_have, ph);
	end = lease_at(ph, rebind ? ph->link.lease.seconds : ph->link.lease.t2);
	left = (end - now) / 2;
	ph->core.timer[T_LEASE] = left < 60000 ? (end < now + 60000 ? end : now + 60000) : now + left;
}

/* RFC 5227 2.4: "At any time, if a host receives an ARP packet (Request *or* Reply) where the 'sender IP address' is (one of) the host's
 * own IP address(es) configured on that interface, but the 'sender hardware address' does not match any of the host's own interface
 * addresses, then this is a conflicting ARP packet."  Of its ways (b): the first one is answered by one announcement; another one within
 * DEFEND_INTERVAL, and the host "MUST immediately cease using this address", which for a lease means DHCPDECLINE. */
void lease_arp(struct dt_phone *ph, const struct arp *m)
{
	uint64_t now = ph_now_ms(ph), before = ph->link.conflict_at;
	char mac[MAC_TEXT_MAX], ip[16];
	struct attempt a;

	if (!ph->link.bound || m->spa != ph->link.lease.l.address || memcmp(m->sha, ph->core.mac, 6) == 0)
		return;
	ph->link.conflict_at = now;
	attempt_begin(ph, &a, "arp-conflict %s", ip_text(m->spa, ip));
	attempt_peer(&a, "%s", mac_text(mac, m->sha));
	a.fact.address = m->spa;
	if (before == 0 || now - before >= DEFEND_INTERVAL_MS) {
		attempt_sign(&a, DT_SIGN_ADDRESS_DEFENDED);
		attempt_ok(ph, &a, NULL, NULL);
		arp_announce(ph, m->spa);
		return;
	}
	attempt_fail(ph, &a, DT_F_ADDRESS_TAKEN, NULL);
	dhcp_decline(ph, &ph->link.lease);
	ph->link.bound = false;
	phone_want_start(ph);
}
