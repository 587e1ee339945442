/* phone/client/sip_sign.c: signatures of both sides ([sip 6.4, 7]), and what else every part of the client needs.
 *
 * "After authentication every request and every final response is signed in both directions."
 */
#include <stdlib.h>
#include <string.h>

#include "auth/tlsdsk.h"
#include "base/enc.h"
#include "phone/client/sip.h"
#include "phone/run/record.h"
#include "pki/cert.h"

void sip_sa_clear(struct sip_sa *sa)
{
	explicit_bzero(sa, sizeof *sa);
}

static const char *sip_scheme_name(enum sip_scheme s)
{
	return s == SCHEME_DSK ? "TLS-DSK" : "NTLM";
}

unsigned sip_version(const struct sip_sa *sa)
{
	uint64_t v = 4;

	sv_u64(sv_of(sa->version), 9, &v);
	return (unsigned)v;
}

bool sip_sign(struct sip_client *s, struct sip_sa *sa, const struct msg *draft, const struct sip_auth *base, struct buf *value)
{
	struct sip_auth a = base ? *base : (struct sip_auth){0};
	struct buf string = {0};
	char rand[9], num[16], hex[2 * SIPSIG_MAX + 1];
	uint8_t sig[SIPSIG_MAX];
	size_t n = 0;

	ph_random_hex(s->ph, rand, 8);
	text_set(num, sizeof num, "%u", ++sa->cnum);
	a.scheme = sv_of(sip_scheme_name(sa->scheme));
	a.qop = SV("auth");
	a.realm = sv_of(sa->realm);
	a.targetname = sv_of(sa->targetname);
	a.opaque = sv_of(sa->opaque);
	a.crand = sv_of(rand);
	a.cnum = sv_of(num);
	if (sipsig_string(&string, draft, sip_version(sa), a.scheme, a.crand, a.cnum, a.realm, a.targetname) && !string.oom)
		n = sipsig_make(&sa->ours, buf_view(&string), sig);
	buf_wipe(&string);
	if (n == 0)
		return false;
	hex_write(hex, sig, n, false);
	a.response = sv_of(hex);
	sip_auth_write(value, SIP_CREDENTIALS, &a);
	return !value->oom;
}

const char *sip_verify(struct sip_sa *sa, const struct msg *m)
{
	struct sv header = msg_get(m, "Authentication-Info");
	struct buf string = {0};
	struct sip_auth a;
	const char *why = NULL;
	uint64_t num;

	if (header.p == NULL)
		header = msg_get(m, "Proxy-Authentication-Info");
	if (!sa->up)
		return "no security association is up";
	if (header.p == NULL)
		return "the message is not signed";
	if (!sip_auth_read(header, &a) || a.rspauth.p == NULL || a.srand.p == NULL || !sv_u64(a.snum, UINT32_MAX, &num))
		return "Authentication-Info cannot be read";
	if (!sv_ieq(a.scheme, sv_of(sip_scheme_name(sa->scheme))) || !sv_eq(a.realm, sv_of(sa->realm)) ||
	    !sv_eq(a.targetname, sv_of(sa->targetname)))
		return "Authentication-Info is of another security association";
	if (!sipsig_window_check(&sa->window, (uint32_t)num))
		return "the signature's number was used before";
	if (!sipsig_string(&string, m, sip_version(sa), a.scheme, a.srand, a.snum, a.realm, a.targetname) || string.oom ||
	    !sipsig_check(&sa->theirs, buf_view(&string), a.rspauth))
		why = "the signature is not the server's";
	else
		sipsig_window_take(&sa->window, (uint32_t)num);
	buf_wipe(&string);
	return why;
}

void sip_auth_end(struct sip_client *s)
{
	dsk_free(s->dsk);
	tls_ctx_free(s->dsk_ctx);
	pki_key_free(s->dsk_key);
	s->dsk = NULL;
	s->dsk_ctx = NULL;
	s->dsk_key = NULL;
}

bool sip_at_backup(const struct msg *m)
{
	return sv_istarts(sip_param(msg_get(m, "presence-state"), "is-connected-to-primary"), SV("\"no")) ||
	       sv_ieq(sip_param(msg_get(m, "presence-state"), "is-connected-to-primary"), SV("no"));
}

bool sip_challenged(const struct msg *m)
{
	return m->status == 401 || m->status == 407;
}

static bool sip_find_diag(const struct msg *m, struct sip_diag *ret)
{
	static const char *const names[] = {"ms-diagnostics", "ms-diagnostics-public"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct sv v = msg_get(m, names[i]);

		if (v.p && sip_diag_read(v, ret))
			return true;
	}
	return false;
}

void sip_diag_text(const struct msg *m, unsigned *id, struct why *why)
{
	struct sip_diag d;

	*id = 0;
	why_set(why, "%u " SV_FMT, m->status, SV_ARG(m->reason));
	if (sip_find_diag(m, &d)) {
		*id = d.id;
		why_set(why, "%u " SV_FMT ": %u " SV_FMT, m->status, SV_ARG(m->reason), d.id, SV_ARG(d.reason));
	}
}

void attempt_sip(struct sip_client *s, struct attempt *a, const struct msg *m)
{
	struct ph_core *core = ph_core(s->ph);
	struct sip_diag d = {0};

	a->fact.host = s->peer.host;
	a->fact.address = s->address;
	a->fact.port = s->peer.port;
	a->fact.candidate = s->peer.candidate;
	if (m == NULL)
		return;
	a->fact.diag = sip_find_diag(m, &d) ? d.id : 0;
	text_set(core->said, sizeof core->said, SV_FMT, SV_ARG(d.reason.n ? d.reason : m->reason));
	if (msg_get(m, "Retry-After").p)
		a->fact.seconds = ph_retry_after(s->ph, msg_get(m, "Retry-After"));
	a->fact.sip = (uint16_t)m->status;
	a->fact.said = core->said;
}
