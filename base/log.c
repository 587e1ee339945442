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

/* Octets off the wire cannot forge a second line, nor control a terminal. */
static void tame(char *line)
{
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = '?';
}

static void put(const char *process, const char *level, const char *place, const char *line)
{
	char when[ISO_TIME_MAX];

	if (process == NULL)
		fprintf(stderr, "%s%s%s\n", level, place, line);
	else if (getenv("JOURNAL_STREAM"))
		fprintf(stderr, "%s: %s%s%s\n", process, level, place, line);
	else
		fprintf(stderr, "%s %s: %s%s%s\n", iso_time_ms(when, clock_unix_ms()), process, level, place, line);
}

void log_line(enum log_level level, const char *place, const char *fmt, ...)
{
	static const char *const names[] = {"error: ", "warning: ", "info: ", "debug: "};
	char line[1024], at[64];
	va_list ap;

	if (level > log_to.most)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	tame(line);
	snprintf(at, sizeof at, "%s: ", place);
	put(log_to.process, names[level], at, line);
}

void log_relay(const char *process, const char *text, size_t n)
{
	char line[2048];

	snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
	tame(line);
	put(process, "", "", line);
}
