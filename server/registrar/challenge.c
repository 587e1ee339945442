/* server/registrar/challenge.c: 401s: with every scheme, or with the next flight of one ([MS-SIPAE] 3.3.5.1; [sip 6.3, 9.1]). */
#include <stdio.h>
#include <string.h>

#include "base/date.h"
#include "base/enc.h"
#include "base/log.h"
#include "server/registrar/internal.h"

static void challenge_line(struct buf *h, const struct sip_auth *a)
{
	buf_str(h, "WWW-Authenticate: ");
	sip_auth_write(h, SIP_CHALLENGE, a);
	buf_str(h, "\r\n");
}

void reg_date(const struct reg_conn *c, struct buf *h)
{
	char date[ISO_TIME_MAX];

	buf_printf(h, "Date: %s\r\n", http_date(date, c->unix_s));
}

/* "clients use Date for clock skew".  Outside, no client learns the server's version before it has signed in. */
static void head_of_401(const struct reg_conn *c, struct buf *h)
{
	reg_date(c, h);
	if (!c->peer.outside)
		buf_str(h, "Server: RTC/5.0\r\n");
}

static void send_401(struct reg_conn *c, const struct msg *m, const struct buf *h)
{
	if (c->challenged == 0 && !reg_authenticated(c)) {
		c->challenged = c->now;
		reg_seen_asked(c, m);
	}
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

void reg_refuse_proof(struct reg_conn *c, const struct msg *m, bool ntlm, const char *why)
{
	log_line(LOG_DEBUG, "registrar", "%s: " SV_FMT " is not authenticated: %s", c->peer.address, SV_ARG(msg_get(m, "From")),
		 why);
	reg_seen_refused(c, NULL, m, ntlm ? DT_F_PASSWORD_REFUSED : DT_F_CERT_REFUSED, why);
	reg_challenge(c, m, 1000);
	if (++c->failures >= REG_FAILURES)
		c->closing = true;
}

void reg_flight(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, const struct buf *token)
{
	struct sip_auth a = reg_auth_base(c, sa->ntlm);
	struct buf h = {0}, text = {0};
	char version[12];

	b64_add(&text, token->p, token->n);
	a.opaque = sv_of(sa->opaque);
	a.gssapi = buf_view(&text);
	a.has_gssapi = true;
	/* [MS-SIPAE] 3.3.5.1: in a handshake under way the version is the one that the client has chosen */
	snprintf(version, sizeof version, "%u", sa->version);
	a.version = sv_of(version);
	head_of_401(c, &h);
	challenge_line(&h, &a);
	if (text.oom || h.oom)
		c->closing = true;
	else
		send_401(c, m, &h);
	buf_free(&text);
	buf_free(&h);
}
