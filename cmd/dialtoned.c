/* cmd/dialtoned.c: the daemon's command line. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/site/conf.h"
#include "server/daemon/accounts.h"
#include "server/daemon/dns_publish.h"
#include "server/site/certs.h"
#include "server/daemon/role.h"
#include "server/daemon/supervisor.h"

#define CONF "/etc/dialtone/dialtone.conf"

static const char usage[] =
    "usage: dialtoned [-c FILE] [-t] [--keylog FILE]\n"
    "Device Update, Web Services and Registrar for IP phones, in the foreground.\n"
    "\n"
    "  -c FILE        the configuration\n"
    "                 (else $DIALTONE_CONF, else " CONF ")\n"
    "  -t             check the configuration and the certificates, and leave\n"
    "  --keylog FILE  append the secrets of every TLS session, for Wireshark:\n"
    "                 whoever reads it reads all\n"
    "  --help         this text\n"
    "  --version      the version\n"
    "\n"
    "SIGHUP reads the configuration again; SIGTERM finishes what is under way, ends.\n"
    "\n"
    "example: dialtoned -c /etc/dialtone/dialtone.conf\n";

static const struct option options[] = {
    {"keylog", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {0}};

/* More than the file: what it names must be there as well, so that a start does not find it missing. */
static int check(const char *path, const struct site *site)
{
	struct site_cert cert[SITE_CERTS];
	unsigned n = site_certs(site, clock_unix_ms() / 1000, cert);
	char why[1024 + sizeof site->dir * 2], key[DNS_KEY_MAX];

	if (site->dns.server[0] && !(access(site->dns.key_file, R_OK) < 0 && errno == EACCES) &&
	    !dns_key_read(site, key, why, sizeof why)) {
		fprintf(stderr, "dialtoned: %s: %s\n", path, why);
		return EX_CONFIG;
	}
	explicit_bzero(key, sizeof key);
	if (!accounts_fit(site, why, sizeof why)) {
		fprintf(stderr, "dialtoned: %s: %s\n", path, why);
		return EX_CONFIG;
	}
	for (unsigned i = 0; i < n; i++)
		if (cert[i].why[0] && !cert[i].unreadable) {
			fprintf(stderr, "dialtoned: %s/%s: %s\n", site->dir, cert[i].file, cert[i].why);
			return EX_CONFIG;
		}
	printf("%s: the configuration is good\n", path);
	return 0;
}

int main(int argc, char **argv)
{
	const char *from = getenv("DIALTONE_CONF");
	struct supervisor_conf c = {.path = from && from[0] ? from : CONF};
	char why[1024], *path;
	bool test = false;
	struct site site;
	int o, status;

	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core with the key of TLS tickets in it */
	if (argc == 4 && strcmp(argv[1], "--role") == 0)
		return role_main(argv[2], argv[3]);
	opterr = 0;
	while ((o = getopt_long(argc, argv, ":c:th", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			c.path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'k':
			c.keylog = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("dialtoned " DIALTONE_VERSION);
			return 0;
		default:
			fprintf(stderr, "dialtoned: '%s' %s; dialtoned --help lists the options\n", argv[optind - 1],
				o == ':' ? "needs a value" : "is not understood");
			return EX_USAGE;
		}
	}
	if (optind != argc) {
		fprintf(stderr, "dialtoned: '%s' is one argument too many; type: dialtoned -c FILE\n", argv[optind]);
		return EX_USAGE;
	}
	log_set(LOG_INFO, "dialtoned");
	if (!conf_read(c.path, &site, why, sizeof why)) {
		fprintf(stderr, "dialtoned: %s%s\n", why,
			access(c.path, F_OK) < 0 ? "; name the file with -c, or make a site with: dialtone init DIR" : "");
		return EX_CONFIG;
	}
	if (test)
		return check(c.path, &site);
	path = realpath(c.path, NULL); /* SIGHUP must find it wherever we are */
	if (path)
		c.path = path;
	status = supervisor_main(&c, &site);
	free(path);
	return status;
}
