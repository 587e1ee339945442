/* server/vault/bearer.c: a web ticket that is only shown [web-services 7.4]: the update service, from outside.
 *
 * "No signature, though the ticket was asked for with a symmetric key": whoever holds it is taken for its owner, for this
 * question.  It enrols nobody: that takes the key (server/vault/cert.c).
 */
#include "server/vault/internal.h"

#include <string.h>

#include "auth/ticket.h"

enum vault_status vault_on_ticket_known(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct sv assertion = q->ticket_known.assertion;
	bool outside = q->ticket_known.outside;
	struct store *s = v->conf.store;
	char audience[SITE_URL_MAX], issuer[SITE_URL_MAX];
	struct ticket t = {0};
	struct store_user u;
	enum vault_status st = VAULT_TICKET_BAD;
	struct vault_ticket_key key;
	const char *no = !vault_ring_of(v, assertion, &key) ? VAULT_RING_NO
			 : ticket_check_shown(assertion.p, assertion.n, key.der.p, key.der.n, key.seal,
					      site_certprov_auth_url(v->conf.site, outside, audience),
					      site_wts_url(v->conf.site, outside, issuer), vault_now(v), &t);

	if (no) {
		why_set(&ret->why, "%s", no);
	} else {
		switch (s->ops->user_get(s, t.user + 4, &u)) {
		case STORE_OK:
			st = !u.enabled ? VAULT_NOT_ENABLED : t.issued <= u.tickets_after ? VAULT_TICKET_BAD : VAULT_OK;
			break;
		case STORE_NONE:
			st = VAULT_NOT_ENABLED;
			break;
		default:
			st = VAULT_UNAVAILABLE;
		}
		if (st == VAULT_OK)
			vault_user_of(&u, &ret->ticket_known);
		else
			why_set(&ret->why, "%.120s: %s", t.user, vault_status_name(st));
	}
	explicit_bzero(&t, sizeof t);
	return st;
}
