/* phone/stages/stage5_discover.c
 *
 * "Obtain Registrar FQDN and Web Service URL": DHCPINFORM as MS-UC-Client for options 43 and 120, DNS SRV in parallel.
 */
#include "phone/internal.h"

static void settled(struct dt_phone *ph)
{
	char why[WHY_MAX] = "", registrar[300] = "";

	if (!ph->uc_done || ph->srv_open)
		return;
	candidates_build(ph);
	if (ph->ntarget == 0) {
		enum dt_failure f = DT_F_REGISTRAR_NONE;

		for (unsigned i = 0; i < CANDIDATES; i++) {
			struct attempt a;

			if (ph->outside && !candidates[i].outside)
				continue;
			attempt_begin(ph, &a, "registrar %s", candidates[i].name);
			attempt_fail(ph, &a, ph->passed[i], ph->passed_why[i]);
			if (ph->passed[i] == DT_F_STRICT_DOMAIN && f == DT_F_REGISTRAR_NONE) {
				f = DT_F_STRICT_DOMAIN;
				text(why, sizeof why, "%s", ph->passed_why[i]);
			}
		}
		stage_fail(ph, f, why);
		return;
	}
	/* no URL is needed by who holds a certificate; outside the Registrar's answer tells it */
	if (ph->web_url[0] == '\0' && !cert_good(ph) && !ph->outside) {
		stage_fail(ph, DT_F_WEB_URL_NONE, NULL);
		return;
	}
	text(registrar, sizeof registrar, "%s:%u", ph->target[0].host, ph->target[0].port);
	stage_done(ph, "%s (%s)%s%s", registrar, ph->target[0].from, ph->web_url[0] ? ", " : "", ph->web_url);
}

static void have_srv(struct dt_phone *ph, unsigned tag, const struct dt_dns_answer *a)
{
	ph->srv[tag] = *a;
	if (ph->srv_open)
		ph->srv_open--;
	if (ph->stage == DT_STAGE_LOGON)
		logon_srv(ph);
	else
		settled(ph);
}

void discover_srv(struct dt_phone *ph, const char *domain)
{
	char name[DT_NAME_MAX + 32];

	text(ph->srv_domain, sizeof ph->srv_domain, "%s", domain);
	ph->srv_open = 0;
	for (unsigned i = 0; i < CANDIDATES; i++) {
		memset(&ph->srv[i], 0, sizeof ph->srv[i]);
		ph->srv_asked[i] = candidates[i].service && domain[0] && !(ph->outside && !candidates[i].outside);
		if (!ph->srv_asked[i])
			continue;
		ph->srv_open++;
		text(name, sizeof name, "%s.%s", candidates[i].service, domain);
		dns_ask(ph, name, DT_RR_SRV, i, have_srv);
	}
}

/* The SIP domain when it is known; else the one SRV was found for in stage 3; else what DHCP told. */
static const char *domain_of(const struct dt_phone *ph)
{
	const char *at = strchr(ph->account.sip, '@');

	if (at)
		return at + 1;
	if (ph->domain_conf)
		return ph->domain_conf;
	return ph->srv_domain[0] ? ph->srv_domain : ph->lease.domain;
}

void stage_discover(struct dt_phone *ph)
{
	char domain[DT_NAME_MAX];

	text(domain, sizeof domain, "%s", domain_of(ph));
	ph->have_120 = false;
	ph->uc_done = ph->no_dhcp || ph->outside || (ph->web_conf && ph->registrar_conf);
	/* the URL that worked is the fall-back; what is configured or told now comes before it */
	text(ph->web_url, sizeof ph->web_url, "%s",
	     ph->web_conf ? ph->web_conf : ph->outside ? ph->account.web_external : ph->account.web_url);
	if (!ph->registrar_conf)
		discover_srv(ph, domain);
	else
		ph->srv_open = 0;
	if (!ph->uc_done)
		dhcp_inform(ph);
	settled(ph);
}

/* What one answer says. */
struct told {
	char url[SOAP_URI_MAX], warn[128], found[WHY_MAX];
	const char *why43, *why120; /* unreadable, and why */
	struct dhcp_sip sip;
	bool have_120, fqdn;
};

static void read_answer(const struct dhcp *ack, struct told *t)
{
	struct dhcp_uc uc;
	const char *name = "";

	*t = (struct told){.url = ""};
	if (ack->option[43].p) {
		t->why43 = dhcp_uc_read(ack->option[43], &uc);
		if (t->why43 == NULL && !dhcp_uc_url(&uc, t->url, sizeof t->url))
			t->why43 = "option 43's parts do not make a URL";
		if (t->why43 == NULL)
			text(t->warn, sizeof t->warn, "%s", uc.warn);
	}
	if (ack->option[120].p) {
		t->why120 = dhcp_sip_read(ack->option[120], &t->sip);
		t->have_120 = t->why120 == NULL;
		name = !t->have_120 ? "" : t->sip.encoding == 0 ? t->sip.name[0] : "an address";
	}
	t->fqdn = t->url[0] || (t->have_120 && t->sip.encoding == 0);
	text(t->found, sizeof t->found, "%s%s%s", name, name[0] && t->url[0] ? ", " : "", t->url);
}

static void unreadable(struct dt_phone *ph, const char *option, const char *said)
{
	char why[WHY_MAX];

	if (said == NULL)
		return;
	text(why, sizeof why, "%s: %s", option, said);
	attempt_fail(ph, &ph->dhcp.try, DT_F_UC_BAD, why);
}

static void keep_answer(struct dt_phone *ph, const struct told *t)
{
	ph->have_120 = t->have_120;
	ph->option120 = t->sip;
	if (t->url[0] && !ph->web_conf)
		text(ph->web_url, sizeof ph->web_url, "%s", t->url);
}

/* "The phone uses the first response that carries an FQDN and ignores the others unless none carries one."  So an answer
 * with addresses alone is kept, and others may still come: until the next question would go out. */
void discover_inform(struct dt_phone *ph, const struct dhcp *ack)
{
	struct told t;

	if (ph->stage != DT_STAGE_DISCOVER || !ph->running)
		return;
	if (ack == NULL) {
		ph->uc_done = true;
		settled(ph);
		return;
	}
	read_answer(ack, &t);
	unreadable(ph, "option 43", t.why43);
	unreadable(ph, "option 120", t.why120);
	if (!ack->option[43].p && !ack->option[120].p)
		attempt_fail(ph, &ph->dhcp.try, DT_F_UC_BAD, "an answer without options 43 and 120");
	if (t.have_120 || t.url[0])
		attempt_ok(ph, &ph->dhcp.try, t.found,
			   t.warn[0]				? t.warn
			   : t.have_120 && t.sip.encoding == 1 ? "option 120 holds an address: TLS needs a name (encoding 0)"
			   : !ack->option[43].p		? "option 43 is missing"
								: NULL);
	if (!t.fqdn) {
		if (t.have_120 && !ph->have_120)
			keep_answer(ph, &t);
		ph->dhcp.tries = DHCP_ANSWERED;
		return;
	}
	keep_answer(ph, &t);
	ph->informed.xid = ph->dhcp.xid;
	text(ph->informed.server, sizeof ph->informed.server, "%s", ph->dhcp.try.peer);
	text(ph->informed.found, sizeof ph->informed.found, "%s", t.found);
	ph->dhcp.state = DHCP_IDLE;
	timer_off(ph, T_DHCP);
	ph->uc_done = true;
	settled(ph);
}

/* an answer that came too late.  It is ignored, but that it says something else is worth a line, once. */
void discover_ignored(struct dt_phone *ph, const struct dhcp *ack, const char *server)
{
	struct attempt a;
	struct told t;

	if (strcmp(server, ph->informed.server) == 0)
		return;
	read_answer(ack, &t);
	if (strcmp(t.found, ph->informed.found) == 0)
		return;
	ph->informed.xid = 0;
	attempt_begin(ph, &a, "dhcp-inform");
	attempt_peer(&a, "%s", server);
	attempt_ok(ph, &a, t.found[0] ? t.found : "neither option 43 nor 120",
		   "a second DHCP server answers, and not the same; the first one counts");
}
