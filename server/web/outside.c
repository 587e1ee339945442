/* server/web/outside.c: the right to ask for updates from outside [update-service 2, 4.4].
 *
 * UNKNOWN: how the product codes "anonymous access is not supported".  Ours: 401 with what we take: NTLM, or a web
 * ticket, with where to get one; 403 when no credentials can help.
 */
#include "server/web/internal.h"

#include <string.h>

#include "base/enc.h"
#include "base/log.h"

static bool takes_windows(const struct site *s)
{
	return s->UseWindowsAuth == SITE_WINDOWS_NTLM;
}

unsigned update_challenge(const struct site *s, struct buf *headers)
{
	unsigned status = takes_windows(s) || s->UseCertificateAuth ? 401 : 403;
	char url[SITE_URL_MAX];

	if (status == 401 && takes_windows(s))
		buf_str(headers, "WWW-Authenticate: NTLM\r\n");
	if (status == 401)
		buf_printf(headers, "X-MS-WebTicketURL: %s\r\n", site_wts_url(s, true, url));
	return status;
}

/* 401, and where a ticket is to be had; 403 when no credentials can help. */
static void refuse(struct web_call *k, const char *why)
{
	struct buf headers = {0};

	web_plain(k, update_challenge(k->w->conf.site, &headers), why);
	buf_sv(&k->a->headers, buf_view(&headers));
	buf_free(&headers);
}

static void user_known(struct web_call *k, const struct vault_user *u)
{
	if (u->enabled && u->remote)
		k->allowed(k);
	else
		web_plain(k, 403, "This user has no access from outside.");
}

static void ticket_known(struct web_call *k, struct vault_reply *r)
{
	if (r->status == VAULT_OK) {
		user_known(k, &r->ticket_known);
	} else if (web_is_busy(r->status)) {
		web_busy(k);
	} else {
		log_line(LOG_INFO, "update", "%s web ticket refused: %s", k->q->peer, r->why.text);
		refuse(k, "The web ticket is invalid.");
	}
}

/* X-MS-WebTicket: opaque=<base64 of the assertion's text> [web-services 7.4]; whoever
 * holds the ticket is taken for its owner here. */
static void by_ticket(struct web_call *k)
{
	struct sv value = sv_trim(msg_get(k->q->m, "X-MS-WebTicket"));
	struct vault_ask q = {.kind = VAULT_TICKET_KNOWN, .ticket_known.outside = k->q->outside};
	struct buf assertion = {0};

	if (sv_istarts(value, SV("opaque=")) && b64_read(&assertion, sv_from(value, 7))) {
		q.ticket_known.assertion = buf_view(&assertion);
		web_ask(k, &q, ticket_known);
	} else {
		refuse(k, "The web ticket is invalid.");
	}
	buf_wipe(&assertion);
}

static void login_known(struct web_call *k, struct vault_reply *r)
{
	static const struct vault_user nobody = {.aor = ""};

	if (web_is_busy(r->status))
		web_busy(k);
	else
		user_known(k, r->status == VAULT_OK ? &r->user : &nobody);
}

static void by_login(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_USER};

	memcpy(q.user.aor, k->c->login.aor, sizeof q.user.aor);
	web_ask(k, &q, login_known);
}

void update_may_ask(struct web_call *k, void (*allowed)(struct web_call *k))
{
	k->allowed = allowed;
	if (!k->q->outside)
		allowed(k);
	else if (msg_count(k->q->m, "X-MS-WebTicket") == 1)
		by_ticket(k);
	else if (takes_windows(k->w->conf.site))
		web_windows(k, by_login);
	else
		refuse(k, "Anonymous questions are not answered here.");
}
