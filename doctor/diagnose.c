#include "doctor/diagnose.h"

#include <string.h>
#include <strings.h>

const char *const doctor_verdicts[] = {"fail", "warn", "unknown"};

static bool has(const char *s, const char *text)
{
	return s && strcasestr(s, text);
}

static bool answered(const struct doctor_run *r, const char *begins, bool ok)
{
	for (unsigned i = 0; i < r->answers; i++)
		if (r->answer[i].ok == ok && strncasecmp(r->answer[i].what, begins, strlen(begins)) == 0)
			return true;
	return false;
}

static bool heard(const struct host_heard *h, enum doctor_sees what)
{
	switch (what) {
	case SEES_NO_FRAME:
		return h->frames == 0;
	case SEES_NO_LLDP:
		return h->lldp == 0;
	case SEES_NO_MED:
		return h->lldp > 0 && h->med == 0;
	case SEES_PORT_VLAN:
		return h->lldp > 0 && h->med == 0 && h->port_vlan > 0;
	case SEES_MED:
		return h->med > 0 && h->voice + h->voice_unknown + h->voice_none == 0;
	case SEES_NO_VOICE:
		return h->voice_none > 0 && h->voice == 0;
	case SEES_UNKNOWN:
		return h->voice_unknown > 0 && h->voice == 0;
	case SEES_CDP_VLAN:
		return h->cdp_vlan > 0 && h->voice == 0;
	default:
		return false;
	}
}

static bool said(const struct doctor_run *r, const char *text)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && (has(r->line[i].why, text) || has(r->line[i].warn, text)))
			return true;
	return false;
}

static bool looked_for_vlan(const struct doctor_run *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].stage == DT_STAGE_VLAN)
			return true;
	return false;
}

static bool sees(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	switch (c->sees) {
	case SEES_NOTHING:
		return true;
	case SEES_TEXT:
		return has(l->why, c->text) || has(l->found, c->text) || has(l->warn, c->text) || has(l->what, c->text) ||
		       has(l->peer, c->text);
	case SEES_SAID:
		return said(r, c->text);
	case SEES_NO_FRAME:
	case SEES_NO_LLDP:
	case SEES_NO_MED:
	case SEES_PORT_VLAN:
	case SEES_MED:
	case SEES_NO_VOICE:
	case SEES_UNKNOWN:
	case SEES_CDP_VLAN:
		return r->has_heard && heard(&r->heard, c->sees);
	case SEES_ANSWER_OK:
		return answered(r, c->text, true);
	case SEES_ANSWER_FAIL:
		return answered(r, c->text, false);
	case SEES_ANSWER_TEXT:
		for (unsigned i = 0; i < r->answers; i++)
			if (has(r->answer[i].text, c->text))
				return true;
		return false;
	case SEES_WARM:
		for (size_t i = 0; i < r->n; i++)
			if (r->line[i].stage == DT_STAGE_CHAIN && r->line[i].kind == DT_REC_STAGE && r->line[i].skipped)
				return true;
		return false;
	case SEES_INSIDE:
		return looked_for_vlan(r);
	case SEES_OUTSIDE:
		return !looked_for_vlan(r);
	}
	return false;
}

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
			if (sees(r, c, l) && !is_in(f, c))
				f->cause[f->ncause++] = c;
		}
}

/* What failed last in a stage, before line `end`. */
static const struct doctor_line *last_failure(const struct doctor_run *r, enum dt_stage stage, size_t end)
{
	for (size_t i = end; i > 0; i--) {
		const struct doctor_line *l = &r->line[i - 1];

		if (l->kind == DT_REC_RESTART)
			break;
		if (l->kind == DT_REC_ATTEMPT && l->stage == stage && !l->ok)
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
			f->evidence = a; /* what is shown is what the first cause was found by */
	}
}

static void finding(const struct doctor_run *r, struct doctor_finding *f, enum doctor_verdict v, size_t at)
{
	const struct doctor_line *l = &r->line[at], *tried = last_failure(r, l->stage, at);

	*f = (struct doctor_finding){.verdict = v, .stage = l->stage, .evidence = l, .failure = l->failure, .guess = l->guess};
	if (tried && tried->failure == l->failure) {
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

/* An attempt that went well, with a warning that has a cause. */
static bool note(const struct doctor_run *r, struct doctor_finding *f, const struct doctor_line *l)
{
	*f = (struct doctor_finding){.verdict = DOCTOR_WARN, .stage = l->stage, .evidence = l, .failure = DT_F_OK};
	causes(r, f, l);
	return f->ncause > 0;
}

/* The same cause stands there already. */
static bool told(const struct doctor_finding *all, unsigned n, const struct doctor_finding *f)
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
		if (r->line[i].kind == DT_REC_ATTEMPT && r->line[i].ok && r->line[i].warn && note(r, &ret[n], &r->line[i]) &&
		    !told(ret, n, &ret[n]))
			n++;
	return n;
}
