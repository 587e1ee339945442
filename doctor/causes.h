/* doctor/causes.h: why a stage fails: the failure knowledge base as a table.
 *
 * A row fits a failed attempt when stage and failure are its own, and what it wants to see besides (`sees`) is there.  Rows
 * that saw something come before rows that see nothing; among these the table's order counts: the likelier first.
 */
#ifndef DIALTONE_DOCTOR_CAUSES_H
#define DIALTONE_DOCTOR_CAUSES_H

#include "dialtone/phone.h"

enum doctor_sees {
	SEES_NOTHING,	  /* the row always fits */
	SEES_TEXT,	  /* `text` in why, found or warn of the attempt, or in its name */
	SEES_NO_FRAME,	  /* nothing at all was heard */
	SEES_NO_LLDP,	  /* no LLDP was heard */
	SEES_LLDP,	  /* LLDP was heard */
	SEES_CDP_VLAN,	  /* CDP names a voice VLAN */
	SEES_ANSWER_OK,	  /* something the doctor asked, whose name begins with `text`, was answered */
	SEES_ANSWER_FAIL, /* ... was not */
	SEES_ANSWER_TEXT, /* `text` in the answer to something the doctor asked in this stage */
	SEES_WARM,	  /* an earlier stage used what was stored */
};

struct doctor_cause {
	const char *id; /* of the knowledge base */
	enum dt_stage stage; /* DT_STAGE_NONE: any */
	enum dt_failure failure;
	enum doctor_sees sees;
	const char *text;
	const char *cause, *remedy;
};

extern const struct doctor_cause doctor_causes[];
extern const size_t doctor_cause_count;

#endif
