/* phone/run/record.c: attempts as they are tried, and texts for them. */
#include <stdarg.h>
#include <stdio.h>

#include "phone/internal.h"

void text(char *out, size_t cap, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, cap, fmt, ap);
	va_end(ap);
}

void attempt_begin(struct dt_phone *ph, struct attempt *a, const char *fmt, ...)
{
	va_list ap;

	*a = (struct attempt){.since = mono(ph)};
	va_start(ap, fmt);
	vsnprintf(a->what, sizeof a->what, fmt, ap);
	va_end(ap);
}

void attempt_peer(struct attempt *a, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(a->peer, sizeof a->peer, fmt, ap);
	va_end(ap);
}

static void attempt(struct dt_phone *ph, const struct attempt *a, struct dt_record r)
{
	r.kind = DT_REC_ATTEMPT;
	r.stage = ph->stage;
	r.what = a->what;
	r.peer = a->peer[0] ? a->peer : NULL;
	r.ms = (uint32_t)(mono(ph) - a->since);
	r.basis = a->basis;
	ph->body->record(ph->arg, &r);
}

void attempt_ok(struct dt_phone *ph, const struct attempt *a, const char *found, const char *warn)
{
	attempt(ph, a, (struct dt_record){.ok = true, .found = found, .warn = warn && warn[0] ? warn : NULL});
}

void attempt_fail(struct dt_phone *ph, const struct attempt *a, enum dt_failure f, const char *why)
{
	attempt(ph, a, (struct dt_record){.failure = f, .why = why && why[0] ? why : NULL});
}

void record_stage(struct dt_phone *ph, enum dt_record_kind kind, bool ok)
{
	struct dt_record r = {
	    .kind = kind,
	    .stage = ph->stage,
	    .what = dt_stage_titles[ph->stage],
	    .ok = ok,
	    .ms = (uint32_t)(mono(ph) - ph->stage_since),
	};

	if (kind == DT_REC_STAGE) {
		r.skipped = ph->skipped;
		r.found = ph->found[0] ? ph->found : NULL;
		r.failure = ph->failure;
		r.why = ph->why[0] ? ph->why : NULL;
		r.basis = ok ? NULL : ph->basis;
	}
	ph->body->record(ph->arg, &r);
}

void record_result(struct dt_phone *ph, enum dt_stage stage, bool ok, enum dt_failure f, const char *why)
{
	struct dt_record r = {
	    .kind = DT_REC_RESULT,
	    .stage = stage,
	    .what = ok ? "dial tone" : "no dial tone",
	    .ok = ok,
	    .failure = f,
	    .why = why && why[0] ? why : NULL,
	    .basis = ok ? NULL : ph->basis,
	};

	ph->body->record(ph->arg, &r);
}
