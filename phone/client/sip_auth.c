/* phone/client/sip_auth.c: the handshakes at the Registrar: TLS-DSK with the user's certificate [sip 8], NTLM with user
 * name and password [sip 9].  Each 401 is one step; the request that ends it is signed.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/ntlm.h"
#include "auth/tlsdsk.h"
#include "base/enc.h"
#include "phone/client/sip.h"
#include "phone/run/record.h"
#include "pki/cert.h"

#define ROUNDS 6
#define FLIGHT_MAX 65536

/* "challenge: WWW-Authenticate, 407 flow: Proxy-Authenticate" (6.1) */
static bool auth_find(const struct msg *m, const char *scheme, struct sip_auth *ret, bool *proxy)
{
	static const char *const names[] = {"WWW-Authenticate", "Proxy-Authenticate"};

	for (unsigned k = 0; k < 2; k++)
		for (size_t i = 0; i < msg_count(m, names[k]); i++)
			if (sip_auth_read(msg_get_nth(m, names[k], i), ret) && sv_ieq(ret->scheme, sv_of(scheme))) {
				*proxy = k == 1;
				return true;
			}
	return false;
}

static bool auth_take(struct sip_sa *sa, enum sip_scheme scheme, const struct sip_auth *a, bool proxy)
{
	memset(sa, 0, sizeof *sa);
	sa->proxy = proxy;
	if (!sv_copy(sa->realm, sizeof sa->realm, a->realm) || !sv_copy(sa->targetname, sizeof sa->targetname, a->targetname) ||
	    !sv_copy(sa->version, sizeof sa->version, a->version.p ? a->version : SV("4")))
		return false;
	sa->scheme = scheme;
	return true;
}

/* "The client copies the server's number back (version=4) in handshake messages only." */
static struct sip_auth auth_step(const struct sip_sa *sa)
{
	return (struct sip_auth){
	    .scheme = sa->scheme == SCHEME_DSK ? SV("TLS-DSK") : SV("NTLM"),
	    .qop = SV("auth"),
	    .realm = sv_of(sa->realm),
	    .targetname = sv_of(sa->targetname),
	    .opaque = sa->opaque[0] ? sv_of(sa->opaque) : (struct sv){0},
	    .version = sv_of(sa->version),
	};
}

static bool auth_send_flight(struct sip_client *s, const struct buf *flight, struct sip_sa *signer, sip_fn *done, void *arg)
{
	struct sip_auth a = auth_step(&s->next);
	struct buf text64 = {0};
	bool ok;

	b64_add(&text64, flight->p, flight->n);
	a.gssapi = buf_view(&text64);
	if (a.gssapi.p == NULL)
		a.gssapi = SV("");
	a.has_gssapi = true;
	ok = !text64.oom && !flight->oom;
	if (ok)
		sip_register(s, -1, &a, signer, done, arg);
	buf_wipe(&text64);
	return ok;
}

/* ---- TLS-DSK ----------------------------------------------------------------------------------------------------- */

static bool auth_dsk_begin(struct sip_client *s, struct buf *flight)
{
	struct tls_client_conf c = {.profile = s->conf.old_tls ? TLS_PHONE : TLS_DSK};
	struct buf pem = {0};

	sip_auth_end(s);
	pki_pem_add(&pem, "CERTIFICATE", s->conf.cert->p, s->conf.cert->n);
	s->dsk_key = pki_key_read(buf_view(s->conf.key));
	c.cert_pem = buf_view(&pem);
	c.key = s->dsk_key;
	if (s->dsk_key && !pem.oom)
		s->dsk_ctx = tls_ctx_client(&c);
	if (s->dsk_ctx)
		s->dsk = dsk_client(s->dsk_ctx);
	buf_free(&pem);
	return s->dsk && dsk_step(s->dsk, NULL, 0, flight) == DSK_MORE && !flight->oom;
}

/* "It [SIPE] does not check the server's certificate chain or name...  (Our phone must check both.)" */
static enum dt_failure auth_dsk_verify(struct sip_client *s, struct sip_challenge *ret)
{
	const uint8_t *der[8];
	size_t n[8];
	unsigned count;
	struct buf chain = {0};
	enum dt_failure f;
	struct pki_chain_result result;

	count = dsk_peer_chain(s->dsk, &chain, der, n, sizeof der / sizeof *der);
	f = pki_failure_of(pki_chain_verify(der, n, count, buf_view(s->conf.anchors), s->conf.outside, s->next.targetname, ph_unix_s(s->ph), &result));
	memcpy(ret->sign, result.sign, sizeof ret->sign);
	why_set(&ret->why, "inside SIP: %s", result.why.text);
	buf_free(&chain);
	return f;
}

static enum auth_result auth_dsk_next(struct sip_client *s, struct sv in, sip_fn *done, void *arg, struct sip_challenge *ret)
{
	struct buf raw = {0}, flight = {0};
	enum dsk_result r = DSK_FAILED;
	enum auth_result result = AUTH_FAILED;

	ret->failure = DT_F_TLS_HANDSHAKE;
	if (in.n > FLIGHT_MAX || !b64_read(&raw, in)) {
		ret->failure = DT_F_SIP_BAD;
		why_set(&ret->why, "gssapi-data is not base64");
	} else {
		r = dsk_step(s->dsk, raw.p, raw.n, &flight);
		if (r == DSK_FAILED)
			why_set(&ret->why, "inside SIP: %s", dsk_why(s->dsk));
	}
	if (r == DSK_DONE) {
		if (!dsk_keys(s->dsk, &s->next.ours, &s->next.theirs))
			ret->failure = DT_F_US;
		else if ((ret->failure = auth_dsk_verify(s, ret)) == DT_F_OK)
			s->next.up = true;
	}
	if (r == DSK_MORE || (s->next.up && flight.n)) {
		result = auth_send_flight(s, &flight, NULL, done, arg) ? AUTH_AGAIN : AUTH_FAILED;
		if (result == AUTH_FAILED)
			ret->failure = DT_F_MEMORY;
	} else if (s->next.up) {
		struct sip_auth a = auth_step(&s->next);

		sip_auth_end(s);
		sip_register(s, -1, &a, &s->next, done, arg);
		result = AUTH_AGAIN;
	}
	buf_wipe(&raw);
	buf_wipe(&flight);
	return result;
}

/* ---- NTLM ---------------------------------------------------------------------------------------------------------- */

static enum auth_result auth_ntlm_next(struct sip_client *s, struct sv in, sip_fn *done, void *arg, struct sip_challenge *ret)
{
	struct sip_sa *sa = &s->next;
	struct buf raw = {0}, answer = {0};
	uint8_t key[16];
	uint32_t flags = 0;
	const char *bad = "gssapi-data is not base64";
	enum auth_result result = AUTH_FAILED;

	ret->failure = DT_F_SIP_BAD;
	if (in.n <= FLIGHT_MAX && b64_read(&raw, in))
		bad = ntlm_login_answer(s->ph, &s->conf.ntlm, &(struct ntlm_asked){.challenge = buf_view(&raw), .binding = s->bound ? s->binding : NULL},
					&answer, &flags, key);
	if (bad) {
		why_set(&ret->why, "%s", bad);
	} else {
		ntlm_sign_keys(key, flags, &sa->ours, &sa->theirs);
		sa->up = true;
		if (auth_send_flight(s, &answer, sa, done, arg))
			result = AUTH_AGAIN;
		else
			ret->failure = DT_F_MEMORY;
	}
	explicit_bzero(key, sizeof key);
	buf_wipe(&raw);
	buf_wipe(&answer);
	return result;
}

/* A redirect "Contact: <sip:192.0.2.5:5061;transport=tls>" names no name: "the name to check in TLS is then the targetname of the next 401,
 * within the SIP domain" [sip 12].  Until then nothing but a REGISTER without credentials has gone out. */
static bool auth_named(struct sip_client *s, struct sip_challenge *ret)
{
	struct sv name = sv_of(s->next.targetname), aor = sv_of(s->conf.aor), domain;

	if (!s->peer.unnamed || !s->peer.tls || s->named)
		return true;
	sv_cut(&aor, '@');
	domain = aor;
	s->named = name.n > domain.n && name.p[name.n - domain.n - 1] == '.' && sv_iends(name, domain) &&
		   pki_cert_names(s->leaf.p, s->leaf.n, s->next.targetname);
	if (!s->named) {
		ret->failure = DT_F_TLS_NAME;
		why_set(&ret->why, "the redirect gave an address, and the certificate there is not for a name of the SIP domain that the challenge has: %s",
			s->next.targetname);
	}
	buf_free(&s->leaf);
	return s->named;
}

/* ---- a 401 ----------------------------------------------------------------------------------------------------------- */

/* [MS-SIPAE] knows NTLM, Kerberos and TLS-DSK; Digest and Basic are of RFC 3261's registrars, and of proxies. */
static bool auth_is_other_make(const struct msg *m)
{
	struct sip_auth a;
	bool proxy;

	return auth_find(m, "Digest", &a, &proxy) || auth_find(m, "Basic", &a, &proxy);
}

static enum auth_result auth_choose(struct sip_client *s, const struct msg *m, sip_fn *done, void *arg, struct sip_challenge *ret)
{
	struct sip_sa *sa = &s->next;
	struct sip_auth dsk = {0}, ntlm = {0};
	bool dsk_proxy = false, ntlm_proxy = false, has_dsk = auth_find(m, "TLS-DSK", &dsk, &dsk_proxy),
	     has_ntlm = auth_find(m, "NTLM", &ntlm, &ntlm_proxy);
	struct buf flight = {0};
	bool ok = false;

	if (has_dsk)
		ret->sts_uri = dsk.sts_uri;
	ret->failure = DT_F_SIP_SCHEME;
	if (has_dsk && s->conf.cert) {
		if (!auth_take(sa, SCHEME_DSK, &dsk, dsk_proxy)) {
			ret->failure = DT_F_SIP_BAD;
			why_set(&ret->why, "the challenge cannot be read");
			return AUTH_FAILED;
		}
		if (!auth_named(s, ret))
			return AUTH_FAILED;
		ok = auth_dsk_begin(s, &flight) && auth_send_flight(s, &flight, NULL, done, arg);
		ret->failure = DT_F_MEMORY;
	} else if (has_ntlm && s->conf.ntlm.login && s->peer.tls) { /* in plain TCP anybody may ask, and hand the answer on */
		if (!auth_take(sa, SCHEME_NTLM, &ntlm, ntlm_proxy)) {
			ret->failure = DT_F_SIP_BAD;
			why_set(&ret->why, "the challenge cannot be read");
			return AUTH_FAILED;
		}
		if (!auth_named(s, ret))
			return AUTH_FAILED;
		ret->failure = DT_F_MEMORY;
		ok = auth_send_flight(s, &flight, NULL, done, arg); /* gssapi-data="", present but empty */
	} else {
		if (!has_dsk && !has_ntlm && auth_is_other_make(m))
			dt_signs_add(ret->sign, DT_SIGN_SIP_OTHER_MAKE);
		why_set(&ret->why, "%s %s%s%s%s", s->peer.tls ? "it offers" : "in plain TCP it offers",
		     has_dsk ? "TLS-DSK" : "", has_dsk && has_ntlm ? " and " : "",
		     has_ntlm ? "NTLM" : "", has_dsk || has_ntlm ? "" : "no scheme that this phone has");
	}
	buf_wipe(&flight);
	return ok ? AUTH_AGAIN : AUTH_FAILED;
}

void sip_auth_begin(struct sip_client *s)
{
	sip_auth_end(s);
	sip_sa_clear(&s->next);
	s->round = 0;
}

enum auth_result sip_auth_401(struct sip_client *s, const struct msg *m, sip_fn *done, void *arg, struct sip_challenge *ret)
{
	struct sip_sa *sa = &s->next;
	struct sip_auth a = {0};
	bool proxy;
	unsigned id;

	ret->why = (struct why){0};
	if (sa->scheme == SCHEME_NONE)
		return auth_choose(s, m, done, arg, ret);
	if (auth_find(m, sa->scheme == SCHEME_DSK ? "TLS-DSK" : "NTLM", &a, &proxy) && a.has_gssapi && a.gssapi.n &&
	    s->round++ < ROUNDS && !(sa->scheme == SCHEME_NTLM && sa->up)) {
		if (a.opaque.n && !sv_copy(sa->opaque, sizeof sa->opaque, a.opaque)) {
			ret->failure = DT_F_SIP_BAD;
			why_set(&ret->why, "the challenge's opaque is too long");
			return AUTH_FAILED;
		}
		if (sa->scheme == SCHEME_NTLM)
			return auth_ntlm_next(s, a.gssapi, done, arg, ret);
		if (s->dsk)
			return auth_dsk_next(s, a.gssapi, done, arg, ret);
	}
	if (sa->scheme == SCHEME_DSK && sa->up && s->dsk) { /* the last flight went alone: now the signature */
		struct sip_auth end = auth_step(sa);

		sip_auth_end(s);
		sip_register(s, -1, &end, sa, done, arg);
		return AUTH_AGAIN;
	}
	ret->failure = sa->scheme == SCHEME_DSK ? DT_F_CERT_REFUSED : DT_F_PASSWORD_REFUSED;
	sip_diag_text(m, &id, &ret->why);
	return AUTH_FAILED;
}
