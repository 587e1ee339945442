/* server/registrar/ntlm.c: NTLM inside SIP ([MS-SIPAE] 3.3.5.1; [sip 9.1]): the vault makes the challenge and checks the answer. */
#include <string.h>

#include "base/enc.h"
#include "server/registrar/internal.h"

/* ---- the challenge ---------------------------------------------------------------------------------------------- */

static void begun(struct reg_turn *t, struct vault_reply *r)
{
	struct reg_conn *c = t->c;
	struct reg_sa *sa;

	switch (r->status) {
	case VAULT_OK:
		if ((sa = reg_sa_new(c, true)) == NULL) {
			reg_refuse(c, NULL, &t->m, REFUSE_BUSY);
			break;
		}
		if (!reg_epid(&t->m, sa->epid)) {
			reg_sa_free(c, sa);
			reg_refuse(c, NULL, &t->m, REFUSE_EPID_LONG);
			break;
		}
		sa->vault_id = r->ntlm_challenge.id;
		sa->version = t->version;
		reg_flight(c, sa, &t->m, &r->ntlm_challenge.challenge);
		break;
	case VAULT_UNAVAILABLE:
	case VAULT_LATE:
		reg_refuse(c, NULL, &t->m, REFUSE_UNAVAILABLE);
		break;
	default:
		reg_challenge(c, &t->m, 0);
	}
}

static void ntlm_begin(struct reg_conn *c, const struct msg *m, unsigned version)
{
	struct vault_ask q = {.kind = VAULT_NTLM_CHALLENGE, .ntlm_challenge.datagram = true};
	struct reg_turn *t = reg_turn_of(c, NULL, m);

	if (t == NULL)
		return;
	t->version = version;
	reg_turn_vault(t, &q, begun);
}

/* ---- the answer to it --------------------------------------------------------------------------------------------- */

/* "First compute keys, then verify the signature"; with version 3 there is none yet. */
static void keys(struct reg_conn *c, struct reg_sa *sa, const struct vault_login *login)
{
	ntlm_sign_keys(login->session_key, login->flags, &sa->c2s, &sa->s2c);
	memcpy(sa->proved, login->aor, sizeof sa->proved); /* "": the account is real, but no user of ours */
	sa->until = c->now + (uint64_t)c->r->conf.site->sa_seconds * 1000;
	sa->state = SA_KEYED;
}

static void ntlm_verified(struct reg_turn *t, struct vault_reply *r)
{
	struct reg_conn *c = t->c;
	struct reg_sa *sa = t->sa;

	if (sa == NULL) { /* the handshake has ended meanwhile */
		reg_challenge(c, &t->m, 0);
		return;
	}
	if (r->status != VAULT_OK && r->status != VAULT_NOT_ENABLED) {
		reg_sa_free(c, sa);
		if (vault_is_busy(r->status))
			reg_refuse(c, NULL, &t->m, REFUSE_UNAVAILABLE);
		else
			reg_refuse_proof(c, &t->m, true, r->why.text);
		return;
	}
	keys(c, sa, &r->ntlm_verify);
	if (!reg_epid(&t->m, sa->epid) || ((sa->version > 3 || t->auth.response.p) && !reg_sa_verify(c, sa, &t->m, &t->auth))) {
		reg_sa_free(c, sa);
		reg_refuse_proof(c, &t->m, true, "the signature does not fit the NTLM session key");
		return;
	}
	reg_sa_up(c, sa);
	reg_serve(c, sa, &t->m);
}

static void ntlm_end(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a)
{
	struct vault_ask q = {.kind = VAULT_NTLM_VERIFY, .ntlm_verify.id = sa->vault_id};
	struct buf token = {0};
	struct reg_turn *t;

	if (!b64_read(&token, a->gssapi)) {
		reg_sa_free(c, sa);
		reg_refuse_proof(c, m, true, "the answer is not base64");
	} else if ((t = reg_turn_of(c, sa, m)) != NULL) {
		t->auth = *a;
		q.ntlm_verify.type3 = buf_view(&token);
		memcpy(q.ntlm_verify.peer, c->peer.address, sizeof q.ntlm_verify.peer);
		q.ntlm_verify.outside = c->peer.outside;
		if (c->peer.tls && c->r->conf.binding)
			memcpy(q.ntlm_verify.binding, c->r->conf.binding[c->peer.outside], sizeof q.ntlm_verify.binding);
		reg_turn_vault(t, &q, ntlm_verified);
	}
	buf_free(&token);
}

void reg_ntlm(struct reg_conn *c, const struct msg *m, const struct sip_auth *a)
{
	struct reg_sa *sa = reg_sa_find(c, a->opaque, true);
	uint64_t version = 4;

	if (a->version.p && (!sv_u64(a->version, 4, &version) || version < 2))
		reg_challenge(c, m, 0);
	else if (sa && sa->state == SA_NTLM && a->gssapi.n)
		ntlm_end(c, sa, m, a);
	else if (a->gssapi.n == 0)
		ntlm_begin(c, m, (unsigned)version);
	else
		reg_refuse_proof(c, m, true, "an answer to no challenge of this connection");
}
