#include "server/site/conf.h"

#include <confuse.h>
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/name.h"
#include "base/sv.h"
#include "net/listen.h"
#include "server/site/listeners.h"

/* ---- the keys: one row each ------------------------------------------------------------------------------------ */

enum kind {
	TEXT,	 /* any text */
	NAME,	 /* a host name, or nothing */
	ADDRESS, /* an IPv4 or IPv6 address, or nothing */
	BOOLEAN,
	NUMBER, /* unsigned */
	PORT,	/* uint16_t */
	WINDOWS, /* UseWindowsAuth */
	WAY,	 /* a port of the Web Ticket Service, or None */
	DIGITS,	 /* digits, or nothing */
	THUMBS	 /* SHA-1 thumbprints, or nothing */
};

struct key {
	const char *name;
	enum kind kind;
	size_t at, size;
	unsigned long least, most;
	bool dns; /* of the section `dns` */
};

#define AT(field) offsetof(struct site, field), sizeof(((struct site *)0)->field)
#define HOUR (365ul * 24)
#define WEEK (7ul * 86400)

/* clang-format off */
static const struct key keys[] = {
	{"domain",                     NAME,    AT(domain)},
	{"fqdn",                       NAME,    AT(fqdn)},
	{"pool",                       NAME,    AT(pool)},
	{"netbios_domain",             TEXT,    AT(netbios_domain)},
	{"netbios_computer",           TEXT,    AT(netbios_computer)},
	{"web_fqdn",                   NAME,    AT(web_fqdn)},
	{"external_web_fqdn",          NAME,    AT(external_web_fqdn)},
	{"external_fqdn",              NAME,    AT(external_fqdn)},
	{"address",                    ADDRESS, AT(address)},
	{"sip_tls",                    PORT,    AT(sip_tls), 0, 65535},
	{"sip_tcp",                    PORT,    AT(sip_tcp), 0, 65535},
	{"https",                      PORT,    AT(https), 0, 65535},
	{"http",                       PORT,    AT(http), 0, 65535},
	{"external_address",           ADDRESS, AT(external_address)},
	{"external_sip_tls",           PORT,    AT(external_sip_tls), 0, 65535},
	{"external_https",             PORT,    AT(external_https), 0, 65535},
	{"legacy_address",             ADDRESS, AT(legacy_address)},
	{"legacy_sip_tls",             PORT,    AT(legacy_sip_tls), 0, 65535},
	{"legacy_https",               PORT,    AT(legacy_https), 0, 65535},
	{"proxy_protocol",             BOOLEAN, AT(proxy_protocol)},
	{"external_require_pin",       BOOLEAN, AT(external_require_pin)},
	{"workers",                    NUMBER,  AT(workers), 0, 64},
	{"user",                       TEXT,    AT(user)},
	{"worker_user",                TEXT,    AT(worker_user)},
	{"legacy_user",                TEXT,    AT(legacy_user)},

	{"UseCertificateAuth",         BOOLEAN, AT(UseCertificateAuth)},
	{"UsePinAuth",                 BOOLEAN, AT(UsePinAuth)},
	{"UseWindowsAuth",             WINDOWS, AT(UseWindowsAuth)},
	{"UseWsFedPassiveAuth",        BOOLEAN, AT(UseWsFedPassiveAuth)},
	{"OverrideAuthTypeForInternalClients", WAY, AT(OverrideAuthTypeForInternalClients)},
	{"OverrideAuthTypeForExternalClients", WAY, AT(OverrideAuthTypeForExternalClients)},
	{"MobilePreferredAuthType",    WAY,     AT(MobilePreferredAuthType)},
	{"EnableCertChainDownload",    BOOLEAN, AT(EnableCertChainDownload)},
	{"InferCertChainFromSSL",      BOOLEAN, AT(InferCertChainFromSSL)},
	{"TrustedCACerts",             THUMBS,  AT(TrustedCACerts)},
	{"CASigningKeyLength",         NUMBER,  AT(CASigningKeyLength), 2048, 16384},
	{"MinCSRKeySize",              NUMBER,  AT(MinCSRKeySize), 1024, 16384},
	{"MaxCSRKeySize",              NUMBER,  AT(MaxCSRKeySize), 1024, 16384},
	{"DefaultValidityPeriodHours", NUMBER,  AT(DefaultValidityPeriodHours), 8, HOUR},
	{"MinValidityPeriodHours",     NUMBER,  AT(MinValidityPeriodHours), 8, 4320},
	{"MaxValidityPeriodHours",     NUMBER,  AT(MaxValidityPeriodHours), 8, HOUR},
	{"ticket_seconds",             NUMBER,  AT(ticket_seconds), 60, 86400},
	{"sign_sha1",                  BOOLEAN, AT(sign_sha1)},

	{"MinPasswordLength",          NUMBER,  AT(MinPasswordLength), 4, 24},
	{"PINLifetime",                NUMBER,  AT(PINLifetime), 0, 999},
	{"PINHistoryCount",            NUMBER,  AT(PINHistoryCount), 0, 20},
	{"MaximumLogonAttempts",       NUMBER,  AT(MaximumLogonAttempts), 0, 999},
	{"AllowCommonPatterns",        BOOLEAN, AT(AllowCommonPatterns)},
	{"access_prefix",              DIGITS,  AT(access_prefix)},

	{"offer_ntlm",                 BOOLEAN, AT(offer_ntlm)},
	{"offer_tls_dsk",              BOOLEAN, AT(offer_tls_dsk)},
	{"realm",                      TEXT,    AT(realm)},
	{"DefaultEndpointExpiration",  NUMBER,  AT(DefaultEndpointExpiration), 30, WEEK},
	{"MinEndpointExpiration",      NUMBER,  AT(MinEndpointExpiration), 30, WEEK},
	{"MaxEndpointExpiration",      NUMBER,  AT(MaxEndpointExpiration), 30, WEEK},
	{"MaxEndpointsPerUser",        NUMBER,  AT(MaxEndpointsPerUser), 1, 64},
	{"keepalive_timeout",          NUMBER,  AT(keepalive_timeout), 30, 86400},
	{"sa_seconds",                 NUMBER,  AT(sa_seconds), 60, 28800},

	{"EnforcePhoneLock",           BOOLEAN, AT(EnforcePhoneLock)},
	{"MinPhonePinLength",          NUMBER,  AT(MinPhonePinLength), 4, 15},
	{"PhoneLockTimeout",           NUMBER,  AT(PhoneLockTimeout), 0, 1440},
	{"CalendarPollInterval",       NUMBER,  AT(CalendarPollInterval), 1, 1440},
	{"VoiceDiffServTag",           NUMBER,  AT(VoiceDiffServTag), 0, 63},
	{"Voice8021p",                 NUMBER,  AT(Voice8021p), 0, 7},
	{"SIPSecurityMode",            TEXT,    AT(SIPSecurityMode)},
	{"LoggingLevel",               TEXT,    AT(LoggingLevel)},
	{"organization",               TEXT,    AT(organization)},

	{"update_enabled",             BOOLEAN, AT(update_enabled)},
	{"max_log_size",               NUMBER,  AT(max_log_size), 1024, 64 << 20},
	{"max_logs_per_device",        NUMBER,  AT(max_logs_per_device), 1, 1000},

	{"dhcp_responder",             BOOLEAN, AT(dhcp_responder)},
	{"dhcp_interface",             TEXT,    AT(dhcp_interface)},

	{"server",                     ADDRESS, AT(dns.server), 0, 0, true},
	{"port",                       PORT,    AT(dns.port), 1, 65535, true},
	{"zone",                       NAME,    AT(dns.zone), 0, 0, true},
	{"address",                    ADDRESS, AT(dns.address), 0, 0, true},
	{"key_name",                   NAME,    AT(dns.key_name), 0, 0, true},
	{"key_algorithm",              TEXT,    AT(dns.key_algorithm), 0, 0, true},
	{"key_file",                   TEXT,    AT(dns.key_file), 0, 0, true},
	{"ttl",                        NUMBER,  AT(dns.ttl), 30, WEEK, true},
	{"refresh",                    NUMBER,  AT(dns.refresh), 60, WEEK, true},
};
/* clang-format on */

enum { KEYS = sizeof keys / sizeof *keys, RULES = 16, FILE_MAX_OCTETS = 1 << 20 };

/* ---- what was wrong ---------------------------------------------------------------------------------------------- */

struct wrong {
	const char *path;
	char *why;
	size_t cap;
};
/* libconfuse hands its error function nothing of the caller's: this is the one place where it can be left. */
static _Thread_local struct wrong wrong;

static void refuse(cfg_t *cfg, const char *fmt, va_list ap)
{
	int n = 0;

	if (wrong.why == NULL || wrong.why[0])
		return; /* the first is the cause */
	if (cfg)
		n = snprintf(wrong.why, wrong.cap, "%s:%d: ", wrong.path, cfg->line);
	if (n >= 0 && (size_t)n < wrong.cap)
		vsnprintf(wrong.why + n, wrong.cap - (size_t)n, fmt, ap);
}

static const struct key *key_of(const char *name, bool dns)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].dns == dns && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* ---- judging a value when it is read: then the line is known ------------------------------------------------------- */

/* "An unsupported value keeps the WTS from starting": WsFed, OAuth, Anon and Auth are names of the product, too. */
static const char *const ways[] = {"None", "WebTicketServiceWinNegotiate", "WebTicketServiceWinNtlm", "WebTicketServiceCert",
				   "WebTicketServicePin", NULL};
/* Negotiate is the product's own default: of what it offers, NTLM is spoken here. */
static const char *const windows[] = {"NTLM", "None", "Negotiate", NULL};

static int check_word(cfg_t *cfg, cfg_opt_t *opt, const char *const *words, const char *v)
{
	char all[256] = "";

	for (size_t i = 0; words[i]; i++) {
		size_t n = strlen(all);

		if (strcasecmp(v, words[i]) == 0)
			return 0;
		snprintf(all + n, sizeof all - n, "%s%s", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
	}
	cfg_error(cfg, "%s = %s: write %s", opt->name, v, all);
	return -1;
}

/* The next thumbprint, as 40 hexadecimal digits; false: there is none. */
static bool thumb_next(struct sv *rest, char thumb[41])
{
	size_t n = 0;

	while (rest->n && n < 40) {
		char c = rest->p[0];

		if (isxdigit((unsigned char)c))
			thumb[n++] = (char)toupper((unsigned char)c);
		else if (strchr(" :,;\t", c) == NULL) /* "A0 B1 ..." is how Windows shows one */
			return false;
		*rest = sv_from(*rest, 1);
	}
	thumb[n] = '\0';
	return n == 40;
}

static int check_thumbs(cfg_t *cfg, cfg_opt_t *opt, const char *v)
{
	struct sv rest = sv_of(v);
	char thumb[41] = "";
	unsigned n = 0;

	while (rest.n && n < SITE_TRUSTED && thumb_next(&rest, thumb))
		n++;
	if (rest.n == 0 && (n || v[0] == '\0') && strlen(thumb) % 40 == 0)
		return 0;
	cfg_error(cfg, "%s = %s: write SHA-1 thumbprints of 40 hexadecimal digits, %d at most", opt->name, v, SITE_TRUSTED);
	return -1;
}

static int check_text(cfg_t *cfg, cfg_opt_t *opt, const struct key *k, const char *v)
{
	if (k->kind == WINDOWS || k->kind == WAY)
		return check_word(cfg, opt, k->kind == WAY ? ways : windows, v);
	if (k->kind == THUMBS)
		return check_thumbs(cfg, opt, v);
	if (k->kind == DIGITS && v[strspn(v, "0123456789")] != '\0') {
		cfg_error(cfg, "%s = %s: write digits", opt->name, v);
		return -1;
	}
	if (strlen(v) >= k->size) {
		cfg_error(cfg, "%s = %s: longer than %zu characters", opt->name, v, k->size - 1);
		return -1;
	}
	for (const char *c = v; *c; c++)
		if ((unsigned char)*c < ' ') {
			cfg_error(cfg, "%s: there is a control character in it", opt->name);
			return -1;
		}
	if (k->kind == NAME && v[0] && name_check(sv_of(v)) != NULL) {
		cfg_error(cfg, "%s = %s: write a host name; %s", opt->name, v, name_check(sv_of(v)));
		return -1;
	}
	if (k->kind == ADDRESS && v[0] && !net_address_is(v)) {
		cfg_error(cfg, "%s = %s: this is not an IPv4 or IPv6 address", opt->name, v);
		return -1;
	}
	return 0;
}

/* Numbers and booleans are taken as text, so that a refusal can quote what was typed. */
static int check_number(cfg_t *cfg, cfg_opt_t *opt, const struct key *k, const char *v)
{
	uint64_t n;

	if (sv_u64(sv_of(v), k->most, &n) && n >= k->least)
		return 0;
	cfg_error(cfg, "%s = %s: write a number from %lu to %lu", opt->name, v, k->least, k->most);
	return -1;
}

static int boolean(const char *v)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(v, words[i]) == 0)
			return (int)(i % 2);
	return -1;
}

static int check(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct key *k = key_of(opt->name, strcmp(cfg_name(cfg), "dns") == 0);
	const char *v = cfg_opt_getnstr(opt, 0);

	if (k == NULL || v == NULL)
		return -1;
	switch (k->kind) {
	case NUMBER:
	case PORT:
		return check_number(cfg, opt, k, v);
	case BOOLEAN:
		if (boolean(v) >= 0)
			return 0;
		cfg_error(cfg, "%s = %s: write true or false", opt->name, v);
		return -1;
	default:
		return check_text(cfg, opt, k, v);
	}
}

/* "allow OCPhone/1.0.*", "block *": the first that fits decides */
static bool rule_read(const char *text, struct site_version_rule *ret)
{
	struct sv s = sv_trim(sv_of(text)), word = sv_cut(&s, ' ');
	bool allow = sv_ieq(word, SV("allow"));

	s = sv_trim(s);
	if ((!allow && !sv_ieq(word, SV("block"))) || s.n == 0 || !sv_copy(ret->pattern, sizeof ret->pattern, s))
		return false;
	ret->allow = allow;
	return true;
}

static int check_rule(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned n = cfg_opt_size(opt);
	struct site_version_rule r;
	const char *v = n ? cfg_opt_getnstr(opt, n - 1) : NULL;

	if (n > RULES) {
		cfg_error(cfg, "%s: more than %d rules", opt->name, RULES);
		return -1;
	}
	if (v && !rule_read(v, &r)) {
		cfg_error(cfg, "%s: \"%s\": write \"allow PATTERN\" or \"block PATTERN\"", opt->name, v);
		return -1;
	}
	return 0;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* As certificates are named here: capitals, a blank behind each. */
static void take_thumbs(char *to, struct sv rest)
{
	for (*to = '\0'; rest.n && thumb_next(&rest, to); to += 41)
		memcpy(to + 40, rest.n ? " " : "", rest.n ? 2 : 1);
}

static void take(struct site *s, const struct key *k, const char *v)
{
	void *to = (char *)s + k->at;
	unsigned long n = strtoul(v, NULL, 10);

	switch (k->kind) {
	case NUMBER:
		*(unsigned *)to = (unsigned)n;
		break;
	case PORT:
		*(uint16_t *)to = (uint16_t)n;
		break;
	case BOOLEAN:
		*(bool *)to = boolean(v) == 1;
		break;
	case WINDOWS:
		s->UseWindowsAuth = strcasecmp(v, "None") == 0 ? SITE_WINDOWS_NONE : SITE_WINDOWS_NTLM;
		break;
	case WAY:
		snprintf(to, k->size, "%s", strcasecmp(v, "None") == 0 ? "" : v);
		break;
	case THUMBS:
		take_thumbs(to, sv_of(v));
		break;
	case NAME:
		if (v[0] == '\0' || name_read(sv_of(v), to) != NULL) /* as check_text() has seen: only "" is none */
			*(char *)to = '\0';
		break;
	default:
		snprintf(to, k->size, "%s", v); /* it fits: check_text() */
	}
}

static void take_all(struct site *s, cfg_t *cfg, bool dns)
{
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].dns == dns && cfg_size(cfg, keys[i].name) && cfg_getstr(cfg, keys[i].name))
			take(s, &keys[i], cfg_getstr(cfg, keys[i].name));
}

/* Keys that are absent follow from those that are there. */
static void complete(struct site *s, bool default_given)
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
static const char *listeners_apart(const struct site *s, char why[256])
{
	struct site_listener all[SITE_LISTENERS];
	unsigned n = site_listeners(s, all);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < i; k++) {
			const char *a = all[i].address[0] ? all[i].address : "0.0.0.0";
			const char *b = all[k].address[0] ? all[k].address : "0.0.0.0";

			if (all[i].port != all[k].port || strcmp(a, b) != 0)
				continue;
			snprintf(why, 256, "%s and %s are both port %u of %s: write another port, or an address for each",
				 all[k].key, all[i].key, all[i].port, all[i].address[0] ? a : "all addresses");
			return why;
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
static const char *together(const struct site *s, char why[256])
{
	bool outside = site_is_outside(s);

	if (s->domain[0] == '\0')
		return "domain is missing: write the SIP domain, as domain = contoso.test";
	if (s->fqdn[0] == '\0')
		return "fqdn is missing: write this server's name, as fqdn = fe01.contoso.test";
	if (s->MinEndpointExpiration > s->DefaultEndpointExpiration || s->DefaultEndpointExpiration > s->MaxEndpointExpiration)
		return "MinEndpointExpiration <= DefaultEndpointExpiration <= MaxEndpointExpiration is required";
	if (s->MinCSRKeySize > s->MaxCSRKeySize)
		return "MinCSRKeySize is greater than MaxCSRKeySize";
	if (s->MinValidityPeriodHours > s->DefaultValidityPeriodHours ||
	    s->DefaultValidityPeriodHours > s->MaxValidityPeriodHours)
		return "MinValidityPeriodHours <= DefaultValidityPeriodHours <= MaxValidityPeriodHours is required";
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
	if (site_is_legacy(s) && s->legacy_address[0] == '\0')
		return "legacy_address is missing: the legacy listener needs an address of its own";
	if (s->legacy_address[0] && strcmp(s->legacy_address, s->address) == 0)
		return "legacy_address is the same as address: TLS 1.0 needs an address of its own";
	if (!s->sip_tls && !s->sip_tcp && !s->https && !s->http && !outside)
		return "no listener is on: give sip_tls, https or http a port";
	if (s->dns.server[0] && s->dns.address[0] == '\0')
		return "dns.address is missing: the published names need an address";
	if (s->dns.server[0] && (s->dns.key_name[0] == '\0') != (s->dns.key_file[0] == '\0'))
		return "dns: key_name and key_file belong together";
	return listeners_apart(s, why);
}

static bool folder_of(const char *path, struct site *s, char *why, size_t cap)
{
	char *real = realpath(path, NULL), *slash;

	if (real == NULL) {
		snprintf(why, cap, "%s: %s", path, strerror(errno));
		return false;
	}
	slash = strrchr(real, '/');
	if (slash == real)
		slash++;
	*slash = '\0';
	if (!sv_copy(s->dir, sizeof s->dir, sv_of(real))) {
		snprintf(why, cap, "%s: the path is too long", path);
		free(real);
		return false;
	}
	free(real);
	return true;
}

static cfg_t *grammar(cfg_opt_t options[KEYS + 3], cfg_opt_t dns[KEYS + 1])
{
	static const cfg_opt_t end = CFG_END();
	size_t n = 0, m = 0;
	cfg_t *cfg;

	for (size_t i = 0; i < KEYS; i++) {
		cfg_opt_t o = CFG_STR(keys[i].name, NULL, CFGF_NODEFAULT);

		if (keys[i].dns)
			dns[m++] = o;
		else
			options[n++] = o;
	}
	dns[m] = end;
	options[n++] = (cfg_opt_t)CFG_STR_LIST("version_rule", NULL, CFGF_NODEFAULT);
	options[n++] = (cfg_opt_t)CFG_SEC("dns", dns, CFGF_NODEFAULT);
	options[n] = end;
	cfg = cfg_init(options, CFGF_NONE);
	if (cfg == NULL)
		return NULL;
	cfg_set_error_function(cfg, refuse);
	for (size_t i = 0; i < KEYS; i++) {
		char name[64];

		snprintf(name, sizeof name, "%s%s", keys[i].dns ? "dns|" : "", keys[i].name);
		cfg_set_validate_func(cfg, name, check);
	}
	cfg_set_validate_func(cfg, "version_rule", check_rule);
	return cfg;
}

/* Comments become blanks, line ends stay: libconfuse 3.3 counts the line of a comment more than once, and a refusal would
 * name a line that is not there. */
static void blank_comments(char *p)
{
	char quote = '\0';

	while (*p) {
		if (quote) {
			if (*p == '\\' && quote == '"' && p[1])
				p++;
			else if (*p == quote)
				quote = '\0';
			p++;
		} else if (*p == '#' || (*p == '/' && p[1] == '/')) {
			while (*p && *p != '\n')
				*p++ = ' ';
		} else if (*p == '/' && p[1] == '*') {
			for (; *p && !(*p == '*' && p[1] == '/'); p++)
				*p = *p == '\n' ? '\n' : ' ';
			for (int i = 0; *p && i < 2; i++)
				*p++ = ' ';
		} else {
			if (*p == '"' || *p == '\'')
				quote = *p;
			p++;
		}
	}
}

/* libconfuse takes the end of the file for the end of a section, and names no line for a quote that does not close. 0: all
 * is closed; else the line where it begins, and *what. */
static unsigned left_open(const char *p, char *what)
{
	unsigned line = 1, quote_at = 0, brace_at[8], depth = 0;
	char quote = '\0';

	for (; *p; p++) {
		line += *p == '\n';
		if (quote && *p == '\\' && quote == '"' && p[1]) {
			line += *++p == '\n';
		} else if (quote && *p == quote) {
			quote = '\0';
		} else if (!quote && (*p == '"' || *p == '\'')) {
			quote = *p;
			quote_at = line;
		} else if (!quote && *p == '{' && depth < 8) {
			brace_at[depth++] = line;
		} else if (!quote && *p == '}' && depth) {
			depth--;
		}
	}
	*what = '{';
	if (quote)
		*what = quote;
	return quote ? quote_at : depth ? brace_at[depth - 1] : 0;
}

static bool file_parse(cfg_t *cfg, const char *path, char *why, size_t cap)
{
	struct buf text = {0};
	int rc = file_read(path, FILE_MAX_OCTETS, &text);
	unsigned line;
	char open;

	if (rc < 0 || buf_cstr(&text)[0] == '\0' || strlen(buf_cstr(&text)) != text.n) {
		snprintf(why, cap, "%s: %s", path, rc < 0 ? strerror(-rc) : text.n ? "there is a NUL in it" : "it is empty");
		buf_free(&text);
		return false;
	}
	blank_comments((char *)text.p);
	line = left_open((char *)text.p, &open);
	if (line) {
		snprintf(why, cap, "%s:%u: the %c of this line does not close", path, line, open);
		buf_free(&text);
		return false;
	}
	rc = cfg_parse_buf(cfg, (char *)text.p);
	if (rc != CFG_SUCCESS && why[0] == '\0')
		snprintf(why, cap, "%s: it cannot be read", path);
	buf_free(&text);
	return rc == CFG_SUCCESS;
}

static bool site_read(cfg_t *cfg, const char *path, struct site *s, char *why, size_t cap)
{
	const char *bad;
	char two[256];

	if (!file_parse(cfg, path, why, cap))
		return false;
	take_all(s, cfg, false);
	if (cfg_size(cfg, "dns"))
		take_all(s, cfg_getsec(cfg, "dns"), true);
	for (unsigned i = 0; i < cfg_size(cfg, "version_rule") && i < RULES; i++)
		if (rule_read(cfg_getnstr(cfg, "version_rule", i), &s->version_rule[i]))
			s->nversion_rule = i + 1;
	complete(s, cfg_size(cfg, "DefaultEndpointExpiration") && cfg_getstr(cfg, "DefaultEndpointExpiration"));
	bad = together(s, two);
	if (bad)
		snprintf(why, cap, "%s: %s", path, bad);
	return bad == NULL;
}

bool conf_read(const char *path, struct site *ret, char *why, size_t cap)
{
	cfg_opt_t options[KEYS + 3], dns[KEYS + 1];
	struct site s;
	cfg_t *cfg;
	bool ok;

	site_defaults(&s);
	why[0] = '\0';
	if (!folder_of(path, &s, why, cap))
		return false;
	cfg = grammar(options, dns);
	if (cfg == NULL) {
		snprintf(why, cap, "%s: out of memory", path);
		return false;
	}
	wrong = (struct wrong){path, why, cap};
	ok = site_read(cfg, path, &s, why, cap);
	wrong = (struct wrong){0};
	cfg_free(cfg);
	if (ok)
		*ret = s;
	return ok;
}
