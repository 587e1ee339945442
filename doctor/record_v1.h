/* doctor/record_v1.h: records of v = 1 had no signs and no facts, only sentences.  This is the one place that reads them.
 *
 * The sentences are those of dialtone 0.1.0, and will not change any more: nothing that is written today comes here.
 */
#ifndef DIALTONE_DOCTOR_RECORD_V1_H
#define DIALTONE_DOCTOR_RECORD_V1_H

#include "dialtone/phone.h"

struct record_v1 { /* what the facts point to */
	char host[DT_NAME_MAX], said[256];
};

/* Fills rec->sign and rec->fact from its texts; what they point to is in *store, or in the record's own texts. */
void record_v1_facts(struct dt_record *rec, struct record_v1 *store);

#endif
