/* cmd/site/renew.c is `dialtone init --renew` and `--certificate`: both change the servers' certificates of a site that is there. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/site/init.h"
#include "server/daemon/accounts.h"
#include "server/daemon/make_site.h"
#include "server/site/conf.h"
#include "server/site/files.h"

/* Names change, and certificates end: five years after init. Phones keep the root of their first day, so it stays. */
int renew_verb(const struct command *c, const char *dir)
{
	char kept[INIT_KEPT];
	struct site site;
	struct why why = {0};

	if (!init_conf(dir, &site, &why) || !accounts_fit(&site, &why))
		return command_fail(c, EX_CONFIG, "--renew: %s", why.text);
	if (!init_renew(&site, clock_unix_ms() / 1000, kept, &why))
		return command_fail(c, EX_CANTCREAT, "--renew: %s", why.text);
	if (kept[0])
		fprintf(init_people(c), "kept %s, of another CA: a new one comes from there, by dialtone init %s --certificate FILE\n", kept, site.dir);
	if (!strstr(kept, SITE_SERVER) || (site.external_fqdn[0] && !strstr(kept, SITE_EXTERNAL)))
		fprintf(init_people(c), "made in %s:%s%s\n", site.dir, strstr(kept, SITE_SERVER) ? "" : " server.pem",
			site.external_fqdn[0] && !strstr(kept, SITE_EXTERNAL) ? " external.pem" : "");
	fprintf(init_people(c), "dialtoned takes them at SIGHUP: systemctl reload dialtoned, or pkill -HUP -x dialtoned\n");
	return init_report(c, site.dir, true);
}

/* For a deploy hook: nothing is written when it is the same, or would not do. */
int certificate_verb(const struct command *c, const char *dir, const struct certificate_files *given)
{
	bool changed = false;
	struct site site;
	struct why why = {0};

	if (!init_conf(dir, &site, &why))
		return command_fail(c, EX_CONFIG, "--certificate: %s", why.text);
	if (given->outside && site.external_fqdn[0] == '\0')
		return command_fail(c, EX_USAGE, "--outside: the site has no external_fqdn");
	if (!take_certificate(&site, given, clock_unix_ms() / 1000, &changed, &why))
		return command_fail(c, EX_CONFIG, "--certificate: %s", why.text);
	fprintf(changed ? init_people(c) : stderr, changed ? "took it for %s/%s\ndialtoned takes it at SIGHUP: systemctl reload dialtoned\n"
						      : "unchanged: %s/%s holds it\n", site.dir, given->outside ? SITE_EXTERNAL : SITE_SERVER);
	return init_report(c, site.dir, changed);
}
