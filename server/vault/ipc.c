#include "server/vault/ipc.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/vault/rows.h"

/* ---- messages -------------------------------------------------------------------------------------------------------- */

void vault_ask_write(struct buf *b, uint64_t number, const struct vault_ask *q)
{
	const struct vault_row *row = vault_row_of(q->kind);

	ipc_begin(b, number, q->kind);
	if (row)
		fields_put(b, row->ask, q);
}

bool vault_ask_read(struct ipc_message *m, struct vault_ask *ret)
{
	const struct vault_row *row = vault_row_of(m->kind);

	*ret = (struct vault_ask){.kind = (enum vault_kind)m->kind};
	if (row == NULL)
		return false;
	fields_get(&m->body, row->ask, ret);
	rd_end(&m->body);
	if (m->body.err)
		vault_ask_clear(ret);
	return m->body.err == NULL;
}

void vault_reply_write(struct buf *b, uint64_t number, const struct vault_reply *r)
{
	const struct vault_row *row = vault_row_of(r->kind);

	ipc_begin(b, number, r->kind);
	field_put(b, 2, r->status);
	field_put_str(b, r->why);
	if (row && vault_row_replies(row, r->status))
		fields_put(b, row->reply, r);
}

bool vault_reply_read(struct ipc_message *m, struct vault_reply *ret)
{
	const struct vault_row *row = vault_row_of(m->kind);
	uint64_t status = rd_be(&m->body, 2);

	*ret = (struct vault_reply){.kind = (enum vault_kind)m->kind, .status = (enum vault_status)status};
	if (row == NULL || status > VAULT_STATUS_LAST)
		rd_fail(&m->body, "no such question or status");
	field_get_str(&m->body, ret->why, sizeof ret->why);
	if (m->body.err == NULL && vault_row_replies(row, ret->status))
		fields_get(&m->body, row->reply, ret);
	rd_end(&m->body); /* nothing may be missing and nothing left over */
	if (m->body.err) {
		vault_reply_clear(ret);
		*ret = (struct vault_reply){.kind = VAULT_NO_QUESTION};
	}
	return m->body.err == NULL;
}

/* ---- the worker's end ------------------------------------------------------------------------------------------------ */

struct vault_client {
	struct ipc_caller ipc;
};

struct waits {
	enum vault_kind kind;
	vault_done *done;
	void *arg;
};

static void fail(const struct waits *w, enum vault_status st, const char *why)
{
	struct vault_reply r = {.kind = w->kind, .status = st};

	(void)sv_copy(r.why, sizeof r.why, sv_of(why));
	w->done(w->arg, &r);
}

static void answered(void *arg, struct ipc_message *m)
{
	struct waits w = *(struct waits *)arg;
	struct vault_reply r;

	free(arg);
	if (m == NULL) {
		log_line(LOG_WARN, "vault", "no answer in time: %s", vault_row_of(w.kind)->name);
		fail(&w, VAULT_LATE, "the vault does not answer");
	} else if (!vault_reply_read(m, &r)) {
		fail(&w, VAULT_UNAVAILABLE, "the vault's answer cannot be read");
	} else {
		w.done(w.arg, &r);
		vault_reply_clear(&r);
	}
}

static void ask(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct vault_client *c = arg;
	struct waits now = {q->kind, done, done_arg}, *w = malloc(sizeof *w);
	struct buf b = {0};

	if (w == NULL) {
		fail(&now, VAULT_UNAVAILABLE, "out of memory");
		return;
	}
	*w = now;
	vault_ask_write(&b, 0, q);
	ipc_ask(&c->ipc, &b, VAULT_DEADLINE_MS, answered, w);
}

struct vault_client *vault_client_new(struct loop *l, int fd, void (*gone)(void *arg), void *arg, struct vault_link *ret)
{
	struct vault_client *c = calloc(1, sizeof *c);

	if (c == NULL || !ipc_caller_init(&c->ipc, l, fd)) {
		vault_client_free(c);
		return NULL;
	}
	c->ipc.gone = gone;
	c->ipc.arg = arg;
	*ret = (struct vault_link){.send = ask, .arg = c};
	return c;
}

void vault_client_free(struct vault_client *c)
{
	if (c == NULL)
		return;
	ipc_caller_clear(&c->ipc);
	free(c);
}
