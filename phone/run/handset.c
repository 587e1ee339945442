/* phone/run/handset.c: power-on and sign-in are two things: a phone without a user waits, and people act on it. */
#include "phone/run/handset.h"

#include "phone/internal.h"

#define RETRY_MS 30000u
#define RETRY_MOST_MS 900000u

/* Not all timers: the lease goes on, and the daily question.  It may run inside a handler of the SIP client, which the
 * runner frees later; the other clients are not at work then. */
void ph_halt(struct dt_phone *ph)
{
	static const enum ph_timer stays[] = {T_LLDP, T_LEASE, T_ANNOUNCE, T_UPDATE};
	uint64_t at[T_COUNT];

	memcpy(at, ph->core.timer, sizeof at);
	ph->run.running = ph->run.registered = false;
	ph->run.verdict = V_WAIT;
	ph_clients_network_free(ph);
	sip_close(ph->sip);
	ph_timers_off(ph);
	for (size_t i = 0; i < sizeof stays / sizeof *stays; i++)
		ph->core.timer[stays[i]] = at[stays[i]];
}

/* ---- the ends of plans --------------------------------------------------------------------------------------- */

static void handset_ready(struct dt_phone *ph)
{
	struct dt_record r = {.kind = DT_REC_READY, .what = "ready", .ok = true};

	ph->run.stage = DT_STAGE_NONE;
	if (ph->core.timer[T_UPDATE] == PH_NEVER)
		registered_update_later(ph);
	if (ph->run.ready)
		return;
	ph->run.ready = true;
	record_give(ph, &r);
}

bool handset_plan_end(struct dt_phone *ph)
{
	enum plan_id p = ph->run.plan;

	if (!ph->conf.appliance || ph->run.registered || (p != PLAN_POWER_ON && p != PLAN_POWER_ON_OUTSIDE && p != PLAN_UPDATE && p != PLAN_LOGS))
		return false;
	if (p == PLAN_POWER_ON || p == PLAN_POWER_ON_OUTSIDE)
		ph->run.retries = 0;
	handset_ready(ph);
	if (!handset_nobody(ph)) /* somebody typed meanwhile */
		phone_want_plan(ph, handset_sign_in_plan(ph));
	return true;
}

void handset_failed(struct dt_phone *ph, enum dt_failure f)
{
	uint32_t wait = RETRY_MS << (ph->run.retries < 5 ? ph->run.retries : 5);

	ph_halt(ph);
	if (desk_guest(ph)) {
		desk_give_back(ph);
		return;
	}
	/* a stored certificate is tried again until the servers have decided; typed secrets are typed again */
	if (dt_failures[f].final)
		ph->run.gave_up = true;
	if (handset_has_secret(ph) && handset_has_address(ph))
		conf_set_who(&ph->conf, NULL);
	if (handset_nobody(ph) && handset_has_address(ph)) {
		handset_ready(ph);
		return;
	}
	ph->run.retries++;
	wait = wait > RETRY_MOST_MS ? RETRY_MOST_MS : wait;
	ph_timer_set(ph, T_RETRY, ph_spread_ms(ph, wait));
}

void handset_signed_in(struct dt_phone *ph)
{
	lock_signed_in(ph);
	desk_used(ph);
}

/* ---- what people do ------------------------------------------------------------------------------------------ */

void handset_signed_out(struct dt_phone *ph)
{
	ph_halt(ph);
	ph->run.signed_off = ph->run.signing_out = ph->run.registered = ph->run.reported = false;
	if (ph->run.guest_next || desk_guest(ph)) {
		desk_signed_off(ph);
		return;
	}
	ph->run.ready = false;
	ph->run.gave_up = false;
	conf_set_who(&ph->conf, NULL);
	ph_state_forget_user(ph);
	lock_clear(ph);
	if (handset_has_address(ph) || ph->conf.no_dhcp)
		handset_ready(ph);
	else if (ph->power.link)
		phone_want_start(ph);
}

void handset_sign_out(struct dt_phone *ph)
{
	if (!ph->run.registered) {
		handset_signed_out(ph);
		return;
	}
	ph->run.running = false;
	ph->run.verdict = V_WAIT;
	ph->run.signing_out = true;
	registered_off(ph);
}

/* ---- a PC on the USB port ------------------------------------------------------------------------------------------ */


void handset_desk_timer(struct dt_phone *ph)
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
