/* phone/stages/stage9_logon.c
 *
 * "Log on to the Lync Server": the candidates in their order until one succeeds, REGISTER with TLS-DSK (or NTLM), redirects
 * to the home pool, in-band provisioning, and then the phone stays.
 *
 * "Succeeds" [sip 2.1]: a SIP answer to the first REGISTER came, whatever its status: authentication and policy
 * errors end the search.  "Advance on: no record, no address, connect refused/timeout, TLS failure, no SIP answer in time,
 * 5xx on the first REGISTER."
 */
#include "phone/internal.h"

#define REDIRECTS 5

static void logon_try_next(struct dt_phone *ph);
static void logon_try_address(struct dt_phone *ph);
static void logon_have_answer(void *arg, const struct msg *m);

/* An answer may come after the stage has run out of time: a renewal that failed leaves the connection up. */
static bool logon_logging_on(const struct dt_phone *ph)
{
	return ph->run.running && ph->run.stage == DT_STAGE_LOGON;
}

/* ---- the candidates ---------------------------------------------------------------------------------------------- */

/* The failure of the whole search is the first one that says more than "no such record".  a: the attempt that it was. */
static void logon_passed_over_at(struct dt_phone *ph, struct attempt *a, enum dt_failure f, const char *why)
{
	struct why copy = {0};

	why_set(&copy, "%s", why ? why : "");
	attempt_fail(ph, a, f, copy.text);
	if (ph->work->logon_failure == DT_F_OK || (ph->work->logon_failure == DT_F_DNS_NONE && f != DT_F_DNS_NONE)) {
		ph->work->logon_failure = f;
		why_set(&ph->work->logon_why, "%s%s%s", ph->work->here.host, copy.text[0] ? ": " : "", copy.text);
	}
}

static void logon_passed_over(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	logon_passed_over_at(ph, &ph->work->logon_try, f, why);
}

/* 19.4: "480/5xx/timeout -> next candidate in the same step list", before the first answer and behind it. */
static void logon_next_place(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	sip_close(ph->sip);
	logon_passed_over_at(ph, ph->work->answered ? &ph->work->try : &ph->work->logon_try, f, why);
	ph->work->address_at++;
	logon_try_address(ph);
}

static void logon_have_addresses(void *arg, const struct dt_dns_answer *a)
{
	struct dt_phone *ph = arg;

	ph->work->naddress = ph->work->address_at = 0;
	for (unsigned i = 0; a->status == DT_DNS_OK && i < a->n && i < 8; i++)
		ph->work->address[ph->work->naddress++] = a->rr[i].address;
	if (ph->work->naddress == 0 && ph->work->here.candidate == DT_CAND_STORED) {
		/* "or the names do not resolve, the last good registrar/addresses are used" */
		struct sv rest = sv_of(ph->account.addresses);

		while (rest.p && ph->work->naddress < 8)
			if (ip_read(sv_cut(&rest, ','), &ph->work->address[ph->work->naddress]))
				ph->work->naddress++;
	}
	if (ph->work->naddress == 0) {
		attempt_sign(&ph->work->logon_try, DT_SIGN_NAME_NO_ADDRESS);
		attempt_sign(&ph->work->logon_try, dns_sign(a));
		ph->work->logon_try.fact.rcode = a->rcode;
		logon_passed_over(ph, dns_failure(a), dt_signs[DT_SIGN_NAME_NO_ADDRESS].what);
		logon_try_next(ph);
		return;
	}
	logon_try_address(ph);
}

static void logon_begin_place(struct dt_phone *ph)
{
	const struct sip_target *t = &ph->work->here;

	attempt_begin(ph, &ph->work->logon_try, "registrar %s %s:%u", dt_candidates[t->candidate].name, t->host, t->port);
	ph->work->logon_try.fact.candidate = t->candidate;
	ph->work->logon_try.fact.host = t->host;
}

static void logon_try_target(struct dt_phone *ph, const struct sip_target *t)
{
	ph->work->here = *t;
	logon_begin_place(ph);
	dns_ask(&ph->dns, t->host, DT_RR_A, logon_have_addresses, ph);
}

static void logon_try_address(struct dt_phone *ph)
{
	for (; ph->work->address_at < ph->work->naddress; ph->work->address_at++) {
		uint32_t a = ph->work->address[ph->work->address_at];

		logon_begin_place(ph);
		attempt_at(&ph->work->logon_try, a, ph->work->here.port);
		if (sip_open(ph->sip, &ph->work->here, a))
			return;
		logon_passed_over(ph, DT_F_CONNECT, NULL);
	}
	logon_try_next(ph);
}

static void logon_try_next(struct dt_phone *ph)
{
	if (ph->work->redirects) { /* the home pool is the one place to go: there is no other */
		stage_fail(ph, ph->work->logon_failure ? ph->work->logon_failure : DT_F_CONNECT, ph->work->logon_why.text);
		return;
	}
	if (ph->found.have_redirect) {
		ph->found.have_redirect = false;
		logon_try_target(ph, &ph->found.redirect);
		return;
	}
	if (ph->work->target_at < ph->work->ntarget) {
		const struct sip_target *t = &ph->work->target[ph->work->target_at++];

		if (!t->tls && candidates_tls_only(ph) && !ph->conf.registrar) {
			logon_try_next(ph);
			return;
		}
		candidates_report(ph, t->candidate);
		logon_try_target(ph, t);
		return;
	}
	candidates_report(ph, CANDIDATES);
	if (ph->work->logon_failure == DT_F_OK)
		ph->work->logon_failure = candidates_failure(ph, &ph->work->logon_why);
	stage_fail(ph, ph->work->logon_failure, ph->work->logon_why.text);
}

static void logon_begin_search(struct dt_phone *ph)
{
	if (!ph->work->built || ph->conf.registrar)
		candidates_build(ph);
	ph->work->target_at = ph->work->passed_reported = 0;
	logon_try_next(ph);
}

static void logon_srv(struct dt_phone *ph)
{
	if (ph->work->srv_open == 0)
		logon_begin_search(ph);
}

/* What the phone may be known by at the Registrar. */
static void logon_credentials(struct dt_phone *ph)
{
	bool good = cert_good(ph), ntlm = auth_ntlm_is_enough(ph);

	ph->sip->conf.key = good ? key_in_use(ph) : NULL;
	ph->sip->conf.cert = good ? cert_in_use(ph) : NULL;
	ph->sip->conf.ntlm = ntlm ? (struct ntlm_login){ph->conf.login, ph->conf.password} : (struct ntlm_login){0};
}

/* On the connection that is up, from the beginning of the handshake. */
static void logon_register_anew(struct dt_phone *ph)
{
	logon_credentials(ph);
	sip_auth_begin(ph->sip);
	attempt_begin(ph, &ph->work->try, "register");
	attempt_peer(&ph->work->try, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	attempt_sip(ph->sip, &ph->work->try, NULL);
	sip_register(ph->sip, -1, NULL, NULL, logon_have_answer, ph);
}

static void logon_opened(void *arg, const struct dt_stream_opened *o)
{
	struct dt_phone *ph = arg;
	struct why why = {0};

	if (o->failure != DT_F_OK) {
		why_set(&why, "%s", o->why ? o->why : "");
		memcpy(ph->work->logon_try.sign, o->sign, sizeof ph->work->logon_try.sign);
		ph->work->logon_try.fact.cert = o->cert_name;
		ph->work->logon_try.fact.alert = o->alert;
		logon_passed_over(ph, ph_date_failure(ph, o->failure), why.text);
		ph->work->address_at++;
		logon_try_address(ph);
		return;
	}
	ph_random_hex(ph, ph->sip->call_id, 32);
	ph->sip->cseq = 0;
	ph->work->answered = false;
	logon_register_anew(ph);
}

void stage_logon(struct dt_phone *ph)
{
	const char *at = strchr(ph->account.sip, '@');
	struct sip_conf c = {.aor = ph->account.sip, .anchors = &ph->cred.anchors, .outside = ph->conf.outside,
			     .old_tls = ph->conf.old_tls};
	struct sip_handlers to = {.opened = logon_opened, .request = registered_request, .lost = registered_connection_lost, .arg = ph};

	ph->work->logon_failure = DT_F_OK;
	ph->work->logon_why.text[0] = '\0';
	ph->work->redirects = 0;
	if (at == NULL) {
		stage_fail(ph, DT_F_SECRET_NONE, "the user's SIP URI is not known: give --sip");
		return;
	}
	if (ph->run.registered && ph->sip && ph->sip->open && !ph->sip->asked.busy) { /* anew, on the connection that is up */
		logon_register_anew(ph);
		return;
	}
	ph->run.registered = false;
	sip_free(ph->sip);
	if ((ph->sip = sip_new(ph, &c, &to)) == NULL)
		return;
	/* the SIP domain is what SRV is asked for; before the sign-in it was not known */
	if (!ph->conf.registrar && (!ph->work->built || !sv_ieq(sv_of(at + 1), sv_of(ph->work->srv_domain)))) {
		candidates_ask(ph, at + 1, logon_srv);
		logon_srv(ph);
		return;
	}
	logon_begin_search(ph);
}

/* ---- how it ends ----------------------------------------------------------------------------------------------------- */

static void logon_refused(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	struct why copy = {0};

	why_set(&copy, "%s", why);
	attempt_fail(ph, &ph->work->try, f, copy.text);
	if (f == DT_F_CERT_REFUSED && ph->cred.use_fresh) { /* the renewed one is not taken: the old one is still here */
		ph_state_drop_fresh(ph);
		logon_register_anew(ph);
		return;
	}
	if (f == DT_F_CERT_REFUSED && !ph->run.enrolled_again && !ph->run.pin_used && ph->found.web_url[0] &&
	    ((ph->conf.pin && ph->conf.number) || (ph->conf.login && ph->conf.password))) {
		ph->run.enrolled_again = true;
		sip_close(ph->sip);
		stage_instead(ph, PLAN_ENROL, f, copy.text);
		return;
	}
	stage_fail(ph, f, copy.text);
}

static void logon_redirected(struct dt_phone *ph, const struct msg *m)
{
	struct sip_target t = {.candidate = DT_CAND_HOME_POOL, .tls = true};
	struct sip_addr a;
	struct sip_uri u;
	uint32_t address;
	char name[300], here[300];

	if (!sip_addr_read(msg_get(m, "Contact"), &a) || !sip_uri_read(a.uri, &u) || !sv_copy(t.host, sizeof t.host, u.host)) {
		attempt_sign(&ph->work->try, DT_SIGN_MOVED_NOWHERE);
		logon_refused(ph, DT_F_SIP_BAD, dt_signs[DT_SIGN_MOVED_NOWHERE].what);
		return;
	}
	t.unnamed = ip_read(sv_of(t.host), &address);
	t.tls = !sv_ieq(sip_param(u.params, "transport"), SV("tcp"));
	t.tls = t.tls || ph->conf.outside || candidates_tls_only(ph);
	t.port = u.port ? u.port : t.tls ? 5061 : 5060;
	text_set(name, sizeof name, "%s:%u", t.host, t.port);
	text_set(here, sizeof here, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	if (ph->work->redirects < REDIRECTS)
		text_set(ph->work->visited[ph->work->redirects], sizeof ph->work->visited[0], "%s", here);
	ph->work->redirects++;
	for (unsigned i = 0; i < ph->work->redirects && i < REDIRECTS; i++)
		if (sv_ieq(sv_of(ph->work->visited[i]), sv_of(name)) || ph->work->redirects > REDIRECTS) {
			struct why why = {0};

			why_set(&why, "sent to %s again", name);
			logon_refused(ph, DT_F_REDIRECTS, why.text);
			return;
		}
	attempt_sign(&ph->work->try, DT_SIGN_MOVED);
	ph->work->try.fact.host = t.host; /* where to */
	attempt_ok(ph, &ph->work->try, name, NULL);
	sip_close(ph->sip);
	logon_try_target(ph, &t);
}

static void logon_have_provisioning(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	const char *bad = NULL;
	struct why why = {0};
	char found[SOAP_URI_MAX];

	attempt_sip(ph->sip, &ph->work->try, m);
	if (m == NULL) {
		attempt_fail(ph, &ph->work->try, ph->sip->bad, ph->sip->why);
		if (!ph->sip->open) { /* the connection went: there is no dial tone */
			why_set(&why, "%s", ph->sip->why ? ph->sip->why : "");
			ph->run.registered = false;
			stage_fail(ph, ph->sip->bad, why.text);
			return;
		}
	} else if (m->status != 200) {
		unsigned id;

		sip_diag_text(m, &id, &why);
		attempt_fail(ph, &ph->work->try, DT_F_SIP_STATUS, why.text);
	} else if ((bad = provisioning_take(ph, m->body, found)) != NULL) {
		attempt_fail(ph, &ph->work->try, DT_F_SIP_BAD, bad);
	} else {
		attempt_ok(ph, &ph->work->try, found[0] ? found : NULL, NULL);
		if (!ph_state_save_account(ph)) {
			stage_fail(ph, DT_F_STORE, ph->core.persist_why);
			return;
		}
	}
	if (ph->run.registered && ph->sip->open && !ph->sip->peer.tls && candidates_tls_only(ph)) {
		attempt_begin(ph, &ph->work->try, "sip security mode");
		attempt_sign(&ph->work->try, DT_SIGN_SIP_SECURITY);
		ph->run.registered = false;
		ph->work->naddress = 0; /* the other addresses of this target are no better */
		logon_next_place(ph, DT_F_SIP_SCHEME, NULL);
		return;
	}
	if (ph->run.registered && ph->sip->open)
		stage_done(ph, "sip:%s at %s:%u", ph->account.sip, ph->sip->peer.host, ph->sip->peer.port);
	else
		stage_fail(ph, DT_F_CLOSED, NULL);
}

static void logon_store_registrar(struct dt_phone *ph)
{
	size_t n = 0;
	char ip[16];

	text_set(ph->account.registrar, sizeof ph->account.registrar, "%s:%u %s", ph->sip->peer.host, ph->sip->peer.port,
	     ph->sip->peer.tls ? "tls" : "tcp");
	ph->account.addresses[0] = '\0';
	for (unsigned i = 0; i < ph->work->naddress && n + 18 < sizeof ph->account.addresses; i++) {
		text_set(ph->account.addresses + n, sizeof ph->account.addresses - n, "%s%s", i ? "," : "",
		     ip_text(ph->work->address[i], ip));
		n = strlen(ph->account.addresses);
	}
}

static void logon_registered(struct dt_phone *ph, const struct msg *m)
{
	char found[FOUND_MAX];
	bool first = !ph->run.registered;

	ph->sip->sa = ph->sip->next;
	ph->sip->sa.since = ph_now_ms(ph);
	memset(&ph->sip->next, 0, sizeof ph->sip->next);
	sip_auth_end(ph->sip);
	sip_registered_as(ph->sip, m);
	if (ph->sip->expires == 0) {
		logon_refused(ph, DT_F_SIP_BAD, "the answer to REGISTER has no Expires");
		return;
	}
	text_set(found, sizeof found, "%s, for %u s", ph->sip->sa.scheme == SCHEME_DSK ? "TLS-DSK" : "NTLM", ph->sip->expires);
	ph->work->try.fact.seconds = ph->sip->expires;
	if (sip_at_backup(m))
		attempt_sign(&ph->work->try, DT_SIGN_BACKUP_REGISTRAR);
	attempt_ok(ph, &ph->work->try, found, NULL);
	/* a phone outside keeps the Registrar it found inside: "internal phones keep the FQDN of the registrar, remote ones
	 * that of the access proxy" */
	logon_store_registrar(ph);
	if (!ph_state_promote(ph) || !ph_state_save_account(ph)) {
		stage_fail(ph, DT_F_STORE, ph->core.persist_why);
		return;
	}
	ph->run.registered = true;
	registered_begin(ph);
	if (!first) {
		stage_done(ph, "sip:%s, anew", ph->account.sip);
		return;
	}
	attempt_begin(ph, &ph->work->try, "subscribe provisioning");
	attempt_peer(&ph->work->try, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	sip_subscribe(ph->sip, logon_have_provisioning, ph);
}

/* ---- answers to REGISTER ------------------------------------------------------------------------------------------------ */

static void logon_no_answer(struct dt_phone *ph)
{
	struct why why = {0};
	enum dt_failure f = ph->sip->bad;

	why_set(&why, "%s", ph->sip->why ? ph->sip->why : "");
	if (!ph->run.registered && (!ph->work->answered || f == DT_F_TIMEOUT || f == DT_F_CLOSED)) {
		logon_next_place(ph, f, why.text);
		return;
	}
	attempt_fail(ph, &ph->work->try, f, why.text);
	if (ph->run.registered && !ph->sip->open)
		ph->run.registered = false;
	stage_fail(ph, f, why.text);
}

static void logon_challenged(struct dt_phone *ph, const struct msg *m)
{
	struct sip_challenge c = {0};
	enum auth_result r = sip_auth_401(ph->sip, m, logon_have_answer, ph, &c);

	/* the Web Services' address, for who does not have it yet */
	if (c.sts_uri.n && (ph->conf.outside || ph->found.web_url[0] == '\0'))
		sv_copy(ph->found.web_url, sizeof ph->found.web_url, c.sts_uri);
	for (unsigned i = 0; i < DT_SIGNS_MAX && c.sign[i] != DT_SIGN_NONE; i++)
		attempt_sign(&ph->work->try, c.sign[i]);
	if (r == AUTH_FAILED)
		logon_refused(ph, c.failure, c.why.text);
}

/* A Registrar that wants TLS (SIPSecurityMode) forbids plain TCP; that says nothing about why TLS failed before. */
static bool logon_forbids_tcp(const struct dt_phone *ph, const struct msg *m)
{
	return m->status == 403 && !ph->sip->peer.tls && !ph->run.registered && ph->work->logon_failure != DT_F_OK &&
	       ph->work->logon_failure != DT_F_DNS_NONE;
}

static void logon_have_answer(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	struct why why = {0};
	unsigned diag;

	if (!logon_logging_on(ph))
		return;
	if (m == NULL) {
		logon_no_answer(ph);
		return;
	}
	sip_diag_text(m, &diag, &why);
	attempt_sip(ph->sip, &ph->work->try, m);
	if (!ph->work->answered)
		attempt_sip(ph->sip, &ph->work->logon_try, m);
	if ((!ph->run.registered && (m->status / 100 == 5 || m->status == 480)) || logon_forbids_tcp(ph, m)) {
		logon_next_place(ph, dt_failure_of_sip(m->status, diag), why.text);
		return;
	}
	if (!ph->work->answered && !ph->run.registered) {
		ph->work->answered = true;
		attempt_ok(ph, &ph->work->logon_try, NULL, NULL);
	}
	if (sip_challenged(m)) {
		logon_challenged(ph, m);
	} else if (m->status / 100 == 2 && ph->sip->next.up) {
		logon_registered(ph, m);
	} else if (m->status / 100 == 2) {
		attempt_sign(&ph->work->try, DT_SIGN_SIP_UNSIGNED);
		logon_refused(ph, DT_F_SIP_SIGNATURE, dt_signs[DT_SIGN_SIP_UNSIGNED].what);
	} else if ((m->status == 301 || m->status == 302) && ph->sip->next.up) {
		logon_redirected(ph, m);
	} else {
		logon_refused(ph, dt_failure_of_sip(m->status, diag), why.text);
	}
}
