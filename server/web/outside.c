/* server/web/outside.c: who may ask for updates from outside [update-service 2, 4.4].
 *
 * UNKNOWN: how the product codes "anonymous access is not supported".  Ours: 401 with what we take: NTLM, or a web
 * ticket, with where to get one; 403 when no credentials can help.
 */
#include "server/web/internal.h"

#include <string.h>

#include "base/enc.h"
#include "base/log.h"

/* X-MS-WebTicket: opaque=<base64 of the assertion's text> [web-services 7.4]; whoever
 * holds the ticket is taken for its owner here. */
static bool by_ticket(struct web_call *k, char aor[256])
{
	const struct vault_ops *v = k->w->conf.vault;
	struct sv value = sv_trim(msg_get(k->q->m, "X-MS-WebTicket"));
	struct buf assertion = {0};
	char why[VAULT_WHY] = "";
	enum vault_status st = VAULT_TICKET_BAD;

	if (v->ticket_known == NULL || !sv_istarts(value, SV("opaque=")) || !b64_read(&assertion, sv_from(value, 7))) {
		buf_wipe(&assertion);
		return false;
	}
	st = v->ticket_known(v->arg, assertion.p, assertion.n, k->q->outside, aor, why);
	if (st != VAULT_OK)
		log_line(LOG_INFO, "update", "%s web ticket refused: %s", k->q->peer, why);
	buf_wipe(&assertion);
	return st == VAULT_OK;
}

bool update_may_ask(struct web_call *k)
{
	const struct site *s = k->w->conf.site;
	const struct vault_ops *v = k->w->conf.vault;
	bool ticket = msg_count(k->q->m, "X-MS-WebTicket") == 1, windows = s->UseWindowsAuth == SITE_WINDOWS_NTLM;
	char aor[256] = "", url[SITE_URL_MAX];
	struct vault_user u;
	bool known;

	if (!k->q->outside)
		return true;
	if (ticket) {
		known = by_ticket(k, aor);
		if (!known)
			web_plain(k, windows || s->UseCertificateAuth ? 401 : 403, "The web ticket is invalid.");
	} else if (windows) {
		known = web_windows(k);
		if (known)
			memcpy(aor, k->c->login.aor, sizeof aor);
	} else {
		known = false;
		web_plain(k, s->UseCertificateAuth ? 401 : 403, "Anonymous questions are not answered here.");
	}
	if (!known && k->a->status == 401) {
		if (ticket && windows)
			web_header(k, "WWW-Authenticate", "NTLM");
		web_header(k, "X-MS-WebTicketURL", site_wts_url(s, true, url));
		return false;
	}
	if (known && (v->user(v->arg, aor, &u) != VAULT_OK || !u.enabled || !u.remote)) {
		web_plain(k, 403, "This user has no access from outside.");
		return false;
	}
	return known;
}
