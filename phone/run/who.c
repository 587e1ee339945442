/* phone/run/who.c: Owner of the phone at the moment (nobody, a user, a guest), and whether it is locked. */
#include "phone/internal.h"

const struct buf *cert_in_use(const struct dt_phone *ph)
{
	return ph->cred.use_fresh ? &ph->cred.fresh_cert : &ph->cred.user_cert;
}

const struct buf *key_in_use(const struct dt_phone *ph)
{
	return ph->cred.use_fresh ? &ph->cred.fresh_key : &ph->cred.user_key;
}

bool handset_has_secret(const struct dt_phone *ph)
{
	return (ph->conf.pin && ph->conf.number) || (ph->conf.login && ph->conf.password);
}

bool handset_nobody(const struct dt_phone *ph)
{
	return ph->conf.appliance && !handset_has_secret(ph) && (ph->run.gave_up || cert_in_use(ph)->n == 0);
}

bool ph_inside_host(const struct dt_phone *ph)
{
	return ph->conf.no_dhcp && ph->conf.lease.address >> 24 == 127;
}

bool handset_has_address(const struct dt_phone *ph)
{
	return ph->link.bound || (ph->conf.no_dhcp && ph->run.ready);
}

bool desk_guest(const struct dt_phone *ph)
{
	return ph->desk.guest;
}

void desk_used(struct dt_phone *ph)
{
	if (ph->desk.guest && ph->run.registered)
		ph_timer_set(ph, T_DESK, ph->policy.hotdesking_s * 1000ull);
	else
		ph_timer_off(ph, T_DESK);
}

bool lock_closed(const struct dt_phone *ph)
{
	return ph->lock.locked || ph->lock.by_pc;
}

void lock_used(struct dt_phone *ph)
{
	/* a phone that is everybody's locks nobody out: it is given back instead */
	if (ph->conf.appliance && ph->run.registered && !ph->policy.hotdesking && ph->policy.lock_enforced && ph->policy.lock_minutes && ph->lock.set && !lock_closed(ph))
		ph_timer_set(ph, T_LOCK, ph->policy.lock_minutes * 60000ull);
	else
		ph_timer_off(ph, T_LOCK);
}
