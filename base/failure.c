/* base/failure.c: the lists of dialtone/failure.h and dialtone/sign.h as tables. */
#include "dialtone/failure.h"
#include "dialtone/sign.h"

#define ROW(id, code, fault, again, what, fix) \
	{code, DT_FAULT_##fault, DT_AGAIN_##again == DT_AGAIN_FINAL, DT_AGAIN_##again == DT_AGAIN_RETRY, what, fix},
const struct dt_failure_row dt_failures[DT_FAILURE_COUNT] = {DT_FAILURES(ROW)};
#undef ROW

const char *const dt_fault_names[] = {"", "network", "server", "phone", "user", "us"};

#define ROW(id, code, what) {code, what},
const struct dt_sign_row dt_signs[DT_SIGN_COUNT] = {DT_SIGNS(ROW)};
#undef ROW

#define ROW(id, code, name) {code, name},
const struct dt_candidate_row dt_candidates[DT_CAND_COUNT] = {DT_CANDIDATES(ROW)};
#undef ROW

bool dt_signs_have(const enum dt_sign *signs, enum dt_sign s)
{
	for (unsigned i = 0; i < DT_SIGNS_MAX && signs[i] != DT_SIGN_NONE; i++)
		if (signs[i] == s)
			return true;
	return false;
}

bool dt_signs_add(enum dt_sign *signs, enum dt_sign s)
{
	for (unsigned i = 0; i < DT_SIGNS_MAX; i++) {
		if (signs[i] == s)
			return true;
		if (signs[i] == DT_SIGN_NONE) {
			signs[i] = s;
			return true;
		}
	}
	return false;
}

enum dt_failure dt_failure_of_sip(unsigned status, unsigned diag)
{
	switch (status) {
	case 403:
		return diag == 4003 ? DT_F_REMOTE_OFF : DT_F_SIP_FORBIDDEN;
	case 404:
		return DT_F_SIP_NOT_FOUND;
	default:
		return DT_F_SIP_STATUS;
	}
}

/* [web-services 12.2] */
enum dt_failure dt_failure_of_fault(unsigned id, enum dt_failure refused)
{
	switch (id) {
	case 28000:
		return DT_F_NOT_ENABLED;
	case 28003: /* "The pin is invalid." */
	case 28020:
		return refused;
	case 28029:
		return DT_F_METHOD_OFF;
	case 28032: /* invalid; 28033 expired, 28072 "could not be verified, fetch a new one" [web-services 12.2] */
	case 28033:
	case 28072:
		return DT_F_TICKET_BAD;
	default:
		return DT_F_HTTP_STATUS;
	}
}
