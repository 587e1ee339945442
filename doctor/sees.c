#include "doctor/sees.h"

#include <string.h>

#include "base/sv.h"

typedef bool sees_fn(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l);

static bool sees_nothing(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)r;
	(void)c;
	(void)l;
	return true;
}

static bool sees_sign(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)r;
	return dt_signs_have(l->sign, c->value);
}

static bool sees_run_sign(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && dt_signs_have(r->line[i].sign, c->value))
			return true;
	return false;
}

static bool sees_answer(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)l;
	for (unsigned i = 0; i < r->answers; i++)
		if (dt_signs_have(r->answer[i].sign, c->value))
			return true;
	return false;
}

static bool sees_other_domain(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	const char *domain = l->fact.domain ? l->fact.domain : l->fact.host ? strchr(l->fact.host, '.') : NULL;

	for (unsigned i = 0; i < r->answers; i++)
		if (domain && dt_signs_have(r->answer[i].sign, c->value) && !sv_iends(sv_of(r->answer[i].host), sv_of(domain)))
			return true;
	return false;
}

static bool sees_host_answer(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	for (unsigned i = 0; i < r->answers; i++) {
		const struct doctor_answer *a = &r->answer[i];

		if (!dt_signs_have(a->sign, c->value))
			continue;
		if (l->fact.address ? a->fact.address == l->fact.address : l->fact.host && strcmp(a->host, l->fact.host) == 0)
			return true;
	}
	return false;
}

static bool sees_port_is(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)l;
	return r->has_observed && doctor_observed_is(&r->observed, c->value);
}

static bool sees_fact(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)r;
	switch (c->sees) {
	case SEES_TCP_PORT:
		return l->fact.port == c->value;
	case SEES_HTTP:
		return l->fact.http == c->value;
	case SEES_HTTP_CLASS:
		return l->fact.http / 100 == c->value;
	case SEES_SIP:
		return l->fact.sip == c->value;
	case SEES_SIP_CLASS:
		return l->fact.sip / 100 == c->value;
	case SEES_ALERT:
		return l->fact.alert == c->value;
	case SEES_STAGE:
		return l->stage == c->value;
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
static bool server_says(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	struct sv rest = sv_of(c->words);

	(void)r;
	while (l->fact.said && rest.p)
		if (has_words(sv_of(l->fact.said), sv_cut(&rest, '|')))
			return true;
	return false;
}

static bool sees_run_candidate(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].kind == DT_REC_ATTEMPT && r->line[i].ok && r->line[i].fact.candidate == c->value)
			return true;
	return false;
}

bool doctor_stage_ended_well(const struct doctor_run *r, enum dt_stage stage)
{
	const struct doctor_line *result = doctor_run_result(r);

	for (size_t i = r->n; i > 0; i--)
		if (r->line[i - 1].kind == DT_REC_STAGE && r->line[i - 1].stage == stage)
			return r->line[i - 1].ok && !(result && !result->ok && result->stage == stage);
	return false;
}

static bool ended_well(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)c;
	return !l->ok && doctor_stage_ended_well(r, l->stage);
}

static bool other_port(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)c;
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_line *o = &r->line[i];

		if (o->kind == DT_REC_ATTEMPT && o->ok && o->stage == l->stage && o->fact.address && o->fact.address == l->fact.address &&
		    o->fact.port && o->fact.port != l->fact.port)
			return true;
	}
	return false;
}

static bool is_short_name(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)r;
	(void)c;
	return l->fact.host && l->fact.host[0] && strchr(l->fact.host, '.') == NULL;
}

static bool is_warm(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)c;
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].stage == DT_STAGE_CHAIN && r->line[i].kind == DT_REC_STAGE && r->line[i].skipped)
			return true;
	return false;
}

static bool is_inside(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	(void)c;
	(void)l;
	for (size_t i = 0; i < r->n; i++)
		if (r->line[i].stage == DT_STAGE_VLAN)
			return true;
	return false;
}

static bool is_outside(const struct doctor_run *r, const struct doctor_need *c, const struct doctor_line *l)
{
	return !is_inside(r, c, l);
}

/* clang-format off */
static sees_fn *const sees[SEES_COUNT] = {
	[SEES_NOTHING]     = sees_nothing,
	[SEES_SIGN]        = sees_sign,
	[SEES_RUN_SIGN]    = sees_run_sign,
	[SEES_ANSWER]      = sees_answer,
	[SEES_OTHER_DOMAIN] = sees_other_domain,
	[SEES_HOST_ANSWER] = sees_host_answer,
	[SEES_PORT_IS]     = sees_port_is,
	[SEES_TCP_PORT]    = sees_fact,
	[SEES_HTTP]        = sees_fact,
	[SEES_HTTP_CLASS]  = sees_fact,
	[SEES_SIP]         = sees_fact,
	[SEES_SIP_CLASS]   = sees_fact,
	[SEES_ALERT]       = sees_fact,
	[SEES_STAGE]       = sees_fact,
	[SEES_OPTION]      = sees_fact,
	[SEES_VLAN]        = sees_fact,
	[SEES_CANDIDATE]   = sees_fact,
	[SEES_RUN_CANDIDATE] = sees_run_candidate,
	[SEES_OTHER_PORT]  = other_port,
	[SEES_SHORT_NAME]  = is_short_name,
	[SEES_ENDED_WELL]  = ended_well,
	[SEES_DIAG]        = sees_fact,
	[SEES_SERVER_SAYS] = server_says,
	[SEES_WARM]        = is_warm,
	[SEES_INSIDE]      = is_inside,
	[SEES_OUTSIDE]     = is_outside,
};
/* clang-format on */

bool doctor_sees(const struct doctor_run *r, const struct doctor_cause *c, const struct doctor_line *l)
{
	const struct doctor_need first = {c->sees, c->value, c->words};

	return sees[first.sees](r, &first, l) && sees[c->also.sees](r, &c->also, l) &&
	       (c->unless.sees == SEES_NOTHING || !sees[c->unless.sees](r, &c->unless, l));
}

unsigned doctor_sees_count(const struct doctor_cause *c)
{
	return c->certain ? DOCTOR_SEES_MAX : (c->sees != SEES_NOTHING) + (c->also.sees != SEES_NOTHING);
}
