/* phone/stages/registered.c: with dial tone: keep-alives, refreshes, re-authentication, renewal, what the server says, signing off
 * [sip 3.2, 6.4, 11.5, 13, 19.4]. */
#include "phone/internal.h"

#define SA_SECONDS 28800ull
#define SA_EARLY 300ull
#define DAY_MS 86400000ull
#define BEFORE_END_MS 2000ull /* for the refresh itself */

void registered_begin(struct dt_phone *ph)
{
	uint64_t sa = SA_SECONDS, life;
	int64_t now = ph_unix_s(ph), half;

	ph_timer_set(ph, T_REFRESH, ph->sip->expires * 800ull); /* at 80 % */
	ph->run.bound_until = ph_now_ms(ph) + ph->sip->expires * 1000ull;
	if (ph->sip->keepalive)
		ph_timer_set(ph, T_KEEPALIVE, ph->sip->keepalive * 1000ull * 2 / 3);
	if (ph->sip->sa.scheme == SCHEME_DSK && ph->cred.cert_after > now) {
		life = (uint64_t)(ph->cred.cert_after - now);
		sa = life < sa ? life : sa;
		half = ph->cred.cert_before + (ph->cred.cert_after - ph->cred.cert_before) / 2 - now;
		ph_timer_set(ph, T_RENEW, half > 0 ? (uint64_t)half * 1000 : 3600 * 1000ull);
	}
	ph_timer_set(ph, T_REAUTH, sa > 2 * SA_EARLY ? (sa - SA_EARLY) * 1000 : sa * 500);
	if (ph->core.timer[T_UPDATE] == PH_NEVER) /* "every 24 h", with up to ten minutes of jitter */
		registered_update_later(ph);
}

void registered_keepalive(struct dt_phone *ph)
{
	if (ph->run.registered)
		sip_raw(ph->sip, "\r\n\r\n", 4);
}

/* ---- refresh, anew, renewal ------------------------------------------------------------------------------------------ */

/* From a refreshing REGISTER that was accepted. */
static void registered_next_refresh(struct dt_phone *ph)
{
	ph_timer_set(ph, T_REFRESH, ph->sip->expires * 800ull);
	ph->run.bound_until = ph_now_ms(ph) + ph->sip->expires * 1000ull;
	if (ph->sip->keepalive)
		ph_timer_set(ph, T_KEEPALIVE, ph->sip->keepalive * 1000ull * 2 / 3);
}

/* RFC 3261 21.5.4: "The server MAY indicate when the client should retry the request in a Retry-After header field."  The registration
 * lasts until it expires: the phone stays, and refreshes it when the server says, if that is early enough; the random part of the wait
 * ends before the registration does. */
static bool registered_refresh_later(struct dt_phone *ph, const struct msg *m)
{
	uint64_t wait = ph_spread_ms(ph, 0), now = ph_now_ms(ph), last = ph->run.bound_until - BEFORE_END_MS;

	if (msg_get(m, "Retry-After").p == NULL || wait == 0 || ph->core.not_before > last || now > last)
		return false;
	ph_timer_set(ph, T_REFRESH, now + wait < last ? wait : last - now);
	return true;
}

/* Where a 3xx, or a notice to go, leads: the next registration begins there. */
static void registered_go_to(struct dt_phone *ph, struct sv place, enum dt_candidate as)
{
	char uri[300];
	struct sip_addr addr;
	struct sip_uri u;

	if (sip_addr_read(place, &addr) && sip_uri_read(addr.uri, &u) && u.host.n < 256) {
		bool tcp = sv_ieq(sip_param(u.params, "transport"), SV("tcp")) && !candidates_tls_only(ph);

		text_set(uri, sizeof uri, SV_FMT ":%u %s", SV_ARG(u.host), u.port ? u.port : tcp ? 5060 : 5061, tcp ? "tcp" : "tls");
		ph->found.have_redirect = target_read(uri, &ph->found.redirect);
		ph->found.redirect.candidate = as;
		ph->found.redirect.unnamed = ip_read(u.host, &(uint32_t){0});
	}
}

static void registered_refreshed(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	struct attempt a;
	struct why why = {0};
	unsigned id;

	attempt_begin(ph, &a, "refresh");
	a.since = ph->sip->asked.since;
	if (m == NULL) {
		why_set(&why, "%s", ph->sip->why ? ph->sip->why : "");
		registered_lost(ph, why.text);
		return;
	}
	sip_diag_text(m, &id, &why);
	attempt_sip(ph->sip, &a, m);
	if (m->status / 100 == 2) {
		struct sv action = sip_param(msg_get(m, "presence-state"), "register-action");

		sip_registered_as(ph->sip, m);
		if (action.p == NULL && sv_istarts(msg_get(m, "presence-state"), SV("register-action=")))
			action = sv_from(msg_get(m, "presence-state"), 16);
		/* "If the REGISTER was a refresh and the answer says added or fixed, the server had lost the binding" */
		if (ph->sip->expires && !sv_istarts(action, SV("\"added")) && !sv_istarts(action, SV("\"fixed")) &&
		    !sv_istarts(action, SV("added")) && !sv_istarts(action, SV("fixed"))) {
			attempt_ok(ph, &a, NULL, NULL);
			registered_next_refresh(ph);
			return;
		}
		attempt_sign(&a, DT_SIGN_SIP_LOST);
		attempt_fail(ph, &a, DT_F_SIP_STATUS, NULL);
		registered_lost(ph, dt_signs[DT_SIGN_SIP_LOST].what);
		return;
	}
	if (m->status == 301 || m->status == 302) { /* the user has moved, or is no longer a backup's */
		attempt_sign(&a, DT_SIGN_MOVED);
		attempt_ok(ph, &a, NULL, NULL);
		registered_go_to(ph, msg_get(m, "Contact"), DT_CAND_HOME_POOL);
		registered_lost(ph, dt_signs[DT_SIGN_MOVED].what);
		return;
	}
	attempt_fail(ph, &a, sip_challenged(m) || m->status / 100 == 5 ? DT_F_SIP_STATUS : DT_F_SIP_FORBIDDEN, why.text);
	if (sip_challenged(m)) { /* "401 on refresh: full re-authentication"; when that is not possible now, or fails, the next refresh says so */
		ph_timer_set(ph, T_REFRESH, 20000);
		if (!ph->run.running)
			phone_want_plan(ph, PLAN_RENEW);
	} else if (m->status == 403 || m->status == 404) {
		sip_close(ph->sip); /* what else has come on it counts for nothing */
		phone_want_end(ph, m->status == 404 ? DT_F_SIP_NOT_FOUND : DT_F_SIP_FORBIDDEN, why.text);
	} else if (!registered_refresh_later(ph, m)) {
		registered_lost(ph, why.text);
	}
}

static bool registered_logging_on(const struct dt_phone *ph)
{
	return ph->run.running && ph->run.stage == DT_STAGE_LOGON;
}

static bool registered_busy(const struct dt_phone *ph)
{
	return ph->sip->asked.busy || registered_logging_on(ph);
}

void registered_refresh(struct dt_phone *ph)
{
	if (!ph->run.registered)
		return;
	if (registered_busy(ph))
		ph_timer_set(ph, T_REFRESH, 2000);
	else
		sip_register(ph->sip, -1, NULL, &ph->sip->sa, registered_refreshed, ph);
}

static bool registered_later(struct dt_phone *ph, enum ph_timer t)
{
	if (ph->run.registered && !ph->run.running && !ph->sip->asked.busy)
		return false;
	ph_timer_set(ph, t, 20000);
	return true;
}

/* "The client must re-authenticate at least 5 min before." */
void registered_reauth(struct dt_phone *ph)
{
	if (!registered_later(ph, T_REAUTH))
		phone_want_plan(ph, PLAN_RENEW);
}

void registered_renew(struct dt_phone *ph)
{
	if (!registered_later(ph, T_RENEW))
		phone_want_plan(ph, PLAN_RENEW);
}

void registered_update_later(struct dt_phone *ph)
{
	ph_timer_set(ph, T_UPDATE, DAY_MS + ph_random_below(ph, 600000));
}

/* With dial tone, and while a phone waits for somebody to sign in. */
void registered_update(struct dt_phone *ph)
{
	bool waits = handset_nobody(ph) && ph->run.ready && !ph->run.running;

	if (desk_guest(ph)) { /* "installed while the device is not in use" */
		ph_timer_set(ph, T_UPDATE, 600000);
		return;
	}
	if (!waits && registered_later(ph, T_UPDATE))
		return;
	registered_update_later(ph);
	if (!waits || ph->found.update_url[0] == '\0')
		ph_state_update_url(ph);
	if (ph->found.update_url[0])
		phone_want_plan(ph, PLAN_UPDATE);
}

/* ---- lost ---------------------------------------------------------------------------------------------------------------- */

void registered_lost(struct dt_phone *ph, const char *why)
{
	uint64_t wait = 30000ull << (ph->run.retries < 5 ? ph->run.retries : 5);
	struct attempt a;

	attempt_begin(ph, &a, "registration");
	attempt_fail(ph, &a, DT_F_CLOSED, why);
	ph->run.registered = false;
	sip_close(ph->sip);
	ph_timer_off(ph, T_REAUTH);
	ph_timer_off(ph, T_RENEW);
	if (registered_logging_on(ph)) { /* no answer will come on it: phone_plan_failed() goes on */
		stage_fail(ph, DT_F_CLOSED, why);
		return;
	}
	/* "later back-off 30 s .. 15 min with jitter"; the first time soon */
	wait = ph->run.retries == 0 ? 2000 : wait > 900000 ? 900000 : wait;
	ph->run.retries++;
	ph_timer_set(ph, T_RETRY, ph_spread_ms(ph, wait));
}

/* Of the connection, while nothing is asked on it. */
void registered_connection_lost(void *arg, const char *why)
{
	struct dt_phone *ph = arg;

	if (ph->run.registered)
		registered_lost(ph, why);
}

void registered_retry(struct dt_phone *ph)
{
	if (ph->run.registered)
		return;
	if (ph->run.running)
		ph_timer_set(ph, T_RETRY, 5000);
	else if (ph->conf.appliance && !(ph->run.reported && ph->run.result.ok))
		handset_retry(ph);
	else if (!ph->link.bound && !ph->conf.no_dhcp) /* the lease ended, and no DHCP server has given another since */
		phone_want_start(ph);
	else
		phone_want_plan(ph, PLAN_AGAIN);
}

/* ---- what the server says (13.1) ------------------------------------------------------------------------------------------ */

static void registered_dismissed(struct dt_phone *ph, const struct msg *m, struct sv event)
{
	struct sv v = msg_get(m, "ms-diagnostics-public");
	struct sip_diag d = {0};
	struct attempt a;
	struct why why = {0};

	if (v.p == NULL)
		v = msg_get(m, "ms-diagnostics");
	if (v.p)
		sip_diag_read(v, &d);
	why_set(&why, SV_FMT "%s" SV_FMT, SV_ARG(event), d.reason.n ? ": " : "", SV_ARG(d.reason));
	attempt_begin(ph, &a, "notify deregistered");
	text_set(ph->core.said, sizeof ph->core.said, SV_FMT, SV_ARG(d.reason));
	a.fact.said = ph->core.said;
	a.fact.diag = d.id;
	attempt_fail(ph, &a, DT_F_SIGNED_OFF, why.text);
	if (sv_ieq(event, SV("deactivated")) || sv_ieq(event, SV("preferred-registrar-change"))) {
		/* "register again (will be redirected)"; "register at the given registrar" */
		registered_go_to(ph, msg_get(m, "P-Preferred-Registrar"), DT_CAND_PREFERRED);
		registered_lost(ph, why.text);
		return;
	}
	/* rejected: stop; unregistered: "gone; may register again later", when somebody wants it to */
	sip_close(ph->sip); /* what else has come on it counts for nothing */
	phone_want_end(ph, DT_F_SIGNED_OFF, why.text);
}

/* From a server that does not let the first notification ride in the 200, or when something has changed (14.2). */
static void registered_provisioned(struct dt_phone *ph, struct sv body)
{
	struct attempt a;
	const char *bad;
	char found[SOAP_URI_MAX];

	attempt_begin(ph, &a, "notify provisioning");
	if ((bad = provisioning_take(ph, body, found)) != NULL)
		attempt_fail(ph, &a, DT_F_SIP_BAD, bad);
	else if (!ph_state_save_account(ph))
		attempt_fail(ph, &a, DT_F_STORE, ph->core.persist_why);
	else
		attempt_ok(ph, &a, found[0] ? found : NULL, NULL);
}

static void registered_settings(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;

	if (m && m->status == 200 && m->body.n)
		registered_provisioned(ph, m->body);
}

void registered_request(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	struct sv rest = msg_get(m, "Event"), event = sv_trim(sv_cut(&rest, ';'));
	struct sv state = msg_get(m, "subscription-state");
	bool notify = sv_ieq(m->method, SV("NOTIFY")), best = sv_ieq(m->method, SV("BENOTIFY"));

	if (sv_ieq(m->method, SV("ACK")))
		return;
	if (notify || sv_ieq(m->method, SV("OPTIONS")))
		sip_reply(ph->sip, m, 200, "OK");
	else if (!best) /* "a BENOTIFY must not be answered" */
		sip_reply(ph->sip, m, 501, "Not Implemented");
	if (!notify && !best)
		return;
	if (sv_ieq(event, SV("vnd-microsoft-provisioning-v2")) && m->body.n)
		registered_provisioned(ph, m->body);
	/* RFC 6665 4.1.3: "timeout: The subscription has been terminated because it was not refreshed ... Clients MAY re-subscribe immediately" */
	if (sv_ieq(event, SV("vnd-microsoft-provisioning-v2")) && m->body.n == 0 && sv_istarts(sv_trim(state), SV("terminated")) &&
	    sv_ieq(sip_param(state, "reason"), SV("timeout")) && ph->run.registered && !ph->sip->asked.busy)
		sip_subscribe(ph->sip, registered_settings, ph);
	if (sv_ieq(event, SV("registration-notify"))) {
		struct sv what = sv_trim(m->body), first = sv_cut(&what, ';');

		if (sv_ieq(sv_trim(first), SV("deregistered")))
			registered_dismissed(ph, m, sip_param(what, "event"));
	}
}

/* ---- signing off -------------------------------------------------------------------------------------------------------------- */

static void registered_quiet(struct dt_phone *ph)
{
	bool reported = ph->run.reported;

	ph->run.registered = false;
	sip_close(ph->sip);
	ph_timers_off(ph);
	if (ph->link.bound)
		dhcp_release(ph, &ph->link.lease);
	vlan_bye(ph);
	ph->link.bound = false;
	ph->core.body->address(ph->core.arg, NULL);
	record_result(ph, reported ? ph->run.result.stage : ph->run.stage, reported && ph->run.result.ok, reported ? ph->run.result.failure : DT_F_STOPPED,
		      reported ? ph->run.result.why : NULL);
}

static void registered_signed_off(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	struct attempt a;
	struct why why = {0};
	unsigned id;

	attempt_begin(ph, &a, "sign off");
	if (m && m->status / 100 == 2) {
		attempt_ok(ph, &a, NULL, NULL);
	} else {
		attempt_sip(ph->sip, &a, m);
		if (m)
			sip_diag_text(m, &id, &why);
		else
			why_set(&why, "%s", ph->sip->why ? ph->sip->why : "");
		attempt_fail(ph, &a, m ? DT_F_SIP_STATUS : ph->sip->bad, why.text);
	}
	if (ph->power.stopping)
		registered_quiet(ph);
	else if (ph->run.signing_out)
		ph->run.signed_off = true;
}

void registered_off(struct dt_phone *ph)
{
	if (ph->run.registered && ph->sip->open && ph->sip->sa.up) {
		sip_register(ph->sip, 0, NULL, &ph->sip->sa, registered_signed_off, ph);
		if ((ph->power.stopping || ph->run.signing_out) && ph->core.timer[T_SIP] != PH_NEVER && ph->core.timer[T_SIP] > ph_now_ms(ph) + 4000)
			ph_timer_set(ph, T_SIP, 4000);
		return;
	}
	if (ph->power.stopping)
		registered_quiet(ph);
	else if (ph->run.signing_out)
		ph->run.signed_off = true;
}
