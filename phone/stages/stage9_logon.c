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

static void try_next(struct dt_phone *ph);
static void try_address(struct dt_phone *ph);
static void have_answer(void *arg, const struct msg *m);

/* An answer may come after the stage has run out of time: a renewal that failed leaves the connection up. */
static bool logging_on(const struct dt_phone *ph)
{
	return ph->running && ph->stage == DT_STAGE_LOGON;
}

/* ---- the candidates ---------------------------------------------------------------------------------------------- */

/* The failure of the whole search is the first one that says more than "no such record".  a: the attempt that it was. */
static void passed_over_at(struct dt_phone *ph, struct attempt *a, enum dt_failure f, const char *why)
{
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why ? why : "");
	attempt_fail(ph, a, f, copy);
	if (ph->logon_failure == DT_F_OK || (ph->logon_failure == DT_F_DNS_NONE && f != DT_F_DNS_NONE)) {
		ph->logon_failure = f;
		text(ph->logon_why, sizeof ph->logon_why, "%s%s%s", ph->here.host, copy[0] ? ": " : "", copy);
	}
}

static void passed_over(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	passed_over_at(ph, &ph->logon_try, f, why);
}

/* 19.4: "480/5xx/timeout -> next candidate in the same step list", before the first answer and behind it. */
static void next_place(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	sip_close(ph->sip);
	passed_over_at(ph, ph->answered ? &ph->try : &ph->logon_try, f, why);
	ph->address_at++;
	try_address(ph);
}

static void have_addresses(void *arg, const struct dt_dns_answer *a)
{
	struct dt_phone *ph = arg;

	ph->naddress = ph->address_at = 0;
	for (unsigned i = 0; a->status == DT_DNS_OK && i < a->n && i < 8; i++)
		ph->address[ph->naddress++] = a->rr[i].address;
	if (ph->naddress == 0 && ph->here.candidate == DT_CAND_STORED) {
		/* "or the names do not resolve, the last good registrar/addresses are used" */
		struct sv rest = sv_of(ph->account.addresses);

		while (rest.p && ph->naddress < 8)
			if (ip_read(sv_cut(&rest, ','), &ph->address[ph->naddress]))
				ph->naddress++;
	}
	if (ph->naddress == 0) {
		attempt_sign(&ph->logon_try, DT_SIGN_NAME_NO_ADDRESS);
		attempt_sign(&ph->logon_try, dns_sign(a));
		ph->logon_try.fact.rcode = a->rcode;
		passed_over(ph, dns_failure(a), dt_signs[DT_SIGN_NAME_NO_ADDRESS].what);
		try_next(ph);
		return;
	}
	try_address(ph);
}

static void begin_place(struct dt_phone *ph)
{
	const struct sip_target *t = &ph->here;

	attempt_begin(ph, &ph->logon_try, "registrar %s %s:%u", dt_candidates[t->candidate].name, t->host, t->port);
	ph->logon_try.fact.candidate = t->candidate;
	ph->logon_try.fact.host = t->host;
}

static void try_target(struct dt_phone *ph, const struct sip_target *t)
{
	ph->here = *t;
	begin_place(ph);
	dns_ask(&ph->dns, t->host, DT_RR_A, have_addresses, ph);
}

static void try_address(struct dt_phone *ph)
{
	for (; ph->address_at < ph->naddress; ph->address_at++) {
		uint32_t a = ph->address[ph->address_at];

		begin_place(ph);
		attempt_at(&ph->logon_try, a, ph->here.port);
		if (sip_open(ph->sip, &ph->here, a))
			return;
		passed_over(ph, DT_F_CONNECT, NULL);
	}
	try_next(ph);
}

static void try_next(struct dt_phone *ph)
{
	if (ph->redirects) { /* the home pool is the one place to go: there is no other */
		stage_fail(ph, ph->logon_failure ? ph->logon_failure : DT_F_CONNECT, ph->logon_why);
		return;
	}
	if (ph->have_redirect) {
		ph->have_redirect = false;
		try_target(ph, &ph->redirect);
		return;
	}
	if (ph->target_at < ph->ntarget) {
		const struct sip_target *t = &ph->target[ph->target_at++];

		candidates_report(ph, t->candidate);
		try_target(ph, t);
		return;
	}
	candidates_report(ph, CANDIDATES);
	if (ph->logon_failure == DT_F_OK)
		ph->logon_failure = candidates_failure(ph, ph->logon_why);
	stage_fail(ph, ph->logon_failure, ph->logon_why);
}

static void begin_search(struct dt_phone *ph)
{
	candidates_build(ph);
	ph->target_at = 0;
	try_next(ph);
}

void logon_srv(struct dt_phone *ph)
{
	if (ph->srv_open == 0)
		begin_search(ph);
}

/* What the phone may be known by at the Registrar. */
static void logon_credentials(struct dt_phone *ph)
{
	bool good = cert_good(ph), ntlm = ph->login && ph->password &&
					 (ph->core.model->ways & (ph->tethered ? DT_WAY_TETHER : DT_WAY_NTLM));

	ph->sip->conf.key = good ? key_in_use(ph) : NULL;
	ph->sip->conf.cert = good ? cert_in_use(ph) : NULL;
	ph->sip->conf.ntlm = ntlm ? (struct ntlm_login){ph->login, ph->password} : (struct ntlm_login){0};
}

/* On the connection that is up, from the beginning of the handshake. */
static void register_anew(struct dt_phone *ph)
{
	logon_credentials(ph);
	sip_auth_begin(ph->sip);
	attempt_begin(ph, &ph->try, "register");
	attempt_peer(&ph->try, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	attempt_sip(ph->sip, &ph->try, NULL);
	sip_register(ph->sip, -1, NULL, NULL, have_answer, ph);
}

static void logon_opened(void *arg, const struct dt_stream_opened *o)
{
	struct dt_phone *ph = arg;
	char why[WHY_MAX];

	if (o->failure != DT_F_OK) {
		text(why, sizeof why, "%s", o->why ? o->why : "");
		memcpy(ph->logon_try.sign, o->sign, sizeof ph->logon_try.sign);
		ph->logon_try.fact.cert = o->cert_name;
		ph->logon_try.fact.alert = o->alert;
		passed_over(ph, o->failure == DT_F_TLS_DATE && !ph->core.time_known ? DT_F_CLOCK_WRONG : o->failure, why);
		ph->address_at++;
		try_address(ph);
		return;
	}
	ph_random_hex(ph, ph->sip->call_id, 32);
	ph->sip->cseq = 0;
	ph->answered = false;
	register_anew(ph);
}

void stage_logon(struct dt_phone *ph)
{
	const char *at = strchr(ph->account.sip, '@');
	struct sip_conf c = {.aor = ph->account.sip, .anchors = &ph->anchors, .outside = ph->outside};
	struct sip_handlers to = {.opened = logon_opened, .request = stay_request, .lost = stay_lost_connection, .arg = ph};

	ph->logon_failure = DT_F_OK;
	ph->logon_why[0] = '\0';
	ph->redirects = 0;
	if (at == NULL) {
		stage_fail(ph, DT_F_SECRET_NONE, "the user's SIP URI is not known: give --sip");
		return;
	}
	if (ph->registered && ph->sip && ph->sip->open && !ph->sip->asked.busy) { /* anew, on the connection that is up */
		register_anew(ph);
		return;
	}
	ph->registered = false;
	sip_free(ph->sip);
	if ((ph->sip = sip_new(ph, &c, &to)) == NULL)
		return;
	/* the SIP domain is what SRV is asked for; before the sign-in it was not known */
	if (!ph->registrar_conf && !sv_ieq(sv_of(at + 1), sv_of(ph->srv_domain))) {
		discover_srv(ph, at + 1);
		logon_srv(ph);
		return;
	}
	if (!ph->registrar_conf && !ph->srv_asked[CANDIDATES - 1]) { /* a plan without stage 5 */
		discover_srv(ph, at + 1);
		logon_srv(ph);
		return;
	}
	begin_search(ph);
}

/* ---- how it ends ----------------------------------------------------------------------------------------------------- */

static void refused(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	char copy[WHY_MAX];

	text(copy, sizeof copy, "%s", why);
	attempt_fail(ph, &ph->try, f, copy);
	if (f == DT_F_CERT_REFUSED && ph->use_fresh) { /* the renewed one is not taken: the old one is still here */
		keep_drop_fresh(ph);
		register_anew(ph);
		return;
	}
	if (f == DT_F_CERT_REFUSED && !ph->enrolled_again && !ph->pin_used && ph->web_url[0] &&
	    ((ph->pin && ph->number) || (ph->login && ph->password))) {
		ph->enrolled_again = true;
		sip_close(ph->sip);
		stage_instead(ph, PLAN_ENROL, f, copy);
		return;
	}
	stage_fail(ph, f, copy);
}

static enum dt_failure of_status(const struct msg *m, unsigned diag)
{
	switch (m->status) {
	case 403:
		return diag == 4003 ? DT_F_REMOTE_OFF : DT_F_SIP_FORBIDDEN;
	case 404:
		return DT_F_SIP_NOT_FOUND;
	default:
		return DT_F_SIP_STATUS;
	}
}

static void redirected(struct dt_phone *ph, const struct msg *m)
{
	struct sip_target t = {.candidate = DT_CAND_HOME_POOL, .tls = true};
	struct sip_addr a;
	struct sip_uri u;
	char name[300], here[300];

	if (!sip_addr_read(msg_get(m, "Contact"), &a) || !sip_uri_read(a.uri, &u) || !sv_copy(t.host, sizeof t.host, u.host)) {
		attempt_sign(&ph->try, DT_SIGN_MOVED_NOWHERE);
		refused(ph, DT_F_SIP_BAD, dt_signs[DT_SIGN_MOVED_NOWHERE].what);
		return;
	}
	t.tls = !sv_ieq(sip_param(u.params, "transport"), SV("tcp"));
	t.port = u.port ? u.port : t.tls ? 5061 : 5060;
	text(name, sizeof name, "%s:%u", t.host, t.port);
	text(here, sizeof here, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	if (ph->redirects < REDIRECTS)
		text(ph->visited[ph->redirects], sizeof ph->visited[0], "%s", here);
	ph->redirects++;
	for (unsigned i = 0; i < ph->redirects && i < REDIRECTS; i++)
		if (sv_ieq(sv_of(ph->visited[i]), sv_of(name)) || ph->redirects > REDIRECTS) {
			char why[WHY_MAX];

			text(why, sizeof why, "sent to %s again", name);
			refused(ph, DT_F_REDIRECTS, why);
			return;
		}
	attempt_sign(&ph->try, DT_SIGN_MOVED);
	ph->try.fact.host = t.host; /* where to */
	attempt_ok(ph, &ph->try, name, NULL);
	sip_close(ph->sip);
	try_target(ph, &t);
}

static void have_provisioning(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	const char *bad = NULL;
	char why[WHY_MAX], found[SOAP_URI_MAX];

	attempt_sip(ph->sip, &ph->try, m);
	if (m == NULL) {
		attempt_fail(ph, &ph->try, ph->sip->bad, ph->sip->why);
		if (!ph->sip->open) { /* the connection went: there is no dial tone */
			text(why, sizeof why, "%s", ph->sip->why);
			ph->registered = false;
			stage_fail(ph, ph->sip->bad, why);
			return;
		}
	} else if (m->status != 200) {
		unsigned id;

		sip_diag_text(m, &id, why, sizeof why);
		attempt_fail(ph, &ph->try, DT_F_SIP_STATUS, why);
	} else if ((bad = provisioning_take(ph, m->body, found)) != NULL) {
		attempt_fail(ph, &ph->try, DT_F_SIP_BAD, bad);
	} else {
		attempt_ok(ph, &ph->try, found[0] ? found : NULL, NULL);
		if (!keep_account(ph)) {
			stage_fail(ph, DT_F_STORE, ph->core.keep_why);
			return;
		}
	}
	if (ph->registered && ph->sip->open)
		stage_done(ph, "sip:%s at %s:%u", ph->account.sip, ph->sip->peer.host, ph->sip->peer.port);
	else
		stage_fail(ph, DT_F_CLOSED, NULL);
}

static void keep_registrar(struct dt_phone *ph)
{
	size_t n = 0;
	char ip[16];

	text(ph->account.registrar, sizeof ph->account.registrar, "%s:%u %s", ph->sip->peer.host, ph->sip->peer.port,
	     ph->sip->peer.tls ? "tls" : "tcp");
	ph->account.addresses[0] = '\0';
	for (unsigned i = 0; i < ph->naddress && n + 18 < sizeof ph->account.addresses; i++) {
		text(ph->account.addresses + n, sizeof ph->account.addresses - n, "%s%s", i ? "," : "",
		     ip_text(ph->address[i], ip));
		n = strlen(ph->account.addresses);
	}
}

static void registered(struct dt_phone *ph, const struct msg *m)
{
	char found[WHY_MAX];
	bool first = !ph->registered;

	ph->sip->sa = ph->sip->next;
	ph->sip->sa.since = ph_now_ms(ph);
	memset(&ph->sip->next, 0, sizeof ph->sip->next);
	sip_auth_end(ph->sip);
	sip_registered_as(ph->sip, m);
	if (ph->sip->expires == 0) {
		refused(ph, DT_F_SIP_BAD, "the answer to REGISTER has no Expires");
		return;
	}
	text(found, sizeof found, "%s, for %u s", ph->sip->sa.scheme == SCHEME_DSK ? "TLS-DSK" : "NTLM", ph->sip->expires);
	ph->try.fact.seconds = ph->sip->expires;
	attempt_ok(ph, &ph->try, found, NULL);
	/* a phone outside keeps the Registrar it found inside: "internal phones keep the FQDN of the registrar, remote ones
	 * that of the access proxy" */
	keep_registrar(ph);
	if (!keep_promote(ph) || !keep_account(ph)) {
		stage_fail(ph, DT_F_STORE, ph->core.keep_why);
		return;
	}
	ph->registered = true;
	stay_begin(ph);
	if (!first) {
		stage_done(ph, "sip:%s, anew", ph->account.sip);
		return;
	}
	attempt_begin(ph, &ph->try, "subscribe provisioning");
	attempt_peer(&ph->try, "%s:%u", ph->sip->peer.host, ph->sip->peer.port);
	sip_subscribe(ph->sip, have_provisioning, ph);
}

/* ---- answers to REGISTER ------------------------------------------------------------------------------------------------ */

static void no_answer(struct dt_phone *ph)
{
	char why[WHY_MAX];
	enum dt_failure f = ph->sip->bad;

	text(why, sizeof why, "%s", ph->sip->why);
	if (!ph->registered && (!ph->answered || f == DT_F_TIMEOUT || f == DT_F_CLOSED)) {
		next_place(ph, f, why);
		return;
	}
	attempt_fail(ph, &ph->try, f, why);
	if (ph->registered && !ph->sip->open)
		ph->registered = false;
	stage_fail(ph, f, why);
}

static void challenged(struct dt_phone *ph, const struct msg *m)
{
	struct sip_challenge c = {0};
	enum auth_result r = sip_auth_401(ph->sip, m, have_answer, ph, &c);

	/* the Web Services' address, for who does not have it yet */
	if (c.sts_uri.n && (ph->outside || ph->web_url[0] == '\0'))
		sv_copy(ph->web_url, sizeof ph->web_url, c.sts_uri);
	for (unsigned i = 0; i < DT_SIGNS_MAX && c.sign[i] != DT_SIGN_NONE; i++)
		attempt_sign(&ph->try, c.sign[i]);
	if (r == AUTH_FAILED)
		refused(ph, c.failure, c.why);
}

static void have_answer(void *arg, const struct msg *m)
{
	struct dt_phone *ph = arg;
	char why[WHY_MAX];
	unsigned diag;

	if (!logging_on(ph))
		return;
	if (m == NULL) {
		no_answer(ph);
		return;
	}
	sip_diag_text(m, &diag, why, sizeof why);
	attempt_sip(ph->sip, &ph->try, m);
	if (!ph->answered)
		attempt_sip(ph->sip, &ph->logon_try, m);
	if (!ph->registered && (m->status / 100 == 5 || m->status == 480)) {
		next_place(ph, DT_F_SIP_STATUS, why);
		return;
	}
	if (!ph->answered && !ph->registered) {
		ph->answered = true;
		attempt_ok(ph, &ph->logon_try, NULL, NULL);
	}
	if (sip_challenged(m)) {
		challenged(ph, m);
	} else if (m->status / 100 == 2 && ph->sip->next.up) {
		registered(ph, m);
	} else if (m->status / 100 == 2) {
		attempt_sign(&ph->try, DT_SIGN_SIP_UNSIGNED);
		refused(ph, DT_F_SIP_SIGNATURE, dt_signs[DT_SIGN_SIP_UNSIGNED].what);
	} else if ((m->status == 301 || m->status == 302) && ph->sip->next.up) {
		redirected(ph, m);
	} else {
		refused(ph, of_status(m, diag), why);
	}
}
