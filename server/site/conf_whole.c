/* server/site/conf_whole.c: values that follow from given ones, and the checks between values. */
#include "server/site/conf_internal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/name.h"
#include "base/sv.h"
#include "server/site/listeners.h"
#include "server/web/logs_clean.h"
#include "wire/well_known.h"

/* Keys that are absent follow from those that are there. */
void conf_complete(struct site *s, bool default_given)
{
	if (s->pool[0] == '\0')
		memcpy(s->pool, s->fqdn, sizeof s->pool);
	if (s->web_fqdn[0] == '\0')
		memcpy(s->web_fqdn, s->fqdn, sizeof s->web_fqdn);
	if (s->external_fqdn[0] && s->external_web_fqdn[0] == '\0')
		memcpy(s->external_web_fqdn, s->external_fqdn, sizeof s->external_web_fqdn);
	if (s->netbios_domain[0] == '\0')
		site_netbios(s->domain, s->netbios_domain);
	if (s->netbios_computer[0] == '\0')
		site_netbios(s->fqdn, s->netbios_computer);
	if (s->organization[0] == '\0')
		snprintf(s->organization, sizeof s->organization, "%.127s", s->domain);
	if (!default_given && s->DefaultEndpointExpiration < s->MinEndpointExpiration)
		s->DefaultEndpointExpiration = s->MinEndpointExpiration;
	if (!default_given && s->DefaultEndpointExpiration > s->MaxEndpointExpiration)
		s->DefaultEndpointExpiration = s->MaxEndpointExpiration;
	if (s->dns.zone[0] == '\0')
		memcpy(s->dns.zone, s->domain, sizeof s->dns.zone);
	if (s->dns.key_file[0] && s->dns.key_file[0] != '/') { /* "all relative paths start here" */
		size_t dir = strlen(s->dir), name = strlen(s->dns.key_file) + 1;

		if (dir + 1 + name <= sizeof s->dns.key_file) { /* else it will be said that there is no such file */
			memmove(s->dns.key_file + dir + 1, s->dns.key_file, name);
			memcpy(s->dns.key_file, s->dir, dir);
			s->dns.key_file[dir] = '/';
		}
	}
	if (s->dns.address[0] == '\0')
		memcpy(s->dns.address, s->address, sizeof s->dns.address);
}

/* Two listeners at one place: the kernel would hand out its connections by lot, those from outside to the inside as well.
 * One of all addresses beside one of a single address is good: the single one has its own. */
static const char *listeners_apart(const struct site *s, struct why *why)
{
	struct site_listener all[SITE_LISTENERS];
	unsigned n = site_listeners(s, all);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++) {
			const char *a = all[i].address[0] ? all[i].address : "0.0.0.0";
			const char *b = all[k].address[0] ? all[k].address : "0.0.0.0";

			if (all[i].port != all[k].port || strcmp(a, b) != 0)
				continue;
			return why_set(why, "%s and %s are both port %u of %s: write another port, or an address for each",
				       all[k].key, all[i].key, all[i].port, all[i].address[0] ? a : "all addresses");
		}
	return NULL;
}

/* A port that is to be the only one, though its method is off. */
static bool way_off(const struct site *s, const char *way)
{
	return (sv_istarts(sv_of(way), SV("WebTicketServiceWin")) && s->UseWindowsAuth == SITE_WINDOWS_NONE) ||
	       (strcasecmp(way, "WebTicketServiceCert") == 0 && !s->UseCertificateAuth) ||
	       (strcasecmp(way, "WebTicketServicePin") == 0 && !s->UsePinAuth);
}

/* NULL, or what does not go together. */
const char *conf_together(const struct site *s, struct why *why)
{
	bool outside = site_is_outside(s);

	if (s->domain[0] == '\0')
		return "domain is missing: write the SIP domain, as domain = contoso.test";
	if (strlen(s->domain) + sizeof SRV_INTERNAL_TLS >= NAME_TEXT_MAX)
		return "domain is too long: the names of services below it would have more than 253 characters";
	if (s->fqdn[0] == '\0')
		return "fqdn is missing: write this server's name, as fqdn = fe01.contoso.test";
	if (s->MinEndpointExpiration > s->DefaultEndpointExpiration || s->DefaultEndpointExpiration > s->MaxEndpointExpiration)
		return "MinEndpointExpiration <= DefaultEndpointExpiration <= MaxEndpointExpiration is required";
	if (s->MinCSRKeySize > s->MaxCSRKeySize)
		return "MinCSRKeySize is greater than MaxCSRKeySize";
	if (s->MinValidityPeriodHours > s->DefaultValidityPeriodHours ||
	    s->DefaultValidityPeriodHours > s->MaxValidityPeriodHours)
		return "MinValidityPeriodHours <= DefaultValidityPeriodHours <= MaxValidityPeriodHours is required";
	if (logs_clean_minute(s->LogCleanUpTimeOfDay) == -2)
		return "LogCleanUpTimeOfDay is no time; type it like 02:30";
	if (s->PINLifetime && s->PINHistoryCount == 0)
		return "PINHistoryCount must be greater than 0 while PINLifetime is set";
	if (s->UseWsFedPassiveAuth)
		return "UseWsFedPassiveAuth must stay false: identities of the cloud are not served here";
	if (way_off(s, s->OverrideAuthTypeForInternalClients) || way_off(s, s->OverrideAuthTypeForExternalClients) ||
	    way_off(s, s->MobilePreferredAuthType))
		return "OverrideAuthTypeForInternalClients, OverrideAuthTypeForExternalClients or MobilePreferredAuthType names a "
		       "method that is switched off";
	if (!s->InferCertChainFromSSL && s->EnableCertChainDownload && s->TrustedCACerts[0] == '\0')
		return "TrustedCACerts is missing: InferCertChainFromSSL is off, and phones shall download a chain";
	if (outside && s->external_fqdn[0] == '\0')
		return "external_fqdn is missing: an outside listener needs a public name";
	if (s->legacy == SITE_LEGACY_KNOWN && s->legacy_known[0] == '\0')
		return "legacy = known, and legacy_known names nobody: write the phones' subnets, as legacy_known = \"10.66.0.0/16\"";
	if (!s->sip_tls && !s->sip_tcp && !s->https && !s->http && !outside)
		return "no listener is on: give sip_tls, https or http a port";
	if (s->dns.server[0] && s->dns.address[0] == '\0')
		return "dns.address is missing: the published names need an address";
	if (s->dns.server[0] && (s->dns.key_name[0] == '\0') != (s->dns.key_file[0] == '\0'))
		return "dns: key_name and key_file belong together";
	return listeners_apart(s, why);
}
