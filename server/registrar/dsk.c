/* server/registrar/dsk.c: TLS-DSK, the server's side of [sip 8.2]: one flight in, one flight out. */
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "server/registrar/internal.h"

/* "(2) chain ends in our issuing CA" was OpenSSL's; "(3) the exact DER is listed as published and not revoked; (5) inside
 * validity" is the vault's.  (4), the subject against the From URI, comes with the checks of REGISTER: 4004. */
static enum vault_status certificate(const struct reg_conn *c, struct reg_sa *sa, char why[VAULT_WHY])
{
	const struct vault_ops *v = c->r->conf.vault;
	struct pki_cert_info info;
	enum vault_status st;
	const uint8_t *leaf;
	uint64_t left;
	size_t n;

	if (dsk_peer_chain(sa->dsk, &sa->cert, &leaf, &n, 1) != 1 || pki_cert_info(leaf, n, &info) != NULL) {
		(void)sv_copy(why, VAULT_WHY, SV("the certificate cannot be read"));
		return VAULT_REFUSED;
	}
	if (info.not_after <= c->unix_s || info.not_before > c->unix_s + 300) {
		(void)sv_copy(why, VAULT_WHY, SV("the certificate is outside its validity"));
		return VAULT_REFUSED;
	}
	st = v->cert_known(v->arg, leaf, n, info.subject_cn, why);
	if (st != VAULT_OK && st != VAULT_NOT_ENABLED)
		return st;
	memcpy(sa->proved, info.subject_cn, sizeof sa->proved);
	left = (uint64_t)(info.not_after - c->unix_s);
	if (left > c->r->conf.site->sa_seconds) /* "8 h, less if the certificate ends sooner" */
		left = c->r->conf.site->sa_seconds;
	sa->until = c->now + left * 1000;
	return VAULT_OK;
}

static void finished(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct buf *flight)
{
	char why[VAULT_WHY] = "the certificate is refused";
	enum vault_status st = certificate(c, sa, why);

	if (st == VAULT_OK && dsk_keys(sa->dsk, &sa->c2s, &sa->s2c)) {
		dsk_free(sa->dsk);
		sa->dsk = NULL;
		sa->state = SA_KEYED;
		reg_flight(c, sa, m, flight);
		return;
	}
	reg_sa_free(c, sa);
	if (st == VAULT_UNAVAILABLE)
		reg_refuse(c, NULL, m, REFUSE_UNAVAILABLE);
	else
		reg_refuse_proof(c, m, st == VAULT_OK ? "no keys for this cipher suite" : why);
}

static void step(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a)
{
	struct buf in = {0}, flight = {0};
	char why[VAULT_WHY] = "the flight is not base64";
	enum dsk_result r = DSK_FAILED;

	if (b64_read(&in, a->gssapi) && ++sa->steps <= REG_STEPS) {
		r = dsk_step(sa->dsk, in.p, in.n, &flight);
		if (r == DSK_FAILED)
			(void)sv_copy(why, sizeof why, (struct sv){dsk_why(sa->dsk), strnlen(dsk_why(sa->dsk), VAULT_WHY - 1)});
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
		reg_refuse_proof(c, m, why);
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
