/* phone/stages/lease.c: while the phone runs, its lease is kept: renewed at T1, rebound at T2, lost at its end (RFC 2131 4.4.5). */
#include "phone/internal.h"

static uint64_t at(const struct dt_phone *ph, uint32_t seconds)
{
	return ph->lease.since + seconds * 1000ull;
}

static void next(struct dt_phone *ph, uint32_t seconds)
{
	ph->timer[T_LEASE] = ph->lease.seconds == UINT32_MAX ? NEVER : at(ph, seconds);
}

void lease_take(struct dt_phone *ph)
{
	ph->bound = true;
	next(ph, ph->lease.t1);
}

void lease_renewed(struct dt_phone *ph)
{
	ph->body->address(ph->arg, &ph->lease.l); /* the router or the resolver may be another now */
	lease_take(ph);
}

/* "wait one-half of the remaining time until T2 (in RENEWING state) ... down to a minimum of 60 seconds" */
void lease_timer(struct dt_phone *ph)
{
	uint64_t now = mono(ph), left, end;
	bool rebind = now >= at(ph, ph->lease.t2);

	if (!ph->bound)
		return;
	if (now >= at(ph, ph->lease.seconds)) {
		lease_lost(ph, DT_SIGN_LEASE_EXPIRED);
		return;
	}
	if (ph->dhcp.state != DHCP_IDLE && ph->dhcp.state != DHCP_RENEWING && ph->dhcp.state != DHCP_REBINDING) {
		timer_set(ph, T_LEASE, 1000); /* an INFORM is under way */
		return;
	}
	dhcp_renew(ph, rebind);
	end = at(ph, rebind ? ph->lease.seconds : ph->lease.t2);
	left = (end - now) / 2;
	ph->timer[T_LEASE] = left < 60000 ? (end < now + 60000 ? end : now + 60000) : now + left;
}

void lease_lost(struct dt_phone *ph, enum dt_sign why)
{
	struct attempt a;
	bool told = ph->told;

	attempt_begin(ph, &a, "lease");
	attempt_sign(&a, why);
	attempt_fail(ph, &a, why == DT_SIGN_LEASE_REVOKED ? DT_F_DHCP_NAK : DT_F_DHCP_SILENT, NULL);
	ph->bound = false;
	phone_off(ph);
	ph->told = told;
	ph->body->address(ph->arg, NULL);
	run_plan(ph, plan_of(ph));
}
