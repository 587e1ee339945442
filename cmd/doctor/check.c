#include "cmd/doctor/check.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "doctor/fill.h"

/* ---- one line ---------------------------------------------------------------------------------------------------- */

/* A bar begins the performance data, and a new line ends the answer: no text brings either. */
static void put_words(FILE *to, const char *s)
{
	struct sv rest = sv_of(s);
	char one[5];

	while (utf8_shown(&rest, one))
		fputs(one[0] == '|' ? "/" : one, to);
}

static enum check state_of(const struct doctor_run *r, const struct findings *f)
{
	const struct doctor_line *result = doctor_run_result(r);

	if (result == NULL || result->failure == DT_F_STOPPED)
		return CHECK_UNKNOWN;
	return !result->ok ? CHECK_CRITICAL : f->n ? CHECK_WARNING : CHECK_OK;
}

static void put_finding(FILE *to, const struct doctor_finding *f, bool fails)
{
	const struct doctor_line *l = f->evidence;
	char text[DOCTOR_TEXT_MAX];

	fprintf(to, "stage %d%s: ", (int)f->stage, fails ? " fails" : "");
	if (f->ncause == 0) {
		put_words(to, l->why ? l->why : dt_failures[f->failure].what);
		return;
	}
	put_words(to, doctor_fill(f, f->cause[0]->cause, text));
	fprintf(to, " [%s]; DO: ", f->cause[0]->id);
	put_words(to, doctor_fill(f, f->cause[0]->remedy, text));
}

/* 'label'=value[UOM];[warn];[crit];[min]: the whole, then each stage that was run. */
static void put_times(FILE *to, const struct doctor_run *r)
{
	const struct doctor_line *result = doctor_run_result(r);

	if (result)
		fprintf(to, " | time=%u.%03us;;;0", result->ms / 1000, result->ms % 1000);
	for (size_t i = 0; result && i < r->n; i++) {
		const struct doctor_line *l = &r->line[i];

		if (l->kind == DT_REC_STAGE && l->stage > DT_STAGE_NONE && l->stage < DT_STAGE_COUNT)
			fprintf(to, " %s=%u.%03us;;;0", dt_stage_keys[l->stage], l->ms / 1000, l->ms % 1000);
	}
}

enum check check_print(FILE *to, const struct doctor_run *r, const struct findings *f)
{
	static const char *const names[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
	enum check state = r->n ? state_of(r, f) : CHECK_UNKNOWN;
	const struct doctor_line *result = r->n ? doctor_run_result(r) : NULL;

	fprintf(to, "DIALTONE %s: ", names[state]);
	if (state == CHECK_OK)
		fprintf(to, "dial tone after %u.%u s", result->ms / 1000, result->ms % 1000 / 100);
	else if (f->n)
		put_finding(to, &f->one[0], state == CHECK_CRITICAL);
	else
		fputs(r->n ? "the run has no result" : "no phone could be run: the reason is on standard error", to);
	if (f->n > 1)
		fprintf(to, " (and %u more)", f->n - 1);
	put_times(to, r);
	fputc('\n', to);
	fflush(to);
	return state;
}
