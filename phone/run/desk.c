#include "phone/run/desk.h"

#include <stdlib.h>

#include "phone/internal.h"

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

void dt_phone_touch(struct dt_phone *ph)
{
	lock_used(ph);
	desk_used(ph);
	ph_settle(ph);
}

/* ---- the guest comes --------------------------------------------------------------------------------------------- */

enum dt_handset dt_phone_guest(struct dt_phone *ph, const struct dt_sign_in *who)
{
	enum dt_handset h = handset_check(ph, who);

	if (h == DT_H_OK && (!ph->policy.hotdesking || ph->conf.outside))
		h = DT_H_NO_DESK;
	if (h == DT_H_OK && (ph->desk.guest || ph->run.signing_out))
		h = DT_H_BUSY;
	if (h != DT_H_OK)
		return h;
	conf_swap_who(&ph->conf, &ph->desk.resident);
	if (!conf_set_who(&ph->conf, who)) {
		conf_set_who(&ph->conf, NULL);
		conf_swap_who(&ph->conf, &ph->desk.resident);
		return DT_H_MEMORY;
	}
	ph->desk.failure = DT_F_OK;
	ph->run.guest_next = true;
	handset_sign_out(ph);
	ph_settle(ph);
	return DT_H_OK;
}

static void desk_take(struct dt_phone *ph)
{
	ph->run.guest_next = false;
	ph->desk.guest = true; /* from here on nothing is stored */
	ph_state_forget_user(ph);
	if (ph->conf.sip)
		sv_copy(ph->account.sip, sizeof ph->account.sip,
			sv_from(sv_of(ph->conf.sip), sv_istarts(sv_of(ph->conf.sip), SV("sip:")) ? 4 : 0));
	handset_begin(ph);
}

/* ---- and goes ------------------------------------------------------------------------------------------------------ */

void desk_close(struct dt_phone *ph)
{
	if (ph->desk.guest || ph->run.guest_next) {
		conf_set_who(&ph->conf, NULL);
		conf_swap_who(&ph->conf, &ph->desk.resident);
	}
	free(ph->desk.why);
	ph->desk = (struct ph_desk){0};
	ph->run.guest_next = false;
}

void desk_give_back(struct dt_phone *ph)
{
	bool failed = ph->run.reported && !ph->run.result.ok;
	struct ph_desk after = {.failure = failed ? ph->run.result.failure : DT_F_OK, .stage = ph->run.result.stage};

	why_hold(&after.why, failed ? ph->run.result.why : NULL);
	desk_close(ph);
	ph->desk = after;
	ph_state_load_user(ph);
	ph_timer_off(ph, T_DESK);
	handset_begin(ph);
}

void desk_signed_off(struct dt_phone *ph)
{
	if (ph->run.guest_next)
		desk_take(ph);
	else
		desk_give_back(ph);
}

void desk_timer(struct dt_phone *ph)
{
	struct attempt a;
	char found[96];

	if (!ph->desk.guest)
		return;
	if (ph->sip && ph->sip->asked.busy) {
		ph_timer_set(ph, T_DESK, 2000);
		return;
	}
	attempt_begin(ph, &a, "hot-desking");
	text_set(found, sizeof found, "nobody touched the phone for %u s: the guest is signed out", ph->policy.hotdesking_s);
	attempt_ok(ph, &a, found, NULL);
	handset_sign_out(ph);
}
