/* doctor/run.h: a run as the doctor keeps it: every line of its record, from a phone that runs here or from a file.
 *
 * The doctor reads nothing else of a run than this: the phone's attempts, what was heard on the port (kind "heard"), what the
 * doctor asked itself (kind "probe").
 */
#ifndef DIALTONE_DOCTOR_RUN_H
#define DIALTONE_DOCTOR_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"
#include "dialtone/phone.h"
#include "doctor/observed.h"

struct doctor_line {
	enum dt_record_kind kind;
	enum dt_stage stage;
	bool ok, skipped, guess;
	enum dt_failure failure;
	uint32_t ms;
	enum dt_sign sign[DT_SIGNS_MAX];
	struct dt_facts fact;			/* its texts are the line's own */
	char *what, *peer, *found, *warn, *why; /* for people; NULL: absent */
};

struct doctor_answer { /* of something the doctor asked itself */
	enum dt_stage stage; /* where it matters */
	bool ok;
	enum dt_sign sign[DT_SIGNS_MAX]; /* DT_SIGN_ASKED_..., and what was wrong */
	struct dt_facts fact;		 /* numbers; of its texts only the host */
	char host[DT_NAME_MAX];		 /* fact.host, or "" */
	struct dt_lease offer;		 /* of a DHCP server; no part of the record */
	char what[DT_NAME_MAX + 64];	 /* for people: "srv _sip._tls.contoso.test", "tls 10.20.0.11:443" */
	char text[1024];
};

#define DOCTOR_ANSWERS 192

struct doctor_place { /* where the phone is: for questions, no part of the record */
	unsigned vlan;
	struct dt_lease lease; /* address 0: none yet */
	bool asks;	       /* there is a network below, and DHCP in use */
};

struct doctor_run {
	struct doctor_line *line;
	size_t n, cap;
	bool has_observed;
	struct doctor_observed observed;
	struct doctor_answer answer[DOCTOR_ANSWERS];
	unsigned answers;
	struct doctor_place place;
};

void doctor_run_free(struct doctor_run *r); /* leaves it zeroed */

void doctor_line_clear(struct doctor_line *l); /* frees its texts */

/* false: out of memory. BEGIN lines are not kept. */
bool doctor_run_add(struct doctor_run *r, const struct dt_record *rec);
/* JSON lines as `connect --json` and `doctor --json` write them: v = 2, or v = 1 of earlier versions, whose sentences are
 * turned into signs (doctor/record_v1.h). NULL, or a sentence that names the line. Lines of an unknown version or kind are
 * refused; unknown members and signs are not. The last run in the text is the one that is kept. */
const char *doctor_run_read(struct doctor_run *r, const char *text, size_t n, struct why *why);

/* The run's result: the last RESULT line; NULL: the record ends before it. */
const struct doctor_line *doctor_run_result(const struct doctor_run *r);

#endif
