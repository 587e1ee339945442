/* phone/run/handset.c: power-on and sign-in are two things: a phone without a user waits, and people act on it. */
#include "phone/run/handset.h"

#include "phone/internal.h"

#define RETRY_MS 30000u
#define RETRY_MOST_MS 900000u

#define ROW(id, code, what) {code, what},
const struct dt_handset_row dt_handset_answers[DT_HANDSET_COUNT] = {DT_HANDSET_ANSWERS(ROW)};
#undef ROW
const char *const dt_phase_names[DT_PHASE_COUNT] = {"off", "starting", "ready", "signing-in", "signed-in", "retrying", "signing-out"};
const char *const dt_logs_names[DT_LOGS_COUNT] = {"none", "sending", "sent", "failed"};

static bool handset_has_secret(const struct dt_phone *ph)
{
	return (ph->conf.pin && ph->conf.number) || (ph->conf.login && ph->conf.password);
}

bool handset_nobody(const struct dt_phone *ph)
{
	return ph->conf.appliance && !handset_has_secret(ph) && (ph->run.gave_up || cert_in_use(ph)->n == 0);
}

static bool handset_has_address(const struct dt_phone *ph)
{
	return ph->link.bound || (ph->conf.no_dhcp && ph->run.ready);
}

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

static enum plan_id handset_sign_in_plan(const struct dt_phone *ph)
{
	if (!ph->conf.outside)
		return desk_guest(ph) ? PLAN_GUEST : PLAN_SIGN_IN;
	return cert_good(ph) ? PLAN_OUTSIDE_CERT : PLAN_SIGN_IN_OUTSIDE;
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
	ph_timer_set(ph, T_RETRY, wait + ph_random_below(ph, wait / 4));
}

void handset_signed_in(struct dt_phone *ph)
{
	lock_signed_in(ph);
	desk_used(ph);
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

/* ---- what people do ------------------------------------------------------------------------------------------ */

static bool handset_can(const struct dt_phone *ph, const struct dt_sign_in *who)
{
	unsigned method = who->login == NULL ? DT_AUTH_PIN : who->tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM;

	return ph->core.model->auth & method;
}

static enum dt_handset handset_refusal(const struct dt_phone *ph)
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

enum dt_handset dt_phone_sign_in(struct dt_phone *ph, const struct dt_sign_in *who)
{
	enum dt_handset h = handset_check(ph, who);

	if (h == DT_H_OK && !handset_nobody(ph))
		h = DT_H_BUSY;
	if (h == DT_H_OK && !conf_set_who(&ph->conf, who)) {
		conf_set_who(&ph->conf, NULL);
		h = DT_H_MEMORY;
	}
	if (h != DT_H_OK)
		return h;
	ph_state_forget_user(ph);
	lock_clear(ph);
	text_set(ph->account.tethered, sizeof ph->account.tethered, "%s", who->tethered ? "1" : "");
	if (ph->conf.sip)
		sv_copy(ph->account.sip, sizeof ph->account.sip,
			sv_from(sv_of(ph->conf.sip), sv_istarts(sv_of(ph->conf.sip), SV("sip:")) ? 4 : 0));
	handset_begin(ph);
	ph_settle(ph);
	return DT_H_OK;
}

void handset_signed_out(struct dt_phone *ph)
{
	ph_halt(ph);
	ph->run.signing_out = ph->run.registered = ph->run.reported = false;
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

enum dt_handset dt_phone_sign_out(struct dt_phone *ph)
{
	enum dt_handset h = handset_refusal(ph);

	if (h == DT_H_OK && handset_nobody(ph))
		h = DT_H_NOBODY;
	if (h != DT_H_OK || ph->run.signing_out)
		return h;
	handset_sign_out(ph);
	ph_settle(ph);
	return DT_H_OK;
}

/* ---- a PC on the USB port ------------------------------------------------------------------------------------------ */

enum dt_handset dt_phone_tether(struct dt_phone *ph, const struct dt_sign_in *who)
{
	struct dt_sign_in through = *who;

	through.number = through.pin = NULL;
	through.tethered = true;
	if (ph->conf.tethered && ph->conf.login && who->login && sv_ieq(sv_of(ph->conf.login), sv_of(who->login)))
		return DT_H_OK; /* the PC has begun anew; its user is signed in, or signing in */
	return dt_phone_sign_in(ph, &through);
}

void dt_phone_tether_gone(struct dt_phone *ph)
{
	struct attempt a;

	if (!ph->conf.tethered || handset_nobody(ph) || ph->run.signing_out)
		return;
	attempt_begin(ph, &a, "untether");
	attempt_ok(ph, &a, "the cable is out: its user is signed out", NULL);
	handset_sign_out(ph);
	ph_settle(ph);
}

enum dt_handset dt_phone_power_cycle(struct dt_phone *ph)
{
	if (!ph->conf.appliance)
		return DT_H_WAITS;
	phone_want_restart(ph);
	ph_settle(ph);
	return DT_H_OK;
}

enum dt_handset dt_phone_send_logs(struct dt_phone *ph)
{
	enum dt_handset h = handset_refusal(ph);

	if (h != DT_H_OK)
		return h;
	if (ph->found.update_url[0] == '\0')
		ph_state_update_url(ph);
	if (ph->found.update_url[0] == '\0')
		return DT_H_NO_LOGS;
	if (ph->run.running || ph->run.signing_out || (ph->sip && ph->sip->asked.busy))
		return DT_H_LATER;
	dt_phone_touch(ph);
	ph->run.logs = DT_LOGS_SENDING;
	phone_want_plan(ph, PLAN_LOGS);
	ph_settle(ph);
	return DT_H_OK;
}
