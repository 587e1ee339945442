/* cmd/dialtoned.c: the daemon's command line. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/log.h"
#include "server/conf.h"
#include "server/supervisor.h"

#define CONF "/etc/dialtone/dialtone.conf"

static const char usage[] =
    "usage: dialtoned [-c FILE] [-t] [--keylog FILE]\n"
    "Device Update, Web Services and Registrar for IP phones, in the foreground.\n"
    "\n"
    "  -c FILE        the configuration (else $DIALTONE_CONF, else " CONF ")\n"
    "  -t             check the configuration and leave\n"
    "  --keylog FILE  append the secrets of every TLS session, for Wireshark: whoever reads it reads all\n"
    "  --help, --version\n"
    "\n"
    "SIGHUP reads the configuration again; SIGTERM finishes what is under way and ends.\n"
    "\n"
    "example: dialtoned -c /etc/dialtone/dialtone.conf\n";

static const struct option options[] = {
    {"keylog", required_argument, NULL, 'k'}, {"help", no_argument, NULL, 'h'}, {"version", no_argument, NULL, 'v'}, {0}};

int main(int argc, char **argv)
{
	const char *from = getenv("DIALTONE_CONF");
	struct supervisor_conf c = {.path = from && from[0] ? from : CONF};
	char why[1024], *path;
	bool test = false;
	struct site site;
	int o, status;

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
		fprintf(stderr, "dialtoned: %s\n", why);
		return EX_CONFIG;
	}
	if (test) {
		printf("%s: the configuration is good\n", c.path);
		return 0;
	}
	path = realpath(c.path, NULL); /* SIGHUP must find it wherever we are */
	if (path)
		c.path = path;
	status = supervisor_main(&c, &site);
	free(path);
	return status;
}
