/* cmd/dialtoned.c: the daemon's command line. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cmd/options.h"
#include "server/site/certs.h"
#include "server/site/conf.h"
#include "server/daemon/accounts.h"
#include "server/daemon/check_site.h"
#include "server/daemon/role.h"
#include "server/daemon/supervisor.h"

struct daemon_options {
	bool test;
	const char *keylog;
};

static const struct option_row options[] = {
    {"-t", NULL, "check the configuration and all that a start needs, and leave", offsetof(struct daemon_options, test)},
    {"--keylog", "FILE", "append the secrets of every TLS session, for Wireshark: whoever reads it reads all",
     offsetof(struct daemon_options, keylog)},
    {0},
};

/* A certificate that is good today and will not be next month is no fault yet. */
static void certificates_warn(const struct command *c, const struct site *site, int64_t unix_s)
{
	struct site_cert cert[SITE_CERTS];
	unsigned n = site_certs(site, unix_s, cert);
	struct why why = {0};

	for (unsigned i = 0; i < n; i++)
		if (site_cert_ends_soon(site, &cert[i], unix_s, &why))
			command_fail(c, 0, "note: %s", why.text);
}

static int check(const struct command *c, const char *path, const struct site *site)
{
	int64_t unix_s = clock_unix_ms() / 1000;
	struct why why = {0};

	switch (check_site(site, unix_s, &why)) {
	case CHECK_GOOD:
		certificates_warn(c, site, unix_s);
		printf("%s: good: configuration, certificates, keys, store, rights and ports\n", path);
		return 0;
	case CHECK_NOT_ALLOWED:
		return command_fail(c, EX_NOPERM, "%s: %s", path, why.text);
	default:
		return command_fail(c, EX_CONFIG, "%s: %s", path, why.text);
	}
}

static int daemon_run(struct command *c)
{
	const struct daemon_options *o = c->o;
	struct supervisor_conf conf = {.path = c->conf, .keylog = o->keylog};
	struct why why = {0};
	char *path;
	struct site site;
	int status;

	log_set(LOG_INFO, "dialtoned");
	if (!conf_read(conf.path, &site, &why))
		return command_fail(c, EX_CONFIG, "%s%s", why.text,
				    access(conf.path, F_OK) < 0 ? "; name the file with -c, or make a site with: dialtone init DIR" : "");
	log_set(site.log_level, "dialtoned");
	if (o->test)
		return check(c, conf.path, &site);
	if (!accounts_fit(&site, &why) || !check_rights(&site, &why))
		return command_fail(c, EX_CONFIG, "%s", why.text);
	path = realpath(conf.path, NULL); /* SIGHUP must find it wherever we are */
	if (path)
		conf.path = path;
	status = supervisor_main(&conf, &site);
	free(path);
	return status;
}

static const struct verb dialtoned = {
    .name = "dialtoned",
    .what = "Device Update, Web Services and Registrar for IP phones, in the foreground.",
    .flags = VERB_SITE | VERB_VERSION,
    .options = options,
    .size = sizeof(struct daemon_options),
    .run = daemon_run,
    .text = "Device Update, Web Services and Registrar for IP phones, in the foreground. SIGHUP reads the configuration again; "
	    "SIGTERM finishes what is under way and ends.",
    .example = "  dialtoned -c /etc/dialtone/dialtone.conf\n",
};

int main(int argc, char **argv)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* no core with the key of TLS tickets in it */
	if (argc == 4 && strcmp(argv[1], "--role") == 0)
		return role_main(argv[2], argv[3]);
	return options_main(&dialtoned, argc, argv);
}
