/* doctor/facts.h: the fields of struct dt_facts by the names they have in a record's JSON (v = 2), once: writer and
 * reader of a record walk this table.  dialtone-record(5) documents each.
 */
#ifndef DIALTONE_DOCTOR_FACTS_H
#define DIALTONE_DOCTOR_FACTS_H

#include <stddef.h>

#include "dialtone/sign.h"

enum doctor_fact_kind { FACT_TEXT, FACT_ADDRESS, FACT_U8, FACT_U16, FACT_U32, FACT_I64, FACT_CANDIDATE };

struct doctor_fact {
	const char *name;
	enum doctor_fact_kind kind;
	size_t at; /* within struct dt_facts */
};

#define DOCTOR_FACTS 18
extern const struct doctor_fact doctor_facts[DOCTOR_FACTS];

int64_t doctor_fact_number(const struct dt_facts *f, const struct doctor_fact *field); /* of a text: whether it is there */
/* false: it does not fit. */
bool doctor_fact_set(struct dt_facts *f, const struct doctor_fact *field, int64_t v);
const char **doctor_fact_text(struct dt_facts *f, const struct doctor_fact *field); /* of kind FACT_TEXT */

enum dt_sign doctor_sign_of(const char *code);		  /* DT_SIGN_COUNT: there is none of that code */
enum dt_candidate doctor_candidate_of(const char *code); /* DT_CAND_COUNT: the same */

#endif
