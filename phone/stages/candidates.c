/* phone/stages/candidates.c: where a Registrar may be: the six candidates, what is configured, what worked last
 * [network C.3, C.4]. */
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
	ret->candidate = CANDIDATES;
	if (host.n == 0 || !sv_copy(ret->host, sizeof ret->host, host) || (where.p && !sv_u64(where, 65535, &port)))
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

static void passed(struct dt_phone *ph, unsigned i, enum dt_failure f, const char *why)
{
	ph->passed[i] = f;
	text(ph->passed_why[i], sizeof ph->passed_why[i], "%s", why);
}

static void by_srv(struct dt_phone *ph, unsigned i)
{
	struct dt_dns_answer *a = &ph->srv[i];
	char why[WHY_MAX];

	if (!ph->srv_asked[i]) {
		passed(ph, i, DT_F_DNS_NONE, "not asked: no domain is known");
		return;
	}
	if (a->status != DT_DNS_OK || a->n == 0) {
		passed(ph, i, dns_failure(a), dns_failure(a) == DT_F_DNS_NONE ? "no such SRV record" : "no DNS answer");
		return;
	}
	srv_sort(ph, a);
	passed(ph, i, DT_F_DNS_NONE, "the record says that there is no such service"); /* a target of "." */
	for (unsigned j = 0; j < a->n; j++) {
		struct sip_target t = {.candidate = i, .from = candidates[i].name, .port = a->rr[j].port,
				       .tls = candidates[i].tls};

		if (a->rr[j].target[0] == '\0')
			continue;
		if (!strict_match(ph->strict, a->rr[j].target, ph->srv_domain)) {
			text(why, sizeof why, "the target %s lies outside the SIP domain %s", a->rr[j].target, ph->srv_domain);
			if (ph->passed[i] != DT_F_OK)
				passed(ph, i, DT_F_STRICT_DOMAIN, why);
			continue;
		}
		ph->passed[i] = DT_F_OK;
		text(t.host, sizeof t.host, "%s", a->rr[j].target);
		add(ph, t);
	}
}

static void by_option(struct dt_phone *ph, unsigned i)
{
	if (!ph->have_120 || ph->option120.n == 0) {
		passed(ph, i, DT_F_UC_SILENT, "DHCP told no option 120");
		return;
	}
	ph->passed[i] = DT_F_OK;
	for (unsigned j = 0; j < ph->option120.n; j++) {
		struct sip_target t = {.candidate = i, .from = candidates[i].name, .port = candidates[i].port,
				       .tls = candidates[i].tls};

		if (ph->option120.encoding == 0) {
			text(t.host, sizeof t.host, "%s", ph->option120.name[j]);
		} else { /* TLS then wants the address in the certificate */
			char ip[16];

			text(t.host, sizeof t.host, "%s", ip_text(ph->option120.address[j], ip));
		}
		add(ph, t);
	}
}

static void kept(struct dt_phone *ph, const char *from, const char *s)
{
	struct sip_target t;

	if (s && s[0] && target_read(s, &t)) {
		t.from = from;
		add(ph, t);
	}
}

void candidates_build(struct dt_phone *ph)
{
	ph->ntarget = 0;
	memset(ph->passed, 0, sizeof ph->passed);
	if (ph->registrar_conf) {
		kept(ph, "configured", ph->registrar_conf);
		return;
	}
	for (unsigned i = 0; i < CANDIDATES; i++) {
		if (ph->outside && !candidates[i].outside)
			passed(ph, i, DT_F_OK, ""); /* [sip 2.3]: outside, the last two */
		else if (candidates[i].service)
			by_srv(ph, i);
		else
			by_option(ph, i);
	}
	/* "When SRV and 120 both fail, or the names do not resolve, the last good registrar/addresses are used." */
	kept(ph, "last known good", ph->account.registrar);
}
