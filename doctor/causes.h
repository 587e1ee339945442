/* doctor/causes.h: why a stage fails: the failure knowledge base as a table.
 *
 * A row fits a failed attempt when stage and failure are its own, and what it wants to see besides (`sees`) is there.  Rows
 * that saw something come before rows that see nothing; among these the table's order counts: the likelier first.  A row whose
 * failure is OK fits an attempt that went well with a warning.
 *
 * Each has an id, so that two people can talk of it: V for the VLAN, I the address, D names, U updates, R Registrar and web
 * service, C certificates, A authentication, P provisioning, L log on, E outside.
 */
#ifndef DIALTONE_DOCTOR_CAUSES_H
#define DIALTONE_DOCTOR_CAUSES_H

#include "dialtone/phone.h"

enum doctor_sees {
	SEES_NOTHING,	  /* the row always fits */
	SEES_TEXT,	  /* `text` in why, found or warn of the attempt, or in its name */
	SEES_SAID,	  /* `text` in why or warn of any attempt of the run */
	SEES_NO_FRAME,	  /* nothing at all was heard */
	SEES_NO_LLDP,	  /* no LLDP was heard */
	SEES_NO_MED,	  /* LLDP was heard, without MED */
	SEES_PORT_VLAN,	  /* ... but with the port's untagged VLAN */
	SEES_MED,	  /* MED was heard, without a policy for anything */
	SEES_NO_VOICE,	  /* MED was heard, with policies for others than voice */
	SEES_UNKNOWN,	  /* MED was heard, with a voice policy that is unknown */
	SEES_CDP_VLAN,	  /* CDP names a voice VLAN, and LLDP does not */
	SEES_ANSWER_OK,	  /* something the doctor asked, whose name begins with `text`, was answered */
	SEES_ANSWER_FAIL, /* ... was not */
	SEES_ANSWER_TEXT, /* `text` in the answer to something the doctor asked */
	SEES_WARM,	  /* an earlier stage used what was stored */
	SEES_INSIDE,	  /* the phone looked for its VLAN: it is inside */
	SEES_OUTSIDE,	  /* it did not */
};

struct doctor_cause {
	const char *id;
	enum dt_stage stage; /* DT_STAGE_NONE: any */
	enum dt_failure failure;
	enum doctor_sees sees;
	const char *text;
	const char *cause, *remedy;
};

extern const struct doctor_cause doctor_causes[];
extern const size_t doctor_cause_count;

#endif
