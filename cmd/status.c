/* cmd/status.c: dialtone status: which of dialtoned's processes run, and what they have done. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "cmd/verbs.h"
#include "server/conf.h"
#include "server/control.h"

static const char help[] = "usage: dialtone -c FILE status\n"
			   "\n"
			   "One line a process of the dialtoned that runs this site: its name and number, its process id, how many RSA\n"
			   "private-key operations it has done, how often it was started again.\n"
			   "\n"
			   "example: dialtone -c /etc/dialtone/dialtone.conf status\n";

static int refuse(const char *what, const char *word)
{
	fprintf(stderr, "dialtone status: %s%s%s%s\ntype: dialtone status --help\n", what, word ? " \"" : "", word ? word : "",
		word ? "\"" : "");
	return EX_USAGE;
}

static int print(const struct site *site)
{
	struct buf text = {0};
	char why[600] = "";
	int ret = EX_OK;

	if (!control_status(site->dir, &text, why, sizeof why)) {
		fprintf(stderr, "dialtone status: %s\n", why);
		ret = EX_UNAVAILABLE;
	} else if (text.n == 0) {
		fprintf(stderr, "dialtone status: no dialtoned runs this site; type: dialtoned -c %s/dialtone.conf\n", site->dir);
		ret = EX_UNAVAILABLE;
	} else {
		fputs(buf_cstr(&text), stdout);
	}
	buf_free(&text);
	return ret;
}

int cmd_status(int argc, char **argv)
{
	const char *conf = NULL;
	struct site *site;
	char why[600] = "";
	int ret = EX_CONFIG;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0) {
			fputs(help, stdout);
			return EX_OK;
		}
		if (strcmp(argv[i], "-c") != 0 || i + 1 == argc)
			return refuse("what is this for:", argv[i]);
		conf = argv[++i];
	}
	if (conf == NULL)
		return refuse("which site? -c FILE is missing", NULL);
	site = malloc(sizeof *site);
	if (site == NULL)
		return EX_OSERR;
	if (conf_read(conf, site, why, sizeof why))
		ret = print(site);
	else
		fprintf(stderr, "dialtone status: %s\n", why);
	free(site);
	return ret;
}
