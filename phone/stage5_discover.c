/* phone/stage5_discover.c
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

static const char *option43(struct dt_phone *ph, const struct dhcp *ack, char *url, size_t cap, char warn[128])
{
	struct dhcp_uc uc;
	const char *why = dhcp_uc_read(ack->option[43], &uc);

	if (why == NULL && !dhcp_uc_url(&uc, url, cap))
		why = "option 43's parts do not make a URL";
	if (why == NULL)
		text(warn, 128, "%s", uc.warn);
	(void)ph;
	return why;
}

/* "The phone uses the first response that carries an FQDN and ignores the others unless none carries one." */
void discover_inform(struct dt_phone *ph, const struct dhcp *ack, const char *server)
{
	char url[SOAP_URI_MAX] = "", warn[128] = "", found[WHY_MAX];
	const char *why43 = NULL, *why120 = NULL, *name = "";
	struct dhcp_sip sip = {0};

	(void)server;
	if (ph->stage != DT_STAGE_DISCOVER || !ph->running)
		return;
	if (ack == NULL) {
		ph->uc_done = true;
		settled(ph);
		return;
	}
	if (ack->option[43].p)
		why43 = option43(ph, ack, url, sizeof url, warn);
	if (ack->option[120].p && (why120 = dhcp_sip_read(ack->option[120], &sip)) == NULL) {
		ph->option120 = sip;
		ph->have_120 = true;
		name = sip.encoding == 0 ? sip.name[0] : "an address";
	}
	if (why43 || why120)
		attempt_fail(ph, &ph->dhcp.try, DT_F_UC_BAD, why43 ? why43 : why120);
	if (url[0] == '\0' && !ph->have_120) {
		if (!ack->option[43].p && !ack->option[120].p)
			attempt_fail(ph, &ph->dhcp.try, DT_F_UC_BAD, "an answer without options 43 and 120");
		/* another server may know more: it has until the next question would go out */
		ph->dhcp.tries = 8;
		return;
	}
	if (url[0] && !ph->web_conf)
		text(ph->web_url, sizeof ph->web_url, "%s", url);
	text(found, sizeof found, "%s%s%s", name, name[0] && url[0] ? ", " : "", url);
	attempt_ok(ph, &ph->dhcp.try, found,
		   warn[0]				  ? warn
		   : ph->have_120 && sip.encoding == 1 ? "option 120 holds an address: TLS needs a name (encoding 0)"
		   : url[0] == '\0'			  ? "option 43 is missing"
							  : NULL);
	ph->dhcp.state = DHCP_IDLE;
	timer_off(ph, T_DHCP);
	ph->uc_done = true;
	settled(ph);
}
