/* cmd/doctor/plan_show.c
 *
 *     cx600   Polycom CX600    as before
 *     cx700   Polycom CX700    at risk at stage 6 [C-08]
 *
 *     [C-08] the root has 4096 bits and a SHA-2 signature: ...
 *            DO: give these phones another chain: ...
 */
#include "cmd/doctor/plan_show.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "cmd/doctor/findings.h"
#include "cmd/json_line.h"
#include "cmd/text.h"
#include "doctor/fill.h"
#include "doctor/plan.h"

enum { FILE_MAX = 1 << 20 };

struct planned {
	const struct dt_model *model;
	struct doctor_run run;
	struct findings found;
	bool fails;
};

/* ---- files ------------------------------------------------------------------------------------------------------- */

static bool part_read(struct doctor_plan *p, const char *what, struct sv trusted, struct why *why)
{
	struct sv path = sv_of(what), kind = sv_cut(&path, '=');
	struct buf b = {0};
	bool good;
	int e = file_read(path.p, FILE_MAX, &b);

	if (e < 0)
		return why_not(why, "%s", strerror(-e));
	if (sv_eq(kind, SV("chain")))
		good = doctor_plan_chain(p, buf_view(&b), trusted, why);
	else
		good = sv_eq(kind, SV("dns")) ? doctor_plan_zone(p, buf_view(&b), why) : doctor_plan_dhcp(p, buf_view(&b), why);
	buf_free(&b);
	return good;
}

static int plan_read(struct doctor_plan *p, const struct phone_options *o)
{
	struct buf trusted = {0};
	struct why why = {0};
	int e = o->trust ? file_read(o->trust, FILE_MAX, &trusted) : 0, rc = 0;

	if (e < 0) {
		fprintf(stderr, "dialtone doctor: '--trust %s': %s\n", o->trust, strerror(-e));
		rc = EX_CONFIG;
	}
	for (unsigned i = 0; i < o->nplan && rc == 0; i++)
		if (!part_read(p, o->plan[i], buf_view(&trusted), &why)) {
			fprintf(stderr, "dialtone doctor: '--plan %s': %s\n", o->plan[i], why.text);
			rc = EX_CONFIG;
		}
	buf_free(&trusted);
	return rc;
}

/* ---- one model --------------------------------------------------------------------------------------------------- */

static bool is_in(const struct findings *f, const struct doctor_finding *one)
{
	for (unsigned i = 0; i < f->n; i++)
		if (f->one[i].ncause && one->ncause && f->one[i].stage == one->stage && strcmp(f->one[i].cause[0]->id, one->cause[0]->id) == 0)
			return true;
	return false;
}

/* What the change brings: findings that were not there before. */
static bool plan_one(struct planned *m, const struct doctor_plan *p, const struct doctor_run *was, const struct findings *before)
{
	const struct doctor_line *result;
	unsigned n = 0;

	if (!doctor_plan_apply(p, was, m->model, &m->run))
		return false;
	result = doctor_run_result(&m->run);
	m->fails = result && !result->ok;
	findings_of(&m->found, &m->run);
	for (unsigned i = 0; i < m->found.n; i++)
		if (!is_in(before, &m->found.one[i]))
			m->found.one[n++] = m->found.one[i];
	m->found.n = n;
	return true;
}

/* ---- the answer -------------------------------------------------------------------------------------------------- */

static const char *id_of(const struct doctor_finding *f)
{
	return f->ncause ? f->cause[0]->id : dt_failures[f->failure].code;
}

static void row(const struct planned *m)
{
	printf("%-8s%-17s", m->model->key, m->model->name);
	if (m->found.n == 0)
		printf("%s\n", m->fails ? "fails, as before" : "as before");
	for (unsigned i = 0; i < m->found.n; i++)
		printf("%s%s at stage %d [%s]", i ? ", " : "", i == 0 && m->fails ? "fails" : "at risk", (int)m->found.one[i].stage,
		       id_of(&m->found.one[i]));
	if (m->found.n)
		putchar('\n');
}

static bool is_shown(const struct planned *all, size_t before, const struct doctor_finding *f)
{
	for (size_t i = 0; i < before; i++)
		for (unsigned k = 0; k < all[i].found.n; k++)
			if (strcmp(id_of(&all[i].found.one[k]), id_of(f)) == 0)
				return true;
	return false;
}

static void causes(const struct planned *all, size_t n)
{
	char text[DOCTOR_TEXT_MAX + 32], part[DOCTOR_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < all[i].found.n; k++) {
			const struct doctor_finding *f = &all[i].found.one[k];

			if (is_shown(all, i, f))
				continue;
			printf("\n[%s] ", id_of(f));
			text_fold(stdout, (unsigned)strlen(id_of(f)) + 3, 7,
				  f->ncause ? doctor_fill(f, f->cause[0]->cause, part) : dt_failures[f->failure].what);
			snprintf(text, sizeof text, "seen: %s%s%s", f->evidence->what ? f->evidence->what : "", f->evidence->what ? ": " : "",
				 f->evidence->why ? f->evidence->why : f->evidence->warn ? f->evidence->warn : dt_failures[f->failure].what);
			printf("%7s", "");
			text_fold(stdout, 7, 7, text);
			snprintf(text, sizeof text, "DO: %s", f->ncause ? doctor_fill(f, f->cause[0]->remedy, part) : dt_failures[f->failure].fix);
			printf("%7s", "");
			text_fold(stdout, 7, 7, text);
		}
}

static int answer(const struct planned *all, size_t n, bool json)
{
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned k = 0; k < all[i].found.n; k++) {
			json_t *j = json ? finding_json(&all[i].found.one[k]) : NULL;

			if (j) {
				json_object_set_new(j, "model", json_string(all[i].model->key));
				json_line(stdout, j);
			}
			if (status == 0 || (int)all[i].found.one[k].stage < status)
				status = (int)all[i].found.one[k].stage;
		}
		if (!json)
			row(&all[i]);
	}
	if (!json)
		causes(all, n);
	fflush(stdout);
	return status;
}

int plan_show(const struct phone_options *o, const struct doctor_run *was, bool json)
{
	struct doctor_plan *p = calloc(1, sizeof *p);
	struct planned *all = calloc(dt_model_count, sizeof *all);
	struct findings *before = calloc(1, sizeof *before);
	int rc = EX_SOFTWARE;

	if (p && all && before) {
		p->unix_s = clock_unix_ms() / 1000;
		findings_of(before, was);
		rc = plan_read(p, o);
		for (size_t i = 0; i < dt_model_count && rc == 0; i++) {
			all[i].model = &dt_models[i];
			rc = plan_one(&all[i], p, was, before) ? 0 : EX_SOFTWARE;
		}
		if (rc == 0)
			rc = answer(all, dt_model_count, json);
		for (size_t i = 0; i < dt_model_count; i++)
			doctor_run_free(&all[i].run);
		doctor_plan_free(p);
	}
	free(p);
	free(all);
	free(before);
	return rc;
}
