/* server/control/version.c compares the dialtoned that runs with the program that asks it: after an upgrade they are two, until dialtoned is
 * started again. */
#include <string.h>

#include "server/control/control.h"

struct sv control_version(struct sv *status)
{
	struct sv rest = *status, line = sv_cut(&rest, '\n');

	if (!sv_starts(line, SV("version ")))
		return (struct sv){0};
	*status = rest;
	return sv_from(line, strlen("version "));
}

bool control_is_of_another(struct sv version, struct why *why)
{
	if (sv_eq(version, SV(DIALTONE_VERSION)))
		return false;
	why_set(why, "the dialtoned that runs is of %s" SV_FMT ", this program of version " DIALTONE_VERSION "; type: systemctl restart dialtoned",
		version.n ? "version " : "an older version", SV_ARG(version));
	return true;
}
