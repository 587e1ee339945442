/* server/registrar/dsk.c: TLS-DSK, the server's side of [sip 8.2]: one flight in, one flight out. */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "server/registrar/internal.h"

static bool dsk_checked(const struct reg_conn *c, struct reg_sa *sa, struct pki_cert_info *info, const char **why)
{
	const uint8_t *leaf;
	size_t n;

	*why = "the certificate cannot be read";
	if (dsk_peer_chain(sa->dsk, &sa->cert, &leaf, &n, 1) != 1 || pki_cert_info(leaf, n, info) != NULL)
		return false;
	*why = "the certificate is outside its validity";
	return info->not_after > c->unix_s && info->not_before <= c->unix_s + 300;
}

/* "8 h, less if the certificate ends sooner" */
static void named(struct reg_conn *c, struct reg_sa *sa, const struct pki_cert_info *info)
{
	uint64_t left = (uint64_t)(info->not_after - c->unix_s);

	if (left > c->r->conf.site->sa_seconds)
		left = c->r->conf.site->sa_seconds;
	memcpy(sa->proved, info->subject_cn, sizeof sa->proved);
	sa->until = c->now + left * 1000;
}

static void dsk_refuse(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const char *why)
{
	reg_sa_free(c, sa);
	reg_refuse_proof(c, m, false, why);
}

static void dsk_known(struct reg_turn *t, struct vault_reply *r)
{
	struct reg_conn *c = t->c;
	struct reg_sa *sa = t->sa;

	if (sa == NULL) { /* the handshake has ended meanwhile */
		reg_challenge(c, &t->m, 0);
	} else if (r->status == VAULT_UNAVAILABLE || r->status == VAULT_LATE) {
		reg_sa_free(c, sa);
		reg_refuse(c, NULL, &t->m, REFUSE_UNAVAILABLE);
	} else if (r->status != VAULT_OK && r->status != VAULT_NOT_ENABLED) {
		dsk_refuse(c, sa, &t->m, r->why.text);
	} else if (!dsk_keys(sa->dsk, &sa->c2s, &sa->s2c)) {
		dsk_refuse(c, sa, &t->m, "no keys for this cipher suite");
	} else {
		dsk_free(sa->dsk);
		sa->dsk = NULL;
		sa->state = SA_KEYED;
		reg_flight(c, sa, &t->m, &t->flight);
	}
}

/* "(2) chain ends in our issuing CA" was OpenSSL's; "(3) the exact DER is listed as published and not revoked; (5) inside
 * validity" is the vault's.  (4), the subject against the From URI, comes with the checks of REGISTER: 4004. */
static void finished(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct buf *flight)
{
	struct vault_ask q = {.kind = VAULT_CERT_KNOWN};
	struct pki_cert_info info;
	struct reg_turn *t;
	const char *why;

	if (!dsk_checked(c, sa, &info, &why)) {
		dsk_refuse(c, sa, m, why);
		return;
	}
	named(c, sa, &info);
	if ((t = reg_turn_of(c, sa, m)) == NULL)
		return;
	t->flight = *flight;
	*flight = (struct buf){0};
	q.cert_known.der = buf_view(&sa->cert);
	memcpy(q.cert_known.aor, info.subject_cn, sizeof info.subject_cn);
	reg_turn_vault(t, &q, dsk_known);
}

static void step(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a)
{
	struct buf in = {0}, flight = {0};
	struct why why = {"the flight is not base64"};
	enum dsk_result r = DSK_FAILED;

	if (b64_read(&in, a->gssapi) && ++sa->steps <= REG_STEPS) {
		r = dsk_step(sa->dsk, in.p, in.n, &flight);
		if (r == DSK_FAILED)
			why_set(&why, "%s", dsk_why(sa->dsk));
	}
	switch (r) {
	case DSK_MORE:
		reg_flight(c, sa, m, &flight);
		break;
	case DSK_DONE:
		finished(c, sa, m, &flight);
		break;
	case DSK_FAILED:
		reg_sa_free(c, sa);
		reg_refuse_proof(c, m, false, why.text);
	}
	buf_free(&in);
	buf_free(&flight);
}

void reg_dsk(struct reg_conn *c, const struct msg *m, const struct sip_auth *a)
{
	struct reg_sa *sa = reg_sa_find(c, a->opaque, false);
	uint64_t version = 4;

	if ((a->version.p && (!sv_u64(a->version, 4, &version) || version < 2)) || a->gssapi.n == 0 ||
	    !c->r->conf.site->offer_tls_dsk) {
		reg_challenge(c, m, 0);
		return;
	}
	if (sa == NULL || sa->state != SA_DSK) { /* a ClientHello */
		const struct registrar_conf *conf = &c->r->conf;

		sa = reg_sa_new(c, false);
		if (sa == NULL ||
		    (sa->dsk = dsk_server(c->peer.outside && conf->dsk_outside ? conf->dsk_outside : conf->dsk)) == NULL) {
			reg_sa_free(c, sa);
			reg_refuse(c, NULL, m, REFUSE_BUSY);
			return;
		}
		sa->version = (unsigned)version;
		if (!reg_epid(m, sa->epid)) {
			reg_sa_free(c, sa);
			reg_refuse(c, NULL, m, REFUSE_EPID_LONG);
			return;
		}
	}
	step(c, sa, m, a);
}
