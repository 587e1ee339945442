/* cmd/doctor/every.h: a run again and again. */
#ifndef DIALTONE_CMD_DOCTOR_EVERY_H
#define DIALTONE_CMD_DOCTOR_EVERY_H

#include <stdbool.h>

/* "90", "30s", "5m", "1h", "1d": seconds, from 30 to a day; 0: it is none of these. */
unsigned every_read(const char *text);

/* Runs once() in a process of its own each `seconds`, until SIGINT or SIGTERM, or until it sets *end (a secret was refused: to try
 * it again would lock the user).  The exit status: that of the last run. */
int every_run(unsigned seconds, int (*once)(void *arg, bool *end), void *arg);

#endif
