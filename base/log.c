#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"

/* The one global of the house: where the operator's lines go is a property of the process, like its stderr. */
static struct {
	enum log_level most;
	const char *process;
} log_to = {LOG_INFO, "dialtone"};

void log_set(enum log_level most, const char *process)
{
	log_to.most = most;
	log_to.process = process;
}

void log_line(enum log_level level, const char *place, const char *fmt, ...)
{
	static const char *const names[] = {"error", "warning", "info", "debug"};
	char line[1024], when[ISO_TIME_MAX];
	va_list ap;

	if (level > log_to.most)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?'; /* what came off the wire does not get to forge a second line */
	if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "%s: %s: %s: %s\n", log_to.process, names[level], place, line);
	else
		fprintf(stderr, "%s %s: %s: %s: %s\n", iso_time_ms(when, clock_unix_ms()), log_to.process, names[level],
			place, line);
}
