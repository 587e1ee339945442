#include "doctor/run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ip.h"
#include "base/sv.h"
#include "base/vec.h"
#include "doctor/facts.h"
#include "doctor/record_v1.h"

void doctor_line_clear(struct doctor_line *l)
{
	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		if (doctor_facts[i].kind == FACT_TEXT)
			free((void *)*doctor_fact_text(&l->fact, &doctor_facts[i]));
	free(l->what);
	free(l->peer);
	free(l->found);
	free(l->warn);
	free(l->why);
}

static void forget(struct doctor_run *r)
{
	for (size_t i = 0; i < r->n; i++)
		doctor_line_clear(&r->line[i]);
	r->n = r->answers = 0;
	r->has_observed = false;
}

void doctor_run_free(struct doctor_run *r)
{
	forget(r);
	free(r->line);
	*r = (struct doctor_run){0};
}

static bool run_copy(char **to, const char *s)
{
	*to = s && s[0] ? strdup(s) : NULL;
	return *to || !(s && s[0]);
}

/* Copies of the texts that it points to, instead of these. */
static bool run_copy_facts(struct dt_facts *f)
{
	bool ok = true;

	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		if (doctor_facts[i].kind == FACT_TEXT) {
			const char **text = doctor_fact_text(f, &doctor_facts[i]);
			char *copy = NULL;

			ok = run_copy(&copy, *text) && ok;
			*text = copy;
		}
	return ok;
}

bool doctor_run_add(struct doctor_run *r, const struct dt_record *rec)
{
	struct doctor_line l = {.kind = rec->kind, .stage = rec->stage, .ok = rec->ok, .skipped = rec->skipped,
				.guess = rec->guess, .failure = rec->failure, .ms = rec->ms,
				.fact = rec->fact};
	/* a record that is written and read again says it, too */
	const char *why = (rec->why && rec->why[0]) || rec->failure == DT_F_OK ? rec->why : dt_failures[rec->failure].what;
	struct doctor_line *more;

	if (rec->kind == DT_REC_BEGIN)
		return true;
	more = vec_room(r->line, r->n, &r->cap, sizeof *more);
	if (more == NULL)
		return false;
	r->line = more;
	memcpy(l.sign, rec->sign, sizeof l.sign);
	if (!run_copy_facts(&l.fact) || !run_copy(&l.what, rec->what) || !run_copy(&l.peer, rec->peer) || !run_copy(&l.found, rec->found) ||
	    !run_copy(&l.warn, rec->warn) || !run_copy(&l.why, why)) {
		doctor_line_clear(&l);
		return false;
	}
	r->line[r->n++] = l;
	return true;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static bool kind_of(const char *name, enum dt_record_kind *ret)
{
	static const char *const kinds[] = {[DT_REC_ATTEMPT] = "attempt", [DT_REC_STAGE] = "stage", [DT_REC_RESTART] = "restart",
					    [DT_REC_RESULT] = "result"};

	for (int k = DT_REC_ATTEMPT; name && k <= DT_REC_RESULT; k++)
		if (strcmp(name, kinds[k]) == 0) {
			*ret = k;
			return true;
		}
	return false;
}

static const char *failure_of(const char *code, enum dt_failure *ret)
{
	*ret = DT_F_OK;
	if (code == NULL)
		return NULL;
	for (int f = 0; f < DT_FAILURE_COUNT; f++)
		if (strcmp(code, dt_failures[f].code) == 0) {
			*ret = f;
			return NULL;
		}
	return "its error is none of the failure list";
}

static const char *member(const json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

/* Signs that a later version has are passed over: what they mean is not known here. */
static void read_signs(const json_t *j, enum dt_sign *ret)
{
	const json_t *list = json_object_get(j, "signs");

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *code = json_string_value(json_array_get(list, i));
		enum dt_sign s = code ? doctor_sign_of(code) : DT_SIGN_COUNT;

		if (s < DT_SIGN_COUNT)
			dt_signs_add(ret, s);
	}
}

/* The texts stay the JSON's. */
static const char *read_fact(const json_t *v, const struct doctor_fact *field, struct dt_facts *ret)
{
	const char *text = json_string_value(v);
	uint32_t address;
	int64_t n = -1;

	if (field->kind == FACT_TEXT) {
		*doctor_fact_text(ret, field) = text;
		return text ? NULL : "a fact that should be a string is none";
	}
	if (field->kind == FACT_ADDRESS) {
		if (text && ip_read(sv_of(text), &address))
			n = address;
	} else if (field->kind == FACT_CANDIDATE) {
		n = text && doctor_candidate_of(text) < DT_CAND_COUNT ? (int64_t)doctor_candidate_of(text) : DT_CAND_NONE;
	} else if (json_is_integer(v)) {
		n = json_integer_value(v);
	}
	return doctor_fact_set(ret, field, n) ? NULL : "a fact is out of its range";
}

static const char *read_facts(const json_t *j, struct dt_facts *ret)
{
	for (size_t i = 0; i < DOCTOR_FACTS; i++) {
		const json_t *v = json_object_get(j, doctor_facts[i].name);
		const char *why = v ? read_fact(v, &doctor_facts[i], ret) : NULL;

		if (why)
			return why;
	}
	return NULL;
}

static enum dt_stage stage_of(const json_t *j)
{
	json_int_t stage = json_integer_value(json_object_get(j, "stage"));

	return stage < 0 || stage >= DT_STAGE_COUNT ? DT_STAGE_COUNT : (enum dt_stage)stage;
}

/* NULL or why. */
static const char *line_of(const json_t *j, int version, struct dt_record *ret, struct record_v1 *store)
{
	json_int_t ms = json_integer_value(json_object_get(j, "ms"));
	const char *why;

	if (!kind_of(member(j, "kind"), &ret->kind))
		return "its \"kind\" is none of attempt, stage, restart, result, heard, probe";
	ret->stage = stage_of(j);
	if (ret->stage == DT_STAGE_COUNT)
		return "its stage is not 1 to 9";
	ret->ok = json_is_true(json_object_get(j, "ok"));
	ret->skipped = json_is_true(json_object_get(j, "skipped"));
	ret->ms = ms < 0 ? 0 : ms > UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
	ret->what = member(j, "try");
	ret->peer = member(j, "peer");
	ret->found = member(j, "found");
	ret->warn = member(j, "warn");
	ret->why = member(j, "why");
	ret->guess = member(j, "basis") != NULL;
	why = failure_of(member(j, "error"), &ret->failure);
	if (why)
		return why;
	if (version == 1) {
		record_v1_facts(ret, store);
	} else {
		read_signs(j, ret->sign);
		why = read_facts(j, &ret->fact);
	}
	return why ? why : !ret->ok && ret->kind != DT_REC_RESTART && ret->failure == DT_F_OK && ret->kind != DT_REC_STAGE
	    ? "it failed but says no error" : NULL;
}

static const char *read_observed(struct doctor_run *r, const json_t *j)
{
#define READ(member, name, what) r->observed.member = (unsigned)json_integer_value(json_object_get(j, name));
	DOCTOR_OBSERVED(READ)
#undef READ
	r->has_observed = true;
	return NULL;
}

static const char *read_probe(struct doctor_run *r, const json_t *j)
{
	struct doctor_answer *a = &r->answer[r->answers];
	const char *what = member(j, "try"), *text = member(j, "found"), *why;

	if (r->answers == DOCTOR_ANSWERS)
		return "more was asked than can be";
	*a = (struct doctor_answer){.stage = stage_of(j), .ok = json_is_true(json_object_get(j, "ok"))};
	if (a->stage == DT_STAGE_COUNT)
		return "its stage is not 1 to 9";
	snprintf(a->what, sizeof a->what, "%s", what ? what : "");
	snprintf(a->text, sizeof a->text, "%s", text ? text : "");
	read_signs(j, a->sign);
	why = read_facts(j, &a->fact);
	snprintf(a->host, sizeof a->host, "%s", a->fact.host ? a->fact.host : "");
	for (size_t i = 0; i < DOCTOR_FACTS; i++)
		if (doctor_facts[i].kind == FACT_TEXT)
			*doctor_fact_text(&a->fact, &doctor_facts[i]) = NULL;
	a->fact.host = a->host[0] ? a->host : NULL;
	r->answers += why == NULL;
	return why;
}

/* Lines that say what was made of a run, not what happened in it. */
static bool is_skipped(const char *kind, int version)
{
	static const char *const kinds[] = {"dialtone", "ready", "finding", "diagnosis"};

	for (size_t i = 0; kind && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return kind && version == 1 && strcmp(kind, "probe") == 0; /* words only */
}

static const char *read_object(struct doctor_run *r, const json_t *j, char run[64])
{
	json_int_t version = json_integer_value(json_object_get(j, "v"));
	const char *kind = member(j, "kind"), *id = member(j, "run"), *why;
	struct record_v1 store;
	struct dt_record rec = {0};

	if (version != 1 && version != 2)
		return "its version \"v\" is neither 1 nor 2";
	if (is_skipped(kind, (int)version))
		return NULL;
	if (id && strcmp(id, run) != 0) { /* several runs in one file: the last counts */
		forget(r);
		snprintf(run, 64, "%s", id);
	}
	if (kind && strcmp(kind, "heard") == 0)
		return read_observed(r, j);
	if (kind && strcmp(kind, "probe") == 0)
		return read_probe(r, j);
	why = line_of(j, (int)version, &rec, &store);
	return why ? why : doctor_run_add(r, &rec) ? NULL : "out of memory";
}

static const char *run_read_line(struct doctor_run *r, struct sv s, char run[64])
{
	json_error_t e;
	json_t *j = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, &e);
	const char *why = json_is_object(j) ? read_object(r, j, run) : "it is not a JSON object";

	json_decref(j);
	return why;
}

/* What `doctor --bundle` writes: one object, the record's lines and the answers in lists. */
static const char *read_bundle(struct doctor_run *r, const json_t *j)
{
	static const char *const lists[] = {"record", "probes"};
	const char *why = NULL;
	char run[64] = "";

	for (size_t l = 0; l < sizeof lists / sizeof *lists; l++) {
		const json_t *list = json_object_get(j, lists[l]);

		for (size_t i = 0; i < json_array_size(list) && why == NULL; i++)
			why = read_object(r, json_array_get(list, i), run);
	}
	return why;
}

const char *doctor_run_read(struct doctor_run *r, const char *text, size_t n, struct why *why)
{
	struct sv rest = {text, n};
	json_t *whole = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	char run[64] = "";

	if (json_is_array(json_object_get(whole, "record"))) {
		const char *bad = read_bundle(r, whole);

		json_decref(whole);
		return bad || r->n == 0 ? why_set(why, "%s", bad ? bad : "there is no record in it") : NULL;
	}
	json_decref(whole);

	for (unsigned line = 1; rest.p; line++) {
		struct sv s = sv_trim(sv_cut(&rest, '\n'));
		const char *bad = s.n ? run_read_line(r, s, run) : NULL;

		if (bad)
			return why_set(why, "line %u: %s", line, bad);
	}
	return r->n == 0 ? why_set(why, "there is no record in it") : NULL;
}

const struct doctor_line *doctor_run_result(const struct doctor_run *r)
{
	for (size_t i = r->n; i > 0; i--)
		if (r->line[i - 1].kind == DT_REC_RESULT)
			return &r->line[i - 1];
	return NULL;
}
