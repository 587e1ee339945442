#include "doctor/diagnose.h"

#include <string.h>

#include "doctor/sees.h"

const char *const doctor_verdicts[] = {"fail", "warn", "unknown"};

/* ---- findings --------------------------------------------------------------------------------------------------- */

static bool is_in(const struct doctor_finding *f, const struct doctor_cause *c)
{
	for (unsigned i = 0; i < f->ncause; i++)
		if (strcmp(f->cause[i]->id, c->id) == 0)
			return true;
	return false;
}

static bool row_fits(const struct doctor_run *r, const struct doctor_cause *c, enum dt_stage stage, const struct doctor_line *l)
{
	return c->failure == l->failure && (c->stage == DT_STAGE_NONE || c->stage == stage) && !c->asked && doctor_sees(r, c, l);
}

/* Rows that saw most come first, those that see nothing last. */
static void causes(const struct doctor_run *r, struct doctor_finding *f, const struct doctor_line *l)
{
	for (unsigned saw = DOCTOR_SEES_MAX + 1; saw-- > 0;)
		for (size_t i = 0; i < doctor_cause_count && f->ncause < DOCTOR_CAUSES; i++) {
			const struct doctor_cause *c = &doctor_causes[i];

			if (doctor_sees_count(c) == saw && row_fits(r, c, f->stage, l) && !is_in(f, c))
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

/* ---- what follows from what ------------------------------------------------------------------------------------- */

/* clang-format off */
static const unsigned kind_of[DT_FAILURE_COUNT] = {
	[DT_F_VLAN_NONE]      = EXPLAINS_DHCP,
	[DT_F_DHCP_SILENT]    = EXPLAINS_DHCP,
	[DT_F_DHCP_NAK]       = EXPLAINS_DHCP,
	[DT_F_DHCP_BAD]       = EXPLAINS_DHCP,
	[DT_F_ADDRESS_TAKEN]  = EXPLAINS_DHCP,
	[DT_F_UC_SILENT]      = EXPLAINS_DHCP,
	[DT_F_CLOCK_WRONG]    = EXPLAINS_REACH | EXPLAINS_TRUST,
	[DT_F_DNS_SILENT]     = EXPLAINS_NAMES | EXPLAINS_REACH,
	[DT_F_DNS_ERROR]      = EXPLAINS_NAMES,
	[DT_F_DNS_NONE]       = EXPLAINS_NAMES,
	[DT_F_DOMAIN_NONE]    = EXPLAINS_NAMES,
	[DT_F_REGISTRAR_NONE] = EXPLAINS_NAMES,
	[DT_F_CONNECT]        = EXPLAINS_REACH,
	[DT_F_TIMEOUT]        = EXPLAINS_REACH,
	[DT_F_CLOSED]         = EXPLAINS_REACH,
	[DT_F_TLS_HANDSHAKE]  = EXPLAINS_TRUST,
	[DT_F_TLS_UNTRUSTED]  = EXPLAINS_TRUST,
	[DT_F_TLS_NAME]       = EXPLAINS_TRUST,
	[DT_F_TLS_DATE]       = EXPLAINS_TRUST,
	[DT_F_CHAIN_CHANGED]  = EXPLAINS_TRUST,
	[DT_F_CERT_BAD]       = EXPLAINS_TRUST,
	[DT_F_CHAIN_DISABLED] = EXPLAINS_TALK,
	[DT_F_CHAIN_BAD]      = EXPLAINS_TALK,
	[DT_F_UPDATE_REFUSED] = EXPLAINS_TALK,
	[DT_F_UPDATE_ANSWER]  = EXPLAINS_TALK,
	[DT_F_UPDATE_FETCH]   = EXPLAINS_REACH,
	[DT_F_HTTP_STATUS]    = EXPLAINS_TALK,
	[DT_F_HTTP_BAD]       = EXPLAINS_TALK,
	[DT_F_SOAP_BAD]       = EXPLAINS_TALK,
	[DT_F_METADATA_BAD]   = EXPLAINS_TALK,
	[DT_F_SIP_BAD]        = EXPLAINS_TALK,
};
/* clang-format on */

static uint32_t finding_address(const struct doctor_finding *f)
{
	return f->asked ? f->asked->fact.address : f->evidence->fact.address;
}

static unsigned kinds(const struct doctor_finding *f)
{
	return kind_of[f->failure] | (f->ncause && f->cause[0]->lease ? (unsigned)EXPLAINS_LEASE : 0);
}

static bool explains(const struct doctor_finding *x, const struct doctor_finding *y)
{
	const struct doctor_cause *c = x->ncause ? x->cause[0] : NULL;

	if (c == NULL || x == y || (y->ncause && strcmp(c->cause, y->cause[0]->cause) == 0) || x->verdict != DOCTOR_WARN || !(c->explains & kinds(y)) || x->stage > y->stage)
		return false;
	return !(c->explains & EXPLAINS_HERE) || (finding_address(x) && finding_address(x) == finding_address(y));
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

#define ALL 32

struct all {
	const struct doctor_run *r;
	struct doctor_finding f[ALL];
	unsigned n;
};

/* It says in other words what f says, and knows less: f is why the stage failed. */
static bool all_knows_more(const struct all *all, const struct doctor_finding *f, const struct doctor_finding *reported)
{
	if (reported->verdict == DOCTOR_WARN)
		return all->f[0].verdict == DOCTOR_FAIL && explains(f, &all->f[0]);
	return reported->verdict != DOCTOR_WARN && f->cause[0]->home && explains(f, reported) && strcmp(f->cause[0]->cause, reported->cause[0]->cause) != 0;
}

/* The same cause is told once. */
static void all_add(struct all *all, const struct doctor_finding *f)
{
	if (f->ncause == 0 || all->n == ALL)
		return;
	for (unsigned i = 0; i < all->n; i++)
		if (is_in(&all->f[i], f->cause[0]) && !all_knows_more(all, f, &all->f[i]))
			return;
	all->f[all->n++] = *f;
}

static void all_settle(struct doctor_finding *f)
{
	if (f->ncause && f->cause[0]->home != DT_STAGE_NONE)
		f->stage = f->cause[0]->home;
}

/* An attempt that went well, with a sign that has a cause. */
static void all_note(struct all *all, const struct doctor_line *l)
{
	struct doctor_finding f = {.verdict = DOCTOR_WARN, .stage = l->stage, .evidence = l, .failure = DT_F_OK};

	causes(all->r, &f, l);
	all_settle(&f);
	all_add(all, &f);
}

/* An attempt that failed though its stage ended well, where the table says that this is worth telling. */
static void all_reported(struct all *all, const struct doctor_line *l)
{
	struct doctor_finding f = {.verdict = DOCTOR_WARN, .stage = l->stage, .evidence = l, .failure = l->failure};

	causes(all->r, &f, l);
	if (f.ncause == 0 || !f.cause[0]->reported || !doctor_stage_ended_well(all->r, l->stage))
		return;
	f.ncause = 1;
	all_settle(&f);
	all_add(all, &f);
}

/* What the doctor asked itself, as a line of a record. */
static void answer_line(const struct doctor_answer *a, struct doctor_line *ret)
{
	*ret = (struct doctor_line){.kind = DT_REC_ATTEMPT, .stage = a->stage, .ok = true, .fact = a->fact};
	memcpy(ret->sign, a->sign, sizeof ret->sign);
}

/* Answers come in any order: the earliest stage counts. */
static void all_asked(struct all *all, const struct doctor_cause *c, const struct doctor_line *end)
{
	const struct doctor_answer *first = NULL;

	for (unsigned i = 0; i < all->r->answers; i++) {
		const struct doctor_answer *a = &all->r->answer[i];
		struct doctor_line l;

		answer_line(a, &l);
		if (dt_signs_have(a->sign, c->value) && doctor_sees(all->r, c, &l) && (first == NULL || a->stage < first->stage))
			first = a;
	}
	if (first)
		all_add(all, &(struct doctor_finding){.verdict = DOCTOR_WARN, .stage = c->home ? c->home : first->stage, .evidence = end,
						      .failure = DT_F_OK, .cause = {c}, .ncause = 1, .asked = first});
}

static void all_failed(struct all *all, const struct doctor_line *result)
{
	const struct doctor_run *r = all->r;
	size_t at = (size_t)(result - r->line);

	finding(r, &all->f[0], result->failure == DT_F_STOPPED ? DOCTOR_UNKNOWN : DOCTOR_FAIL, at);
	for (size_t i = at; i > 0; i--) { /* the stage's own line knows more */
		const struct doctor_line *l = &r->line[i - 1];

		if (l->kind == DT_REC_STAGE && l->stage == result->stage && !l->ok && l->failure == result->failure) {
			all->f[0].guess |= l->guess;
			break;
		}
	}
	all->n = 1;
}

static void all_find(struct all *all)
{
	const struct doctor_run *r = all->r;
	const struct doctor_line *result = doctor_run_result(r);

	if (result == NULL)
		all->f[all->n++] = (struct doctor_finding){.verdict = DOCTOR_UNKNOWN, .stage = r->line[r->n - 1].stage,
							    .evidence = &r->line[r->n - 1], .failure = r->line[r->n - 1].failure};
	else if (!result->ok)
		all_failed(all, result);
	for (size_t i = 0; i < r->n && all->n < ALL; i++) {
		const struct doctor_line *l = &r->line[i];

		if (l->kind == DT_REC_STAGE && l->ok && l->skipped && l->failure != DT_F_OK)
			finding(r, &all->f[all->n++], DOCTOR_WARN, i);
	}
	for (size_t i = 0; i < r->n; i++) {
		const struct doctor_line *l = &r->line[i];

		if (l->kind == DT_REC_ATTEMPT && l->ok)
			all_note(all, l);
		else if (l->kind == DT_REC_ATTEMPT && !l->ok)
			all_reported(all, l);
	}
	for (size_t i = 0; i < doctor_cause_count; i++)
		if (doctor_causes[i].asked)
			all_asked(all, &doctor_causes[i], &r->line[r->n - 1]);
}

/* ---- their order ---------------------------------------------------------------------------------------------------- */

static unsigned explained(const struct all *all, unsigned x)
{
	unsigned n = 0;

	for (unsigned y = 0; y < all->n; y++)
		n += explains(&all->f[x], &all->f[y]);
	return n;
}

/* The finding that explains y: the earliest in stage order; of one stage, that which explains most.  all->n: none. */
static unsigned reason_of(const struct all *all, unsigned y)
{
	unsigned best = all->n;

	for (unsigned x = 0; x < all->n; x++) {
		if (!explains(&all->f[x], &all->f[y]) || all->f[x].because)
			continue;
		if (best == all->n || all->f[x].stage < all->f[best].stage ||
		    (all->f[x].stage == all->f[best].stage && explained(all, x) > explained(all, best)))
			best = x;
	}
	return best;
}

static bool comes_before(const struct doctor_finding *a, const struct doctor_finding *b)
{
	if ((a->verdict == DOCTOR_WARN) != (b->verdict == DOCTOR_WARN))
		return a->verdict != DOCTOR_WARN;
	if ((a->because != NULL) != (b->because != NULL))
		return a->because == NULL;
	return a->stage < b->stage;
}

static void swap(struct doctor_finding *a, struct doctor_finding *b)
{
	struct doctor_finding keep = *a;

	*a = *b;
	*b = keep;
}

/* Consequences learn whose they are; the cause of the failure becomes the diagnosis; all in their order. */
static void all_order(struct all *all)
{
	unsigned diagnosis = all->n;

	for (unsigned y = 0; y < all->n; y++) {
		unsigned x = reason_of(all, y);

		if (x == all->n)
			continue;
		all->f[y].because = all->f[x].cause[0];
		if (y == 0 && all->f[0].verdict == DOCTOR_FAIL)
			diagnosis = x;
	}
	if (diagnosis < all->n) {
		struct doctor_finding *f = &all->f[diagnosis];

		f->verdict = DOCTOR_FAIL;
		if (f->asked && f->cause[0]->home == DT_STAGE_NONE)
			f->stage = all->f[0].stage; /* where the phone was stopped by it */
	}
	for (unsigned i = 1; i < all->n; i++) /* the order of equals stays */
		for (unsigned k = i; k > 0 && comes_before(&all->f[k], &all->f[k - 1]); k--)
			swap(&all->f[k], &all->f[k - 1]);
}

unsigned doctor_diagnose(const struct doctor_run *r, struct doctor_finding *ret, unsigned cap)
{
	struct all all = {.r = r};

	if (cap == 0 || r->n == 0)
		return 0;
	all_find(&all);
	all_order(&all);
	for (unsigned i = 0; i < all.n; i++)
		all.f[i].run = r;
	if (all.n > cap)
		all.n = cap;
	memcpy(ret, all.f, all.n * sizeof *ret);
	return all.n;
}
