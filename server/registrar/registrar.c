/* server/registrar/registrar.c: one worker's Registrar: its connections, and the orders for them. */
#include "server/registrar/registrar.h"

#include <stdlib.h>

#include "base/log.h"
#include "server/registrar/internal.h"

struct registrar *registrar_new(const struct registrar_conf *conf)
{
	struct registrar *r = calloc(1, sizeof *r);

	if (r)
		r->conf = *conf;
	return r;
}

void registrar_free(struct registrar *r)
{
	if (r == NULL)
		return;
	while (r->conns)
		reg_conn_free(r->conns);
	free(r);
}

/* The location process has taken the binding out already: it is not told again. */
static void end_one(struct reg_conn *c, struct reg_sa *sa, const struct location_notice *n)
{
	log_line(LOG_INFO, "registrar", "%s: %s is signed off: %s", c->peer.address, sa->binding->b->aor,
		 n->reason[0] ? n->reason : "an order");
	reg_subscriptions_end(c, sa);
	reg_notify_gone(c, sa, n);
	reg_sa_free(c, sa);
	if (!reg_authenticated(c))
		c->challenged = c->now; /* it has the time of a stranger to sign in again */
}

/* LOCATION_ASK: the answer to its next refresh is not known here. */
static void ask_again(const struct registrar *r, const struct reg_sa *sa)
{
	struct location_ask q = {.kind = LOCATION_HELD};

	sa->binding->alone = false;
	location_unpack(sa->binding->b, &q.held.binding);
	location_send(r->conf.location, &q, NULL, NULL);
}

void registrar_order(struct registrar *r, const struct location_notice *n, uint64_t mono_ms, int64_t unix_s)
{
	for (struct reg_conn *c = r->conns, *next; c; c = next) {
		next = c->next;
		if (c->peer.id != n->conn || c->closing)
			continue;
		c->now = mono_ms;
		c->unix_s = unix_s;
		if (c->turn && c->turn->binding && sv_ieq(sv_of(c->turn->binding->b->aor), sv_of(n->aor)))
			*(n->order == LOCATION_ASK ? &c->turn->others : &c->turn->ordered) = true;
		for (struct reg_sa *sa = c->sas, *after; sa; sa = after) {
			after = sa->next;
			if (sa->binding && sv_ieq(sv_of(sa->binding->b->aor), sv_of(n->aor)) &&
			    (n->instance[0] == '\0' || sv_ieq(sv_of(sa->binding->b->instance), sv_of(n->instance)))) {
				if (n->order == LOCATION_ASK)
					ask_again(r, sa);
				else
					end_one(c, sa, n);
			}
		}
		if (c->closing && !c->close_reported) {
			c->close_reported = true;
			c->io.close(c->io.arg);
		}
		return;
	}
}

void registrar_bindings(const struct registrar *r, void (*fn)(void *arg, const struct location_binding *b), void *arg)
{
	struct location_binding b;

	for (const struct reg_conn *c = r->conns; c; c = c->next)
		for (const struct reg_sa *sa = c->sas; sa; sa = sa->next)
			if (sa->binding) {
				location_unpack(sa->binding->b, &b);
				fn(arg, &b);
			}
}
