#include "server/vault/ipc.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
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
	field_put_str(b, r->why.text);
	field_put_str(b, r->who);
	if (row && vault_row_replies(row, r->status))
		fields_put(b, row->reply, r);
}

bool vault_reply_read(struct ipc_message *m, struct vault_reply *ret)
{
	const struct vault_row *row = vault_row_of(m->kind);
	uint64_t status = rd_be(&m->body, 2);

	*ret = (struct vault_reply){.kind = row ? (enum vault_kind)m->kind : VAULT_NO_QUESTION, .status = (enum vault_status)status};
	if (row == NULL)
		return false;
	if (status > VAULT_STATUS_LAST)
		rd_fail(&m->body, "no such status");
	field_get_str(&m->body, ret->why.text, sizeof ret->why.text);
	field_get_str(&m->body, ret->who, sizeof ret->who);
	if (m->body.err == NULL && vault_row_replies(row, ret->status))
		fields_get(&m->body, row->reply, ret);
	rd_end(&m->body); /* nothing may be missing and nothing left over */
	if (m->body.err) {
		vault_reply_clear(ret);
		*ret = (struct vault_reply){.kind = VAULT_NO_QUESTION};
	}
	return m->body.err == NULL;
}

enum { CHANGES = 1000 }; /* no question has this kind */

void vault_changes_write(struct buf *b, uint64_t changes)
{
	ipc_begin(b, 0, CHANGES);
	field_put(b, 8, changes);
}

bool vault_changes_read(struct ipc_message *m, uint64_t *ret)
{
	uint64_t changes = rd_be(&m->body, 8);

	rd_end(&m->body);
	if (m->number || m->kind != CHANGES || m->body.err)
		return false;
	*ret = changes;
	return true;
}

/* ---- the worker's end ------------------------------------------------------------------------------------------------ */

#define BEHIND_QUESTIONS 3 /* one or two that are slow stop nobody */

struct vault_client {
	struct ipc_caller ipc;
	void (*gone)(void *arg);
	void *arg;
	uint64_t changes, reported_at; /* reported_at: mono_ms; 0: never */
	uint64_t unknown;	   /* how often nobody could say */
};

static void ipc_reported(void *arg, struct ipc_message *m)
{
	struct vault_client *c = arg;

	if (vault_changes_read(m, &c->changes))
		c->reported_at = clock_mono_ms();
}

/* As long as the vault is silent, the count is never the same twice. */
static uint64_t changes(void *arg)
{
	struct vault_client *c = arg;

	if (c->reported_at == 0 || clock_mono_ms() - c->reported_at > VAULT_SILENT_MS)
		return ++c->unknown;
	return c->changes;
}

static void ipc_gone(void *arg)
{
	struct vault_client *c = arg;

	if (c->gone)
		c->gone(c->arg);
}

struct waits {
	enum vault_kind kind;
	vault_done *done;
	void *arg;
};

static void ipc_fail(const struct waits *w, enum vault_status st, const char *why)
{
	struct vault_reply r = {.kind = w->kind, .status = st};

	why_set(&r.why, "%s", why);
	w->done(w->arg, &r);
}

static void answered(void *arg, struct ipc_message *m)
{
	struct waits w = *(struct waits *)arg;
	struct vault_reply r;

	free(arg);
	if (m == NULL) {
		log_line(LOG_WARN, "vault", "no answer in time: %s", vault_row_of(w.kind)->name);
		ipc_fail(&w, VAULT_LATE, "the vault does not answer");
	} else if (!vault_reply_read(m, &r)) {
		ipc_fail(&w, VAULT_UNAVAILABLE, "the vault's answer cannot be read");
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
		ipc_fail(&now, VAULT_UNAVAILABLE, "out of memory");
		return;
	}
	*w = now;
	vault_ask_write(&b, 0, q);
	ipc_ask(&c->ipc, &b, VAULT_DEADLINE_MS, answered, w);
}

uint64_t vault_client_behind_ms(const struct vault_client *c)
{
	return ipc_behind_ms(&c->ipc, BEHIND_QUESTIONS);
}

struct vault_client *vault_client_new(struct loop *l, int fd, void (*lost)(void *arg), void *arg, struct vault_link *ret)
{
	struct vault_client *c = calloc(1, sizeof *c);

	if (c == NULL || !ipc_caller_init(&c->ipc, l, fd)) {
		vault_client_free(c);
		return NULL;
	}
	c->gone = lost;
	c->arg = arg;
	c->ipc.gone = ipc_gone;
	c->ipc.pushed = ipc_reported;
	c->ipc.arg = c;
	*ret = (struct vault_link){.send = ask, .arg = c, .changes = changes, .changes_arg = c};
	return c;
}

void vault_client_free(struct vault_client *c)
{
	if (c == NULL)
		return;
	ipc_caller_clear(&c->ipc);
	free(c);
}
