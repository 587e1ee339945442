/* server/site/defaults.c: what a site is when its configuration file says nothing: the product's own defaults
 * ([web-services 13, 14], [sip 12 to 14]).
 */
#include "server/site/site.h"

#include <stdio.h>
#include <string.h>

void site_defaults(struct site *s)
{
	*s = (struct site){
	    .sip_tls = 5061,
	    .https = 443,
	    .http = 80,
	    .workers = 0,
	    .user = SITE_USER,
	    .worker_user = SITE_WORKER_USER,
	    .legacy_user = SITE_LEGACY_USER,
	    .UseCertificateAuth = true,
	    .UsePinAuth = true,
	    .UseWindowsAuth = SITE_WINDOWS_NTLM,
	    .EnableCertChainDownload = true,
	    .InferCertChainFromSSL = true,
	    .CASigningKeyLength = 2048,
	    .MinCSRKeySize = 1024,
	    .MaxCSRKeySize = 16384,
	    .DefaultValidityPeriodHours = 4320,
	    .MinValidityPeriodHours = 8,
	    .MaxValidityPeriodHours = 8760,
	    .ticket_seconds = 8 * 3600,
	    .MinPasswordLength = 5,
	    .offer_ntlm = true,
	    .offer_tls_dsk = true,
	    .realm = "SIP Communications Service",
	    .DefaultEndpointExpiration = 600,
	    .MinEndpointExpiration = 300,
	    .MaxEndpointExpiration = 900,
	    .MaxEndpointsPerUser = 8,
	    .keepalive_timeout = 300,
	    .sa_seconds = 8 * 3600,
	    .EnforcePhoneLock = true,
	    .MinPhonePinLength = 6,
	    .PhoneLockTimeout = 10,
	    .CalendarPollInterval = 3,
	    .VoiceDiffServTag = 40,
	    .SIPSecurityMode = "High",
	    .LoggingLevel = "Off",
	    .update_enabled = true,
	    .max_log_size = 1 << 20,
	    .max_logs_per_device = 30,
	    .dns = {.port = 53, .key_algorithm = "hmac-sha256", .ttl = 3600, .refresh = 86400},
	};
}
