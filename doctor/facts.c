#include "doctor/facts.h"

#include <string.h>

#define AT(member) offsetof(struct dt_facts, member)

/* clang-format off */
const struct doctor_fact doctor_facts[DOCTOR_FACTS] = {
	{"host",      FACT_TEXT,      AT(host)},
	{"domain",    FACT_TEXT,      AT(domain)},
	{"cert",      FACT_TEXT,      AT(cert)},
	{"said",      FACT_TEXT,      AT(said)},
	{"address",   FACT_ADDRESS,   AT(address)},
	{"port",      FACT_U16,       AT(port)},
	{"vlan",      FACT_U16,       AT(vlan)},
	{"option",    FACT_U8,        AT(option)},
	{"suboption", FACT_U8,        AT(sub)},
	{"alert",     FACT_U8,        AT(alert)},
	{"rcode",     FACT_U8,        AT(rcode)},
	{"http",      FACT_U16,       AT(http)},
	{"sip",       FACT_U16,       AT(sip)},
	{"diag",      FACT_U32,       AT(diag)},
	{"seconds",   FACT_U32,       AT(seconds)},
	{"by",        FACT_ADDRESS,   AT(by)},
	{"off",       FACT_I64,       AT(off_s)},
	{"candidate", FACT_CANDIDATE, AT(candidate)},
};
/* clang-format on */

const char **doctor_fact_text(struct dt_facts *f, const struct doctor_fact *field)
{
	return (const char **)((char *)f + field->at);
}

int64_t doctor_fact_number(const struct dt_facts *f, const struct doctor_fact *field)
{
	const char *p = (const char *)f + field->at;

	switch (field->kind) {
	case FACT_TEXT:
		return *(const char *const *)p != NULL;
	case FACT_U8:
		return *(const uint8_t *)p;
	case FACT_U16:
		return *(const uint16_t *)p;
	case FACT_ADDRESS:
	case FACT_U32:
		return *(const uint32_t *)p;
	case FACT_I64:
		return *(const int64_t *)p;
	case FACT_CANDIDATE:
		return *(const enum dt_candidate *)p;
	}
	return 0;
}

bool doctor_fact_set(struct dt_facts *f, const struct doctor_fact *field, int64_t v)
{
	char *p = (char *)f + field->at;

	if (field->kind == FACT_I64) {
		*(int64_t *)p = v;
		return true;
	}
	if (v < 0 || v > (field->kind == FACT_U8 ? UINT8_MAX : field->kind == FACT_U16 ? UINT16_MAX : UINT32_MAX))
		return false;
	switch (field->kind) {
	case FACT_U8:
		*(uint8_t *)p = (uint8_t)v;
		return true;
	case FACT_U16:
		*(uint16_t *)p = (uint16_t)v;
		return true;
	case FACT_ADDRESS:
	case FACT_U32:
		*(uint32_t *)p = (uint32_t)v;
		return true;
	case FACT_CANDIDATE:
		*(enum dt_candidate *)p = (enum dt_candidate)v;
		return v < DT_CAND_COUNT;
	default:
		return false;
	}
}

enum dt_sign doctor_sign_of(const char *code)
{
	int s = DT_SIGN_NONE + 1;

	while (s < DT_SIGN_COUNT && strcmp(dt_signs[s].code, code) != 0)
		s++;
	return (enum dt_sign)s;
}

enum dt_candidate doctor_candidate_of(const char *code)
{
	int c = DT_CAND_NONE + 1;

	while (c < DT_CAND_COUNT && strcmp(dt_candidates[c].code, code) != 0)
		c++;
	return (enum dt_candidate)c;
}
