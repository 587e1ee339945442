/* doctor/sees.h: whether a run has what a row of the table of causes wants to see. */
#ifndef DIALTONE_DOCTOR_SEES_H
#define DIALTONE_DOCTOR_SEES_H

#include "doctor/causes.h"
#include "doctor/run.h"

/* The row's conditions, all of them, for the attempt (or the doctor's own answer, as a line) l. Stage and failure are not
 * compared. */
enum { DOCTOR_SEES_MAX = 3 }; /* what doctor_sees_count() gives at most */
bool doctor_sees(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l);

/* The last word about that stage is that it went well, or that the phone went on without. */
bool doctor_stage_ended_well(const struct doctor_run *r, enum dt_stage stage);

/* How many conditions a row has: the more it wants to see, the more it knows. */
unsigned doctor_sees_count(const struct doctor_cause *c);

#endif
