/* phone/run/look.c: questions that a phone answers at any time. */
#include "phone/internal.h"

static enum dt_phase handset_state(const struct dt_phone *ph)
{
	if (!ph->power.started)
		return DT_PHASE_OFF;
	if (ph->run.signing_out || ph->power.stopping)
		return DT_PHASE_SIGNING_OUT;
	if (ph->run.registered)
		return DT_PHASE_SIGNED_IN;
	if (handset_nobody(ph))
		return ph->run.ready || !ph->run.running ? DT_PHASE_READY : DT_PHASE_STARTING;
	return ph->core.timer[T_RETRY] != PH_NEVER || (ph->run.reported && ph->run.result.ok) ? DT_PHASE_RETRYING : DT_PHASE_SIGNING_IN;
}

void dt_phone_status(const struct dt_phone *ph, struct dt_status *ret)
{
	*ret = (struct dt_status){.state = handset_state(ph), .locked = lock_closed(ph), .lock_set = ph->lock.set,
				  .lock_enforced = ph->policy.lock_enforced, .lock_minutes = ph->policy.lock_minutes,
				  .lock_min_length = ph->policy.lock_min_length, .logs = ph->run.logs,
				  .guest = desk_guest(ph), .hotdesking = ph->policy.hotdesking, .hotdesking_s = ph->policy.hotdesking_s};
	ret->tethered = ph->conf.tethered && !handset_nobody(ph);
	text_set(ret->user, sizeof ret->user, "%s", handset_nobody(ph) ? "" : ph->account.sip);
	text_set(ret->registrar, sizeof ret->registrar, "%s", ph->account.registrar);
	text_set(ret->version, sizeof ret->version, "%s", ph->core.version);
	text_set(ret->sip_security, sizeof ret->sip_security, "%s", ph->account.sip_security);
	text_set(ret->logging, sizeof ret->logging, "%s", ph->account.logging);
	if (ph->desk.failure != DT_F_OK) {
		ret->stage = ph->desk.stage;
		ret->failure = ph->desk.failure;
		text_set(ret->why, sizeof ret->why, "%s", ph->desk.why ? ph->desk.why : "");
	} else if (ph->run.reported && !ph->run.result.ok) {
		ret->stage = ph->run.result.stage;
		ret->failure = ph->run.result.failure;
		text_set(ret->why, sizeof ret->why, "%s", ph->run.result.why ? ph->run.result.why : "");
	}
}

bool dt_phone_registered(const struct dt_phone *ph)
{
	return ph->run.registered;
}

enum dt_stage dt_phone_stage(const struct dt_phone *ph)
{
	return ph->run.stage;
}

const char *dt_phone_dropped_chain(const struct dt_phone *ph)
{
	return ph->cred.dropped.n && !ph->cred.dropped.oom ? (const char *)ph->cred.dropped.p : "";
}

int64_t dt_phone_clock_off_s(const struct dt_phone *ph)
{
	return ph->core.offset_ms / 1000;
}

const char *dt_phone_version(const struct dt_phone *ph)
{
	return ph->core.version;
}
