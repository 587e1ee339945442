/* server/web/windows.c: HTTP NTLM on one connection (RFC 4559; [web-services 6.1]).
 *
 * "First POST without Authorization: 401, one line WWW-Authenticate: NTLM. Type 1 in: 401 with type 2 on the same
 * connection. Type 3 good: go on. Bad: 401 with bare NTLM. After success the connection stays authenticated."
 * Negotiate is not offered (SIPE with GSSAPI would prefer it), Basic never.
 */
#include "server/web/internal.h"

#include <string.h>

#include "base/enc.h"
#include "base/log.h"
#include "wire/ntlm.h"

static bool ask(struct web_call *k)
{
	web_reply(k, 401, "text/html");
	buf_str(&k->a->body, "<html><body>Unauthorized</body></html>\n");
	web_header(k, "WWW-Authenticate", "NTLM");
	return false;
}

static bool challenge(struct web_call *k, const struct buf *type1)
{
	const struct vault_ops *v = k->w->conf.vault;
	struct buf type2 = {0}, value = {0};
	enum vault_status st = v->ntlm_challenge(v->arg, false, type1->p, type1->n, &k->c->challenge, &type2);

	k->c->windows = st == VAULT_OK ? WINDOWS_CHALLENGED : WINDOWS_NOT_YET;
	if (st == VAULT_OK) {
		web_reply(k, 401, "text/html");
		buf_str(&value, "NTLM ");
		b64_add(&value, type2.p, type2.n);
		web_header(k, "WWW-Authenticate", buf_cstr(&value));
	} else if (st == VAULT_UNAVAILABLE) {
		web_fault(k, FAULT_INTERNAL, "the vault does not answer");
	} else {
		ask(k);
	}
	buf_free(&type2);
	buf_free(&value);
	return false;
}

static bool verify(struct web_call *k, const struct buf *type3)
{
	const struct vault_ops *v = k->w->conf.vault;
	char why[VAULT_WHY] = "";
	enum vault_status st;

	k->c->windows = WINDOWS_NOT_YET; /* one answer a challenge */
	st = v->ntlm_verify(v->arg, k->c->challenge, type3->p, type3->n, &k->c->login, why);
	switch (st) {
	case VAULT_OK:
		k->c->windows = WINDOWS_PROVED;
		return true;
	case VAULT_NOT_ENABLED:
		web_fault(k, FAULT_WINDOWS_USER, why);
		return false;
	case VAULT_UNAVAILABLE:
		web_fault(k, FAULT_INTERNAL, "the vault does not answer");
		return false;
	default:
		log_line(LOG_INFO, "web", "%s NTLM refused: %s", k->q->peer, why);
		return ask(k);
	}
}

bool web_windows(struct web_call *k)
{
	struct sv value = msg_get(k->q->m, "Authorization"), scheme = sv_cut(&value, ' ');
	struct buf token = {0};
	unsigned type = 0;
	bool ok;

	if (value.p && sv_ieq(scheme, SV("NTLM")) && b64_read(&token, sv_trim(value)))
		type = ntlm_type(buf_view(&token));
	if (type == 1)
		ok = challenge(k, &token);
	else if (type == 3 && k->c->windows == WINDOWS_CHALLENGED)
		ok = verify(k, &token);
	else if (type == 0 && scheme.n == 0 && k->c->windows == WINDOWS_PROVED)
		ok = true;
	else
		ok = ask(k);
	buf_wipe(&token);
	return ok;
}
