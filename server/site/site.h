/* server/site/site.h: this site: the values of the configuration file, read once (server/site/conf.c), the same in
 * every process, constant while it runs.  Knobs carry the product's own names where it has them.
 */
#ifndef DIALTONE_SERVER_SITE_H
#define DIALTONE_SERVER_SITE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"

#define SITE_NAME_MAX 256
#define SITE_URL_MAX 512
#define SITE_USER "dialtone-vault" /* the users of our own: packaging/sysusers.d/dialtone.conf */
#define SITE_WORKER_USER "dialtone"
#define SITE_LEGACY_USER "dialtone-legacy"
#define SITE_RULES 16
#define SITE_TRUSTED 16 /* certificates in TrustedCACerts */

struct site {
	char dir[PATH_MAX - 256]; /* the folder of the configuration file; all relative paths start here */
	char domain[SITE_NAME_MAX]; /* SIP domain */
	char fqdn[SITE_NAME_MAX];   /* this front end: TLS name, targetname, Registrar */
	char pool[SITE_NAME_MAX];   /* the pool's name; the fqdn when alone */
	char netbios_domain[32], netbios_computer[32];
	char web_fqdn[SITE_NAME_MAX];	       /* internal web name */
	char external_web_fqdn[SITE_NAME_MAX], external_fqdn[SITE_NAME_MAX]; /* "" : not reachable from outside */
	char address[64]; /* listen here; "" : all */
	uint16_t sip_tls, sip_tcp, https, http; /* inside; 0: off */
	char external_address[64];
	uint16_t external_sip_tls, external_https; /* 0: off */
	enum { SITE_LEGACY_OFF, SITE_LEGACY_KNOWN, SITE_LEGACY_ON } legacy; /* the phones that may speak TLS 1.0 */
	char legacy_known[512]; /* addresses and subnets (net/subnets.h) */
	bool proxy_protocol;		       /* PROXY v2 demanded on the outside listeners */
	char proxy_from[512]; /* addresses and subnets of the proxies; empty: whoever connects */
	bool watch_pools; /* asks the other pools whether they answer: for those that have a backup */
	bool internal_proxy_protocol;	       /* the same on the inside ones: front ends of a pool behind a load balancer */
	uint16_t metrics; /* a port of 127.0.0.1 where Prometheus reads; 0: off */
	bool external_require_pin;	       /* number and PIN as well, outside ("Device Connection Process") */
	char store[SITE_URL_MAX]; /* "" : STORE_FILE in dir; else "postgresql://..." */
	unsigned workers;
	unsigned reload_keep; /* seconds for which a reload keeps the connections of registered phones */
	enum log_level log_level;
	char user[64];	      /* what the vault runs as, when root starts it */
	char worker_user[64]; /* processes that talk to the network, so that a captured worker cannot read the vault's files */
	char legacy_user[64]; /* the process that speaks TLS 1.0, in the group of worker_user */

	/* Web Services [web-services 13] */
	bool UseCertificateAuth, UsePinAuth;
	enum { SITE_WINDOWS_NONE, SITE_WINDOWS_NTLM } UseWindowsAuth;
	bool UseWsFedPassiveAuth; /* never true: conf.c */
	char OverrideAuthTypeForInternalClients[32], OverrideAuthTypeForExternalClients[32]; /* the one port offered; "": all */
	char MobilePreferredAuthType[32];						     /* phones do not read it */
	bool EnableCertChainDownload, InferCertChainFromSSL;
	char TrustedCACerts[SITE_TRUSTED * 41]; /* thumbprints; the chain when it is not inferred */
	unsigned CASigningKeyLength;		 /* of the issuing key, when `dialtone init` makes it */
	unsigned MinCSRKeySize, MaxCSRKeySize;
	unsigned DefaultValidityPeriodHours, MinValidityPeriodHours, MaxValidityPeriodHours;
	unsigned ticket_seconds; /* 28800 */
	bool sign_sha1;		 /* user certificates, for Windows CE phones */

	/* PIN policy (14) */
	unsigned MinPasswordLength, PINLifetime, PINHistoryCount, MaximumLogonAttempts; /* the last: 0 = by length */
	bool AllowCommonPatterns;
	char access_prefix[16]; /* dialled before a whole number: "9", "00" */

	/* Registrar */
	bool offer_ntlm, offer_tls_dsk;
	/* when an NTLM answer must be bound to its TLS connection (RFC 5929): OFF: never looked at; SENT: if it says one, the right one */
	enum site_binding { SITE_BINDING_OFF, SITE_BINDING_SENT, SITE_BINDING_OUTSIDE, SITE_BINDING_ALWAYS } ntlm_channel_binding;
	char realm[128]; /* "SIP Communications Service" */
	unsigned DefaultEndpointExpiration, MinEndpointExpiration, MaxEndpointExpiration; /* seconds */
	unsigned MaxEndpointsPerUser;
	unsigned keepalive_timeout; /* seconds: 300 */
	unsigned sa_seconds;	    /* 28800 */
	struct site_version_rule {
		char pattern[64]; /* "OCPhone/1.0.*" matched within the User-Agent; '*' as in globs */
		bool allow;
	} version_rule[SITE_RULES];
	unsigned nversion_rule;

	/* phone settings, in-band */
	bool EnableOutsideAccess; /* of users that are added: --remote, --no-remote say otherwise */
	bool EnforcePhoneLock;
	unsigned MinPhonePinLength, PhoneLockTimeout, CalendarPollInterval, VoiceDiffServTag, Voice8021p;
	bool EnableHotdesking;
	unsigned HotdeskingTimeout; /* seconds */
	char SIPSecurityMode[16], LoggingLevel[16], organization[128];

	/* update service */
	bool update_enabled;
	char ValidLogFileTypes[256], ValidLogFileExtensions[256]; /* lists, commas between them */
	unsigned MaxLogFileSize, LogCleanUpInterval; /* octets; days, 0: never */
	char LogCleanUpTimeOfDay[8];		     /* "02:30", UTC; "": any */
	unsigned max_log_size, max_logs_per_device, max_logs_total; /* the last: MiB, of all that is in logs/ */

	unsigned max_stranger_memory; /* MiB, of a worker: for peers that have not proved who they are */

	/* the DHCP responder: answers INFORM with 43 and 120, as the product's Registrar can */
	bool dhcp_responder;
	char dhcp_interface[16]; /* "": all */

	/* "a Standard Edition server publishes its own records" (RFC 2136, signed with TSIG) */
	struct site_dns {
		char server[64]; /* an address; "": nothing is published */
		uint16_t port;
		char zone[SITE_NAME_MAX]; /* "": the SIP domain */
		char address[64];	  /* what the names point at; "": `address` of the site */
		char key_name[SITE_NAME_MAX], key_algorithm[32];
		char key_file[PATH_MAX]; /* the secret in base64 */
		unsigned ttl, refresh; /* seconds */
	} dns;
};

#define SITE_NETBIOS_MAX 16
void site_netbios(const char *dns, char ret[SITE_NETBIOS_MAX]); /* its first label in upper case, 15 characters of it */

/* The defaults of the keys (server/site/keys.c); no name, address or folder is set. workers 0: one a core. */
void site_defaults(struct site *s);

/* Well-known URLs of this site; outside: by its external names. Returns out. */
char *site_certprov_url(const struct site *s, bool outside, char out[SITE_URL_MAX]);	  /* .../CertProvisioningService.svc */
char *site_certprov_auth_url(const struct site *s, bool outside, char out[SITE_URL_MAX]); /* .../WebTicket_Proof_SHA1 */
char *site_certprov_anon_url(const struct site *s, char out[SITE_URL_MAX]);		  /* http, inside only */
char *site_wts_url(const struct site *s, bool outside, char out[SITE_URL_MAX]);
char *site_update_url(const struct site *s, bool outside, char out[SITE_URL_MAX]);
char *site_update_store_url(const struct site *s, bool outside, char out[SITE_URL_MAX]); /* http inside */

#endif
