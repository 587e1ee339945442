/* phone/run/people.c: what people do at an appliance: the calls of dialtone/handset.h. */
#include "phone/internal.h"

#include "pki/key.h"

/* ---- signing in and out ------------------------------------------------------------------------------------------ */

void dt_phone_touch(struct dt_phone *ph)
{
	lock_used(ph);
	desk_used(ph);
	ph_settle(ph);
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

/* ---- a guest, the power, the log ---------------------------------------------------------------------------------- */

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

/* ---- the lock ------------------------------------------------------------------------------------------------------ */

enum dt_handset dt_phone_lock(struct dt_phone *ph, const char *pin)
{
	enum dt_handset h = DT_H_OK;

	if (handset_nobody(ph))
		h = DT_H_NOBODY;
	else if (lock_closed(ph))
		h = DT_H_LOCKED;
	else if (desk_guest(ph))
		h = DT_H_GUEST;
	else if (pin && !lock_fits(ph, pin))
		h = DT_H_SHORT;
	else if (pin == NULL && !ph->lock.set)
		h = DT_H_NO_PIN;
	else if ((pin && !lock_take(ph, pin)) || !lock_set(ph, true))
		h = DT_H_MEMORY;
	if (h == DT_H_OK)
		lock_report(ph, "lock", "by its user");
	lock_used(ph);
	ph_settle(ph);
	return h;
}

/* The count is on flash before the answer is given: pulling the plug gives no further try. */
enum dt_handset dt_phone_unlock(struct dt_phone *ph, const char *pin)
{
	enum dt_handset h = DT_H_OK;
	uint8_t hash[32];

	if (!ph->lock.locked)
		return ph->lock.by_pc ? DT_H_WRONG : DT_H_OK; /* the PC has locked it, and opens it */
	ph->lock.wrong++;
	if (!lock_save(ph) || !lock_hash(&ph->lock, pin ? pin : "", hash))
		return DT_H_MEMORY;
	if (pki_equal(hash, ph->lock.hash, sizeof hash)) {
		lock_set(ph, false);
		lock_report(ph, "unlock", NULL);
	} else if (ph->lock.wrong < LOCK_WRONG_MAX) {
		h = DT_H_WRONG;
	} else {
		h = DT_H_FORGOT;
		lock_report(ph, "unlock", dt_handset_answers[h].what);
		handset_sign_out(ph);
	}
	explicit_bzero(hash, sizeof hash);
	lock_used(ph);
	ph_settle(ph);
	return h;
}

/* "Locking the computer locks the phone": the PC's own lock stands for the PIN. */
enum dt_handset dt_phone_tether_lock(struct dt_phone *ph, bool locked)
{
	if (!ph->conf.tethered || handset_nobody(ph))
		return DT_H_UNTETHERED;
	if (locked != lock_closed(ph)) {
		ph->lock.by_pc = locked;
		if (!locked && ph->lock.locked)
			lock_set(ph, false);
		lock_report(ph, locked ? "lock" : "unlock", "by the PC on the USB port");
	}
	lock_used(ph);
	ph_settle(ph);
	return DT_H_OK;
}
