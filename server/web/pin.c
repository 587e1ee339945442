/* server/web/pin.c: users change their PIN: POST https://<web>/dialin/pin, the new PIN as the body ("628194", or "new=628194").
 *
 * The user proves the identity by HTTP Basic (number and old PIN, also one that has expired) or NTLM (login and password); both
 * are counted as sign-ins are.  UNKNOWN: the product has a page for it, "Dial-in Conferencing Settings"; its form is published nowhere.
 */
#include "server/web/internal.h"

#include <string.h>

#include "auth/pin.h"
#include "base/log.h"

static bool pin_fresh(const struct web_call *k, char ret[256])
{
	struct sv body = sv_trim((struct sv){k->q->body.p, k->q->body.n});

	if (sv_istarts(body, SV("new=")))
		body = sv_trim(sv_from(body, 4));
	return body.n <= PIN_DIGITS_MAX && sv_copy(ret, 256, body) && body.n && strspn(ret, "0123456789") == body.n;
}

static void pin_refused(struct web_call *k, const char *because)
{
	struct why text;

	why_set(&text, "The new PIN is refused: %s.", because);
	web_plain(k, 422, text.text);
}

static void pin_changed(struct web_call *k, struct vault_reply *r)
{
	log_line(LOG_INFO, "web", "%s change of the PIN of %s: %s", k->q->peer, r->who[0] ? r->who : "nobody",
		 r->status == VAULT_OK ? "done" : r->why.text);
	if (r->status == VAULT_OK)
		web_plain(k, 200, "The PIN is changed.");
	else if (r->status == VAULT_MALFORMED) /* the user has proved who it is, and may know */
		pin_refused(k, r->why.text);
	else if (web_is_busy(r->status) || r->status == VAULT_WAIT)
		web_busy(k);
	else if (r->status == VAULT_METHOD_OFF || r->status == VAULT_NOT_ENABLED)
		web_plain(k, 403, "The PIN cannot be changed.");
	else
		web_basic_refused(k, r->why.text);
	web_header(k, "Cache-Control", "no-store");
}

static void pin_ask(struct web_call *k, struct vault_ask *q)
{
	if (!pin_fresh(k, q->pin_change.fresh))
		web_plain(k, 400, "The body of the request is the new PIN: digits, 24 at most.");
	else if (!sv_copy(q->pin_change.peer, sizeof q->pin_change.peer, sv_of(k->q->peer)))
		web_plain(k, 500, "The address of the connection is too long.");
	else
		web_ask(k, q, pin_changed);
	vault_ask_clear(q);
}

static void pin_by_password(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_PIN_CHANGE, .pin_change.login = k->c->login.id};

	pin_ask(k, &q);
}

void web_pin(struct web_call *k)
{
	struct vault_ask q = {.kind = VAULT_PIN_CHANGE};
	struct sv value = msg_get(k->q->m, "Authorization"), scheme = sv_cut(&value, ' ');

	if (!web_pin_taken(k)) {
		web_plain(k, 403, "PINs are not taken here.");
	} else if (web_basic_read(k, q.pin_change.number, q.pin_change.pin)) {
		pin_ask(k, &q);
	} else if (sv_ieq(scheme, SV("NTLM")) || (scheme.n == 0 && k->c->windows == WINDOWS_PROVED)) {
		web_windows(k, pin_by_password);
	} else if (scheme.n) {
		web_basic_refused(k, "neither number nor PIN is recognised in Authorization");
	} else {
		web_basic_ask(k);
		if (k->w->conf.site->UseWindowsAuth != SITE_WINDOWS_NONE)
			web_header(k, "WWW-Authenticate", "NTLM");
	}
	vault_ask_clear(&q);
}
