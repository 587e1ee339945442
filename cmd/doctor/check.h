/* cmd/doctor/check.h: the doctor for a monitoring system: one line and a state. */
#ifndef DIALTONE_CMD_DOCTOR_CHECK_H
#define DIALTONE_CMD_DOCTOR_CHECK_H

#include <stdio.h>

#include "cmd/doctor/findings.h"

/* The states of the Monitoring Plugins' guidelines. */
enum check { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

/* "DIALTONE CRITICAL: stage 6 fails: ... [C-13]; DO: ... | time=1.8s;;;0 vlan=0.006s;;;0 ...", on one line.  Of a run without a
 * line: UNKNOWN. */
enum check check_print(FILE *to, const struct doctor_run *r, const struct findings *f);

#endif
