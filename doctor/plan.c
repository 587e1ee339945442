#include "doctor/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sv.h"
#include "pki/cert.h"
#include "wire/dhcp.h"

enum { CHAIN_CERTS = 8 };

struct after { /* a run as it becomes */
	const struct doctor_plan *p;
	const struct dt_model *model;
	struct doctor_run *to;
	char web[DT_NAME_MAX], sip[DT_NAME_MAX]; /* where the plan sends phones; "": where they went */
	bool sip_known, sip_by_srv, seen_dhcp, no_update;
	enum dt_failure failure; /* that stops it, at stage `stop` */
	enum dt_stage stop;
	bool oom;
};

static void add(struct after *a, const struct dt_record *r)
{
	struct dt_record one = *r;

	if (one.ok && one.warn == NULL && one.sign[0])
		one.warn = dt_signs[one.sign[0]].what;
	a->oom = !doctor_run_add(a->to, &one) || a->oom;
}

static void stop(struct after *a, enum dt_stage s, enum dt_failure f)
{
	if (a->stop)
		return;
	a->stop = s;
	a->failure = f;
}

/* ---- the chain --------------------------------------------------------------------------------------------------- */

/* A wildcard counts for programs, not for real phones. */
static bool is_exact(const struct doctor_plan *p, const char *host)
{
	struct pki_cert_info *info = calloc(1, sizeof *info);
	struct buf der = {0};
	bool exact = false;

	if (info && pki_pem_cert(buf_view(&p->chain), 0, &der) && pki_cert_info(der.p, der.n, info) == NULL)
		for (unsigned i = 0; i < info->nnames; i++)
			exact |= sv_ieq(sv_of(info->names[i]), sv_of(host));
	buf_free(&der);
	free(info);
	return exact;
}

static enum pki_verdict chain_verdict(const struct after *a, const char *host, struct pki_chain_result *result)
{
	struct buf der[CHAIN_CERTS] = {0};
	const uint8_t *p[CHAIN_CERTS];
	size_t n[CHAIN_CERTS];
	unsigned count = 0;
	enum pki_verdict v;

	while (count < CHAIN_CERTS && pki_pem_cert(buf_view(&a->p->chain), count, &der[count])) {
		p[count] = der[count].p;
		n[count] = der[count].n;
		count++;
	}
	v = pki_chain_verify(p, n, count, buf_view(&a->p->roots), false, host, a->p->unix_s, result);
	for (unsigned i = 0; i < CHAIN_CERTS; i++)
		buf_free(&der[i]);
	if (v == PKI_TRUSTED && (dt_model_cannot(a->model, a->model->firmware) & DT_CANNOT_WILDCARD) && !is_exact(a->p, host)) {
		why_set(&result->why, "it carries the name only by a wildcard");
		dt_signs_add(result->sign, DT_SIGN_CERT_OTHER_NAME);
		return PKI_WRONG_NAME;
	}
	return v;
}

static void tls_after(struct after *a, const struct dt_record *before)
{
	static const enum dt_failure failures[] = {[PKI_TRUSTED] = DT_F_OK, [PKI_UNTRUSTED] = DT_F_TLS_UNTRUSTED, [PKI_WRONG_NAME] = DT_F_TLS_NAME,
						   [PKI_WRONG_DATE] = DT_F_TLS_DATE, [PKI_NO_CERT] = DT_F_TLS_HANDSHAKE};
	struct pki_chain_result result = {0};
	struct dt_record changed = *before, *r = &changed;
	enum pki_verdict v = chain_verdict(a, r->fact.host, &result);

	memset(r->sign, 0, sizeof r->sign);
	r->warn = NULL;
	if (r->stage == DT_STAGE_UPDATE) { /* nothing is judged yet by a phone from the box; some ask for no update then */
		if (v == PKI_WRONG_NAME)
			dt_signs_add(r->sign, DT_SIGN_CERT_OTHER_NAME);
		add(a, r);
		return;
	}
	if (r->stage == DT_STAGE_CHAIN && a->p->strong_root && (dt_model_cannot(a->model, a->model->firmware) & DT_CANNOT_STRONG_ROOT))
		dt_signs_add(r->sign, DT_SIGN_ROOT_STRONG);
	if (v != PKI_TRUSTED) {
		memcpy(r->sign, result.sign, sizeof r->sign);
		r->ok = false;
		r->failure = failures[v];
		r->why = why_or(&result.why, NULL);
		r->fact.cert = result.name[0] ? result.name : NULL;
	}
	add(a, r);
	if (!r->ok)
		stop(a, r->stage, r->failure);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static const struct plan_record *zone_find(const struct doctor_plan *p, const char *name, bool srv)
{
	for (unsigned i = 0; i < p->records; i++)
		if (p->record[i].srv == srv && sv_ieq(sv_of(p->record[i].name), sv_of(name)))
			return &p->record[i];
	return NULL;
}

static bool in_zone(const struct doctor_plan *p, const char *name)
{
	return p->has_zone && p->origin[0] && sv_within(sv_of(name), sv_of(p->origin));
}

static void name_after(struct after *a, const struct dt_record *before, bool srv)
{
	struct dt_record changed = *before, *r = &changed;
	const struct plan_record *z = r->fact.host ? zone_find(a->p, r->fact.host, srv) : NULL;
	char what[DT_NAME_MAX + 8];

	snprintf(what, sizeof what, "%s %s", srv ? "srv" : "a", r->fact.host ? r->fact.host : "");
	r->what = what;
	if (!r->fact.host || !in_zone(a->p, r->fact.host)) {
		a->sip_known |= srv && r->ok && r->stage == DT_STAGE_DISCOVER;
		add(a, r);
		return;
	}
	r->ok = z != NULL;
	r->failure = z ? DT_F_OK : DT_F_DNS_NONE;
	r->fact.rcode = z ? 0 : 3;
	r->fact.address = z ? z->address : 0;
	r->found = z && srv ? z->target : NULL;
	r->why = NULL;
	if (z && srv && r->stage == DT_STAGE_DISCOVER && z->target[0]) {
		if (!a->sip_by_srv) /* the internal record with TLS is asked first, and comes before option 120 */
			snprintf(a->sip, sizeof a->sip, "%s", z->target);
		a->sip_known = a->sip_by_srv = true;
	}
	add(a, r);
	a->no_update |= !z && !srv && r->stage == DT_STAGE_FIND;
	if (!z && !srv && r->stage >= DT_STAGE_CHAIN)
		stop(a, r->stage, DT_F_DNS_NONE);
}

/* ---- DHCP -------------------------------------------------------------------------------------------------------- */

static void option_after(struct after *a, const struct dt_record *was, uint8_t option, enum dt_sign sign)
{
	struct dt_record r = *was;

	r.ok = false;
	r.failure = DT_F_UC_BAD;
	r.found = r.warn = NULL;
	r.why = dt_signs[sign].what;
	r.fact.option = option;
	memset(r.sign, 0, sizeof r.sign);
	dt_signs_add(r.sign, sign);
	add(a, &r);
}

/* As the phone's stage 5 reads an answer. */
static void dhcp_after(struct after *a, const struct dt_record *was)
{
	struct dhcp_uc uc = {0};
	struct dhcp_sip sip = {0};
	struct dt_record r = *was;
	enum dt_sign bad = a->p->option43.n ? dhcp_uc_read(buf_view(&a->p->option43), &uc) : DT_SIGN_NONE;
	bool have43 = a->p->option43.n && !bad, have120 = a->p->option120.n && dhcp_sip_read(buf_view(&a->p->option120), &sip) == NULL;

	if (a->seen_dhcp)
		return;
	a->seen_dhcp = true;
	if (bad)
		option_after(a, was, 43, bad);
	if (a->p->option120.n && !have120)
		option_after(a, was, 120, DT_SIGN_OPTION120_BAD);
	if (!a->p->option43.n && !a->p->option120.n)
		option_after(a, was, 0, DT_SIGN_OPTIONS_ABSENT);
	if (have120 && sip.encoding == 0 && !a->sip_known) {
		snprintf(a->sip, sizeof a->sip, "%s", sip.name[0]);
		a->sip_known = true;
	}
	if (have43)
		snprintf(a->web, sizeof a->web, "%s", uc.host);
	if (have43 || have120) {
		memcpy(r.sign, uc.odd, sizeof r.sign);
		if (have120 && sip.encoding == 1)
			dt_signs_add(r.sign, DT_SIGN_OPTION120_ADDRESS);
		if (!a->p->option43.n)
			dt_signs_add(r.sign, DT_SIGN_OPTION43_ABSENT);
		r.fact.option = uc.odd[0] || !a->p->option43.n ? 43 : r.sign[0] ? 120 : 0;
		r.fact.host = have43 ? uc.host : NULL;
		r.found = have43 ? uc.host : sip.name[0];
		r.warn = NULL;
		add(a, &r);
	}
	if (!have43)
		stop(a, DT_STAGE_DISCOVER, DT_F_WEB_URL_NONE);
}

/* ---- line by line ------------------------------------------------------------------------------------------------- */

/* Where a phone goes after the change: another web service, another Registrar. */
static void host_after(const struct after *a, struct dt_record *r)
{
	if (a->web[0] && r->fact.host && r->stage >= DT_STAGE_CHAIN && r->stage <= DT_STAGE_CERT)
		r->fact.host = a->web;
	if (a->sip[0] && r->fact.host && r->stage == DT_STAGE_LOGON && r->fact.candidate != DT_CAND_HOME_POOL)
		r->fact.host = a->sip;
}

static bool starts(const char *s, const char *with)
{
	return s && strncmp(s, with, strlen(with)) == 0;
}

/* A Registrar's line has no name of its certificate. */
static bool over_tls(const struct dt_record *r)
{
	return r->stage == DT_STAGE_LOGON && starts(r->what, "registrar ") && r->fact.candidate != DT_CAND_INTERNAL_TCP &&
	       r->fact.candidate != DT_CAND_DHCP_TCP && r->fact.candidate != DT_CAND_EXTERNAL_TCP;
}

static void attempt_after(struct after *a, struct dt_record *r)
{
	host_after(a, r);
	if (starts(r->what, "dhcp-inform") && a->p->has_dhcp)
		dhcp_after(a, r);
	else if (starts(r->what, "srv ") || starts(r->what, "a "))
		name_after(a, r, r->what[0] == 's');
	else if (a->p->has_chain && r->ok && r->fact.host && (r->fact.cert || over_tls(r)))
		tls_after(a, r);
	else
		add(a, r);
}

static void stage_after(struct after *a, struct dt_record *r)
{
	if (r->stage == DT_STAGE_FIND && a->no_update) {
		r->skipped = true;
		r->failure = DT_F_DNS_NONE;
	}
	if (r->stage == DT_STAGE_DISCOVER && !a->sip_known && (a->p->has_dhcp || a->p->has_zone))
		stop(a, DT_STAGE_DISCOVER, DT_F_REGISTRAR_NONE);
	if (!a->stop)
		add(a, r);
}

bool doctor_plan_apply(const struct doctor_plan *p, const struct doctor_run *was, const struct dt_model *m, struct doctor_run *ret)
{
	struct after a = {.p = p, .model = m, .to = ret};
	struct dt_record end = {.kind = DT_REC_RESULT, .stage = DT_STAGE_LOGON, .ok = true};

	for (size_t i = 0; i < was->n && !a.stop; i++) {
		const struct doctor_line *l = &was->line[i];
		struct dt_record r = {.kind = l->kind, .stage = l->stage, .what = l->what, .peer = l->peer, .ok = l->ok, .skipped = l->skipped,
				      .ms = l->ms, .found = l->found, .warn = l->warn, .failure = l->failure, .why = l->why, .guess = l->guess,
				      .fact = l->fact};

		memcpy(r.sign, l->sign, sizeof r.sign);
		if (l->kind == DT_REC_ATTEMPT)
			attempt_after(&a, &r);
		else if (l->kind == DT_REC_STAGE)
			stage_after(&a, &r);
	}
	if (a.stop) {
		end.stage = a.stop;
		end.ok = false;
		end.failure = a.failure;
	}
	add(&a, &end);
	ret->has_observed = was->has_observed;
	ret->observed = was->observed;
	return !a.oom;
}
