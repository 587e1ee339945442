/* phone/stages/candidates.c: where a Registrar may be: the six candidates, what is configured, what worked last
 * [network C.3, C.4]. */
#include "base/name.h"
#include "phone/internal.h"

/* C.4: "strict = target ends with '.' + SIP domain, label-wise, case-insensitive (default); exact = target minus first
 * label equals SIP domain; off." */
bool strict_match(int strict, const char *target, const char *domain)
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

static void add(struct dt_phone *ph, struct sip_target t)
{
	if (t.host[0] == '\0' || t.port == 0 || ph->ntarget == SIP_TARGETS)
		return;
	ph->target[ph->ntarget++] = t;
}

static void passed(struct dt_phone *ph, enum dt_candidate c, enum dt_failure f, enum dt_sign sign)
{
	ph->passed[c].failure = f;
	ph->passed[c].sign = sign;
}

static void by_srv(struct dt_phone *ph, enum dt_candidate c)
{
	struct dt_dns_answer *a = &ph->srv[c];

	if (!ph->srv_asked[c]) {
		passed(ph, c, DT_F_DNS_NONE, DT_SIGN_SRV_NOT_ASKED);
		return;
	}
	if (a->status != DT_DNS_OK || a->n == 0) {
		passed(ph, c, dns_failure(a), dns_failure(a) == DT_F_DNS_NONE ? DT_SIGN_SRV_NONE : DT_SIGN_SRV_NO_ANSWER);
		return;
	}
	srv_sort(ph, a);
	passed(ph, c, DT_F_DNS_NONE, DT_SIGN_SRV_NO_SERVICE); /* a target of "." */
	for (unsigned j = 0; j < a->n; j++) {
		struct sip_target t = {.candidate = c, .port = a->rr[j].port, .tls = candidates[c].tls};

		if (a->rr[j].target[0] == '\0')
			continue;
		if (!strict_match(ph->strict, a->rr[j].target, ph->srv_domain)) {
			if (ph->passed[c].failure != DT_F_OK) {
				passed(ph, c, DT_F_STRICT_DOMAIN, DT_SIGN_SRV_OTHER_DOMAIN);
				text(ph->passed[c].target, sizeof ph->passed[c].target, "%s", a->rr[j].target);
			}
			continue;
		}
		passed(ph, c, DT_F_OK, DT_SIGN_NONE);
		text(t.host, sizeof t.host, "%s", a->rr[j].target);
		add(ph, t);
	}
}

static void by_option(struct dt_phone *ph, enum dt_candidate c)
{
	if (!ph->have_120 || ph->option120.n == 0) {
		passed(ph, c, DT_F_UC_SILENT, DT_SIGN_OPTION120_ABSENT);
		return;
	}
	for (unsigned j = 0; j < ph->option120.n; j++) {
		struct sip_target t = {.candidate = c, .port = candidates[c].port, .tls = candidates[c].tls};

		if (ph->option120.encoding == 0) {
			text(t.host, sizeof t.host, "%s", ph->option120.name[j]);
		} else { /* TLS then wants the address in the certificate */
			char ip[16];

			text(t.host, sizeof t.host, "%s", ip_text(ph->option120.address[j], ip));
		}
		add(ph, t);
	}
}

static void kept(struct dt_phone *ph, enum dt_candidate c, const char *s)
{
	struct sip_target t;

	if (s && s[0] && target_read(s, &t)) {
		t.candidate = c;
		add(ph, t);
	}
}

void candidates_build(struct dt_phone *ph)
{
	ph->ntarget = ph->passed_told = 0;
	memset(ph->passed, 0, sizeof ph->passed);
	if (ph->registrar_conf) {
		kept(ph, DT_CAND_CONFIGURED, ph->registrar_conf);
		return;
	}
	for (enum dt_candidate c = DT_CAND_NONE + 1; c < CANDIDATES; c++) {
		if (ph->outside && !candidates[c].outside)
			continue; /* [sip 2.3]: outside, the last two */
		if (candidates[c].service)
			by_srv(ph, c);
		else
			by_option(ph, c);
	}
	/* "When SRV and 120 both fail, or the names do not resolve, the last good registrar/addresses are used." */
	kept(ph, DT_CAND_STORED, ph->account.registrar);
}

static const char *passed_why(const struct dt_phone *ph, enum dt_candidate c, char *why)
{
	if (ph->passed[c].sign == DT_SIGN_SRV_OTHER_DOMAIN)
		text(why, WHY_MAX, "the target %s lies outside the SIP domain %s", ph->passed[c].target, ph->srv_domain);
	else
		text(why, WHY_MAX, "%s", dt_signs[ph->passed[c].sign].what);
	return why;
}

void candidates_report(struct dt_phone *ph, enum dt_candidate until)
{
	struct attempt a;
	char why[WHY_MAX];

	while (ph->passed_told + 1 < until && ph->passed_told + 1 < CANDIDATES) {
		enum dt_candidate c = ++ph->passed_told;

		if (ph->passed[c].failure == DT_F_OK)
			continue;
		attempt_begin(ph, &a, "registrar %s", dt_candidates[c].name);
		attempt_sign(&a, ph->passed[c].sign);
		a.fact.candidate = c;
		a.fact.host = ph->passed[c].target[0] ? ph->passed[c].target : NULL;
		attempt_fail(ph, &a, ph->passed[c].failure, passed_why(ph, c, why));
	}
}

enum dt_failure candidates_failure(const struct dt_phone *ph, char *why)
{
	why[0] = '\0';
	for (enum dt_candidate c = DT_CAND_NONE + 1; c < CANDIDATES; c++)
		if (ph->passed[c].failure == DT_F_STRICT_DOMAIN) {
			passed_why(ph, c, why);
			return DT_F_STRICT_DOMAIN;
		}
	return DT_F_REGISTRAR_NONE;
}
