/* cmd/doctor/compare.c
 *
 *                  cx600, warm      cx600, cold
 *      1 vlan      ok      6 ms     ok      6 ms
 *      6 chain     -                FAILED 254 ms
 *      result      dial tone        stage 6
 *
 *     only with cx600, cold: stage 6: the root chain is fetched over plain HTTP, and port 80 is closed [C-13]
 */
#include "cmd/doctor/compare.h"

#include <string.h>

#include "cmd/text.h"
#include "doctor/fill.h"

static const struct doctor_line *stage_line(const struct doctor_run *r, enum dt_stage s)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_STAGE && r->line[i].stage == s)
			return &r->line[i];
	return NULL;
}

static void cell(char out[32], const struct doctor_run *r, enum dt_stage s)
{
	const struct doctor_line *l = stage_line(r, s), *result = doctor_run_result(r);

	if (l == NULL && result && !result->ok && result->stage == s)
		snprintf(out, 32, "FAILED");
	else if (l == NULL)
		snprintf(out, 32, "-");
	else
		snprintf(out, 32, "%-7s%6u ms", !l->ok ? "FAILED" : l->skipped && l->failure ? "without" : l->skipped ? "skipped" : "ok", l->ms);
}

static void result_cell(char out[32], const struct doctor_run *r)
{
	const struct doctor_line *l = doctor_run_result(r);

	if (l == NULL)
		snprintf(out, 32, "not run");
	else if (l->ok)
		snprintf(out, 32, "dial tone%4u.%u s", l->ms / 1000, l->ms % 1000 / 100);
	else
		snprintf(out, 32, "stage %d fails", (int)l->stage);
}

static bool has(const struct findings *f, const struct doctor_finding *one)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->one[i].stage == one->stage && f->one[i].failure == one->failure && f->one[i].ncause == one->ncause &&
		    (one->ncause == 0 || strcmp(f->one[i].cause[0]->id, one->cause[0]->id) == 0))
			return true;
	return false;
}

static void print_finding(FILE *to, const char *where, const struct doctor_finding *f)
{
	char head[120], text[DOCTOR_TEXT_MAX + 200], part[DOCTOR_TEXT_MAX];

	snprintf(head, sizeof head, "%s: stage %d: ", where, (int)f->stage);
	if (f->ncause)
		snprintf(text, sizeof text, "%s%s [%s]", head, doctor_fill(f, f->cause[0]->cause, part), f->cause[0]->id);
	else
		snprintf(text, sizeof text, "%s%s", head, f->evidence->why ? f->evidence->why : dt_failures[f->failure].what);
	text_fold(to, 0, 2, text);
	snprintf(text, sizeof text, "DO: %s", f->ncause ? doctor_fill(f, f->cause[0]->remedy, part) : dt_failures[f->failure].fix);
	fputs("  ", to);
	text_fold(to, 2, 2, text);
}

void compare_print(FILE *to, const char *const name[2], const struct doctor_run *const r[2], const struct findings f[2])
{
	char a[32], b[32], where[80];
	unsigned same = 0;

	fprintf(to, "%-12s%-20s%s\n", "", name[0], name[1]);
	for (enum dt_stage s = DT_STAGE_VLAN; s < DT_STAGE_COUNT; s++) {
		cell(a, r[0], s);
		cell(b, r[1], s);
		fprintf(to, "%d %-10s%-20s%s\n", (int)s, dt_stage_keys[s], a, b);
	}
	result_cell(a, r[0]);
	result_cell(b, r[1]);
	fprintf(to, "%-12s%-20s%s\n\n", "result", a, b);
	for (unsigned k = 0; k < 2; k++)
		for (unsigned i = 0; i < f[k].n; i++) {
			if (has(&f[1 - k], &f[k].one[i])) {
				same += k == 0;
				continue;
			}
			snprintf(where, sizeof where, "only with %s", name[k]);
			print_finding(to, where, &f[k].one[i]);
		}
	for (unsigned i = 0; i < f[0].n; i++)
		if (has(&f[1], &f[0].one[i]))
			print_finding(to, "with both", &f[0].one[i]);
	if (f[0].n + f[1].n == 0)
		fputs("nothing to cure with either\n", to);
	else if (same == f[0].n && same == f[1].n)
		fputs("no difference in what the doctor found\n", to);
}
