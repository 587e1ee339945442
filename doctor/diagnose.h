/* doctor/diagnose.h: findings from a run.
 *
 * The first stage that failed is the diagnosis; what failed later is a consequence.  Stages that the phone went on without
 * are warnings, and so is what went well but oddly (its failure is OK).
 */
#ifndef DIALTONE_DOCTOR_DIAGNOSE_H
#define DIALTONE_DOCTOR_DIAGNOSE_H

#include "doctor/causes.h"
#include "doctor/run.h"

enum doctor_verdict { DOCTOR_FAIL, DOCTOR_WARN, DOCTOR_UNKNOWN };
extern const char *const doctor_verdicts[]; /* "fail", "warn", "unknown" */

#define DOCTOR_CAUSES 4

struct doctor_finding {
	enum doctor_verdict verdict;
	enum dt_stage stage;
	const struct doctor_line *evidence; /* in the run */
	enum dt_failure failure;
	bool guess; /* no specification publishes the format: the fault may be ours */
	const struct doctor_cause *cause[DOCTOR_CAUSES]; /* likeliest first */
	unsigned ncause;
};

/* At most cap; the failed stage first. */
unsigned doctor_diagnose(const struct doctor_run *r, struct doctor_finding *ret, unsigned cap);

#endif
