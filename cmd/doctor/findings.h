/* cmd/doctor/findings.h: the doctor's findings, and as JSON.  For people: cmd/doctor/answer.h. */
#ifndef DIALTONE_CMD_DOCTOR_FINDINGS_H
#define DIALTONE_CMD_DOCTOR_FINDINGS_H

#include <jansson.h>

#include "cmd/phone/record_text.h"
#include "doctor/diagnose.h"

#define FINDINGS 12

struct findings {
	struct doctor_finding one[FINDINGS];
	unsigned n;
};

void findings_of(struct findings *ret, const struct doctor_run *r);

/* New references; NULL when out of memory. */
json_t *finding_json(const struct doctor_finding *f);
json_t *answer_json(const struct doctor_answer *a);

#endif
