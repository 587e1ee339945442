/* server/vault/pin_change.c: a user changes the PIN: by the old one, also when that has expired, or by the password. */
#include "server/vault/internal.h"

#include <string.h>

/* By the password: an NTLM login of this front end, proved a moment ago. */
static enum vault_status of_login(struct vault *v, uint64_t login, struct store_user *ret, struct why *why)
{
	struct store *s = v->conf.store;
	int64_t user;

	if (!vault_login_find(v, login, &user, why))
		return VAULT_REFUSED;
	return s->ops->user_by_id(s, user, ret) == STORE_OK ? VAULT_OK : VAULT_REFUSED;
}

enum vault_status vault_on_pin_change(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct store_user u;
	struct why why = {0};
	enum vault_status st;

	if (!v->conf.site->UsePinAuth) {
		why_set(&ret->why, "UsePinAuth is off");
		return VAULT_METHOD_OFF;
	}
	if (q->pin_change.number[0] && !vault_source_try(v, q->pin_change.peer, &ret->why))
		return VAULT_WAIT;
	st = q->pin_change.number[0] ? vault_pin_prove(v, q->pin_change.number, q->pin_change.pin, true, &u, ret)
				     : of_login(v, q->pin_change.login, &u, &ret->why);
	if (st != VAULT_OK)
		return st;
	if (q->pin_change.number[0])
		vault_source_good(v, q->pin_change.peer);
	memcpy(ret->who, u.aor, sizeof ret->who);
	if (!u.enabled || u.pin_locked) { /* by the password, too: the administrator wants no PIN of this user */
		why_set(&ret->why, "%s", u.enabled ? "the PIN was locked by an administrator" : "the user is disabled");
		return VAULT_NOT_ENABLED;
	}
	if (vault_pin_set(v->conf.secret, v->conf.site, v->conf.store, &u, sv_of(q->pin_change.fresh), true, vault_now(v), &why) != NULL) {
		vault_audit(v, "pin change", u.aor, false, why.text);
		why_set(&ret->why, "%s", why.text);
		return VAULT_MALFORMED;
	}
	vault_audit(v, "pin change", u.aor, true, q->pin_change.number[0] ? "by the old PIN" : "by the password");
	return VAULT_OK;
}
