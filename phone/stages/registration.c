/* phone/stages/registration.c: what in-band provisioning tells, for stage 9 and for the registered phone. */
#include "phone/internal.h"
#include "wire/provisioning.h"

/* A guest's own settings say nothing of the phone that the guest sits at. */
static void policy_take(struct dt_phone *ph, const struct provisioning *p)
{
	bool hotdesking = desk_guest(ph) ? ph->policy.hotdesking : p->hotdesking;
	unsigned seconds = desk_guest(ph) ? ph->policy.hotdesking_s : p->hotdesking_s;

	ph->policy = (struct ph_policy){p->enforce_pin_lock, p->phone_timeout_min, p->min_pin_length, hotdesking, seconds};
	lock_used(ph);
	desk_used(ph);
}

const char *provisioning_take(struct dt_phone *ph, struct sv body, char found[SOAP_URI_MAX])
{
	struct provisioning p = PROVISIONING_DEFAULT;
	const char *bad = body.n ? provisioning_read(body.p, body.n, &p) : NULL;

	found[0] = '\0';
	if (bad)
		return bad;
	text_set(ph->account.sip_security, sizeof ph->account.sip_security, "%s", p.sip_security);
	text_set(ph->account.logging, sizeof ph->account.logging, "%s", p.logging_level);
	policy_take(ph, &p);
	text_set(found, SOAP_URI_MAX, "%s", p.updates_internal);
	if (p.has_updates && p.updates_enabled) {
		if (p.updates_internal[0])
			text_set(ph->account.update_internal, sizeof ph->account.update_internal, "%s", p.updates_internal);
		if (p.updates_external[0]) {
			text_set(ph->account.update_external, sizeof ph->account.update_external, "%s", p.updates_external);
			web_external_of(p.updates_external, ph->account.web_external, sizeof ph->account.web_external);
		}
	}
	return NULL;
}
