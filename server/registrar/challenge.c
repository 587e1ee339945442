/* server/registrar/challenge.c: 401s, and NTLM inside them ([MS-SIPAE] 3.3.5.1; [sip 6.3, 9.1]). */
#include <string.h>

#include "base/clock.h"
#include "base/enc.h"
#include "base/log.h"
#include "server/registrar/internal.h"

static void challenge_line(struct buf *h, const struct sip_auth *a)
{
	buf_str(h, "WWW-Authenticate: ");
	sip_auth_write(h, SIP_CHALLENGE, a);
	buf_str(h, "\r\n");
}

/* "clients use Date for clock skew".  Outside, nobody is told what runs here before he has signed in. */
static void head_of_401(const struct reg_conn *c, struct buf *h)
{
	char date[ISO_TIME_MAX];

	buf_printf(h, "Date: %s\r\n", http_date(date, c->unix_s));
	if (!c->peer.outside)
		buf_str(h, "Server: RTC/5.0\r\n");
}

static void send_401(struct reg_conn *c, const struct msg *m, const struct buf *h)
{
	if (c->challenged == 0 && !reg_authenticated(c))
		c->challenged = c->now;
	reg_answer(c, NULL, m, 401, "Unauthorized", h, NULL, (struct sv){0});
}

void reg_challenge(struct reg_conn *c, const struct msg *m, unsigned diag)
{
	const struct site *s = c->r->conf.site;
	struct sip_auth ntlm = reg_auth_base(c, true), dsk = reg_auth_base(c, false);
	char url[SITE_URL_MAX];
	struct buf h = {0};

	head_of_401(c, &h);
	dsk.sts_uri = sv_of(site_certprov_url(s, c->peer.outside, url));
	if (s->offer_ntlm)
		challenge_line(&h, &ntlm);
	if (s->offer_tls_dsk)
		challenge_line(&h, &dsk);
	if (diag)
		reg_diagnostics(c, &h, diag, "Final handshake failed", false);
	send_401(c, m, &h);
	buf_free(&h);
}

void reg_refuse_proof(struct reg_conn *c, const struct msg *m, const char *why)
{
	log_line(LOG_WARN, "registrar", "%s: " SV_FMT " is not believed: %s", c->peer.address, SV_ARG(msg_get(m, "From")),
		 why);
	reg_challenge(c, m, 1000);
	if (++c->failures >= REG_FAILURES)
		c->closing = true;
}

void reg_flight(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, const struct buf *token)
{
	struct sip_auth a = reg_auth_base(c, sa->ntlm);
	struct buf h = {0}, text = {0};

	b64_add(&text, token->p, token->n);
	a.opaque = sv_of(sa->opaque);
	a.gssapi = buf_view(&text);
	a.has_gssapi = true;
	head_of_401(c, &h);
	challenge_line(&h, &a);
	if (text.oom || h.oom)
		c->closing = true;
	else
		send_401(c, m, &h);
	buf_free(&text);
	buf_free(&h);
}

/* ---- NTLM ----------------------------------------------------------------------------------------------------- */

static void ntlm_begin(struct reg_conn *c, const struct msg *m, unsigned version)
{
	const struct vault_ops *v = c->r->conf.vault;
	struct buf token = {0};
	struct reg_sa *sa;
	uint64_t id;

	switch (v->ntlm_challenge(v->arg, true, NULL, 0, &id, &token)) {
	case VAULT_OK:
		if ((sa = reg_sa_new(c, true)) == NULL) {
			reg_refuse(c, NULL, m, REFUSE_BUSY);
			break;
		}
		if (!reg_epid(m, sa->epid)) {
			reg_sa_free(c, sa);
			reg_refuse(c, NULL, m, REFUSE_EPID_LONG);
			break;
		}
		sa->vault_id = id;
		sa->version = version;
		reg_flight(c, sa, m, &token);
		break;
	case VAULT_UNAVAILABLE:
		reg_refuse(c, NULL, m, REFUSE_UNAVAILABLE);
		break;
	default:
		reg_challenge(c, m, 0);
	}
	buf_free(&token);
}

/* "First compute keys, then verify the signature"; with version 3 there is none yet. */
static bool ntlm_keys(struct reg_conn *c, struct reg_sa *sa, struct sv token, char why[VAULT_WHY], enum vault_status *st)
{
	const struct vault_ops *v = c->r->conf.vault;
	struct vault_login login = {0};

	*st = v->ntlm_verify(v->arg, sa->vault_id, token.p, token.n, &login, why);
	if (*st != VAULT_OK && *st != VAULT_NOT_ENABLED)
		return false;
	ntlm_sign_keys(login.session_key, login.flags, &sa->c2s, &sa->s2c);
	memcpy(sa->proved, login.aor, sizeof sa->proved); /* "": the account is real, but no user of ours */
	sa->until = c->now + (uint64_t)c->r->conf.site->sa_seconds * 1000;
	sa->state = SA_KEYED;
	explicit_bzero(&login, sizeof login);
	return true;
}

static struct reg_sa *ntlm_end(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a)
{
	char why[VAULT_WHY] = "the answer is not base64";
	enum vault_status st = VAULT_MALFORMED;
	struct buf token = {0};
	bool keyed = b64_read(&token, a->gssapi) && ntlm_keys(c, sa, buf_view(&token), why, &st);

	buf_free(&token);
	if (!keyed) {
		reg_sa_free(c, sa);
		if (st == VAULT_UNAVAILABLE)
			reg_refuse(c, NULL, m, REFUSE_UNAVAILABLE);
		else
			reg_refuse_proof(c, m, why);
		return NULL;
	}
	if (!reg_epid(m, sa->epid) || ((sa->version > 3 || a->response.p) && !reg_sa_verify(c, sa, m, a))) {
		reg_sa_free(c, sa);
		reg_refuse_proof(c, m, "the signature does not fit the NTLM session key");
		return NULL;
	}
	reg_sa_up(c, sa);
	return sa;
}

struct reg_sa *reg_ntlm(struct reg_conn *c, const struct msg *m, const struct sip_auth *a)
{
	struct reg_sa *sa = reg_sa_find(c, a->opaque, true);
	uint64_t version = 4;

	if (a->version.p && (!sv_u64(a->version, 4, &version) || version < 2)) {
		reg_challenge(c, m, 0);
		return NULL;
	}
	if (sa && sa->state == SA_NTLM && a->gssapi.n)
		return ntlm_end(c, sa, m, a);
	if (a->gssapi.n == 0)
		ntlm_begin(c, m, (unsigned)version);
	else
		reg_refuse_proof(c, m, "an answer to no challenge of this connection");
	return NULL;
}
