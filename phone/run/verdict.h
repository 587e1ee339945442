/* phone/run/verdict.h: how stages, and what goes on with dial tone, tell the runner what is to happen.
 *
 * Nothing happens inside these calls: the runner obeys when the handler that called has returned.  The caller returns at once.
 */
#ifndef DIALTONE_PHONE_VERDICT_H
#define DIALTONE_PHONE_VERDICT_H

#include "dialtone/phone.h"

enum plan_id { PLAN_INSIDE, PLAN_OUTSIDE_CERT, PLAN_OUTSIDE_NTLM, PLAN_TETHERED, PLAN_RENEW, PLAN_UPDATE, PLAN_AGAIN,
	       PLAN_ENROL, PLAN_POWER_ON, PLAN_POWER_ON_OUTSIDE, PLAN_SIGN_IN, PLAN_SIGN_IN_OUTSIDE, PLAN_LOGS, PLAN_GUEST, PLANS };

enum ph_verdict { V_WAIT, V_DONE, V_WITHOUT, V_FAILED, V_RESTART, V_INSTEAD };

/* The stage that runs has ended; the first verdict counts. */
void stage_done(struct dt_phone *ph, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void stage_skip(struct dt_phone *ph, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* was not needed */
void stage_without(struct dt_phone *ph, enum dt_failure f, const char *why); /* optional: goes on */
void stage_fail(struct dt_phone *ph, enum dt_failure f, const char *why);
void stage_instead(struct dt_phone *ph, enum plan_id plan, enum dt_failure f, const char *why); /* failed; that plan cures it */
void stage_restart(struct dt_phone *ph); /* an update was installed */

/* Requests, the weightiest one counts: run that plan (no stage is running); drop what is under way and begin from the
 * beginning; give up; switch off and on. */
enum ph_want { WANT_NOTHING, WANT_PLAN, WANT_START, WANT_END, WANT_RESTART };
void phone_want_plan(struct dt_phone *ph, enum plan_id plan);
void phone_want_start(struct dt_phone *ph);
void phone_want_restart(struct dt_phone *ph);
void phone_want_end(struct dt_phone *ph, enum dt_failure f, const char *why);

#endif
