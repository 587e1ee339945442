/* server/registrar/turn.c: a request that waits for another process: asked, answered, over. */
#include <stdlib.h>
#include <string.h>

#include "server/registrar/internal.h"

struct reg_turn *reg_turn_of(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct reg_turn *t = c->turn;

	if (t) { /* the same request, one question later */
		t->sa = sa;
		return t;
	}
	if ((t = calloc(1, sizeof *t)) == NULL) {
		reg_refuse(c, sa && sa->state == SA_UP ? sa : NULL, m, REFUSE_UNAVAILABLE);
		return NULL;
	}
	t->c = c;
	t->sa = sa;
	msg_copy(&t->m, m);
	c->turn = t;
	return t;
}

static void turn_free(struct reg_turn *t)
{
	reg_binding_free(t->binding);
	buf_free(&t->flight);
	free(t);
}

/* Its connection went, or nobody said in time whether it is there. */
void reg_turn_put_back(const struct reg_turn *t)
{
	const struct location_packed *b = t->binding->b;
	struct location_ask q = {.kind = LOCATION_DROP, .drop.conn = b->conn};

	(void)sv_copy(q.drop.aor, sizeof q.drop.aor, sv_of(b->aor));
	(void)sv_copy(q.drop.instance, sizeof q.drop.instance, sv_of(b->instance));
	location_send(t->c->r->conf.location, &q, NULL, NULL);
}

void reg_turn_orphan(struct reg_conn *c)
{
	struct reg_turn *t = c->turn;

	if (t == NULL)
		return;
	if (t->binding)
		reg_turn_put_back(t);
	t->c = NULL;
	t->sa = NULL;
	c->turn = NULL;
}

void reg_turn_over(struct reg_turn *t)
{
	if (t->depth)
		return; /* turn_leave() sees to it */
	t->c->turn = NULL;
	turn_free(t);
}

void reg_turn_refuse(struct reg_turn *t, enum reg_refusal which)
{
	reg_refuse(t->c, t->sa, &t->m, which);
	reg_turn_over(t);
}

/* Behind each answer: another one is awaited, or the turn is over and the connection's next message may have its own. */
static void turn_leave(struct reg_turn *t)
{
	struct reg_conn *c = t->c;

	if (--t->depth || t->waiting)
		return;
	c->turn = NULL;
	turn_free(t);
	if (!c->running)
		c->io.ready(c->io.arg);
}

static void vault_answered(void *arg, struct vault_reply *r)
{
	struct reg_turn *t = arg;

	t->waiting = false;
	if (t->c == NULL) {
		turn_free(t);
		return;
	}
	t->depth++;
	t->vault_then(t, r);
	turn_leave(t);
}

static void location_answered(void *arg, struct location_reply *r)
{
	struct reg_turn *t = arg;

	t->waiting = false;
	if (t->c == NULL) {
		turn_free(t);
		return;
	}
	t->depth++;
	if (!r->answered && t->binding && !t->ours)
		reg_turn_put_back(t);
	t->location_then(t, r);
	turn_leave(t);
}

void reg_turn_vault(struct reg_turn *t, const struct vault_ask *q, void (*then)(struct reg_turn *t, struct vault_reply *r))
{
	t->waiting = true;
	t->vault_then = then;
	vault_send(t->c->r->conf.vault, q, vault_answered, t);
}

void reg_turn_location(struct reg_turn *t, const struct location_ask *q,
		       void (*then)(struct reg_turn *t, struct location_reply *r))
{
	t->waiting = true;
	t->location_then = then;
	location_send(t->c->r->conf.location, q, location_answered, t);
}
