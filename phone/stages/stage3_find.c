/* phone/stages/stage3_find.c
 *
 * "Find the Device Update Web Service": DNS SRV for SIP, the domain taken from its answer, A of ucupdates-r2.<domain>.
 * Two official readings of which domain; the order [network C.2]: the domain whose SRV succeeded, the target
 * less its first label, option 15, each suffix of option 119.  A phone that was told in-band asks there first.
 */
#include "phone/internal.h"
#include "wire/well_known.h"

static const char *const services[] = {SRV_INTERNAL_TLS, SRV_INTERNAL_TCP, SRV_EXTERNAL_TLS, SRV_EXTERNAL_TCP};

static void find_domain_add(struct dt_phone *ph, const char *d)
{
	if (d == NULL || d[0] == '\0' || ph->work->ndomain == sizeof ph->work->domains / sizeof *ph->work->domains)
		return;
	for (unsigned i = 0; i < ph->work->ndomain; i++)
		if (sv_ieq(sv_of(ph->work->domains[i]), sv_of(d)))
			return;
	text_set(ph->work->domains[ph->work->ndomain++], DT_NAME_MAX, "%s", d);
}

static void find_ask_name(struct dt_phone *ph);

static void find_have_name(void *arg, const struct dt_dns_answer *a)
{
	struct dt_phone *ph = arg;
	char host[DT_NAME_MAX + 16];

	if (a->status != DT_DNS_OK || a->n == 0) {
		if (dns_failure(a) != DT_F_DNS_NONE) /* nobody knows whether it exists */
			ph->work->find_failure = dns_failure(a);
		ph->work->domain_at++;
		find_ask_name(ph);
		return;
	}
	text_set(host, sizeof host, NAME_UPDATES ".%s", ph->work->domains[ph->work->domain_at]);
	/* UNKNOWN: scheme and path before the first sign-in; HTTPS on 443 [update-service 1] */
	text_set(ph->found.update_url, sizeof ph->found.update_url, "https://%s" UPDATE_PATH, host);
	stage_done(ph, "%s", host);
}

static void find_ask_name(struct dt_phone *ph)
{
	char host[DT_NAME_MAX + 16];

	if (ph->work->domain_at >= ph->work->ndomain) {
		ph->found.update_unknown = true;
		stage_without(ph, ph->work->ndomain ? ph->work->find_failure : DT_F_DOMAIN_NONE,
			      ph->work->ndomain && ph->work->find_failure == DT_F_DNS_NONE ? "no ucupdates-r2 record" : NULL);
		return;
	}
	text_set(host, sizeof host, NAME_UPDATES ".%s", ph->work->domains[ph->work->domain_at]);
	dns_ask(&ph->dns, host, DT_RR_A, find_have_name, ph);
}

/* The domains for ucupdates-r2, now that SRV was asked. */
static void find_names(struct dt_phone *ph)
{
	const char *dot = strchr(ph->work->srv_target, '.');

	ph->work->ndomain = ph->work->domain_at = 0;
	ph->work->find_failure = DT_F_DNS_NONE;
	find_domain_add(ph, ph->work->srv_domain);
	find_domain_add(ph, dot ? dot + 1 : NULL);
	find_domain_add(ph, ph->conf.domain);
	find_domain_add(ph, ph->link.lease.domain);
	for (unsigned i = 0; i < ph->work->search.n; i++)
		find_domain_add(ph, ph->work->search.name[i]);
	find_ask_name(ph);
}

static void find_ask_srv(struct dt_phone *ph);

static void find_have_srv(void *arg, const struct dt_dns_answer *a)
{
	struct dt_phone *ph = arg;

	if (srv_best(ph, a, ph->work->srv_target)) {
		text_set(ph->work->srv_domain, sizeof ph->work->srv_domain, "%s", ph->work->domains[ph->work->domain_at]);
		find_names(ph);
		return;
	}
	if (++ph->work->service_at == sizeof services / sizeof *services) {
		ph->work->service_at = 0;
		ph->work->domain_at++;
	}
	find_ask_srv(ph);
}

static void find_ask_srv(struct dt_phone *ph)
{
	char name[DT_NAME_MAX + 32];

	if (ph->work->domain_at >= ph->work->ndomain) {
		find_names(ph);
		return;
	}
	text_set(name, sizeof name, "%s.%s", services[ph->work->service_at], ph->work->domains[ph->work->domain_at]);
	dns_ask(&ph->dns, name, DT_RR_SRV, find_have_srv, ph);
}

static void find_by_dns(struct dt_phone *ph)
{
	const char *at = strchr(ph->account.sip, '@');

	ph->work->ndomain = ph->work->domain_at = ph->work->service_at = 0;
	ph->work->srv_domain[0] = ph->work->srv_target[0] = '\0';
	/* "Before sign-in the SIP domain is unknown to a PIN phone, so SRV itself is asked for option 15, then 119" */
	find_domain_add(ph, ph->conf.domain);
	if (at)
		find_domain_add(ph, at + 1);
	find_domain_add(ph, ph->link.lease.domain);
	for (unsigned i = 0; i < ph->work->search.n; i++)
		find_domain_add(ph, ph->work->search.name[i]);
	find_ask_srv(ph);
}

static void find_have_stored(void *arg, const struct dt_dns_answer *a)
{
	struct dt_phone *ph = arg;
	struct url u;

	if (a->status == DT_DNS_OK && a->n && url_read(sv_of(ph->found.update_url), &u)) {
		stage_done(ph, "%s, kept from in-band provisioning", u.host);
		return;
	}
	ph->found.update_url[0] = '\0';
	if (ph->conf.outside) {
		ph->found.update_unknown = true;
		stage_without(ph, dns_failure(a), NULL);
	} else {
		find_by_dns(ph);
	}
}

/* E-01: "Before an external IP phone can connect to Lync Server, it must have had a successful connection, internally": then it has a
 * certificate, or at least, with NTLM, knows a Registrar.  A phone without a user may wait. */
static bool find_never_inside(const struct dt_phone *ph)
{
	if (!ph->conf.outside || ph->run.plan == PLAN_POWER_ON_OUTSIDE || handset_nobody(ph))
		return false;
	if (ph->run.plan == PLAN_OUTSIDE_NTLM)
		return ph->account.registrar[0] == '\0' && ph->account.web_url[0] == '\0';
	return ph->run.plan == PLAN_OUTSIDE_CERT && (ph->cred.user_cert.n == 0 || ph->account.sip[0] == '\0');
}

void stage_find(struct dt_phone *ph)
{
	struct url u;

	if (find_never_inside(ph)) {
		phone_want_end(ph, DT_F_NEVER_INSIDE,
			       ph->run.plan == PLAN_OUTSIDE_NTLM
				       ? "this phone has never been inside the company network"
				       : "this phone has no certificate: it has never been inside the company network");
		return;
	}
	ph->found.update_unknown = false;
	ph_state_update_url(ph);
	if (ph->found.update_url[0] && url_read(sv_of(ph->found.update_url), &u)) {
		dns_ask(&ph->dns, u.host, DT_RR_A, find_have_stored, ph);
		return;
	}
	ph->found.update_url[0] = '\0';
	if (ph->conf.outside) {
		/* outside there is no anonymous question and no ucupdates-r2: it is learned in-band */
		ph->found.update_unknown = true;
		stage_without(ph, DT_F_DNS_NONE, "the update service's address is not known to this phone yet");
		return;
	}
	find_by_dns(ph);
}
