#include "cmd/site/init.h"

#include <limits.h>
#include <stdio.h>

#include "cmd/site/site.h"
#include "server/site/conf.h"
#include "server/site/files.h"

FILE *init_people(const struct command *c)
{
	return command_form(c) == WRITER_TEXT ? stdout : stderr;
}

int init_report(const struct command *c, const char *dir, bool changed)
{
	struct writer w;

	if (command_form(c) != WRITER_TEXT) {
		change_begin(&w, c, changed);
		writer_member(&w, "folder", "", json_string(dir));
		return writer_end(&w);
	}
	return fflush(stdout) == 0 ? 0 : EX_IOERR;
}

bool init_conf(const char *dir, struct site *ret, struct why *why)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/" SITE_CONF, dir);
	return conf_read(path, ret, why);
}
