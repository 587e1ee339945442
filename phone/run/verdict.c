/* phone/run/verdict.c: verdicts of stages and requests are written down; phone/run/phone.c obeys. */
#include "phone/run/verdict.h"

#include <stdarg.h>
#include <stdio.h>

#include "phone/internal.h"

static void verdict_give(struct dt_phone *ph, enum ph_verdict v, enum dt_failure f, const char *why)
{
	if (!ph->run.running || ph->run.verdict != V_WAIT)
		return;
	ph->run.verdict = v;
	ph->run.failure = f;
	why_set(&ph->work->why, "%s", why ? why : "");
}

static void verdict_found(struct dt_phone *ph, const char *fmt, va_list ap)
{
	if (ph->work == NULL)
		return; /* no plan runs: the verdict does not count */
	ph->work->found[0] = '\0';
	if (fmt)
		vsnprintf(ph->work->found, sizeof ph->work->found, fmt, ap);
}

void stage_done(struct dt_phone *ph, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verdict_found(ph, fmt, ap);
	va_end(ap);
	verdict_give(ph, V_DONE, DT_F_OK, NULL);
}

void stage_skip(struct dt_phone *ph, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	verdict_found(ph, fmt, ap);
	va_end(ap);
	ph->run.skipped = true;
	verdict_give(ph, V_DONE, DT_F_OK, NULL);
}

void stage_without(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	verdict_give(ph, V_WITHOUT, f, why);
}

void stage_fail(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	verdict_give(ph, V_FAILED, f, why);
}

void stage_instead(struct dt_phone *ph, enum plan_id plan, enum dt_failure f, const char *why)
{
	ph->run.instead = plan;
	verdict_give(ph, V_INSTEAD, f, why);
}

void stage_restart(struct dt_phone *ph)
{
	verdict_give(ph, V_RESTART, DT_F_OK, NULL);
}

static bool want_set(struct dt_phone *ph, enum ph_want what)
{
	if (what < ph->run.want.what)
		return false;
	ph->run.want.what = what;
	return true;
}

void phone_want_plan(struct dt_phone *ph, enum plan_id plan)
{
	if (want_set(ph, WANT_PLAN))
		ph->run.want.plan = plan;
}

void phone_want_start(struct dt_phone *ph)
{
	want_set(ph, WANT_START);
}

void phone_want_restart(struct dt_phone *ph)
{
	want_set(ph, WANT_RESTART);
}

void phone_want_end(struct dt_phone *ph, enum dt_failure f, const char *why)
{
	if (!want_set(ph, WANT_END))
		return;
	ph->run.want.failure = f;
	why_hold(&ph->run.want.why, why);
}
