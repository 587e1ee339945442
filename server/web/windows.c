/* server/web/windows.c: HTTP NTLM on one connection (RFC 4559; [web-services 6.1]).
 *
 * "First POST without Authorization: 401, one line WWW-Authenticate: NTLM. Type 1 in: 401 with type 2 on the same
 * connection. Type 3 good: go on. Bad: 401 with bare NTLM. After success the connection stays authenticated."
 * Negotiate is not offered (SIPE with GSSAPI would prefer it), Basic never.
 */
#include "server/web/internal.h"

#include <stdio.h>
#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "wire/ntlm.h"

static void reply_401(struct web_call *k, const char *header)
{
	char url[SITE_URL_MAX];

	web_reply(k, 401, "text/html");
	web_header(k, "WWW-Authenticate", header);
	if (k->allowed) /* the update service takes a web ticket as well */
		web_header(k, "X-MS-WebTicketURL", site_wts_url(k->w->conf.site, true, url));
}

static void ask(struct web_call *k)
{
	reply_401(k, "NTLM");
	buf_str(&k->a->body, "<html><body>Unauthorized</body></html>\n");
}

static void challenged(struct web_call *k, struct vault_reply *r)
{
	struct buf value = {0};

	if (r->status == VAULT_OK) {
		k->c->windows = WINDOWS_CHALLENGED;
		k->c->challenge = r->ntlm_challenge.id;
		buf_str(&value, "NTLM ");
		b64_add(&value, r->ntlm_challenge.challenge.p, r->ntlm_challenge.challenge.n);
		reply_401(k, buf_cstr(&value));
	} else if (web_is_busy(r->status)) {
		web_fault(k, FAULT_BUSY, "the vault does not answer");
	} else {
		ask(k);
	}
	buf_free(&value);
}

static void verified(struct web_call *k, struct vault_reply *r)
{
	switch (r->status) {
	case VAULT_OK:
		k->c->windows = WINDOWS_PROVED;
		k->c->login = r->ntlm_verify;
		k->proved(k);
		break;
	case VAULT_NOT_ENABLED:
		web_fault(k, FAULT_WINDOWS_USER, r->why.text);
		break;
	case VAULT_WAIT:
		web_fault(k, FAULT_BUSY, r->why.text);
		break;
	case VAULT_UNAVAILABLE:
	case VAULT_LATE:
		web_fault(k, FAULT_BUSY, "the vault does not answer");
		break;
	default:
		log_line(LOG_DEBUG, "web", "%s NTLM refused: %s", k->q->peer, r->why.text);
		web_seen_refused(k, DT_F_PASSWORD_REFUSED, r->why.text);
		ask(k);
	}
}

void web_windows(struct web_call *k, void (*proved)(struct web_call *k))
{
	struct sv value = msg_get(k->q->m, "Authorization"), scheme = sv_cut(&value, ' ');
	struct web_conn *c = k->c;
	struct vault_ask q = {.kind = VAULT_NO_QUESTION};
	struct buf token = {0};
	unsigned type = 0;

	k->proved = proved;
	if (value.p && sv_ieq(scheme, SV("NTLM")) && b64_read(&token, sv_trim(value)))
		type = ntlm_type(buf_view(&token));
	if (type == 1) {
		c->windows = WINDOWS_NOT_YET;
		q.kind = VAULT_NTLM_CHALLENGE;
		q.ntlm_challenge.type1 = buf_view(&token);
		web_ask(k, &q, challenged);
	} else if (type == 3 && c->windows == WINDOWS_CHALLENGED) {
		c->windows = WINDOWS_NOT_YET; /* one answer a challenge */
		q.kind = VAULT_NTLM_VERIFY;
		q.ntlm_verify.id = c->challenge;
		q.ntlm_verify.type3 = buf_view(&token);
		snprintf(q.ntlm_verify.peer, sizeof q.ntlm_verify.peer, "%s", k->q->peer);
		q.ntlm_verify.outside = k->q->outside;
		if (k->q->tls && k->w->conf.binding)
			memcpy(q.ntlm_verify.binding, k->w->conf.binding[k->q->outside], sizeof q.ntlm_verify.binding);
		web_ask(k, &q, verified);
	} else if (type == 0 && scheme.n == 0 && c->windows == WINDOWS_PROVED) {
		proved(k);
	} else {
		ask(k);
	}
	buf_wipe(&token);
}
