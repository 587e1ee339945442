/* phone/stages/stage7_auth.c
 *
 * "Authentication Process": a web ticket, for number or extension with PIN, for user name and password by NTLM, or for
 * the certificate of an earlier sign-in.
 */
#include "phone/internal.h"

static void auth_by_secret(struct dt_phone *ph);

static const char *auth_url_of(const struct dt_phone *ph)
{
	return ph->conf.outside && ph->run.plan != PLAN_OUTSIDE_NTLM && ph->account.web_external[0] ? ph->account.web_external
											     : ph->found.web_url;
}

/* The servers give no ticket today, which says nothing against the certificate.  A reverse proxy whose server is down takes the
 * connection and closes it within the TLS handshake. */
static bool auth_no_ticket_today(enum dt_failure f)
{
	return http_unreachable(f) || f == DT_F_TLS_HANDSHAKE || f == DT_F_METADATA_BAD || f == DT_F_HTTP_STATUS || f == DT_F_METHOD_OFF;
}

/* "The CX700 can use certificate or NTLM"; with certificate authentication off in the Web Services phones that were paired with a
 * computer work, and the CX700 "will continue to connect externally and internally". */
bool auth_ntlm_is_enough(const struct dt_phone *ph)
{
	return ph->conf.login && ph->conf.password && (ph->core.model->auth & (ph->conf.tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM));
}

/* "The phone did not know its SIP URI.  It learns it from the ticket's NameIdentifier, or from Entity or subject in the
 * next answer." */
static bool auth_whose(struct dt_phone *ph, struct why *why)
{
	struct sv id = sv_of(ph->ticket->ticket.name_id);

	if (sv_istarts(id, SV("sip:")))
		id = sv_from(id, 4);
	if (sv_find(id, '@') <= 0 || id.n >= sizeof ph->account.sip) { /* a number, or nothing */
		if (ph->ticket->by == BY_PIN)
			ph->account.sip[0] = '\0';
		return true;
	}
	if (ph->account.sip[0] && ph->ticket->by != BY_PIN && !sv_ieq(id, sv_of(ph->account.sip))) {
		why_set(why, "the ticket is for %s, not for %s", ph->ticket->ticket.name_id, ph->account.sip);
		return false;
	}
	sv_copy(ph->account.sip, sizeof ph->account.sip, id);
	return true;
}

static void auth_pin_proved(void *arg, enum dt_failure f, const char *why)
{
	struct dt_phone *ph = arg;

	if (f != DT_F_OK)
		stage_fail(ph, f, why);
	else
		stage_done(ph, "%s, by certificate, number and PIN", ph->account.sip);
}

static void auth_have_ticket(void *arg, enum dt_failure f, const char *failed)
{
	struct dt_phone *ph = arg;
	static const char *const by[] = {"", "number and PIN", "NTLM", "certificate"};
	struct why why = {0};

	if (f == DT_F_CERT_REFUSED && ph->run.plan != PLAN_OUTSIDE_CERT && (ph->conf.pin || ph->conf.password)) {
		auth_by_secret(ph); /* enrol again */
		return;
	}
	if (f != DT_F_OK && ph->ticket->by == BY_CERT && cert_good(ph) && auth_no_ticket_today(f) && ph->run.plan != PLAN_RENEW) {
		ph->run.renewing = false;
		stage_skip(ph, "no ticket; the stored certificate is good all the same");
		return;
	}
	if (ph->ticket->by == BY_NTLM && auth_no_ticket_today(f) && auth_ntlm_is_enough(ph)) {
		stage_skip(ph, ph->run.registered ? "the Registrar took NTLM; the Web Services do not"
						  : "no ticket; NTLM at the Registrar is enough");
		return;
	}
	if (f != DT_F_OK) {
		ph->run.guess = ph->ticket->by != BY_NTLM;
		stage_fail(ph, f, failed);
		return;
	}
	if (!auth_whose(ph, &why)) {
		stage_fail(ph, DT_F_TICKET_BAD, why.text);
		return;
	}
	if (!ph->conf.outside)
		text_set(ph->account.web_url, sizeof ph->account.web_url, "%s", ph->found.web_url);
	if (ph->account.sip[0] && !ph_state_save_account(ph)) {
		stage_fail(ph, DT_F_STORE, ph->core.persist_why);
		return;
	}
	/* DIFFERS: "Device Connection Process" has the outside REGISTER carry number and PIN.  No header for them is
	 * known; a server that wants them has them proved here, at the web ticket service, before the Registrar takes
	 * the certificate. */
	if (ph->run.plan == PLAN_OUTSIDE_CERT && ph->ticket->by == BY_CERT && ph->conf.pin && ph->conf.number && (ph->core.model->auth & DT_AUTH_PIN)) {
		ticket_get(ph->ticket, BY_PIN, auth_url_of(ph), auth_pin_proved, ph);
		return;
	}
	stage_done(ph, "%s, by %s", ph->account.sip[0] ? ph->account.sip : "user not known yet", by[ph->ticket->by]);
}

static void auth_ask_ticket(struct dt_phone *ph, enum ticket_by by)
{
	struct ticket_client *t = ph_ticket(ph);

	if (t)
		ticket_get(t, by, auth_url_of(ph), auth_have_ticket, ph);
}

static void auth_by_secret(struct dt_phone *ph)
{
	struct why why = {0};

	if (ph->conf.pin && ph->conf.number) {
		if (!(ph->core.model->auth & DT_AUTH_PIN)) {
			dt_model_refusal(ph->core.model, DT_AUTH_PIN, why.text, sizeof why.text);
			stage_fail(ph, DT_F_METHOD_MODEL, why.text);
			return;
		}
		ph->run.renewing = false;
		auth_ask_ticket(ph, BY_PIN);
	} else if (ph->conf.login && ph->conf.password) {
		if (!(ph->core.model->auth & (ph->conf.tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM))) {
			dt_model_refusal(ph->core.model, ph->conf.tethered ? DT_AUTH_TETHER : DT_AUTH_NTLM, why.text, sizeof why.text);
			stage_fail(ph, DT_F_METHOD_MODEL, why.text);
			return;
		}
		ph->run.renewing = false;
		auth_ask_ticket(ph, BY_NTLM);
	} else {
		stage_fail(ph, DT_F_SECRET_NONE, cert_in_use(ph)->n ? "the stored certificate is no longer good" : NULL);
	}
}

void stage_auth(struct dt_phone *ph)
{
	if (ph->ticket)
		ticket_drop(ph->ticket);
	ph->run.renewing = false;
	ph->run.ticket_again = false;
	if (ph->run.plan == PLAN_ENROL || !cert_good(ph)) {
		auth_by_secret(ph);
		return;
	}
	if (ph->run.plan == PLAN_OUTSIDE_CERT) {
		if (auth_url_of(ph)[0])
			auth_ask_ticket(ph, BY_CERT);
		else
			stage_skip(ph, "the Web Services' outside address is not known to this phone yet");
		return;
	}
	if (cert_half_gone(ph) && auth_url_of(ph)[0]) {
		ph->run.renewing = true;
		ph_key_early(ph);
		auth_ask_ticket(ph, BY_CERT);
		return;
	}
	stage_skip(ph, "%s, by the stored certificate", ph->account.sip);
}
