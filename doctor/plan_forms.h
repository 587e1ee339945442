/* doctor/plan_forms.h reads what a DHCP server's file says of options 43 and 120, whatever server it is. */
#ifndef DIALTONE_DOCTOR_PLAN_FORMS_H
#define DIALTONE_DOCTOR_PLAN_FORMS_H

#include "doctor/plan.h"

struct plan_options {
	struct buf option43, option120; /* as a whole */
	struct buf sub[256];		/* sub-options of the class MS-UC-Client, by code */
	bool has_sub;
};

void plan_options_free(struct plan_options *o);

/* Kea's file, JSON with comments.  false: it is none. */
bool plan_kea_read(struct plan_options *o, struct sv text);

bool plan_hex_add(struct buf *to, struct sv text); /* octets as digits, with blanks, colons or dots between; false: it is none */
void plan_sip_name(struct buf *to, struct sv name); /* puts a name into option 120 (RFC 3361 3.1) */

#endif
