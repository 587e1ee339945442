#include "cmd/doctor/findings.h"

#include "cmd/json_line.h"
#include "cmd/phone/record_json.h"
#include "doctor/fill.h"

void findings_of(struct findings *ret, const struct doctor_run *r)
{
	ret->n = doctor_diagnose(r, ret->one, FINDINGS);
}

/* ---- JSON ---------------------------------------------------------------------------------------------------- */

json_t *answer_json(const struct doctor_answer *a)
{
	json_t *j = json_pack("{si ss si so sb so}", "v", 2, "kind", "probe", "stage", (int)a->stage, "try", json_text(a->what), "ok",
			      a->ok, "found", json_text(a->text));

	if (j)
		record_json_facts(j, a->sign, &a->fact);
	return j;
}

json_t *finding_json(const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;
	char cause[DOCTOR_TEXT_MAX], remedy[DOCTOR_TEXT_MAX];
	json_t *causes = json_array(), *j;

	for (unsigned i = 0; i < f->ncause; i++)
		json_array_append_new(causes, json_pack("{ss so so}", "id", f->cause[i]->id, "cause",
							json_text(doctor_fill(f, f->cause[i]->cause, cause)), "remedy",
							json_text(doctor_fill(f, f->cause[i]->remedy, remedy))));
	j = json_pack("{si ss ss si ss so}", "v", 2, "kind", "finding", "verdict", doctor_verdicts[f->verdict], "stage",
		      (int)f->stage, "error", dt_failures[f->failure].code, "causes", causes);
	if (j && f->stage > DT_STAGE_NONE && f->stage < DT_STAGE_COUNT)
		json_object_set_new(j, "key", json_string(dt_stage_keys[f->stage]));
	if (j && f->failure != DT_F_OK)
		json_object_set_new(j, "fault", json_string(dt_fault_names[dt_failures[f->failure].fault]));
	if (j)
		record_json_facts(j, f->asked ? f->asked->sign : l->sign, f->asked ? &f->asked->fact : &l->fact);
	if (j && f->asked)
		json_object_set_new(j, "try", json_text(f->asked->what));
	else if (j && l->what && l->kind == DT_REC_ATTEMPT)
		json_object_set_new(j, "try", json_text(l->what));
	if (j && !f->asked && l->peer)
		json_object_set_new(j, "peer", json_text(l->peer));
	if (j)
		json_object_set_new(j, "why", json_text(f->asked			      ? f->asked->text
							: l->why			      ? l->why
							: f->failure == DT_F_OK && l->warn ? l->warn
											   : dt_failures[f->failure].what));
	if (j)
		json_object_set_new(j, "fix", json_text(f->ncause ? doctor_fill(f, f->cause[0]->remedy, remedy)
								     : dt_failures[f->failure].fix));
	if (j && f->guess)
		json_object_set_new(j, "basis", json_string("guess"));
	if (j && f->because)
		json_object_set_new(j, "because", json_string(f->because->id));
	return j;
}
