/* base/log.h: one line for the operator, on standard error.
 *
 * A level, a place ("registrar"), a sentence.  No secrets, ever: PINs, passwords and keys are not passed in.
 * Where standard error is the journal's (JOURNAL_STREAM), lines go there with a priority and fields (base/systemd.h).
 */
#ifndef DIALTONE_BASE_LOG_H
#define DIALTONE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* process: shown in every line; kept, not copied.  NULL: lines have neither time nor process; the reader adds both. */
void log_set(enum log_level most, const char *process);
void log_line(enum log_level level, const char *place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool log_wanted(enum log_level level); /* whether such a line would be written */
/* A line that another process has written, without its end: time and process are ours, so it cannot forge them. */
void log_relay(const char *process, const char *line, size_t n);

#endif
