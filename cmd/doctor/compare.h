/* cmd/doctor/compare.h: two runs side by side: a warm start and a cold one, or two models. */
#ifndef DIALTONE_CMD_DOCTOR_COMPARE_H
#define DIALTONE_CMD_DOCTOR_COMPARE_H

#include "cmd/doctor/findings.h"
#include "cmd/phone/options.h"

/* Runs `once` twice, each in a process of its own: as it was typed, then warm, cold, or as another model (o->compare).  The second is
 * not run when the first sets *end: its PIN or password was refused.  The exit status: 0 when both have dial tone, else that of
 * the first that has not. */
int compare_run(struct command *c, int (*once)(void *arg, bool *end));

/* The table and what differs, for people. */
void compare_print(FILE *to, const char *const name[2], const struct doctor_run *const r[2], const struct findings f[2]);

#endif
