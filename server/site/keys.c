#include "server/site/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "base/name.h"

#define AT(field) offsetof(struct site, field), sizeof(((struct site *)0)->field)
#define HOUR (365ul * 24)
#define WEEK (7ul * 86400)

/* The defaults are the product's own ([web-services 13, 14], [sip 12 to 14]). */
/* clang-format off */
const struct site_key site_keys[] = {
	{"domain",                             KEY_NAME,     AT(domain),                              0, 0, "", TEMPLATE_ALWAYS},
	{"fqdn",                               KEY_NAME,     AT(fqdn),                                0, 0, "", TEMPLATE_ALWAYS},
	{"pool",                               KEY_NAME,     AT(pool),                                0, 0, "", TEMPLATE_SET},
	{"netbios_domain",                     KEY_TEXT,     AT(netbios_domain),                      0, 0, ""},
	{"netbios_computer",                   KEY_TEXT,     AT(netbios_computer),                    0, 0, ""},
	{"web_fqdn",                           KEY_NAME,     AT(web_fqdn),                            0, 0, "", TEMPLATE_SET},
	{"address",                            KEY_ADDRESS,  AT(address),                             0, 0, "", TEMPLATE_ALWAYS, "where it listens inside; a port of 0 is off, an empty address is all"},
	{"sip_tls",                            KEY_PORT,     AT(sip_tls),                             0, 65535, "5061", TEMPLATE_ALWAYS},
	{"sip_tcp",                            KEY_PORT,     AT(sip_tcp),                             0, 65535, "0", TEMPLATE_ALWAYS},
	{"https",                              KEY_PORT,     AT(https),                               0, 65535, "443", TEMPLATE_ALWAYS},
	{"http",                               KEY_PORT,     AT(http),                                0, 65535, "80", TEMPLATE_ALWAYS},
	{"external_fqdn",                      KEY_NAME,     AT(external_fqdn),                       0, 0, "", TEMPLATE_SET, "outside: TLS only, under public names"},
	{"external_web_fqdn",                  KEY_NAME,     AT(external_web_fqdn),                   0, 0, "", TEMPLATE_SET},
	{"external_address",                   KEY_ADDRESS,  AT(external_address),                    0, 0, "", TEMPLATE_SET},
	{"external_sip_tls",                   KEY_PORT,     AT(external_sip_tls),                    0, 65535, "0", TEMPLATE_ALWAYS},
	{"external_https",                     KEY_PORT,     AT(external_https),                      0, 65535, "0", TEMPLATE_ALWAYS},
	{"proxy_protocol",                     KEY_BOOLEAN,  AT(proxy_protocol),                      0, 0, "false", TEMPLATE_HINT},
	{"proxy_from",                         KEY_SUBNETS,  AT(proxy_from),                          0, 0, "", TEMPLATE_SET},
	{"internal_proxy_protocol",            KEY_BOOLEAN,  AT(internal_proxy_protocol),             0, 0, "false", TEMPLATE_HINT},
	{"external_require_pin",               KEY_BOOLEAN,  AT(external_require_pin),                0, 0, "false", TEMPLATE_HINT},
	{"legacy",                             KEY_LEGACY,   AT(legacy),                              0, 0, "off", TEMPLATE_ALWAYS, "TLS 1.0 for old phones, on the same ports: off, known (the phones of legacy_known), on"},
	{"legacy_known",                       KEY_SUBNETS,  AT(legacy_known),                        0, 0, "", TEMPLATE_SET},
	{"store",                              KEY_TEXT,     AT(store),                               0, 0, "", TEMPLATE_SET, "postgresql://HOST,HOST/NAME; empty: SQLite, in vault/"},
	{"watch_pools",                        KEY_BOOLEAN,  AT(watch_pools),                         0, 0, "false", TEMPLATE_HINT, "pools have a backup: dialtone-pool(1)"},
	{"metrics",                            KEY_PORT,     AT(metrics),                             0, 65535, "0", TEMPLATE_HINT, "Prometheus reads it on 127.0.0.1"},
	{"workers",                            KEY_NUMBER,   AT(workers),                             0, 64, "0", TEMPLATE_ALWAYS, "0: one a core"},
	{"reload_keep",                        KEY_NUMBER,   AT(reload_keep),                         0, 604800, "28800", TEMPLATE_HINT},
	{"log_level",                          KEY_LEVEL,    AT(log_level),                           0, 0, "info", TEMPLATE_HINT},
	{"user",                               KEY_TEXT,     AT(user),                                0, 0, SITE_USER, TEMPLATE_ALWAYS},
	{"worker_user",                        KEY_TEXT,     AT(worker_user),                         0, 0, SITE_WORKER_USER, TEMPLATE_ALWAYS},
	{"legacy_user",                        KEY_TEXT,     AT(legacy_user),                         0, 0, SITE_LEGACY_USER, TEMPLATE_ALWAYS},

	{"UseCertificateAuth",                 KEY_BOOLEAN,  AT(UseCertificateAuth),                  0, 0, "true", TEMPLATE_HINT, "keys that may be changed, with their defaults"},
	{"UsePinAuth",                         KEY_BOOLEAN,  AT(UsePinAuth),                          0, 0, "true", TEMPLATE_HINT},
	{"UseWindowsAuth",                     KEY_WINDOWS,  AT(UseWindowsAuth),                      0, 0, "NTLM", TEMPLATE_HINT},
	{"UseWsFedPassiveAuth",                KEY_BOOLEAN,  AT(UseWsFedPassiveAuth),                 0, 0, "false"},
	{"OverrideAuthTypeForInternalClients", KEY_WAY,      AT(OverrideAuthTypeForInternalClients),  0, 0, "None"},
	{"OverrideAuthTypeForExternalClients", KEY_WAY,      AT(OverrideAuthTypeForExternalClients),  0, 0, "None"},
	{"MobilePreferredAuthType",            KEY_WAY,      AT(MobilePreferredAuthType),             0, 0, "None"},
	{"EnableCertChainDownload",            KEY_BOOLEAN,  AT(EnableCertChainDownload),             0, 0, "true"},
	{"InferCertChainFromSSL",              KEY_BOOLEAN,  AT(InferCertChainFromSSL),               0, 0, "true"},
	{"TrustedCACerts",                     KEY_THUMBS,   AT(TrustedCACerts),                      0, 0, ""},
	{"CASigningKeyLength",                 KEY_NUMBER,   AT(CASigningKeyLength),                  2048, 16384, "2048", TEMPLATE_SET},
	{"MinCSRKeySize",                      KEY_NUMBER,   AT(MinCSRKeySize),                       1024, 16384, "1024"},
	{"MaxCSRKeySize",                      KEY_NUMBER,   AT(MaxCSRKeySize),                       1024, 16384, "16384"},
	{"DefaultValidityPeriodHours",         KEY_NUMBER,   AT(DefaultValidityPeriodHours),          8, HOUR, "4320"},
	{"MinValidityPeriodHours",             KEY_NUMBER,   AT(MinValidityPeriodHours),              8, 4320, "8"},
	{"MaxValidityPeriodHours",             KEY_NUMBER,   AT(MaxValidityPeriodHours),              8, HOUR, "8760"},
	{"ticket_seconds",                     KEY_NUMBER,   AT(ticket_seconds),                      60, 86400, "28800"},
	{"sign_sha1",                          KEY_BOOLEAN,  AT(sign_sha1),                           0, 0, "false"},

	{"MinPasswordLength",                  KEY_NUMBER,   AT(MinPasswordLength),                   4, 24, "5", TEMPLATE_HINT},
	{"PINLifetime",                        KEY_NUMBER,   AT(PINLifetime),                         0, 999, "0"},
	{"PINHistoryCount",                    KEY_NUMBER,   AT(PINHistoryCount),                     0, 20, "0"},
	{"MaximumLogonAttempts",               KEY_NUMBER,   AT(MaximumLogonAttempts),                0, 999, "0"},
	{"AllowCommonPatterns",                KEY_BOOLEAN,  AT(AllowCommonPatterns),                 0, 0, "false"},
	{"access_prefix",                      KEY_DIGITS,   AT(access_prefix),                       0, 0, ""},

	{"offer_ntlm",                         KEY_BOOLEAN,  AT(offer_ntlm),                          0, 0, "true"},
	{"offer_tls_dsk",                      KEY_BOOLEAN,  AT(offer_tls_dsk),                       0, 0, "true"},
	{"ntlm_channel_binding",               KEY_BINDING,  AT(ntlm_channel_binding),                0, 0, "outside", TEMPLATE_HINT},
	{"realm",                              KEY_TEXT,     AT(realm),                               0, 0, "SIP Communications Service"},
	{"DefaultEndpointExpiration",          KEY_NUMBER,   AT(DefaultEndpointExpiration),           30, WEEK, "600", TEMPLATE_HINT},
	{"MinEndpointExpiration",              KEY_NUMBER,   AT(MinEndpointExpiration),               30, WEEK, "300"},
	{"MaxEndpointExpiration",              KEY_NUMBER,   AT(MaxEndpointExpiration),               30, WEEK, "900"},
	{"MaxEndpointsPerUser",                KEY_NUMBER,   AT(MaxEndpointsPerUser),                 1, 64, "8", TEMPLATE_HINT},
	{"keepalive_timeout",                  KEY_NUMBER,   AT(keepalive_timeout),                   30, 86400, "300"},
	{"sa_seconds",                         KEY_NUMBER,   AT(sa_seconds),                          60, 28800, "28800"},

	{"EnableOutsideAccess",                KEY_BOOLEAN,  AT(EnableOutsideAccess),                 0, 0, "false"},
	{"EnforcePhoneLock",                   KEY_BOOLEAN,  AT(EnforcePhoneLock),                    0, 0, "true"},
	{"MinPhonePinLength",                  KEY_NUMBER,   AT(MinPhonePinLength),                   4, 15, "6"},
	{"PhoneLockTimeout",                   KEY_NUMBER,   AT(PhoneLockTimeout),                    0, 1440, "10"},
	{"CalendarPollInterval",               KEY_NUMBER,   AT(CalendarPollInterval),                1, 1440, "3"},
	{"VoiceDiffServTag",                   KEY_NUMBER,   AT(VoiceDiffServTag),                    0, 63, "40"},
	{"Voice8021p",                         KEY_NUMBER,   AT(Voice8021p),                          0, 7, "0"},
	{"EnableHotdesking",                   KEY_BOOLEAN,  AT(EnableHotdesking),                    0, 0, "false"},
	{"HotdeskingTimeout",                  KEY_NUMBER,   AT(HotdeskingTimeout),                   30, 86400, "300"},
	{"SIPSecurityMode",                    KEY_TEXT,     AT(SIPSecurityMode),                     0, 0, "High"},
	{"LoggingLevel",                       KEY_TEXT,     AT(LoggingLevel),                        0, 0, "Off"},
	{"organization",                       KEY_TEXT,     AT(organization),                        0, 0, ""},

	{"update_enabled",                     KEY_BOOLEAN,  AT(update_enabled),                      0, 0, "true"},
	{"ValidLogFileTypes",                  KEY_TEXT,     AT(ValidLogFileTypes),                   0, 0, "Watson, Config, Diaglog, CELog"},
	{"ValidLogFileExtensions",             KEY_TEXT,     AT(ValidLogFileExtensions),              0, 0, ".dmp, .clg, .clg1, .clg2, .bak, .kdmp, .dat, .bin, .cat, .xml, .txt, .hex"},
	{"MaxLogFileSize",                     KEY_NUMBER,   AT(MaxLogFileSize),                      1024, 64 << 20, "1024000"},
	{"LogCleanUpInterval",                 KEY_NUMBER,   AT(LogCleanUpInterval),                  0, 365, "10"},
	{"LogCleanUpTimeOfDay",                KEY_TEXT,     AT(LogCleanUpTimeOfDay),                 0, 0, ""},
	{"max_log_size",                       KEY_NUMBER,   AT(max_log_size),                        1024, 64 << 20, "1048576"},
	{"max_logs_per_device",                KEY_NUMBER,   AT(max_logs_per_device),                 1, 1000, "30"},
	{"max_logs_total",                     KEY_NUMBER,   AT(max_logs_total),                      1, 1 << 20, "1024"},

	{"max_stranger_memory",                KEY_NUMBER,   AT(max_stranger_memory),                 16, 65536, "256"},

	{"dhcp_responder",                     KEY_BOOLEAN,  AT(dhcp_responder),                      0, 0, "false"},
	{"dhcp_interface",                     KEY_TEXT,     AT(dhcp_interface),                      0, 0, ""},

	{"dns.server",                         KEY_ADDRESS,  AT(dns.server),                          0, 0, ""},
	{"dns.port",                           KEY_PORT,     AT(dns.port),                            1, 65535, "53"},
	{"dns.zone",                           KEY_NAME,     AT(dns.zone),                            0, 0, ""},
	{"dns.address",                        KEY_ADDRESS,  AT(dns.address),                         0, 0, ""},
	{"dns.key_name",                       KEY_NAME,     AT(dns.key_name),                        0, 0, ""},
	{"dns.key_algorithm",                  KEY_TEXT,     AT(dns.key_algorithm),                   0, 0, "hmac-sha256"},
	{"dns.key_file",                       KEY_TEXT,     AT(dns.key_file),                        0, 0, ""},
	{"dns.ttl",                            KEY_NUMBER,   AT(dns.ttl),                             30, WEEK, "3600"},
	{"dns.refresh",                        KEY_NUMBER,   AT(dns.refresh),                         60, WEEK, "86400"},
};
/* clang-format on */

const unsigned site_nkeys = sizeof site_keys / sizeof *site_keys;
_Static_assert(sizeof site_keys / sizeof *site_keys <= SITE_KEYS_MAX, "SITE_KEYS_MAX");

static const char section[] = "dns.";

bool site_key_dns(const struct site_key *k)
{
	return strncmp(k->name, section, sizeof section - 1) == 0;
}

const char *site_key_name(const struct site_key *k)
{
	return site_key_dns(k) ? k->name + sizeof section - 1 : k->name;
}

const struct site_key *site_key_find(const char *name, bool dns)
{
	for (unsigned i = 0; i < site_nkeys; i++)
		if (site_key_dns(&site_keys[i]) == dns && strcmp(site_key_name(&site_keys[i]), name) == 0)
			return &site_keys[i];
	return NULL;
}

/* ---- values -------------------------------------------------------------------------------------------------------- */

const char *const site_binding_words[] = {"off", "sent", "outside", "always", NULL};
const char *const site_legacy_words[] = {"off", "known", "on", NULL};
const char *const site_level_words[] = {"error", "warning", "info", "debug", NULL};

int site_boolean(const char *v)
{
	static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcasecmp(v, words[i]) == 0)
			return (int)(i % 2);
	return -1;
}

bool site_thumb_next(struct sv *rest, char thumb[41])
{
	size_t n = 0;

	while (rest->n && n < 40) {
		char c = rest->p[0];

		if (hex_digit(c) >= 0)
			thumb[n++] = ascii_upper(c);
		else if (strchr(" :,;\t", c) == NULL) /* "A0 B1 ..." is how Windows shows one */
			return false;
		*rest = sv_from(*rest, 1);
	}
	thumb[n] = '\0';
	return n == 40;
}

bool site_rule_read(const char *text, struct site_version_rule *ret)
{
	struct sv s = sv_trim(sv_of(text)), word = sv_cut(&s, ' ');
	bool allow = sv_ieq(word, SV("allow"));

	s = sv_trim(s);
	if ((!allow && !sv_ieq(word, SV("block"))) || s.n == 0 || !sv_copy(ret->pattern, sizeof ret->pattern, s))
		return false;
	ret->allow = allow;
	return true;
}

/* As certificates are named here: capitals, a blank behind each. */
static void take_thumbs(char *to, struct sv rest)
{
	for (*to = '\0'; rest.n && site_thumb_next(&rest, to); to += 41)
		memcpy(to + 40, rest.n ? " " : "", rest.n ? 2 : 1);
}

/* Which of the words `v` is; it is one of them, as check_text() saw. */
static unsigned word_at(const char *const *words, const char *v)
{
	unsigned i = 0;

	while (words[i] && strcasecmp(v, words[i]) != 0)
		i++;
	return words[i] ? i : 0;
}

void site_key_set(struct site *s, const struct site_key *k, const char *v)
{
	void *to = (char *)s + k->at;
	unsigned long n = strtoul(v, NULL, 10);

	switch (k->kind) {
	case KEY_NUMBER:
		*(unsigned *)to = (unsigned)n;
		break;
	case KEY_PORT:
		*(uint16_t *)to = (uint16_t)n;
		break;
	case KEY_BOOLEAN:
		*(bool *)to = site_boolean(v) == 1;
		break;
	case KEY_WINDOWS:
		s->UseWindowsAuth = strcasecmp(v, "None") == 0 ? SITE_WINDOWS_NONE : SITE_WINDOWS_NTLM;
		break;
	case KEY_BINDING:
		s->ntlm_channel_binding = word_at(site_binding_words, v);
		break;
	case KEY_LEGACY:
		s->legacy = word_at(site_legacy_words, v);
		break;
	case KEY_LEVEL:
		s->log_level = word_at(site_level_words, v);
		break;
	case KEY_WAY:
		snprintf(to, k->size, "%s", strcasecmp(v, "None") == 0 ? "" : v);
		break;
	case KEY_THUMBS:
		take_thumbs(to, sv_of(v));
		break;
	case KEY_NAME:
		if (v[0] == '\0' || name_read(sv_of(v), to) != NULL) /* as check_text() has seen: only "" is none */
			*(char *)to = '\0';
		break;
	default:
		snprintf(to, k->size, "%s", v); /* it fits: check_text() */
	}
}

void site_defaults(struct site *s)
{
	*s = (struct site){0};
	for (unsigned i = 0; i < site_nkeys; i++)
		site_key_set(s, &site_keys[i], site_keys[i].usual);
}

/* ---- the file that `init` makes -------------------------------------------------------------------------------------- */

/* As the file has it: numbers and words bare, the rest in quotes. */
static void value_add(struct buf *out, const struct site *s, const struct site_key *k)
{
	const void *at = (const char *)s + k->at;

	switch (k->kind) {
	case KEY_NUMBER:
		buf_printf(out, "%u", *(const unsigned *)at);
		break;
	case KEY_PORT:
		buf_printf(out, "%u", *(const uint16_t *)at);
		break;
	case KEY_BOOLEAN:
		buf_str(out, *(const bool *)at ? "true" : "false");
		break;
	case KEY_WINDOWS:
		buf_str(out, s->UseWindowsAuth == SITE_WINDOWS_NONE ? "None" : "NTLM");
		break;
	case KEY_BINDING:
		buf_str(out, site_binding_words[s->ntlm_channel_binding]);
		break;
	case KEY_LEGACY:
		buf_str(out, site_legacy_words[s->legacy]);
		break;
	case KEY_LEVEL:
		buf_str(out, site_level_words[s->log_level]);
		break;
	case KEY_WAY:
		buf_str(out, *(const char *)at ? at : "None");
		break;
	default:
		buf_printf(out, "\"%s\"", (const char *)at);
	}
}

bool site_key_same(const struct site_key *k, const struct site *a, const struct site *b)
{
	struct buf of_a = {0}, of_b = {0};
	bool same;

	value_add(&of_a, a, k);
	value_add(&of_b, b, k);
	same = !of_a.oom && !of_b.oom && sv_eq(buf_view(&of_a), buf_view(&of_b));
	buf_free(&of_a);
	buf_free(&of_b);
	return same;
}

void site_template(const struct site *s, struct buf *out)
{
	struct site usual;

	site_defaults(&usual);
	buf_str(out, "# dialtone.conf: see dialtone.conf(5).  After a change: dialtoned -t -c FILE, then SIGHUP.\n\n");
	for (unsigned i = 0; i < site_nkeys; i++) {
		const struct site_key *k = &site_keys[i];
		bool set = memcmp((const char *)s + k->at, (const char *)&usual + k->at, k->size) != 0;

		if (k->heading)
			buf_printf(out, "\n# %s\n", k->heading);
		if (k->template == TEMPLATE_NOT || (k->template == TEMPLATE_SET && !set))
			continue;
		buf_printf(out, "%s%s = ", k->template == TEMPLATE_HINT && !set ? "# " : "", k->name);
		value_add(out, s, k);
		buf_str(out, "\n");
	}
}
