/* phone/client/sip_auth.c: the handshakes at the Registrar: TLS-DSK with the user's certificate [sip 8], NTLM with
 * user name and password (9).  Each 401 is one step; the request that ends it is signed.
 */
#include <stdlib.h>

#include "phone/internal.h"

#define ROUNDS 6
#define FLIGHT_MAX 65536

void sip_auth_end(struct dt_phone *ph)
{
	dsk_free(ph->sip.dsk);
	tls_ctx_free(ph->sip.dsk_ctx);
	pki_key_free(ph->sip.dsk_key);
	ph->sip.dsk = NULL;
	ph->sip.dsk_ctx = NULL;
	ph->sip.dsk_key = NULL;
}

bool sip_challenged(const struct msg *m)
{
	return m->status == 401 || m->status == 407;
}

/* "challenge: WWW-Authenticate, 407 flow: Proxy-Authenticate" (6.1) */
static bool find(const struct msg *m, const char *scheme, struct sip_auth *ret, bool *proxy)
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

static bool may_ntlm(const struct dt_phone *ph)
{
	return ph->login && ph->password && (ph->model->ways & (ph->tethered ? DT_WAY_TETHER : DT_WAY_NTLM));
}

static bool take(struct sip_sa *sa, enum sip_scheme scheme, const struct sip_auth *a, bool proxy)
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
static struct sip_auth step(const struct sip_sa *sa)
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

static bool send_flight(struct dt_phone *ph, const struct buf *flight, struct sip_sa *signer, sip_fn *done)
{
	struct sip_auth a = step(&ph->sip.next);
	struct buf text64 = {0};
	bool ok;

	b64_add(&text64, flight->p, flight->n);
	a.gssapi = buf_view(&text64);
	if (a.gssapi.p == NULL)
		a.gssapi = SV("");
	a.has_gssapi = true;
	ok = !text64.oom && !flight->oom;
	if (ok)
		sip_register(ph, -1, &a, signer, done);
	buf_wipe(&text64);
	return ok;
}

/* ---- TLS-DSK ----------------------------------------------------------------------------------------------------- */

static bool dsk_begin(struct dt_phone *ph, struct buf *flight)
{
	struct tls_client_conf c = {.profile = TLS_DSK};
	struct buf pem = {0};

	sip_auth_end(ph);
	pki_pem_add(&pem, "CERTIFICATE", cert_in_use(ph)->p, cert_in_use(ph)->n);
	ph->sip.dsk_key = pki_key_read(buf_view(key_in_use(ph)));
	c.cert_pem = buf_view(&pem);
	c.key = ph->sip.dsk_key;
	if (ph->sip.dsk_key && !pem.oom)
		ph->sip.dsk_ctx = tls_ctx_client(&c);
	if (ph->sip.dsk_ctx)
		ph->sip.dsk = dsk_client(ph->sip.dsk_ctx);
	buf_free(&pem);
	return ph->sip.dsk && dsk_step(ph->sip.dsk, NULL, 0, flight) == DSK_MORE && !flight->oom;
}

/* "It [SIPE] does not check the server's certificate chain or name...  (Our phone must check both.)" */
static enum dt_failure dsk_judge(struct dt_phone *ph, char why[WHY_MAX])
{
	static const enum dt_failure of[] = {DT_F_OK, DT_F_TLS_UNTRUSTED, DT_F_TLS_NAME, DT_F_TLS_DATE, DT_F_TLS_HANDSHAKE};
	const uint8_t *der[8];
	size_t n[8];
	unsigned count;
	struct buf chain = {0};
	enum dt_failure f;
	struct pki_judged judged;

	count = dsk_peer_chain(ph->sip.dsk, &chain, der, n, sizeof der / sizeof *der);
	f = of[pki_judge(der, n, count, buf_view(&ph->anchors), ph->outside, ph->sip.next.targetname, phone_unix(ph),
			 &judged)];
	for (unsigned i = 0; i < DT_SIGNS_MAX && judged.sign[i] != DT_SIGN_NONE; i++)
		attempt_sign(&ph->try, judged.sign[i]);
	text(why, WHY_MAX, "inside SIP: %s", judged.why);
	buf_free(&chain);
	return f;
}

static enum auth_result dsk_next(struct dt_phone *ph, struct sv in, sip_fn *done, enum dt_failure *f, char why[WHY_MAX])
{
	struct buf raw = {0}, flight = {0};
	enum dsk_result r = DSK_FAILED;
	enum auth_result ret = AUTH_FAILED;

	*f = DT_F_TLS_HANDSHAKE;
	if (in.n > FLIGHT_MAX || !b64_read(&raw, in)) {
		*f = DT_F_SIP_BAD;
		text(why, WHY_MAX, "gssapi-data is not base64");
	} else {
		r = dsk_step(ph->sip.dsk, raw.p, raw.n, &flight);
		if (r == DSK_FAILED)
			text(why, WHY_MAX, "inside SIP: %s", dsk_why(ph->sip.dsk));
	}
	if (r == DSK_DONE) {
		if (!dsk_keys(ph->sip.dsk, &ph->sip.next.ours, &ph->sip.next.theirs))
			*f = DT_F_US;
		else if ((*f = dsk_judge(ph, why)) == DT_F_OK)
			ph->sip.next.up = true;
	}
	if (r == DSK_MORE || (ph->sip.next.up && flight.n)) {
		ret = send_flight(ph, &flight, NULL, done) ? AUTH_AGAIN : AUTH_FAILED;
		if (ret == AUTH_FAILED)
			*f = DT_F_MEMORY;
	} else if (ph->sip.next.up) {
		struct sip_auth a = step(&ph->sip.next);

		sip_auth_end(ph);
		sip_register(ph, -1, &a, &ph->sip.next, done);
		ret = AUTH_AGAIN;
	}
	buf_wipe(&raw);
	buf_wipe(&flight);
	return ret;
}

/* ---- NTLM ---------------------------------------------------------------------------------------------------------- */

static enum auth_result ntlm_next(struct dt_phone *ph, struct sv in, sip_fn *done, enum dt_failure *f, char why[WHY_MAX])
{
	struct sip_sa *sa = &ph->sip.next;
	struct buf raw = {0}, answer = {0};
	uint8_t key[16];
	uint32_t flags = 0;
	const char *bad = "gssapi-data is not base64";
	enum auth_result ret = AUTH_FAILED;

	*f = DT_F_SIP_BAD;
	if (in.n <= FLIGHT_MAX && b64_read(&raw, in))
		bad = phone_ntlm_answer(ph, buf_view(&raw), &answer, &flags, key);
	if (bad) {
		text(why, WHY_MAX, "%s", bad);
	} else {
		ntlm_sign_keys(key, flags, &sa->ours, &sa->theirs);
		sa->up = true;
		if (send_flight(ph, &answer, sa, done))
			ret = AUTH_AGAIN;
		else
			*f = DT_F_MEMORY;
	}
	explicit_bzero(key, sizeof key);
	buf_wipe(&raw);
	buf_wipe(&answer);
	return ret;
}

/* ---- a 401 ----------------------------------------------------------------------------------------------------------- */

static enum auth_result choose(struct dt_phone *ph, const struct msg *m, sip_fn *done, enum dt_failure *f, char why[WHY_MAX])
{
	struct sip_sa *sa = &ph->sip.next;
	struct sip_auth dsk = {0}, ntlm = {0};
	bool dsk_proxy = false, ntlm_proxy = false, has_dsk = find(m, "TLS-DSK", &dsk, &dsk_proxy),
	     has_ntlm = find(m, "NTLM", &ntlm, &ntlm_proxy);
	struct buf flight = {0};
	bool ok = false;

	/* the Web Services' address, for who does not have it yet */
	if (has_dsk && dsk.sts_uri.n && (ph->outside || ph->web_url[0] == '\0'))
		sv_copy(ph->web_url, sizeof ph->web_url, dsk.sts_uri);
	*f = DT_F_SIP_SCHEME;
	if (has_dsk && cert_good(ph)) {
		if (!take(sa, SCHEME_DSK, &dsk, dsk_proxy)) {
			*f = DT_F_SIP_BAD;
			text(why, WHY_MAX, "the challenge cannot be read");
			return AUTH_FAILED;
		}
		ok = dsk_begin(ph, &flight) && send_flight(ph, &flight, NULL, done);
		*f = DT_F_MEMORY;
	} else if (has_ntlm && may_ntlm(ph)) {
		if (!take(sa, SCHEME_NTLM, &ntlm, ntlm_proxy)) {
			*f = DT_F_SIP_BAD;
			text(why, WHY_MAX, "the challenge cannot be read");
			return AUTH_FAILED;
		}
		*f = DT_F_MEMORY;
		ok = send_flight(ph, &flight, NULL, done); /* gssapi-data="", present but empty */
	} else {
		text(why, WHY_MAX, "it offers %s%s%s%s", has_dsk ? "TLS-DSK" : "", has_dsk && has_ntlm ? " and " : "",
		     has_ntlm ? "NTLM" : "", has_dsk || has_ntlm ? "" : "nothing that this phone knows");
	}
	buf_wipe(&flight);
	return ok ? AUTH_AGAIN : AUTH_FAILED;
}

enum auth_result sip_auth_401(struct dt_phone *ph, const struct msg *m, sip_fn *done, enum dt_failure *f, char why[WHY_MAX])
{
	struct sip_sa *sa = &ph->sip.next;
	struct sip_auth a = {0};
	bool proxy;
	unsigned id;

	why[0] = '\0';
	if (sa->scheme == SCHEME_NONE)
		return choose(ph, m, done, f, why);
	if (find(m, sa->scheme == SCHEME_DSK ? "TLS-DSK" : "NTLM", &a, &proxy) && a.has_gssapi && a.gssapi.n &&
	    ph->sip.round++ < ROUNDS && !(sa->scheme == SCHEME_NTLM && sa->up)) {
		if (a.opaque.n && !sv_copy(sa->opaque, sizeof sa->opaque, a.opaque)) {
			*f = DT_F_SIP_BAD;
			text(why, WHY_MAX, "the challenge's opaque is too long");
			return AUTH_FAILED;
		}
		if (sa->scheme == SCHEME_NTLM)
			return ntlm_next(ph, a.gssapi, done, f, why);
		if (ph->sip.dsk)
			return dsk_next(ph, a.gssapi, done, f, why);
	}
	if (sa->scheme == SCHEME_DSK && sa->up && ph->sip.dsk) { /* the last flight went alone: now the signature */
		struct sip_auth end = step(sa);

		sip_auth_end(ph);
		sip_register(ph, -1, &end, sa, done);
		return AUTH_AGAIN;
	}
	*f = sa->scheme == SCHEME_DSK ? DT_F_CERT_REFUSED : DT_F_PASSWORD_REFUSED;
	sip_diag_text(m, &id, why, WHY_MAX);
	return AUTH_FAILED;
}
