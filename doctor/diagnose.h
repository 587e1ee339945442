/* doctor/diagnose.h: findings from a run.
 *
 * The diagnosis is the cause that explains most of what failed, the earliest of them in stage order; without one, the stage
 * that failed.  Stages that the phone went on without are warnings, and so is what went well but oddly (its failure is OK).
 * A finding that another one explains says so (`because`) and stands below it.
 */
#ifndef DIALTONE_DOCTOR_DIAGNOSE_H
#define DIALTONE_DOCTOR_DIAGNOSE_H

#include "doctor/causes.h"
#include "doctor/run.h"

enum doctor_verdict { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN };
extern const char *const doctor_verdicts[]; /* "fail", "warn", "unknown" */

#define DOCTOR_CAUSES 4

struct doctor_finding {
	const struct doctor_run *run;
	enum doctor_verdict verdict;
	enum dt_stage stage;
	const struct doctor_line *evidence; /* in the run */
	enum dt_failure failure;
	bool guess; /* no specification publishes the format: the fault may be ours */
	const struct doctor_cause *cause[DOCTOR_CAUSES]; /* likeliest first */
	unsigned ncause;
	const struct doctor_answer *asked; /* the doctor's own question that shows it; NULL: `evidence` does */
	const struct doctor_cause *because; /* the cause, of a finding above, whose consequence this is; NULL: it stands for itself */
};

/* At most cap; the diagnosis first, then in stage order. */
unsigned doctor_diagnose(const struct doctor_run *r, struct doctor_finding *ret, unsigned cap);

#endif
