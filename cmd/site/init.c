/* cmd/site/init.c: `dialtone init DIR`: the folder of a new site, and what DNS and DHCP must say for it. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/name.h"
#include "base/sv.h"
#include "cmd/site/init.h"
#include "cmd/site/join.h"
#include "cmd/site/site.h"
#include "cmd/verbs.h"
#include "net/listen.h"
#include "net/subnets.h"
#include "server/site/conf.h"
#include "server/site/files.h"
#include "server/site/keys.h"
#include "server/site/names.h"
#include "wire/well_known.h"
#include "server/daemon/accounts.h"
#include "server/daemon/make_site.h"

struct init_options {
	struct site site;
	const char *company, *join, *code_file;
	struct certificate_files certificate;
	bool renew, owners;
};

/* ---- options: NULL when taken, else what to type instead --------------------------------------------------------- */

static const char *name_option(void *at, const char *value)
{
	return name_read(sv_of(value), at);
}

/* Of a machine: DNS, DHCP and certificates want all of it. */
static const char *full_name_option(void *at, const char *value)
{
	const char *why = name_option(at, value);

	return why || strchr(at, '.') ? why : "a name with its domain is needed, as fe01.contoso.test";
}

static const char *address_option(void *at, const char *value)
{
	if (!net_address_is(value))
		return "an IPv4 or IPv6 address is needed, as 10.20.0.10";
	snprintf(at, 64, "%s", value);
	return NULL;
}

static const char *port_option(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 65535, &n))
		return "a port is needed, 0 (off) to 65535";
	*(uint16_t *)at = (uint16_t)n;
	return NULL;
}

static const char *legacy_option(void *at, const char *value)
{
	for (unsigned i = SITE_LEGACY_OFF; i <= SITE_LEGACY_ON; i++)
		if (strcasecmp(value, site_legacy_words[i]) == 0) {
			struct site like = {.legacy = i};

			memcpy(at, &like.legacy, sizeof like.legacy);
			return NULL;
		}
	return "type off, known or on";
}

static const char *subnets_option(void *at, const char *value)
{
	struct site *none = NULL;
	struct why why;

	if (value[0] == '\0' || !subnets_check(value, &why))
		return "addresses and subnets are needed, as 10.66.0.0/16,10.67.3.4";
	if (strlen(value) >= sizeof none->legacy_known)
		return "that is too long: name larger subnets";
	snprintf(at, sizeof none->legacy_known, "%s", value);
	return NULL;
}

/* A user of our own is made when it is missing. */
static const char *user_read(char to[64], const char *value, const char *ours)
{
	if (strlen(value) >= 64 || (getpwnam(value) == NULL && strcmp(value, ours) != 0))
		return "there is no such user on this machine";
	snprintf(to, 64, "%s", value);
	return NULL;
}

static const char *user_option(void *at, const char *value)
{
	return user_read(at, value, SITE_USER);
}

static const char *worker_user_option(void *at, const char *value)
{
	return user_read(at, value, SITE_WORKER_USER);
}

static const char *legacy_user_option(void *at, const char *value)
{
	return user_read(at, value, SITE_LEGACY_USER);
}

static const char *workers_option(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 64, &n))
		return "a number is needed, 0 (one a core) to 64";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

static const char *bits_option(void *at, const char *value)
{
	uint64_t n;

	if (!sv_u64(sv_of(value), 16384, &n) || n < 2048)
		return "a number of bits is needed, 2048 to 16384";
	*(unsigned *)at = (unsigned)n;
	return NULL;
}

#define AT(field) offsetof(struct init_options, site.field)
#define AT_SITE offsetof(struct init_options, site)

/* clang-format off */
static const struct option_row init_options[] = {
	{"--domain",            "DOMAIN", "the SIP domain: contoso.test", AT(domain), .read = name_option},
	{"--fqdn",              "NAME", "this server: fe01.contoso.test", AT(fqdn), .read = full_name_option},
	{"--pool",              "NAME", "the pool's name (the fqdn)", AT(pool), .read = full_name_option},
	{"--web-fqdn",          "NAME", "the Web Services' name (the fqdn)", AT(web_fqdn), .read = full_name_option},
	{"--address",           "A", "listen on this address inside (all)", AT(address), .read = address_option},
	{"--sip-tls",           "P", "port inside (5061); 0: off", AT(sip_tls), .read = port_option},
	{"--sip-tcp",           "P", "port inside (off)", AT(sip_tcp), .read = port_option},
	{"--https",             "P", "port inside (443)", AT(https), .read = port_option},
	{"--http",              "P", "port inside (80)", AT(http), .read = port_option},
	{"--external-fqdn",     "NAME", "the public name of the Registrar", AT(external_fqdn), .read = full_name_option},
	{"--external-web-fqdn", "NAME", "the public name of the Web Services", AT(external_web_fqdn), .read = full_name_option},
	{"--external-address",  "A", "listen on this address outside (all)", AT(external_address), .read = address_option},
	{"--external-sip-tls",  "P", "port outside (443 with --external-fqdn)", AT(external_sip_tls), .read = port_option},
	{"--external-https",    "P", "port outside (4443 with --external-fqdn)", AT(external_https), .read = port_option},
	{"--legacy",            "WHO", "may speak TLS 1.0, as Lync Phone Edition does: off, known or on (off; known with --legacy-known)",
	 AT(legacy), .read = legacy_option},
	{"--legacy-known",      "SUBNETS", "of these phones: 10.66.0.0/16", AT(legacy_known), .read = subnets_option},
	{"--workers",           "N", "processes that talk to phones (0: one a core)", AT(workers), .read = workers_option},
	{"--user",              "NAME", "what the vault runs as when root starts it, a user that no other program has (" SITE_USER ")",
	 AT(user), .read = user_option},
	{"--worker-user",       "NAME", "the same for what talks to phones (" SITE_WORKER_USER ")", AT(worker_user), .read = worker_user_option},
	{"--legacy-user",       "NAME", "the same for TLS 1.0 (" SITE_LEGACY_USER ")", AT(legacy_user), .read = legacy_user_option},
	{"--ca-key-length",     "BITS", "of the key that signs users' certificates (2048)", AT(CASigningKeyLength), .read = bits_option},
	{"--company",           "DIR", "a further pool of the company of the site in DIR: the same root, CA and secret",
	 offsetof(struct init_options, company)},
	{"--join",              "FILE", "a further front end of the pool whose 'dialtone pool invite FILE' has made FILE",
	 offsetof(struct init_options, join)},
	{"--code-file",         "FILE", "the code of --join is its first line (or $DIALTONE_CODE; else it asks)",
	 offsetof(struct init_options, code_file)},
	{"--renew",             NULL, "new certificates of the servers, for the names in DIR/dialtone.conf, below the same root",
	 offsetof(struct init_options, renew)},
	{"--certificate",       "FILE", "of the company's own CA, or of an ACME client: takes it for the server's, when it is good for it (PEM)",
	 offsetof(struct init_options, certificate.chain)},
	{"--key",               "FILE", "its key (else in the same file)", offsetof(struct init_options, certificate.key)},
	{"--root",              "FILE", "its root, which phones will download (else the last in the file)", offsetof(struct init_options, certificate.root)},
	{"--outside",           NULL, "it is for the public names", offsetof(struct init_options, certificate.outside)},
	{"--owners",            NULL, "make the users of DIR/dialtone.conf that are ours and missing, and give them what is theirs in DIR",
	 offsetof(struct init_options, owners)},
	{0},
};
/* clang-format on */

static void init_begin(void *o)
{
	site_defaults(&((struct init_options *)o)->site);
}

static void complete(const struct command *c, struct site *s)
{
	if (s->external_fqdn[0] || s->external_address[0]) {
		if (!option_given(c, "--external-sip-tls"))
			s->external_sip_tls = 443;
		if (!option_given(c, "--external-https"))
			s->external_https = 4443;
	}
	if (s->legacy_known[0] && !option_given(c, "--legacy"))
		s->legacy = SITE_LEGACY_KNOWN;
}

static bool below(const char *name, const char *domain)
{
	size_t n = strlen(name), d = strlen(domain);

	return n > d && name[n - d - 1] == '.' && strcasecmp(name + n - d, domain) == 0;
}

/* Names that are allowed, and seldom meant. */
static void warn(const struct site *s, const char *registrar)
{
	if (registrar[0] && !below(registrar, s->domain))
		fprintf(stderr, "dialtone init: note: '%s' is not below %s: phones refuse a Registrar outside their SIP domain\n",
			registrar, s->domain);
}

static void print_names(FILE *to, const struct site *s, bool outside, const char *at)
{
	struct site_name all[SITE_NAMES];
	unsigned n = site_names(s, outside, SITE_IN_DNS, all);

	for (unsigned i = 0; i < n; i++)
		if (all[i].target)
			fprintf(to, "  %s. SRV 0 0 %u %s.\n", all[i].name, all[i].port, all[i].target);
		else
			fprintf(to, "  %s. A %s\n", all[i].name, at);
}

/* What the choice means, for phones and for everybody else. */
static void print_legacy(FILE *to, const struct site *s)
{
	static const char *const means[] = {
	    [SITE_LEGACY_OFF] = "Phones that have TLS 1.0 only cannot connect: Lync Phone Edition is one. When there are some, name their\n"
				"subnets in dialtone.conf, legacy = known and legacy_known = \"10.66.0.0/16\", and type:",
	    [SITE_LEGACY_KNOWN] = "Phones of legacy_known may speak TLS 1.0 with RC4 or 3DES, as Lync Phone Edition does: others in these\n"
				  "subnets could read and change what such a phone sends. Nobody else may, and all newer TLS is as it was.",
	    [SITE_LEGACY_ON] = "Everybody may speak TLS 1.0 with RC4 or 3DES, as Lync Phone Edition does: an attacker on the line of such a\n"
			       "phone can read and change what it sends. To name those who may: legacy = known, legacy_known.",
	};

	fprintf(to, "\nTLS 1.0 is %s:\n%s\n", site_legacy_words[s->legacy], means[s->legacy]);
	if (s->legacy == SITE_LEGACY_OFF)
		fprintf(to, "  dialtone init %s --renew\n", s->dir);
}

static void print_made(FILE *to, const struct site *s)
{
	const char *web = s->web_fqdn[0] ? s->web_fqdn : s->fqdn, *pool = s->pool[0] ? s->pool : s->fqdn;
	const char *at = s->address[0] ? s->address : "ADDRESS";

	fprintf(to, "made %s/dialtone.conf, ca.pem (the private root), server.pem%s, update.pem\n\n", s->dir,
	       s->external_fqdn[0] ? ", external.pem" : "");
	fprintf(to, "put into DNS, zone %s%s:\n", s->domain, s->address[0] ? "" : " (ADDRESS: of this server)");
	print_names(to, s, false, at);
	fprintf(to, "  " SRV_NTP ".%s. SRV 0 0 123 (your time server)\n", s->domain);
	if (s->external_fqdn[0]) {
		fprintf(to, "and outside (PUBLIC: where the Internet reaches this site):\n");
		print_names(to, s, true, "PUBLIC");
	}
	fprintf(to, "\nput into DHCP:\n"
	       "  option 120: %s\n"
	       "  option 43, class CPE-OCPHONE: the phones' VLAN\n"
	       "  option 43, class MS-UC-Client:\n"
	       "    https://%s:%u" CERTPROV_PATH "\n",
	       pool, web, s->https);
	print_legacy(to, s);
	fprintf(to, "\nfor your servers and switches:\n  dialtone -c %s/dialtone.conf netconfig --help\n"
	       "add users:\n  dialtone -c %s/dialtone.conf user --help\n"
	       "start it:\n  dialtoned -c %s/dialtone.conf\n",
	       s->dir, s->dir, s->dir);
	fflush(to);
	warn(s, pool);
	warn(s, s->external_fqdn);
}

/* The users of our own that are missing; says which it has made. */
static bool users(const struct command *c, const struct site *s, struct why *why)
{
	char made[256];

	if (!accounts_make(s, made, sizeof made, why))
		return false;
	if (made[0])
		fprintf(init_people(c), "made the system users %s\n", made);
	return true;
}

/* For a site of an older release, or one that was copied from another machine. */
int site_owners(const struct command *c, const char *dir, const char *said)
{
	struct site site;
	struct why why = {0};

	if (geteuid() != 0)
		return command_fail(c, EX_NOPERM, "%sonly root gives files to other users", said);
	if (!init_conf(dir, &site, &why))
		return command_fail(c, EX_CONFIG, "%s%s", said, why.text);
	if (!users(c, &site, &why))
		return command_fail(c, EX_CANTCREAT, "%s%s", said, why.text);
	if (!accounts_fit(&site, &why))
		return command_fail(c, EX_CONFIG, "%s%s", said, why.text);
	if (!init_owners(&site, &why))
		return command_fail(c, EX_CANTCREAT, "%s%s", said, why.text);
	fprintf(init_people(c), "%s/vault belongs to %s, %s/logs to %s, which also reads server.pem%s\n", site.dir, site.user, site.dir,
		site.worker_user, site.external_fqdn[0] ? " and external.pem" : "");
	return 0;
}

/* The site is there: as it was asked for, so that a script may run twice, or another one. */
static int already(const struct command *c, const struct site *s, const char *conf)
{
	struct site there;
	struct why why = {0};

	if (!conf_read(conf, &there, &why))
		return command_fail(c, EX_CANTCREAT, "'%s' is there already, and cannot be used: %s", conf, why.text);
	for (unsigned i = 0; i < c->givens; i++)
		for (unsigned k = 0; k < site_nkeys; k++)
			if (c->given[i]->at == AT_SITE + site_keys[k].at && !site_key_same(&site_keys[k], s, &there))
				return command_fail(c, EX_CANTCREAT, "'%s' is there already, with another %s: edit it, or choose another folder", conf,
						    site_keys[k].name);
	fprintf(stderr, "unchanged: '%s' is there already\n", conf);
	return init_report(c, s->dir, false);
}

/* The folder, made when it is not there, by its whole path in s->dir.  *there: a site is in it already. */
static int folder(const struct command *c, struct site *s, const char *dir, bool *there)
{
	char path[PATH_MAX];
	struct stat st;

	if ((mkdir(dir, 0755) < 0 && errno != EEXIST) || stat(dir, &st) < 0)
		return command_fail(c, EX_CANTCREAT, "'%s' cannot be made: %s", dir, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return command_fail(c, EX_CANTCREAT, "'%s' cannot be made: it is a file; choose another folder", dir);
	if (realpath(dir, path) == NULL || !sv_copy(s->dir, sizeof s->dir, sv_of(path)))
		return command_fail(c, EX_CANTCREAT, "'%s' cannot be used: %s", dir, strerror(errno));
	snprintf(path, sizeof path, "%s/" SITE_CONF, s->dir);
	if (access(path, F_OK) == 0)
		*there = true;
	return *there ? already(c, s, path) : 0;
}

static int make(const struct command *c, struct site *s, const char *dir, const struct init_options *o)
{
	struct site read;
	struct why why = {0};
	char path[PATH_MAX];
	bool there = false;
	int rc = folder(c, s, dir, &there);

	if (rc || there)
		return rc;
	if (!o->join && !init_ask_legacy(c, s))
		return command_fail(c, EX_USAGE, "no subnets of old phones were named; type --legacy-known SUBNETS, or --legacy off");
	if (!users(c, s, &why))
		return command_fail(c, EX_CANTCREAT, "%s", why.text);
	if (!accounts_separate(s, &why))
		return command_fail(c, EX_CONFIG, "%s", why.text);
	if ((o->company || o->join) && !init_vault_is_free(s->dir, &why))
		return command_fail(c, EX_CANTCREAT, "%s", why.text);
	if (o->company && !init_company(s->dir, o->company, &why))
		return command_fail(c, EX_CANTCREAT, "--company: %s" INIT_AGAIN, why.text, s->dir);
	if (o->join && (rc = join_pool(c, s, o->join, o->code_file)) != 0)
		return rc;
	if (!init_site(s, o->join != NULL, clock_unix_ms() / 1000, &why))
		return command_fail(c, EX_CANTCREAT, o->join ? "%s" JOIN_AGAIN : "%s" INIT_AGAIN, why.text, s->dir);
	snprintf(path, sizeof path, "%s/" SITE_CONF, s->dir);
	if (!conf_read(path, &read, &why)) { /* the options contradict each other */
		unlink(path); /* so that it can be said again, right */
		return command_fail(c, EX_CONFIG, "%s%s", why.text,
				    s->external_fqdn[0] && !s->external_address[0]
					? "; type: --external-address A, and --address A for the inside"
					: "");
	}
	if (o->join)
		join_print_made(init_people(c), s);
	else
		print_made(init_people(c), s);
	return init_report(c, s->dir, true);
}

/* An option that `alone` does not go with; NULL: none. */
static const char *besides(const struct command *c, const char *alone)
{
	for (unsigned i = 0; i < c->givens; i++)
		if (strcmp(c->given[i]->name, alone) != 0 && c->given[i] != &option_form && c->given[i] != &option_json)
			return c->given[i]->name;
	return NULL;
}

/* Beside --certificate only its own. */
static const char *certificate_besides(const struct command *c)
{
	for (unsigned i = 0; i < c->givens; i++)
		if (c->given[i] != &option_form && c->given[i] != &option_json && (c->given[i]->at < offsetof(struct init_options, certificate) ||
		    c->given[i]->at >= offsetof(struct init_options, renew)))
			return c->given[i]->name;
	return NULL;
}

static int init_run(struct command *c)
{
	struct init_options *o = c->o;
	struct site *s = &o->site;
	const char *dir = c->argument[0], *alone = o->renew ? "--renew" : o->owners ? "--owners" : NULL, *missing;
	int rc;

	umask(022); /* the modes of what is made are said with each file; dialtoned's processes must get to theirs */
	if (alone && besides(c, alone))
		return command_fail(c, EX_USAGE, "'%s': %s takes all from DIR/dialtone.conf; type: dialtone init DIR %s",
				    besides(c, alone), alone, alone);
	if (o->certificate.chain && certificate_besides(c))
		return command_fail(c, EX_USAGE, "'%s': --certificate takes all but --key, --root and --outside from DIR/dialtone.conf",
				    certificate_besides(c));
	if (o->certificate.chain)
		return certificate_verb(c, dir, &o->certificate);
	if (o->certificate.key || o->certificate.root || o->certificate.outside)
		return command_fail(c, EX_USAGE, "--key, --root and --outside go with --certificate FILE");
	if (o->renew)
		return renew_verb(c, dir);
	if (o->owners)
		return (rc = site_owners(c, dir, "--owners: ")) ? rc : init_report(c, dir, true);
	if (o->join && join_besides(c))
		return command_fail(c, EX_USAGE, "'%s': --join takes that from the pool; type: dialtone init DIR --join FILE --fqdn NAME",
				    join_besides(c));
	missing = dir[0] == '\0' ? "the folder" : s->domain[0] == '\0' && !o->join ? "--domain" : s->fqdn[0] == '\0' ? "--fqdn" : NULL;
	if (missing)
		return command_fail(c, EX_USAGE, "%s is missing; type: dialtone init DIR --domain contoso.test --fqdn fe01.contoso.test",
				    missing);
	if (s->external_address[0] && s->external_fqdn[0] == '\0' && !o->join)
		return command_fail(c, EX_USAGE, "'--external-address %s' needs a public name: --external-fqdn sip.contoso.test",
				    s->external_address);
	if (!o->join)
		complete(c, s);
	return make(c, s, dir, o);
}

const struct verb verb_init = {
    .name = "init",
    .arguments = "DIR",
    .what = "make the folder of a new site",
    .flags = VERB_JSON | VERB_FORM,
    .options = init_options,
    .size = sizeof(struct init_options),
    .begin = init_begin,
    .run = init_run,
    .no_site = "it takes the folder, as in: dialtone init DIR --renew",
    .usage = "usage: dialtone init DIR --domain DOMAIN --fqdn NAME [OPTIONS]\n"
	     "       dialtone init DIR --join FILE --fqdn NAME [OPTIONS]\n"
	     "       dialtone init DIR --certificate FILE [--key FILE] [--root FILE]\n"
	     "       dialtone init DIR --renew | --owners\n",
    .text = "Makes the folder of a new site: DIR/dialtone.conf, a private root, certificates, the update signing key, the store; "
	    "prints what to put into DNS and DHCP.",
    .example = "  dialtone init /etc/dialtone --domain contoso.test \\\n"
	       "      --fqdn fe01.contoso.test --address 10.20.0.10\n",
};
