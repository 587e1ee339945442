#include "phone/run/desk.h"

#include <stdlib.h>

#include "phone/internal.h"

/* ---- the guest comes --------------------------------------------------------------------------------------------- */

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

