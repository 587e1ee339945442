/* phone/stages/lease.c: while the phone runs, its lease is kept: renewed at T1, rebound at T2, lost at its end (RFC 2131 4.4.5). */
#include "phone/internal.h"

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
