#include "doctor/run.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"

static void line_free(struct doctor_line *l)
{
	free(l->what);
	free(l->peer);
	free(l->found);
	free(l->warn);
	free(l->why);
}

static void forget(struct doctor_run *r)
{
	for (size_t i = 0; i < r->n; i++)
		line_free(&r->line[i]);
	r->n = 0;
}

void doctor_run_free(struct doctor_run *r)
{
	forget(r);
	free(r->line);
	*r = (struct doctor_run){0};
}

static bool keep(char **to, const char *s)
{
	*to = s && s[0] ? strdup(s) : NULL;
	return *to || !(s && s[0]);
}

bool doctor_run_add(struct doctor_run *r, const struct dt_record *rec)
{
	struct doctor_line l = {.kind = rec->kind, .stage = rec->stage, .ok = rec->ok, .skipped = rec->skipped,
				.guess = rec->guess, .failure = rec->failure, .ms = rec->ms};

	if (rec->kind == DT_REC_BEGIN)
		return true;
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 64;
		struct doctor_line *more = realloc(r->line, cap * sizeof *more);

		if (more == NULL)
			return false;
		r->line = more;
		r->cap = cap;
	}
	if (!keep(&l.what, rec->what) || !keep(&l.peer, rec->peer) || !keep(&l.found, rec->found) || !keep(&l.warn, rec->warn) ||
	    !keep(&l.why, rec->why)) {
		line_free(&l);
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

/* NULL or why. *skip: a line that is no part of this record (dialtone, or a later version's kind of note). */
static const char *line_of(const json_t *j, struct dt_record *ret, bool *skip)
{
	json_int_t stage = json_integer_value(json_object_get(j, "stage")), ms = json_integer_value(json_object_get(j, "ms"));
	const char *kind = member(j, "kind"), *why;

	*skip = false;
	if (json_integer_value(json_object_get(j, "v")) != 1)
		return "its version \"v\" is not 1";
	if (kind && (strcmp(kind, "dialtone") == 0 || strcmp(kind, "probe") == 0 || strcmp(kind, "finding") == 0 ||
		     strcmp(kind, "diagnosis") == 0)) {
		*skip = true;
		return NULL;
	}
	if (!kind_of(kind, &ret->kind))
		return "its \"kind\" is none of attempt, stage, restart, result";
	if (stage < 0 || stage >= DT_STAGE_COUNT)
		return "its stage is not 1 to 9";
	ret->stage = (enum dt_stage)stage;
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
	return why ? why : !ret->ok && ret->kind != DT_REC_RESTART && ret->failure == DT_F_OK && ret->kind != DT_REC_STAGE
	    ? "it failed but says no error" : NULL;
}

static const char *read_line(struct doctor_run *r, struct sv s, char run[64])
{
	json_error_t e;
	json_t *j = json_loadb(s.p, s.n, JSON_REJECT_DUPLICATES, &e);
	struct dt_record rec = {0};
	const char *why, *id;
	bool skip;

	if (!json_is_object(j)) {
		json_decref(j);
		return "it is not a JSON object";
	}
	why = line_of(j, &rec, &skip);
	if (why == NULL && !skip) {
		id = member(j, "run");
		if (id && strcmp(id, run) != 0) { /* several runs in one file: the last counts */
			forget(r);
			snprintf(run, 64, "%s", id);
		}
		if (!doctor_run_add(r, &rec))
			why = "out of memory";
	}
	json_decref(j);
	return why;
}

const char *doctor_run_read(struct doctor_run *r, const char *text, size_t n, char *why, size_t cap)
{
	struct sv rest = {text, n};
	char run[64] = "";

	for (unsigned line = 1; rest.p; line++) {
		struct sv s = sv_trim(sv_cut(&rest, '\n'));
		const char *bad = s.n ? read_line(r, s, run) : NULL;

		if (bad) {
			snprintf(why, cap, "line %u: %s", line, bad);
			return why;
		}
	}
	if (r->n == 0) {
		snprintf(why, cap, "there is no record in it");
		return why;
	}
	return NULL;
}

const struct doctor_line *doctor_run_result(const struct doctor_run *r)
{
	for (size_t i = r->n; i > 0; i--)
		if (r->line[i - 1].kind == DT_REC_RESULT)
			return &r->line[i - 1];
	return NULL;
}
