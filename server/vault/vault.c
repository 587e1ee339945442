/* server/vault/vault.c: the vault itself: made, asked, ended.  What it does stands beside it, one thing a file. */
#include "server/vault/internal.h"

#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/enc.h"
#include "server/vault/ring.h"
#include "server/vault/rows.h"

/* Its password is random octets that are forgotten at once. */
static bool nobody(struct vault *v)
{
	uint8_t octets[16];
	char password[2 * sizeof octets + 1];

	vault_random(v, octets, sizeof octets);
	hex_write(password, octets, sizeof octets, false);
	return vault_password_set(v->conf.secret, &v->nobody, sv_of(password));
}

struct vault *vault_new(const struct vault_conf *c)
{
	struct vault *v = ticket_init() ? calloc(1, sizeof *v) : NULL;

	if (v) {
		v->conf = *c;
		v->ring_stale = true;
		v->pin_keys = (struct pin_keys){1, 1};
		vault_derive(c->secret, "web ticket", v->seal_key);
		vault_random(v, &v->changes, sizeof v->changes);
		pthread_mutex_init(&v->lock, NULL);
		if (!nobody(v)) {
			vault_free(v);
			return NULL;
		}
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
	ring_free(v->ring);
	pthread_mutex_destroy(&v->lock);
	explicit_bzero(v, sizeof *v);
	free(v);
}

void vault_answer(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	const struct vault_row *row = vault_row_of(q->kind);

	*ret = (struct vault_reply){.kind = q->kind};
	ret->status = row ? row->handler(v, q, ret) : VAULT_MALFORMED;
}

uint64_t vault_changes(struct vault *v)
{
	struct store *s = v->conf.store;
	uint64_t now = v->store_changes;

	/* A store that cannot be asked may have changed. */
	if (s->ops->changes == NULL || s->ops->changes(s, &now) != STORE_OK || now != v->store_changes)
		vault_changed(v);
	v->store_changes = now;
	return v->changes;
}

uint64_t vault_changes_of(struct vault *v, uint64_t store_changes)
{
	if (store_changes != v->store_changes)
		vault_changed(v);
	v->store_changes = store_changes;
	return v->changes;
}

void vault_changed(struct vault *v)
{
	v->changes++;
	atomic_store(&v->ring_stale, true);
}

/* ---- the way to it ----------------------------------------------------------------------------------------- */

void vault_send(const struct vault_link *l, const struct vault_ask *q, vault_done *done, void *arg)
{
	l->send(l->arg, q, done, arg);
}

static void direct(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct vault_reply r;

	vault_answer(arg, q, &r);
	done(done_arg, &r);
	vault_reply_clear(&r);
}

void vault_direct(struct vault *v, struct vault_link *ret)
{
	*ret = (struct vault_link){.send = direct, .arg = v};
}
