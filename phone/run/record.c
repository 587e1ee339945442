/* phone/run/record.c: attempts as they are tried, and texts for them. */
#include <stdarg.h>
#include <stdio.h>

#include "phone/internal.h"

void record_give(struct dt_phone *ph, const struct dt_record *r)
{
	log_record(ph, r);
	ph->core.body->record(ph->core.arg, r);
}

void attempt_begin(struct dt_phone *ph, struct attempt *a, const char *fmt, ...)
{
	va_list ap;

	*a = (struct attempt){.since = ph_now_ms(ph)};
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

void attempt_at(struct attempt *a, uint32_t address, uint16_t port)
{
	char ip[16];

	attempt_peer(a, "%s:%u", ip_text(address, ip), port);
	a->fact.address = address;
	a->fact.port = port;
}

void attempt_sign(struct attempt *a, enum dt_sign s)
{
	if (s != DT_SIGN_NONE)
		dt_signs_add(a->sign, s);
}

/* What the signs say, where nothing more particular is to be said. */
static const char *record_sentences(const struct attempt *a, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < DT_SIGNS_MAX && a->sign[i] != DT_SIGN_NONE && n + 1 < cap; i++) {
		text_set(out + n, cap - n, "%s%s", n ? "; " : "", dt_signs[a->sign[i]].what);
		n += strlen(out + n);
	}
	return n ? out : NULL;
}

static void record_attempt(struct dt_phone *ph, const struct attempt *a, struct dt_record r)
{
	char said[FOUND_MAX];

	if (r.ok && r.warn == NULL)
		r.warn = record_sentences(a, said, sizeof said);
	if (!r.ok && r.why == NULL)
		r.why = record_sentences(a, said, sizeof said);
	memcpy(r.sign, a->sign, sizeof r.sign);
	r.fact = a->fact;
	r.kind = DT_REC_ATTEMPT;
	r.stage = ph->run.stage;
	r.what = a->what;
	r.peer = a->peer[0] ? a->peer : NULL;
	r.ms = (uint32_t)(ph_now_ms(ph) - a->since);
	r.guess = a->guess;
	record_give(ph, &r);
}

void attempt_ok(struct dt_phone *ph, const struct attempt *a, const char *found, const char *warn)
{
	record_attempt(ph, a, (struct dt_record){.ok = true, .found = found, .warn = warn && warn[0] ? warn : NULL});
}

void attempt_fail(struct dt_phone *ph, const struct attempt *a, enum dt_failure f, const char *why)
{
	record_attempt(ph, a, (struct dt_record){.failure = f, .why = why && why[0] ? why : NULL});
}

void record_stage(struct dt_phone *ph, enum dt_record_kind kind, bool ok)
{
	struct dt_record r = {
	    .kind = kind,
	    .stage = ph->run.stage,
	    .what = dt_stage_titles[ph->run.stage],
	    .ok = ok,
	    .ms = (uint32_t)(ph_now_ms(ph) - ph->run.stage_since),
	};

	if (kind == DT_REC_STAGE) {
		r.skipped = ph->run.skipped;
		r.found = ph->work->found[0] ? ph->work->found : NULL;
		r.failure = ph->run.failure;
		r.why = ph->work->why.text[0] ? ph->work->why.text : NULL;
		r.guess = !ok && ph->run.guess;
	}
	record_give(ph, &r);
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
	    .guess = !ok && ph->run.guess,
	};

	record_give(ph, &r);
}
