#include "cmd/phone/record_json.h"

#include <string.h>

#include "base/date.h"
#include "base/ip.h"
#include "doctor/facts.h"

static void record_json_put(json_t *j, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(j, name, json_text(text));
}

static json_t *line(const struct run_ids *ids, const char *kind, int64_t unix_ms)
{
	char t[ISO_TIME_MAX];

	return json_pack("{si ss ss ss ss ss}", "v", 2, "t", iso_time_ms(t, unix_ms), "run", ids->run, "mac", ids->mac, "model",
			 ids->model, "kind", kind);
}

static void put_stage(json_t *j, enum dt_stage stage)
{
	if (stage <= DT_STAGE_NONE || stage >= DT_STAGE_COUNT)
		return;
	json_object_set_new(j, "stage", json_integer(stage));
	record_json_put(j, "key", dt_stage_keys[stage]);
}

static void put_failure(json_t *j, enum dt_failure f, const char *why, bool guess)
{
	if (f == DT_F_OK)
		return;
	record_json_put(j, "error", dt_failures[f].code);
	record_json_put(j, "fault", dt_fault_names[dt_failures[f].fault]);
	if (dt_failures[f].final)
		json_object_set_new(j, "final", json_true());
	if (dt_failures[f].retry)
		json_object_set_new(j, "retry", json_true());
	record_json_put(j, "why", why && why[0] ? why : dt_failures[f].what);
	record_json_put(j, "fix", dt_failures[f].fix);
	if (guess)
		record_json_put(j, "basis", "guess");
}

static void put_fact(json_t *j, const struct dt_facts *f, const struct doctor_fact *field)
{
	struct dt_facts copy = *f;
	int64_t n = doctor_fact_number(f, field);
	char ip[16];

	if (n == 0)
		return;
	switch (field->kind) {
	case FACT_TEXT:
		record_json_put(j, field->name, *doctor_fact_text(&copy, field));
		break;
	case FACT_ADDRESS:
		record_json_put(j, field->name, ip_text((uint32_t)n, ip));
		break;
	case FACT_CANDIDATE:
		record_json_put(j, field->name, dt_candidates[n].code);
		break;
	default:
		json_object_set_new(j, field->name, json_integer(n));
	}
}

void record_json_facts(json_t *j, const enum dt_sign *signs, const struct dt_facts *facts)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < DT_SIGNS_MAX && signs[i] != DT_SIGN_NONE; i++)
		json_array_append_new(list, json_string(dt_signs[signs[i]].code));
	if (json_array_size(list))
		json_object_set(j, "signs", list);
	json_decref(list);
	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		put_fact(j, facts, &doctor_facts[i]);
}

json_t *record_json(const struct run_ids *ids, const struct dt_record *r, int64_t unix_ms)
{
	static const char *const kinds[] = {[DT_REC_BEGIN] = "begin", [DT_REC_ATTEMPT] = "attempt", [DT_REC_STAGE] = "stage",
					    [DT_REC_RESTART] = "restart", [DT_REC_RESULT] = "result",
					    [DT_REC_READY] = "ready"};
	json_t *j = line(ids, kinds[r->kind], unix_ms);

	if (j == NULL)
		return NULL;
	put_stage(j, r->stage);
	if (r->kind == DT_REC_ATTEMPT || r->kind == DT_REC_RESTART)
		record_json_put(j, "try", r->what);
	record_json_put(j, "peer", r->peer);
	json_object_set_new(j, "ok", json_boolean(r->ok));
	if (r->skipped)
		json_object_set_new(j, "skipped", json_true());
	json_object_set_new(j, "ms", json_integer(r->ms));
	record_json_put(j, "found", r->found);
	record_json_put(j, "warn", r->warn);
	record_json_facts(j, r->sign, &r->fact);
	put_failure(j, r->failure, r->why, false);
	record_json_put(j, "basis", r->guess ? "guess" : NULL);
	return j;
}

json_t *record_json_observed(const struct run_ids *ids, const struct doctor_observed *h, int64_t unix_ms)
{
	json_t *j = line(ids, "heard", unix_ms);

	if (j == NULL)
		return NULL;
	put_stage(j, DT_STAGE_VLAN);
#define PUT(member, name, what) json_object_set_new(j, name, json_integer(h->member));
	DOCTOR_OBSERVED(PUT)
#undef PUT
	return j;
}

json_t *record_json_dial_tone(const struct run_ids *ids, const struct run_result *r, int64_t unix_ms)
{
	json_t *j = line(ids, "dialtone", unix_ms);

	if (j == NULL)
		return NULL;
	put_stage(j, DT_STAGE_LOGON);
	json_object_set_new(j, "ok", json_true());
	json_object_set_new(j, "ms", json_integer(r->ms));
	return j;
}

json_t *record_json_result(const struct run_ids *ids, const struct run_result *r, int64_t unix_ms)
{
	json_t *j = line(ids, "result", unix_ms), *times = json_object();

	if (j == NULL || times == NULL) {
		json_decref(j);
		json_decref(times);
		return NULL;
	}
	json_object_set_new(j, "status", json_integer(phone_run_status(r)));
	put_stage(j, r->stage);
	json_object_set_new(j, "ok", json_boolean(r->ok));
	json_object_set_new(j, "ms", json_integer(r->ms));
	if (!r->ok)
		put_failure(j, r->failure, r->why.text, r->guess);
	for (int s = DT_STAGE_VLAN; s < DT_STAGE_COUNT; s++)
		json_object_set_new(times, dt_stage_keys[s], json_integer(r->times[s]));
	json_object_set_new(j, "times", times);
	return j;
}
