/* server/vault/vault.c: the vault itself: made, asked, ended.  What it does stands beside it, one thing a file. */
#include "server/vault/internal.h"

#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"

static enum vault_status user(void *arg, const char *aor, struct vault_user *ret)
{
	struct vault *v = arg;
	struct store_user u;

	switch (v->conf.store->ops->user_get(v->conf.store, aor, &u)) {
	case STORE_OK:
		break;
	case STORE_NONE:
		return VAULT_NOT_FOUND;
	default:
		return VAULT_UNAVAILABLE;
	}
	*ret = (struct vault_user){.enabled = u.enabled, .remote = u.remote};
	memcpy(ret->aor, u.aor, sizeof ret->aor);
	memcpy(ret->display, u.display, sizeof ret->display);
	memcpy(ret->home_pool, u.home_pool, sizeof ret->home_pool);
	return VAULT_OK;
}

struct vault *vault_new(const struct vault_conf *c)
{
	struct vault *v = ticket_init() ? calloc(1, sizeof *v) : NULL;

	if (v) {
		v->conf = *c;
		vault_derive(c->secret, "web ticket", v->seal_key);
	}
	return v;
}

void vault_free(struct vault *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < VAULT_SLOTS; i++) {
		buf_free(&v->pending[i].negotiate);
		buf_free(&v->pending[i].message);
	}
	explicit_bzero(v, sizeof *v);
	free(v);
}

const struct vault_ops *vault_direct(struct vault *v, struct vault_ops *ret)
{
	*ret = (struct vault_ops){
	    .user = user,
	    .cert_known = vault_op_cert_known,
	    .ntlm_challenge = vault_op_ntlm_challenge,
	    .ntlm_verify = vault_op_ntlm_verify,
	    .ticket_login = vault_op_ticket_login,
	    .ticket_pin = vault_op_ticket_pin,
	    .ticket_cert = vault_op_ticket_cert,
	    .cert_issue = vault_op_cert_issue,
	    .update_offer = vault_op_update_offer,
	    .pin_proved = vault_op_pin_proved,
	    .arg = v,
	    .ticket_known = vault_op_ticket_known,
	};
	return ret;
}
