#include "cmd/phone/findings.h"

#include <stdio.h>

#include "cmd/json_line.h"
#include "cmd/phone/record_json.h"
#include "cmd/text.h"
#include "doctor/fill.h"

void findings_of(struct findings *ret, const struct doctor_run *r)
{
	ret->n = doctor_diagnose(r, ret->one, FINDINGS);
}

/* ---- for people ----------------------------------------------------------------------------------------------- */

static void findings_label(const struct record_text *t, const char *name)
{
	printf("  %s%-8s%s ", record_text_ink(t, INK_BOLD), name, record_text_ink(t, INK_PLAIN));
}

static void say_evidence(const struct doctor_finding *f)
{
	const struct doctor_line *l = f->evidence;
	char text[1400];

	if (f->asked) {
		snprintf(text, sizeof text, "%s: %s", f->asked->what, f->asked->text);
		text_fold(stdout, 11, 11, text);
		return;
	}
	snprintf(text, sizeof text, "%s%s%s%s%s", l->what && l->kind == DT_REC_ATTEMPT ? l->what : "", l->peer ? " at " : "",
		 l->peer ? l->peer : "", (l->what && l->kind == DT_REC_ATTEMPT) || l->peer ? ": " : "",
		 l->why ? l->why : f->failure == DT_F_OK && l->warn ? l->warn : dt_failures[f->failure].what);
	text_fold(stdout, 11, 11, text);
}

/* The party that has to act; the cause says what to do. */
static void say_fault(const struct record_text *t, enum dt_fault fault)
{
	static const char *const who[] = {
	    [DT_FAULT_NETWORK] = "whoever runs the network: switches, DHCP, DNS, firewalls",
	    [DT_FAULT_SERVER] = "whoever runs the servers",
	    [DT_FAULT_PHONE] = "whoever runs this phone",
	    [DT_FAULT_USER] = "the user",
	    [DT_FAULT_US] = "the authors of this program",
	};

	if (fault == DT_FAULT_NONE)
		return;
	findings_label(t, "for");
	text_fold(stdout, 11, 11, who[fault]);
}

static void say_finding(const struct record_text *t, const struct doctor_finding *f)
{
	enum ink ink = f->verdict == DOCTOR_FAIL ? INK_BAD : INK_WARN;
	const char *head = f->verdict == DOCTOR_FAIL	     ? "it fails at"
			   : f->verdict == DOCTOR_WARN	     ? f->failure == DT_F_OK ? "odd, though it worked, at" : "it went on without"
			   : f->failure == DT_F_STOPPED ? "it was stopped at"
							     : "the record ends at";

	printf("\n%s%s stage %d%s, %s\n", record_text_ink(t, ink), head, (int)f->stage, record_text_ink(t, INK_PLAIN),
	       f->stage < DT_STAGE_COUNT && f->stage > DT_STAGE_NONE ? dt_stage_titles[f->stage] : "before the first");
	if (f->because) {
		findings_label(t, "because");
		char cause[DOCTOR_TEXT_MAX];

		text_fold(stdout, 11, 11, doctor_fill(f, f->because->cause, cause));
	}
	findings_label(t, "seen");
	say_evidence(f);
	say_fault(t, dt_failures[f->failure].fault);
	if (f->guess) {
		findings_label(t, "careful");
		text_fold(stdout, 11, 11, "no specification publishes the format used here: it may be this program that is wrong, not "
					  "the server and not the PIN");
	}
	for (unsigned i = 0; i < f->ncause; i++) {
		char why[DOCTOR_TEXT_MAX + 16], text[DOCTOR_TEXT_MAX];

		snprintf(why, sizeof why, "%s (%s)", doctor_fill(f, f->cause[i]->cause, text), f->cause[i]->id);
		findings_label(t, f->failure == DT_F_OK ? i == 0 ? "means" : "and" : i == 0 ? "likely" : "or");
		text_fold(stdout, 11, 11, why);
		findings_label(t, "do");
		text_fold(stdout, 11, 11, doctor_fill(f, f->cause[i]->remedy, text));
	}
	if (f->ncause == 0 && f->failure != DT_F_OK) {
		findings_label(t, "do");
		text_fold(stdout, 11, 11, dt_failures[f->failure].fix);
	}
}

void findings_say(const struct record_text *t, const struct findings *f)
{
	for (unsigned i = 0; i < f->n; i++)
		say_finding(t, &f->one[i]);
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
