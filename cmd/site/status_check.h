/* cmd/site/status_check.h: dialtone status --check: one line for a monitoring system, as the Nagios plugin guidelines have it. */
#ifndef DIALTONE_CMD_SITE_STATUS_CHECK_H
#define DIALTONE_CMD_SITE_STATUS_CHECK_H

#include <stdio.h>

#include "server/site/site.h"

/* The exit status: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN. */
int status_check(FILE *to, const struct site *site, int64_t now);

#endif
