#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/date.h"
#include "base/systemd.h"
#include "base/utf8.h"

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

bool log_wanted(enum log_level level)
{
	return level <= log_to.most;
}

#define LOG_LINE 2048

/* Octets off the wire cannot forge a second line, nor speak to a terminal. */
static const char *tame(char out[LOG_LINE * 3], const char *line)
{
	struct sv rest = sv_of(line);
	size_t n = 0;
	char c[5];

	for (; utf8_shown(&rest, c); n += strlen(c))
		memcpy(out + n, c, strlen(c) + 1);
	out[n] = '\0';
	return out;
}

static void put(const char *process, const char *level, const char *place, const char *line)
{
	char when[ISO_TIME_MAX], tamed[LOG_LINE * 3], whole[LOG_LINE * 3 + 80];

	line = tame(tamed, line);
	if (process == NULL) {
		fprintf(stderr, "%s%s%s\n", level, place, line);
		return;
	}
	snprintf(whole, sizeof whole, "%s%s%s", level, place, line);
	if (!journal_here())
		fprintf(stderr, "%s %s: %s%s%s\n", iso_time_ms(when, clock_unix_ms()), process, level, place, line);
	else if (!journal_send(process, whole))
		fprintf(stderr, "%s: %s\n", process, whole);
}

void log_line(enum log_level level, const char *place, const char *fmt, ...)
{
	static const char *const names[] = {"error: ", "warning: ", "info: ", "debug: "};
	char line[LOG_LINE / 2], at[64];
	va_list ap;

	if (level > log_to.most)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	snprintf(at, sizeof at, "%s: ", place);
	put(log_to.process, names[level], at, line);
}

void log_relay(const char *process, const char *text, size_t n)
{
	char line[LOG_LINE];

	snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
	put(process, "", "", line);
}
