/* phone/run/sign_in.c: how a user of an appliance begins to sign in, and whether that can be. */
#include "phone/internal.h"

enum plan_id handset_sign_in_plan(const struct dt_phone *ph)
{
	if (!ph->conf.outside)
		return desk_guest(ph) ? PLAN_GUEST : PLAN_SIGN_IN;
	return cert_good(ph) ? PLAN_OUTSIDE_CERT : PLAN_SIGN_IN_OUTSIDE;
}

void handset_retry(struct dt_phone *ph)
{
	if (!ph->power.link)
		ph_timer_set(ph, T_RETRY, 5000);
	else if (!handset_has_address(ph))
		phone_want_start(ph);
	else if (!handset_nobody(ph))
		phone_want_plan(ph, handset_sign_in_plan(ph));
}

static bool handset_can(const struct dt_phone *ph, const struct dt_sign_in *who)
{
	unsigned method = who->login == NULL ? DT_AUTH_PIN : who->tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM;

	return ph->core.model->auth & method;
}

enum dt_handset handset_refusal(const struct dt_phone *ph)
{
	if (!ph->conf.appliance)
		return DT_H_WAITS;
	return lock_closed(ph) ? DT_H_LOCKED : DT_H_OK;
}

void handset_begin(struct dt_phone *ph)
{
	ph->run.reported = false;
	ph->run.result.ok = false;
	ph->run.gave_up = ph->run.pin_used = ph->run.enrolled_again = ph->run.ticket_again = ph->run.renewing = false;
	ph->run.retries = 0;
	ph->found.have_redirect = false;
	ph_timer_off(ph, T_RETRY);
	if (ph->run.running)
		return; /* handset_plan_end() goes on */
	if (handset_has_address(ph))
		phone_want_plan(ph, handset_sign_in_plan(ph));
	else if (ph->power.link)
		phone_want_start(ph);
}

enum dt_handset handset_check(const struct dt_phone *ph, const struct dt_sign_in *who)
{
	enum dt_handset h = handset_refusal(ph);

	if (h != DT_H_OK)
		return h;
	if (!((who->number && who->pin) || (who->login && who->password && who->sip)))
		return DT_H_SECRET;
	return handset_can(ph, who) ? DT_H_OK : DT_H_MODEL;
}
