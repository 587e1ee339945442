/* cmd/site/init.c: `dialtone init DIR`: the folder of a new site, and what DNS and DHCP must say for it. */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sv.h"
#include "cmd/verbs.h"
#include "net/listen.h"
#include "server/site/conf.h"
#include "server/daemon/accounts.h"
#include "server/daemon/make_site.h"

static const char usage[] =
    "usage: dialtone init DIR --domain DOMAIN --fqdn NAME [OPTIONS]\n"
    "       dialtone init DIR --renew | --owners\n"
    "Makes the folder of a new site: DIR/dialtone.conf, a private root, certificates,\n"
    "the update signing key, the store; prints what to put into DNS and DHCP.\n"
    "\n"
    "  --domain DOMAIN           the SIP domain: contoso.test\n"
    "  --fqdn NAME               this server: fe01.contoso.test\n"
    "  --pool NAME               the pool's name (the fqdn)\n"
    "  --web-fqdn NAME           the Web Services' name (the fqdn)\n"
    "  --address A               listen on this address inside (all)\n"
    "  --sip-tls P --sip-tcp P --https P --http P\n"
    "                            ports inside (5061, off, 443, 80); 0: off\n"
    "  --external-fqdn NAME      the public name of the Registrar\n"
    "  --external-web-fqdn NAME  the public name of the Web Services\n"
    "  --external-address A      listen on this address outside (all)\n"
    "  --external-sip-tls P --external-https P\n"
    "                            ports outside (443, 4443 with --external-fqdn)\n"
    "  --legacy-address A        TLS 1.0 for old phones, on an address of its own\n"
    "  --legacy-sip-tls P --legacy-https P\n"
    "                            its ports (5061, 443)\n"
    "  --workers N               processes that talk to phones (0: one a core)\n"
    "  --user NAME               what the vault runs as when root starts it, a user\n"
    "                            that no other program has (dialtone-vault)\n"
    "  --worker-user NAME        the same for what talks to phones (dialtone)\n"
    "  --legacy-user NAME        the same for TLS 1.0 (dialtone-legacy)\n"
    "  --ca-key-length BITS      of the key that signs users' certificates (2048)\n"
    "  --renew                   new certificates of the servers, for the names in\n"
    "                            DIR/dialtone.conf, below the same root\n"
    "  --owners                  make the users of DIR/dialtone.conf that are ours and\n"
    "                            missing, and give them what is theirs in DIR\n"
    "  --help                    this text\n"
    "\n"
    "example: dialtone init /etc/dialtone --domain contoso.test \\\n"
    "             --fqdn fe01.contoso.test --address 10.20.0.10\n";

enum {
	O_DOMAIN = 256, O_FQDN, O_POOL, O_WEB, O_ADDRESS, O_SIP_TLS, O_SIP_TCP, O_HTTPS, O_HTTP, O_EXT_FQDN, O_EXT_WEB,
	O_EXT_ADDRESS, O_EXT_SIP, O_EXT_HTTPS, O_LEGACY, O_LEGACY_SIP, O_LEGACY_HTTPS, O_WORKERS, O_USER, O_WORKER_USER, O_LEGACY_USER,
	O_CA_KEY, O_RENEW, O_OWNERS
};

/* clang-format off */
static const struct option options[] = {
	{"domain", required_argument, NULL, O_DOMAIN}, {"fqdn", required_argument, NULL, O_FQDN},
	{"pool", required_argument, NULL, O_POOL}, {"web-fqdn", required_argument, NULL, O_WEB},
	{"address", required_argument, NULL, O_ADDRESS}, {"sip-tls", required_argument, NULL, O_SIP_TLS},
	{"sip-tcp", required_argument, NULL, O_SIP_TCP}, {"https", required_argument, NULL, O_HTTPS},
	{"http", required_argument, NULL, O_HTTP}, {"external-fqdn", required_argument, NULL, O_EXT_FQDN},
	{"external-web-fqdn", required_argument, NULL, O_EXT_WEB},
	{"external-address", required_argument, NULL, O_EXT_ADDRESS},
	{"external-sip-tls", required_argument, NULL, O_EXT_SIP},
	{"external-https", required_argument, NULL, O_EXT_HTTPS},
	{"legacy-address", required_argument, NULL, O_LEGACY}, {"legacy-sip-tls", required_argument, NULL, O_LEGACY_SIP},
	{"legacy-https", required_argument, NULL, O_LEGACY_HTTPS}, {"workers", required_argument, NULL, O_WORKERS},
	{"user", required_argument, NULL, O_USER}, {"worker-user", required_argument, NULL, O_WORKER_USER},
	{"legacy-user", required_argument, NULL, O_LEGACY_USER}, {"ca-key-length", required_argument, NULL, O_CA_KEY},
	{"owners", no_argument, NULL, O_OWNERS},
	{"renew", no_argument, NULL, O_RENEW}, {"help", no_argument, NULL, 'h'}, {0},
};
/* clang-format on */

struct asked {
	struct site site;
	bool ext_sip, ext_https, legacy_sip, legacy_https; /* their ports were said */
	const char *alone; /* "renew" or "owners" */
	const char *besides; /* an option that those two do not go with */
};

static int wrong(const char *option, const char *value, const char *instead)
{
	fprintf(stderr, "dialtone init: '--%s %s': %s\n", option, value, instead);
	return EX_USAGE;
}

static bool host_name(const char *s)
{
	return s[0] && s[0] != '.' && s[0] != '-' && strlen(s) <= 200 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == strlen(s);
}

static const char *name_set(char to[SITE_NAME_MAX], const char *value)
{
	if (!host_name(value))
		return "a host name is needed, as fe01.contoso.test";
	snprintf(to, SITE_NAME_MAX, "%s", value);
	return NULL;
}

/* Of a machine: DNS, DHCP and certificates want all of it. */
static const char *full_name_set(char to[SITE_NAME_MAX], const char *value)
{
	return strchr(value, '.') ? name_set(to, value) : "a name with its domain is needed, as fe01.contoso.test";
}

static const char *address_set(char to[64], const char *value)
{
	if (!net_address_is(value))
		return "an IPv4 or IPv6 address is needed, as 10.20.0.10";
	snprintf(to, 64, "%s", value);
	return NULL;
}

static const char *port_set(uint16_t *to, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 65535, &n))
		return "a port is needed, 0 (off) to 65535";
	*to = (uint16_t)n;
	return NULL;
}

/* A user of our own is made when it is missing. */
static const char *user_set(char to[64], const char *value, const char *ours)
{
	if (strlen(value) >= 64 || (getpwnam(value) == NULL && strcmp(value, ours) != 0))
		return "there is no such user on this machine";
	snprintf(to, 64, "%s", value);
	return NULL;
}

/* NULL when the option was taken, else what to type instead. */
static const char *set(struct asked *a, int option, const char *value)
{
	struct site *s = &a->site;
	uint64_t n;

	switch (option) {
	case O_DOMAIN:
		return name_set(s->domain, value);
	case O_FQDN:
		return full_name_set(s->fqdn, value);
	case O_POOL:
		return full_name_set(s->pool, value);
	case O_WEB:
		return full_name_set(s->web_fqdn, value);
	case O_EXT_FQDN:
		return full_name_set(s->external_fqdn, value);
	case O_EXT_WEB:
		return full_name_set(s->external_web_fqdn, value);
	case O_ADDRESS:
		return address_set(s->address, value);
	case O_EXT_ADDRESS:
		return address_set(s->external_address, value);
	case O_LEGACY:
		return address_set(s->legacy_address, value);
	case O_SIP_TLS:
		return port_set(&s->sip_tls, value);
	case O_SIP_TCP:
		return port_set(&s->sip_tcp, value);
	case O_HTTPS:
		return port_set(&s->https, value);
	case O_HTTP:
		return port_set(&s->http, value);
	case O_EXT_SIP:
		a->ext_sip = true;
		return port_set(&s->external_sip_tls, value);
	case O_EXT_HTTPS:
		a->ext_https = true;
		return port_set(&s->external_https, value);
	case O_LEGACY_SIP:
		a->legacy_sip = true;
		return port_set(&s->legacy_sip_tls, value);
	case O_LEGACY_HTTPS:
		a->legacy_https = true;
		return port_set(&s->legacy_https, value);
	case O_WORKERS:
		if (!sv_u64(sv_of(value), 64, &n))
			return "a number is needed, 0 (one a core) to 64";
		s->workers = (unsigned)n;
		return NULL;
	case O_CA_KEY:
		if (!sv_u64(sv_of(value), 16384, &n) || n < 2048)
			return "a number of bits is needed, 2048 to 16384";
		s->CASigningKeyLength = (unsigned)n;
		return NULL;
	case O_USER:
		return user_set(s->user, value, SITE_USER);
	case O_LEGACY_USER:
		return user_set(s->legacy_user, value, SITE_LEGACY_USER);
	default:
		return user_set(s->worker_user, value, SITE_WORKER_USER);
	}
}

static void complete(struct asked *a)
{
	struct site *s = &a->site;

	if (s->external_fqdn[0] || s->external_address[0]) {
		if (!a->ext_sip)
			s->external_sip_tls = 443;
		if (!a->ext_https)
			s->external_https = 4443;
	}
	if (s->legacy_address[0]) {
		if (!a->legacy_sip)
			s->legacy_sip_tls = 5061;
		if (!a->legacy_https)
			s->legacy_https = 443;
	}
}

static bool below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return n > d && name[n - d - 1] == '.' && strcasecmp(name + n - d, domain) == 0;
}

/* What is allowed, and seldom meant. */
static void warn(const struct site *s, const char *registrar)
{
	if (registrar[0] && !below(registrar, s->domain))
		fprintf(stderr, "dialtone init: note: '%s' is not below %s: phones refuse a Registrar outside their SIP domain\n",
			registrar, s->domain);
}

static void say_outside(const struct site *s)
{
	const char *web = s->external_web_fqdn[0] ? s->external_web_fqdn : s->external_fqdn;

	printf("and outside (PUBLIC: where the Internet reaches this site):\n  %s. A PUBLIC\n", s->external_fqdn);
	if (strcasecmp(web, s->external_fqdn) != 0)
		printf("  %s. A PUBLIC\n", web);
	if (s->external_sip_tls)
		printf("  _sip._tls.%s. SRV 0 0 %u %s.\n", s->domain, s->external_sip_tls, s->external_fqdn);
}

static void say(const struct site *s)
{
	const char *web = s->web_fqdn[0] ? s->web_fqdn : s->fqdn, *pool = s->pool[0] ? s->pool : s->fqdn;
	const char *at = s->address[0] ? s->address : "ADDRESS";

	printf("made %s/dialtone.conf, ca.pem (the private root), server.pem%s, update.pem\n\n", s->dir,
	       s->external_fqdn[0] ? ", external.pem" : "");
	printf("put into DNS, zone %s%s:\n", s->domain, s->address[0] ? "" : " (ADDRESS: of this server)");
	printf("  %s. A %s\n", s->fqdn, at);
	if (strcasecmp(pool, s->fqdn) != 0)
		printf("  %s. A %s\n", pool, at);
	if (strcasecmp(web, s->fqdn) != 0)
		printf("  %s. A %s\n", web, at);
	printf("  ucupdates-r2.%s. A %s\n", s->domain, at);
	if (s->sip_tls)
		printf("  _sipinternaltls._tcp.%s. SRV 0 0 %u %s.\n", s->domain, s->sip_tls, pool);
	if (s->sip_tcp)
		printf("  _sipinternal._tcp.%s. SRV 0 0 %u %s.\n", s->domain, s->sip_tcp, pool);
	printf("  _ntp._udp.%s. SRV 0 0 123 (your time server)\n", s->domain);
	if (s->external_fqdn[0])
		say_outside(s);
	printf("\nput into DHCP:\n"
	       "  option 120: %s\n"
	       "  option 43, class CPE-OCPHONE: the phones' VLAN\n"
	       "  option 43, class MS-UC-Client:\n"
	       "    https://%s:%u/CertProv/CertProvisioningService.svc\n",
	       pool, web, s->https);
	printf("\nfor your servers and switches:\n  dialtone -c %s/dialtone.conf netconfig --help\n"
	       "who may sign in:\n  dialtone -c %s/dialtone.conf user --help\n"
	       "start it:\n  dialtoned -c %s/dialtone.conf\n",
	       s->dir, s->dir, s->dir);
	fflush(stdout);
	warn(s, pool);
	warn(s, s->external_fqdn);
}

static int failed(const char *verb, int status, const char *why)
{
	fprintf(stderr, "dialtone init: %s%s%s\n", verb, verb[0] ? ": " : "", why);
	return status;
}

static bool conf_of(const char *dir, struct site *ret, char *why, size_t cap)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/dialtone.conf", dir);
	return conf_read(path, ret, why, cap);
}

/* Names change, and certificates end: five years after init. Phones keep the root of their first day, so it stays. */
static int renew(const char *dir)
{
	struct site site;
	char why[1024];

	if (!conf_of(dir, &site, why, sizeof why) || !accounts_fit(&site, why, sizeof why))
		return failed("--renew", EX_CONFIG, why);
	if (!init_renew(&site, clock_unix_ms() / 1000, why, sizeof why))
		return failed("--renew", EX_CANTCREAT, why);
	printf("made %s/server.pem%s\ndialtoned takes them at SIGHUP: pkill -HUP -x dialtoned\n", site.dir,
	       site.external_fqdn[0] ? ", external.pem" : "");
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

/* The users of our own that are missing; says which it has made. */
static bool users(const struct site *s, char *why, size_t cap)
{
	char made[256];

	if (!accounts_make(s, made, sizeof made, why, cap))
		return false;
	if (made[0])
		printf("made the system users %s\n", made);
	return true;
}

/* For a site of an older release, or one that was copied from another machine. */
static int owners(const char *dir)
{
	struct site site;
	char why[1024];

	if (geteuid() != 0)
		return failed("--owners", EX_NOPERM, "only root gives files to other users");
	if (!conf_of(dir, &site, why, sizeof why))
		return failed("--owners", EX_CONFIG, why);
	if (!users(&site, why, sizeof why))
		return failed("--owners", EX_CANTCREAT, why);
	if (!accounts_fit(&site, why, sizeof why))
		return failed("--owners", EX_CONFIG, why);
	if (!init_owners(&site, why, sizeof why))
		return failed("--owners", EX_CANTCREAT, why);
	printf("%s/vault belongs to %s, %s/logs to %s, which also reads server.pem%s\n", site.dir, site.user, site.dir,
	       site.worker_user, site.external_fqdn[0] ? " and external.pem" : "");
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

static int make(struct asked *a, const char *dir)
{
	struct site *s = &a->site, read;
	char why[1024], path[PATH_MAX];
	struct stat st;

	if (mkdir(dir, 0755) < 0 && (errno != EEXIST || stat(dir, &st) < 0 || !S_ISDIR(st.st_mode))) {
		fprintf(stderr, "dialtone init: '%s' cannot be made: %s\n", dir,
			errno == EEXIST ? "it is a file; choose another folder" : strerror(errno));
		return EX_CANTCREAT;
	}
	if (realpath(dir, path) == NULL || !sv_copy(s->dir, sizeof s->dir, sv_of(path))) {
		fprintf(stderr, "dialtone init: '%s' cannot be used: %s\n", dir, strerror(errno));
		return EX_CANTCREAT;
	}
	snprintf(path, sizeof path, "%s/dialtone.conf", s->dir);
	if (access(path, F_OK) == 0) {
		fprintf(stderr, "dialtone init: '%s' is there already: edit it, or choose another folder\n", path);
		return EX_CANTCREAT;
	}
	if (!users(s, why, sizeof why))
		return failed("", EX_CANTCREAT, why);
	if (!accounts_separate(s, why, sizeof why))
		return failed("", EX_CONFIG, why);
	if (!init_site(s, clock_unix_ms() / 1000, why, sizeof why))
		return failed("", EX_CANTCREAT, why);
	if (!conf_read(path, &read, why, sizeof why)) { /* what was asked does not go together */
		fprintf(stderr, "dialtone init: %s%s\n", why,
			s->external_fqdn[0] && !s->external_address[0] ? "; type: --external-address A, and --address A for the inside"
								       : "");
		unlink(path); /* so that it can be said again, right */
		return EX_CONFIG;
	}
	say(s);
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

int cmd_init(int argc, char **argv)
{
	struct asked a = {0};
	const char *instead;
	int o, index = 0;

	site_defaults(&a.site);
	umask(022); /* the modes of what is made are said with each file; dialtoned's processes must get to theirs */
	optind = 0;
	opterr = 0;
	while ((o = getopt_long(argc, argv, ":h", options, &index)) != -1) {
		if (o == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (o == '?' || o == ':') {
			fprintf(stderr, "dialtone init: '%s' %s; 'dialtone init --help' lists the options\n", argv[optind - 1],
				o == ':' ? "needs a value" : "is not understood");
			return EX_USAGE;
		}
		if (o == O_RENEW || o == O_OWNERS) {
			a.alone = options[index].name;
			continue;
		}
		a.besides = options[index].name;
		instead = set(&a, o, optarg);
		if (instead)
			return wrong(options[index].name, optarg, instead);
	}
	if (a.alone && (argc - optind != 1 || a.besides)) {
		fprintf(stderr, "dialtone init: '--%s': --%s takes all from DIR/dialtone.conf; type: dialtone init DIR --%s\n",
			a.besides ? a.besides : a.alone, a.alone, a.alone);
		return EX_USAGE;
	}
	if (a.alone)
		return (strcmp(a.alone, "renew") == 0 ? renew : owners)(argv[optind]);
	if (argc - optind != 1 || argv[optind][0] == '\0' || a.site.domain[0] == '\0' || a.site.fqdn[0] == '\0') {
		fprintf(stderr, "dialtone init: %s; type: dialtone init DIR --domain contoso.test --fqdn fe01.contoso.test\n",
			argc - optind > 1					 ? "one folder is needed"
			: argc - optind == 0 || argv[optind][0] == '\0' ? "the folder is missing"
			: a.site.domain[0]  ? "--fqdn is missing"
					    : "--domain is missing");
		return EX_USAGE;
	}
	if (a.site.external_address[0] && a.site.external_fqdn[0] == '\0') {
		fprintf(stderr, "dialtone init: '--external-address %s' needs a public name: --external-fqdn sip.contoso.test\n",
			a.site.external_address);
		return EX_USAGE;
	}
	complete(&a);
	return make(&a, argv[optind]);
}
