/* cmd/doctor/plan_show.h: dialtone doctor --plan: which models would fail after a change. */
#ifndef DIALTONE_CMD_DOCTOR_PLAN_SHOW_H
#define DIALTONE_CMD_DOCTOR_PLAN_SHOW_H

#include "cmd/phone/options.h"
#include "doctor/run.h"

/* was: the run that the change is applied to.  The exit status: 0 no model is worse off, else the earliest stage at which one fails, or
 * is at risk; 78 after a reason. */
int plan_show(const struct phone_options *o, const struct doctor_run *was, bool json);

#endif
