/* server/vault/user.c: users, and whether the Registrar may admit one [sip 11.2]. */
#include "server/vault/internal.h"

#include <string.h>

enum vault_status vault_on_user(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct store_user u;

	switch (v->conf.store->ops->user_get(v->conf.store, q->user.aor, &u)) {
	case STORE_OK:
		vault_user_of(&u, &ret->user);
		return VAULT_OK;
	case STORE_NONE:
		return VAULT_NOT_FOUND;
	default:
		return VAULT_UNAVAILABLE;
	}
}

/* A user who is disabled comes back as such: the Registrar has its own answer to that. */
enum vault_status vault_on_admit(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct store *s = v->conf.store;
	enum vault_status st = VAULT_OK;
	struct vault_place place;
	struct store_user u;

	if (q->admit.der.n)
		st = vault_cert_known(v, q->admit.der, q->admit.proved, &ret->why);
	if (st != VAULT_OK && st != VAULT_NOT_ENABLED)
		return st;
	switch (s->ops->user_get(s, q->admit.aor, &u)) {
	case STORE_OK:
		vault_user_of(&u, &ret->admit.user);
		ret->admit.pin = vault_pin_proved(v, u.aor, q->admit.peer);
		switch (vault_home_of(v, &u, q->admit.outside, &place, &ret->why)) {
		case HOME_UNKNOWN:
			return VAULT_UNAVAILABLE;
		case HOME_ELSEWHERE:
			ret->admit.elsewhere = true;
			memcpy(ret->admit.sip, place.sip, sizeof ret->admit.sip);
			return VAULT_OK;
		default:
			ret->admit.backup = place.backup;
			return VAULT_OK;
		}
	case STORE_NONE:
		why_set(&ret->why, "no user has this address");
		return VAULT_NOT_FOUND;
	default:
		why_set(&ret->why, "%s", store_why(s));
		return VAULT_UNAVAILABLE;
	}
}
