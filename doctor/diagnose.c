#include "doctor/diagnose.h"

#include <string.h>

#include "base/sv.h"

const char *const doctor_verdicts[] = {"fail", "warn", "unknown"};

/* ---- what a row wants to see ----------------------------------------------------------------------------------- */

typedef bool sees_fn(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l);

static bool sees_nothing(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)r;
	(void)c;
	(void)l;
	return true;
}

static bool sees_sign(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)r;
	return dt_signs_have(l->sign, c->value);
}

static bool sees_run_sign(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && dt_signs_have(r->line[i].sign, c->value))
			return true;
	return false;
}

static bool sees_answer(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)l;
	for (unsigned i = 0; i < r->answers; i++)
		if (dt_signs_have(r->answer[i].sign, c->value))
			return true;
	return false;
}

static bool sees_port_is(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)l;
	return r->has_heard && doctor_heard_is(&r->heard, c->value);
}

static bool sees_fact(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)r;
	switch (c->sees) {
	case SEES_TCP_PORT:
		return l->fact.port == c->value;
	case SEES_HTTP:
		return l->fact.http == c->value;
	case SEES_HTTP_CLASS:
		return l->fact.http / 100 == c->value;
	case SEES_OPTION:
		return l->fact.option == c->value;
	case SEES_VLAN:
		return l->fact.vlan != 0;
	case SEES_CANDIDATE:
		return l->fact.candidate == c->value;
	default:
		return l->fact.diag == c->value; /* SEES_DIAG */
	}
}

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

/* Whole words only: "locked" is not in "blocked". */
static bool has_words(struct sv said, struct sv words)
{
	for (size_t at = 0; words.n && at + words.n <= said.n; at++) {
		bool begins = at == 0 || !in_word(said.p[at - 1]);
		bool ends = at + words.n == said.n || !in_word(said.p[at + words.n]);

		if (begins && ends && sv_ieq((struct sv){said.p + at, words.n}, words))
			return true;
	}
	return false;
}

/* The one condition that compares words, and these the server wrote: for some refusals there is no code. */
static bool server_says(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	struct sv rest = sv_of(c->words);

	(void)r;
	while (l->fact.said && rest.p)
		if (has_words(sv_of(l->fact.said), sv_cut(&rest, '|')))
			return true;
	return false;
}

static bool is_warm(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)c;
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].stage == DT_STAGE_CHAIN && r->line[i].kind == DT_REC_STAGE && r->line[i].skipped)
			return true;
	return false;
}

static bool is_inside(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	(void)c;
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].stage == DT_STAGE_VLAN)
			return true;
	return false;
}

static bool is_outside(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	return !is_inside(r, c, l);
}

/* clang-format off */
static sees_fn *const sees[SEES_COUNT] = {
	[SEES_NOTHING]     = sees_nothing,
	[SEES_SIGN]        = sees_sign,
	[SEES_RUN_SIGN]    = sees_run_sign,
	[SEES_ANSWER]      = sees_answer,
	[SEES_PORT_IS]     = sees_port_is,
	[SEES_TCP_PORT]    = sees_fact,
	[SEES_HTTP]        = sees_fact,
	[SEES_HTTP_CLASS]  = sees_fact,
	[SEES_OPTION]      = sees_fact,
	[SEES_VLAN]        = sees_fact,
	[SEES_CANDIDATE]   = sees_fact,
	[SEES_DIAG]        = sees_fact,
	[SEES_SERVER_SAYS] = server_says,
	[SEES_WARM]        = is_warm,
	[SEES_INSIDE]      = is_inside,
	[SEES_OUTSIDE]     = is_outside,
};
/* clang-format on */

/* ---- findings --------------------------------------------------------------------------------------------------- */

static bool is_in(const struct doctor_finding *f, const struct doctor_cause *c)
{
	for (unsigned i = 0; i < f->ncause; i++)
		if (strcmp(f->cause[i]->id, c->id) == 0)
			return true;
	return false;
}

/* Rows that saw something first, then those that see nothing. */
static void causes(const struct doctor_run *r, struct doctor_finding *f, const struct doctor_line *l)
{
	for (int saw = 1; saw >= 0; saw--)
		for (size_t i = 0; i < doctor_cause_count && f->ncause < DOCTOR_CAUSES; i++) {
			const struct doctor_cause *c = &doctor_causes[i];

			if ((c->sees != SEES_NOTHING) != saw || c->failure != l->failure)
				continue;
			if (c->stage != DT_STAGE_NONE && c->stage != f->stage)
				continue;
			if (sees[c->sees](r, c, l) && !is_in(f, c))
				f->cause[f->ncause++] = c;
		}
}

/* The last attempt of a stage that failed in that way, before line `end`. */
static const struct doctor_line *last_failure(const struct doctor_run *r, enum dt_stage stage, enum dt_failure failure, size_t end)
{
	for (size_t i = end; i > 0; i--) {
		const struct doctor_line *l = &r->line[i - 1];

		if (l->kind == DT_REC_RESTART)
			break;
		if (l->kind == DT_REC_ATTEMPT && l->stage == stage && !l->ok && l->failure == failure)
			return l;
	}
	return NULL;
}

/* Causes of the stage's failed attempts before line `end`: those with that failure; DT_F_OK: with another than the stage's. */
static void attempts(const struct doctor_run *r, struct doctor_finding *f, size_t end, enum dt_failure failure)
{
	for (size_t i = 0; i < end; i++) {
		const struct doctor_line *a = &r->line[i];
		unsigned was;

		if (a->kind != DT_REC_ATTEMPT || a->stage != f->stage || a->ok ||
		    (failure == DT_F_OK ? a->failure == f->failure : a->failure != failure))
			continue;
		was = f->ncause;
		causes(r, f, a);
		if (was == 0 && f->ncause && f->evidence->kind != DT_REC_ATTEMPT)
			f->evidence = a; /* shows the attempt by which the first cause was found */
	}
}

static void finding(const struct doctor_run *r, struct doctor_finding *f, enum doctor_verdict v, size_t at)
{
	const struct doctor_line *l = &r->line[at], *tried = last_failure(r, l->stage, l->failure, at);

	*f = (struct doctor_finding){.verdict = v, .stage = l->stage, .evidence = l, .failure = l->failure, .guess = l->guess};
	if (tried) {
		f->evidence = tried; /* says with whom */
		f->guess |= tried->guess;
	}
	/* "There is no Registrar" sums up what was met: an option that was there, but unreadable, is the reason. */
	if (l->failure == DT_F_REGISTRAR_NONE || l->failure == DT_F_WEB_URL_NONE)
		attempts(r, f, at, DT_F_UC_BAD);
	causes(r, f, f->evidence);
	if (f->evidence != l)
		causes(r, f, l);
	/* Other failures of the stage's attempts: their causes come behind. */
	attempts(r, f, at, DT_F_OK);
}

/* An attempt that went well, with a sign that has a cause. */
static bool diagnose_note(const struct doctor_run *r, struct doctor_finding *f, const struct doctor_line *l)
{
	*f = (struct doctor_finding){.verdict = DOCTOR_WARN, .stage = l->stage, .evidence = l, .failure = DT_F_OK};
	causes(r, f, l);
	return f->ncause > 0;
}

/* The same cause stands there already. */
static bool diagnose_told(const struct doctor_finding *all, unsigned n, const struct doctor_finding *f)
{
	for (unsigned i = 0; i < n; i++)
		if (is_in(&all[i], f->cause[0]))
			return true;
	return false;
}

unsigned doctor_diagnose(const struct doctor_run *r, struct doctor_finding *ret, unsigned cap)
{
	const struct doctor_line *result = doctor_run_result(r);
	unsigned n = 0;

	if (cap == 0)
		return 0;
	if (result == NULL && r->n) {
		ret[n++] = (struct doctor_finding){.verdict = DOCTOR_UNKNOWN, .stage = r->line[r->n - 1].stage,
						   .evidence = &r->line[r->n - 1], .failure = r->line[r->n - 1].failure};
	} else if (result && !result->ok) {
		size_t at = (size_t)(result - r->line);

		finding(r, &ret[n], result->failure == DT_F_STOPPED ? DOCTOR_UNKNOWN : DOCTOR_FAIL, at);
		for (size_t i = at; i > 0; i--) { /* the stage's own line knows more */
			const struct doctor_line *l = &r->line[i - 1];

			if (l->kind == DT_REC_STAGE && l->stage == result->stage && !l->ok && l->failure == result->failure) {
				ret[n].guess |= l->guess;
				break;
			}
		}
		n++;
	}
	for (size_t i = 0; i < r->n && n < cap; i++) {
		const struct doctor_line *l = &r->line[i];

		if (l->kind == DT_REC_STAGE && l->ok && l->skipped && l->failure != DT_F_OK)
			finding(r, &ret[n++], DOCTOR_WARN, i);
	}
	for (size_t i = 0; i < r->n && n < cap; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && r->line[i].ok && r->line[i].sign[0] != DT_SIGN_NONE && diagnose_note(r, &ret[n], &r->line[i]) &&
		    !diagnose_told(ret, n, &ret[n]))
			n++;
	return n;
}
