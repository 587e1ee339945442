/* phone/stages/stage5_discover.c
 *
 * "Obtain Registrar FQDN and Web Service URL": DHCPINFORM as MS-UC-Client for options 43 and 120, DNS SRV in parallel.
 */
#include "phone/internal.h"

/* options 43 and 120 name one server, SRV another: whoever moved the pool forgot one of them.  Told once, of the search. */
static void discover_compare(struct dt_phone *ph)
{
	const struct dhcp_sip *sip = &ph->work->option120;
	bool srv = false, same = false;
	struct attempt a;
	struct url u;

	if (!ph->work->have_120 || sip->encoding != 0 || sip->n == 0 || !url_read(sv_of(ph->found.web_url), &u) ||
	    !sv_ieq(sv_of(u.host), sv_of(sip->name[0])))
		return;
	for (unsigned i = 0; i < ph->work->ntarget; i++) {
		const struct sip_target *t = &ph->work->target[i];

		srv |= t->candidate == DT_CAND_INTERNAL_TLS;
		same |= t->candidate == DT_CAND_INTERNAL_TLS && sv_ieq(sv_of(t->host), sv_of(u.host));
	}
	if (!srv || same)
		return;
	attempt_begin(ph, &a, "compare options 43 and 120 with SRV");
	attempt_sign(&a, DT_SIGN_OPTIONS_DIFFER);
	a.fact.host = u.host;
	attempt_ok(ph, &a, u.host, NULL);
}

static void discover_settled(struct dt_phone *ph)
{
	struct why why = {0};
	char registrar[300] = "";

	if (!ph->work->uc_done || ph->work->srv_open)
		return;
	candidates_build(ph);
	discover_compare(ph);
	if (ph->work->ntarget == 0) {
		enum dt_failure f = candidates_failure(ph, &why);

		candidates_report(ph, CANDIDATES);
		stage_fail(ph, f, why.text);
		return;
	}
	/* no URL is needed by who holds a certificate; outside the Registrar's answer tells it */
	if (ph->found.web_url[0] == '\0' && !cert_good(ph) && !ph->conf.outside) {
		stage_fail(ph, DT_F_WEB_URL_NONE, NULL);
		return;
	}
	text_set(registrar, sizeof registrar, "%s:%u", ph->work->target[0].host, ph->work->target[0].port);
	stage_done(ph, "%s (%s)%s%s", registrar, dt_candidates[ph->work->target[0].candidate].name, ph->found.web_url[0] ? ", " : "", ph->found.web_url);
}

/* What one answer says. */
struct discover_reported {
	char url[SOAP_URI_MAX], host[256], found[FOUND_MAX];
	enum dt_sign bad43, odd[DT_SIGNS_MAX]; /* unreadable, and why; readable, but odd */
	const char *why120;
	struct dhcp_sip sip;
	bool have_120, fqdn;
};

static void discover_read_answer(const struct dhcp *ack, struct discover_reported *t)
{
	struct dhcp_uc uc;
	const char *name = "";

	*t = (struct discover_reported){.url = ""};
	if (ack->option[43].p) {
		t->bad43 = dhcp_uc_read(ack->option[43], &uc);
		if (t->bad43 == DT_SIGN_NONE && !dhcp_uc_url(&uc, t->url, sizeof t->url))
			t->bad43 = DT_SIGN_UC_URL_LONG;
		if (t->bad43 == DT_SIGN_NONE) {
			memcpy(t->odd, uc.odd, sizeof t->odd);
			text_set(t->host, sizeof t->host, "%s", uc.host);
		}
	}
	if (ack->option[120].p) {
		t->why120 = dhcp_sip_read(ack->option[120], &t->sip);
		t->have_120 = t->why120 == NULL;
		name = !t->have_120 ? "" : t->sip.encoding == 0 ? t->sip.name[0] : "an address";
	}
	t->fqdn = t->url[0] || (t->have_120 && t->sip.encoding == 0);
	text_set(t->found, sizeof t->found, "%s%s%s", name, name[0] && t->url[0] ? ", " : "", t->url);
}

static void discover_unreadable(struct dt_phone *ph, const struct attempt *try, uint8_t option, enum dt_sign sign, const char *said)
{
	struct attempt a = *try; /* several may be told of one answer */
	struct why why = {0};

	if (sign == DT_SIGN_NONE)
		return;
	a.fact.option = option;
	attempt_sign(&a, sign);
	why_set(&why, "option %u: %s", option, said ? said : dt_signs[sign].what);
	attempt_fail(ph, &a, DT_F_UC_BAD, why.text);
}

static void discover_readable(struct dt_phone *ph, const struct attempt *try, const struct dhcp *ack, const struct discover_reported *t)
{
	struct attempt a = *try;

	if (!t->have_120 && !t->url[0])
		return;
	memcpy(a.sign, t->odd, sizeof a.sign);
	if (t->have_120 && t->sip.encoding == 1)
		attempt_sign(&a, DT_SIGN_OPTION120_ADDRESS);
	if (!ack->option[43].p)
		attempt_sign(&a, DT_SIGN_OPTION43_ABSENT);
	a.fact.option = t->odd[0] || !ack->option[43].p ? 43 : a.sign[0] ? 120 : 0;
	a.fact.host = t->host[0] ? t->host : NULL;
	attempt_ok(ph, &a, t->found, NULL);
}

static void discover_take_answer(struct dt_phone *ph, const struct discover_reported *t)
{
	ph->work->have_120 = t->have_120;
	ph->work->option120 = t->sip;
	if (t->url[0] && !ph->conf.web_url)
		text_set(ph->found.web_url, sizeof ph->found.web_url, "%s", t->url);
}

/* "The phone uses the first response that carries an FQDN and ignores the others unless none carries one."  So an answer
 * with addresses alone is kept, and others may still come: until the next question would go out. */
static bool discover_have_inform(void *arg, const struct dhcp_result *r)
{
	struct dt_phone *ph = arg;
	const struct dhcp *ack = r->ack;
	struct discover_reported t;

	if (ack == NULL) {
		ph->work->uc_done = true;
		discover_settled(ph);
		return true;
	}
	discover_read_answer(ack, &t);
	discover_unreadable(ph, r->try, 43, t.bad43, NULL);
	discover_unreadable(ph, r->try, 120, t.why120 ? DT_SIGN_OPTION120_BAD : DT_SIGN_NONE, t.why120);
	if (!ack->option[43].p && !ack->option[120].p) {
		struct attempt a = *r->try;

		attempt_sign(&a, DT_SIGN_OPTIONS_ABSENT);
		attempt_fail(ph, &a, DT_F_UC_BAD, NULL);
	}
	discover_readable(ph, r->try, ack, &t);
	if (!t.fqdn) {
		if (t.have_120 && !ph->work->have_120)
			discover_take_answer(ph, &t);
		return false;
	}
	discover_take_answer(ph, &t);
	text_set(ph->found.informed.server, sizeof ph->found.informed.server, "%s", r->server);
	text_set(ph->found.informed.found, sizeof ph->found.informed.found, "%s", t.found);
	ph->work->uc_done = true;
	discover_settled(ph);
	return true;
}

/* an answer that came too late.  It is ignored, but that it says something else is worth a line, once. */
static bool discover_late(void *arg, const struct dhcp_result *r)
{
	struct dt_phone *ph = arg;
	struct attempt a;
	struct discover_reported t;

	if (strcmp(r->server, ph->found.informed.server) == 0)
		return false;
	discover_read_answer(r->ack, &t);
	if (strcmp(t.found, ph->found.informed.found) == 0)
		return false;
	attempt_begin(ph, &a, "dhcp-inform");
	attempt_peer(&a, "%s", r->server);
	attempt_sign(&a, DT_SIGN_DHCP_SECOND);
	attempt_ok(ph, &a, t.found[0] ? t.found : "neither option 43 nor 120", NULL);
	return true;
}

/* The SIP domain when it is known; else the one SRV was found for in stage 3; else what DHCP told. */
static const char *discover_domain_of(const struct dt_phone *ph)
{
	const char *at = strchr(ph->account.sip, '@');

	if (at)
		return at + 1;
	if (ph->conf.domain)
		return ph->conf.domain;
	return ph->work->srv_domain[0] ? ph->work->srv_domain : ph->link.lease.domain;
}

void stage_discover(struct dt_phone *ph)
{
	char domain[DT_NAME_MAX];

	text_set(domain, sizeof domain, "%s", discover_domain_of(ph));
	ph->work->have_120 = false;
	ph->work->uc_done = ph->conf.no_dhcp || ph->conf.outside || (ph->conf.web_url && ph->conf.registrar);
	/* the URL that worked is the fall-back; a URL that is configured or learned now comes before it */
	text_set(ph->found.web_url, sizeof ph->found.web_url, "%s",
	     ph->conf.web_url ? ph->conf.web_url : ph->conf.outside ? ph->account.web_external : ph->account.web_url);
	if (!ph->conf.registrar)
		candidates_ask(ph, domain, discover_settled);
	else
		ph->work->srv_open = 0;
	if (!ph->work->uc_done) {
		dhcp_free(ph->dhcp);
		ph->dhcp = dhcp_inform(ph, &ph->link.lease, discover_have_inform, discover_late, ph);
	}
	discover_settled(ph);
}
