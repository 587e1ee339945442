/* phone/stages/candidates.c: where a Registrar may be: the six candidates, what is configured, what worked last
 * [network C.3, C.4]. */
#include <stdlib.h>

#include "base/name.h"
#include "phone/internal.h"
#include "wire/well_known.h"

/* clang-format off */
/* "Each record is tried until one succeeds" [sip 2.1]: the order of "Device Connection Process". */
const struct candidate candidates[CANDIDATES] = {
[DT_CAND_INTERNAL_TLS] = {SRV_INTERNAL_TLS, true,  false, 5061},
[DT_CAND_DHCP_TLS]     = {NULL,                   true,  false, 5061},
[DT_CAND_INTERNAL_TCP] = {SRV_INTERNAL_TCP,    false, false, 5060},
[DT_CAND_DHCP_TCP]     = {NULL,                   false, false, 5060},
[DT_CAND_EXTERNAL_TLS] = {SRV_EXTERNAL_TLS,            true,  true,  443},
[DT_CAND_EXTERNAL_TCP] = {SRV_EXTERNAL_TCP,            false, true,  5060},
};
/* clang-format on */

/* C.4: "strict = target ends with '.' + SIP domain, label-wise, case-insensitive (default); exact = target minus first
 * label equals SIP domain; off." */
bool strict_match(enum dt_strict strict, const char *target, const char *domain)
{
	struct sv t = sv_of(target), d = sv_of(domain);
	const char *dot = strchr(target, '.');

	if (strict == DT_STRICT_OFF)
		return true;
	if (strict == DT_EXACT)
		return dot && sv_ieq(sv_of(dot + 1), d);
	return d.n && t.n > d.n + 1 && sv_within(t, d);
}

bool target_read(const char *s, struct sip_target *ret)
{
	struct sv rest = sv_trim(sv_of(s)), where = sv_cut(&rest, ' '), host = sv_cut(&where, ':');
	uint64_t port = 0;

	memset(ret, 0, sizeof *ret);
	ret->candidate = DT_CAND_CONFIGURED;
	if (host_read(host, ret->host) != NULL || (where.p && !sv_u64(where, 65535, &port)))
		return false;
	ret->tls = rest.p ? !sv_ieq(sv_trim(rest), SV("tcp")) : port != 5060;
	ret->port = (uint16_t)(port ? port : ret->tls ? 5061 : 5060);
	return true;
}

static void candidates_add(struct dt_phone *ph, struct sip_target t)
{
	if (t.host[0] == '\0' || t.port == 0 || ph->work->ntarget == SIP_TARGETS)
		return;
	if (ph->conf.outside && !t.tls) /* DIFFERS: the process names _sip._tcp for outside, too; there nobody is known without TLS */
		return;
	ph->work->target[ph->work->ntarget++] = t;
}

static void candidates_passed(struct dt_phone *ph, enum dt_candidate c, enum dt_failure f, enum dt_sign sign)
{
	ph->work->passed[c].failure = f;
	ph->work->passed[c].sign = sign;
}

static void candidates_by_srv(struct dt_phone *ph, enum dt_candidate c)
{
	struct dt_dns_answer *a = ph->work->srv ? &ph->work->srv[c].answer : NULL;
	uint32_t literal;

	if (a == NULL || !ph->work->srv[c].asked) {
		candidates_passed(ph, c, DT_F_DNS_NONE, DT_SIGN_SRV_NOT_ASKED);
		return;
	}
	if (a->status != DT_DNS_OK || a->n == 0) {
		candidates_passed(ph, c, dns_failure(a), dns_failure(a) == DT_F_DNS_NONE ? DT_SIGN_SRV_NONE : DT_SIGN_SRV_NO_ANSWER);
		return;
	}
	srv_sort(ph, a);
	candidates_passed(ph, c, DT_F_DNS_NONE, DT_SIGN_SRV_NO_SERVICE); /* a target of "." */
	for (unsigned j = 0; j < a->n; j++) {
		struct sip_target t = {.candidate = c, .port = a->rr[j].port, .tls = candidates[c].tls};

		if (a->rr[j].target[0] == '\0')
			continue;
		if (!strict_match(ph->conf.strict, a->rr[j].target, ph->work->srv_domain)) {
			if (ph->work->passed[c].failure != DT_F_OK) {
				candidates_passed(ph, c, DT_F_STRICT_DOMAIN,
						  ip_read(sv_of(a->rr[j].target), &literal) ? DT_SIGN_SRV_ADDRESS : DT_SIGN_SRV_OTHER_DOMAIN);
				text_set(ph->work->passed[c].target, sizeof ph->work->passed[c].target, "%s", a->rr[j].target);
			}
			continue;
		}
		candidates_passed(ph, c, DT_F_OK, DT_SIGN_NONE);
		text_set(t.host, sizeof t.host, "%s", a->rr[j].target);
		candidates_add(ph, t);
	}
}

static void candidates_by_option(struct dt_phone *ph, enum dt_candidate c)
{
	if (!ph->work->uc_done)
		return; /* a plan that did not ask */
	if (!ph->work->have_120 || ph->work->option120.n == 0) {
		candidates_passed(ph, c, DT_F_UC_SILENT, DT_SIGN_OPTION120_ABSENT);
		return;
	}
	for (unsigned j = 0; j < ph->work->option120.n; j++) {
		struct sip_target t = {.candidate = c, .port = candidates[c].port, .tls = candidates[c].tls};

		if (ph->work->option120.encoding == 0) {
			text_set(t.host, sizeof t.host, "%s", ph->work->option120.name[j]);
		} else { /* TLS then wants the address in the certificate */
			char ip[16];

			text_set(t.host, sizeof t.host, "%s", ip_text(ph->work->option120.address[j], ip));
		}
		candidates_add(ph, t);
	}
}

bool candidates_tls_only(const struct dt_phone *ph)
{
	return sv_ieq(sv_of(ph->account.sip_security), SV("High"));
}

static void candidates_stored(struct dt_phone *ph, enum dt_candidate c, const char *s)
{
	struct sip_target t;

	if (s && s[0] && target_read(s, &t) && (t.tls || !candidates_tls_only(ph))) {
		t.candidate = c;
		candidates_add(ph, t);
	}
}

static void candidates_have_srv(void *arg, const struct dt_dns_answer *a)
{
	struct srv_ask *s = arg;
	struct dt_phone *ph = s->ph;

	s->answer = *a;
	ph->work->srv_open--;
	ph->work->srv_done(ph);
}

void candidates_ask(struct dt_phone *ph, const char *domain, void (*done)(struct dt_phone *ph))
{
	struct ph_work *w = ph->work;
	char name[DT_NAME_MAX + 32];

	text_set(w->srv_domain, sizeof w->srv_domain, "%s", domain);
	w->srv_open = 0;
	w->srv_done = done;
	w->built = false;
	free(w->srv);
	w->srv = ph_alloc(ph, CANDIDATES * sizeof *w->srv);
	for (enum dt_candidate c = DT_CAND_NONE + 1; w->srv && c < CANDIDATES; c++) {
		struct srv_ask *s = &w->srv[c];

		*s = (struct srv_ask){.ph = ph, .candidate = c};
		s->asked = candidates[c].service && w->srv_domain[0] && !(ph->conf.outside && !candidates[c].outside);
		if (!s->asked)
			continue;
		w->srv_open++;
		text_set(name, sizeof name, "%s.%s", candidates[c].service, w->srv_domain);
		dns_ask(&ph->dns, name, DT_RR_SRV, candidates_have_srv, s);
	}
}

void candidates_build(struct dt_phone *ph)
{
	ph->work->built = true;
	ph->work->ntarget = ph->work->passed_reported = 0;
	memset(ph->work->passed, 0, sizeof ph->work->passed);
	if (ph->conf.registrar) {
		candidates_stored(ph, DT_CAND_CONFIGURED, ph->conf.registrar);
		return;
	}
	for (enum dt_candidate c = DT_CAND_NONE + 1; c < CANDIDATES; c++) {
		if (ph->conf.outside && (!candidates[c].outside || !candidates[c].tls))
			continue; /* [sip 2.3]: outside, the last two; of them, the one with TLS */
		if (!candidates[c].tls && candidates_tls_only(ph))
			candidates_passed(ph, c, DT_F_REGISTRAR_NONE, DT_SIGN_SIP_SECURITY);
		else if (candidates[c].service)
			candidates_by_srv(ph, c);
		else
			candidates_by_option(ph, c);
	}
	free(ph->work->srv);
	ph->work->srv = NULL;
	/* "When SRV and 120 both fail, or the names do not resolve, the last good registrar/addresses are used." */
	candidates_stored(ph, DT_CAND_STORED, ph->account.registrar);
}

static const char *candidates_passed_why(const struct dt_phone *ph, enum dt_candidate c, struct why *why)
{
	if (ph->work->passed[c].sign == DT_SIGN_SRV_OTHER_DOMAIN)
		why_set(why, "the target %s lies outside the SIP domain %s", ph->work->passed[c].target, ph->work->srv_domain);
	else
		why_set(why, "%s", dt_signs[ph->work->passed[c].sign].what);
	return why->text;
}

void candidates_report(struct dt_phone *ph, enum dt_candidate until)
{
	struct attempt a;
	struct why why = {0};

	while (ph->work->passed_reported + 1 < until && ph->work->passed_reported + 1 < CANDIDATES) {
		enum dt_candidate c = ++ph->work->passed_reported;

		if (ph->work->passed[c].failure == DT_F_OK)
			continue;
		attempt_begin(ph, &a, "registrar %s", dt_candidates[c].name);
		attempt_sign(&a, ph->work->passed[c].sign);
		a.fact.candidate = c;
		a.fact.host = ph->work->passed[c].target[0] ? ph->work->passed[c].target : NULL;
		attempt_fail(ph, &a, ph->work->passed[c].failure, candidates_passed_why(ph, c, &why));
	}
}

enum dt_failure candidates_failure(const struct dt_phone *ph, struct why *why)
{
	why->text[0] = '\0';
	for (enum dt_candidate c = DT_CAND_NONE + 1; c < CANDIDATES; c++)
		if (ph->work->passed[c].failure == DT_F_STRICT_DOMAIN) {
			candidates_passed_why(ph, c, why);
			return DT_F_STRICT_DOMAIN;
		}
	return DT_F_REGISTRAR_NONE;
}
