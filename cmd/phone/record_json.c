#include "cmd/phone/record_json.h"

#include <string.h>

#include "base/clock.h"

static void put(json_t *j, const char *name, const char *text)
{
	if (text && text[0])
		json_object_set_new(j, name, json_text(text));
}

static json_t *line(const struct run_ids *ids, const char *kind, int64_t unix_ms)
{
	char t[ISO_TIME_MAX];

	return json_pack("{si ss ss ss ss ss}", "v", 1, "t", iso_time_ms(t, unix_ms), "run", ids->run, "mac", ids->mac, "model",
			 ids->model, "kind", kind);
}

static void put_stage(json_t *j, enum dt_stage stage)
{
	if (stage <= DT_STAGE_NONE || stage >= DT_STAGE_COUNT)
		return;
	json_object_set_new(j, "stage", json_integer(stage));
	put(j, "key", dt_stage_keys[stage]);
}

static void put_failure(json_t *j, enum dt_failure f, const char *why, bool guess)
{
	if (f == DT_F_OK)
		return;
	put(j, "error", dt_failures[f].code);
	put(j, "why", why && why[0] ? why : dt_failures[f].what);
	put(j, "fix", dt_failures[f].fix);
	if (guess)
		put(j, "basis", "guess");
}

json_t *record_json(const struct run_ids *ids, const struct dt_record *r, int64_t unix_ms)
{
	static const char *const kinds[] = {[DT_REC_BEGIN] = "begin", [DT_REC_ATTEMPT] = "attempt", [DT_REC_STAGE] = "stage",
					    [DT_REC_RESTART] = "restart", [DT_REC_RESULT] = "result"};
	json_t *j = line(ids, kinds[r->kind], unix_ms);

	if (j == NULL)
		return NULL;
	put_stage(j, r->stage);
	if (r->kind == DT_REC_ATTEMPT || r->kind == DT_REC_RESTART)
		put(j, "try", r->what);
	put(j, "peer", r->peer);
	json_object_set_new(j, "ok", json_boolean(r->ok));
	if (r->skipped)
		json_object_set_new(j, "skipped", json_true());
	json_object_set_new(j, "ms", json_integer(r->ms));
	put(j, "found", r->found);
	put(j, "warn", r->warn);
	put_failure(j, r->failure, r->why, false);
	put(j, "basis", r->guess ? "guess" : NULL);
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
		put_failure(j, r->failure, r->why, r->guess);
	for (int s = DT_STAGE_VLAN; s < DT_STAGE_COUNT; s++)
		json_object_set_new(times, dt_stage_keys[s], json_integer(r->times[s]));
	json_object_set_new(j, "times", times);
	return j;
}
