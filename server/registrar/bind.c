/* server/registrar/bind.c: what an admitted REGISTER asks for: to be bound, to know its bindings, to leave. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/registrar/internal.h"

/* ---- the answer ------------------------------------------------------------------------------------------------ */

static void keep_alive(struct reg_conn *c, const struct msg *m, struct buf *h)
{
	struct sip_keepalive k;

	c->keepalive = sip_keepalive_read(msg_get(m, "ms-keep-alive"), &k) && !k.uas;
	if (c->keepalive)
		buf_printf(h, "ms-keep-alive: UAS; tcp=no; hop-hop=yes; end-end=no; timeout=%u\r\n",
			   c->r->conf.site->keepalive_timeout);
}

/* "One Contact per registered endpoint of the AOR ... Echo the uuid exactly as received".
 * DIFFERS: proxy=replace leaves the address as it is; whatever it says, we answer down the same connection. */
static void contact_line(struct buf *h, const char *contact, int64_t seconds, const char *instance, const char *aor)
{
	char gruu[25];

	if (!sip_gruu_of_instance(sv_of(instance), gruu))
		return;
	buf_printf(h,
		   "Contact: <%s>;expires=%lld;+sip.instance=\"<urn:uuid:%s>\";"
		   "gruu=\"sip:%s;opaque=user:epid:%s;gruu\"\r\n",
		   contact, (long long)seconds, instance, aor, gruu);
}

static void contact_lines(const struct reg_conn *c, struct buf *h, const struct location_reply *r)
{
	for (unsigned i = 0; i < r->n; i++)
		contact_line(h, r->all[i].contact, r->all[i].expires - c->unix_s, r->all[i].instance, r->all[i].aor);
}

/* contacts NULL: the user has this association's endpoint only. */
static void bind_registered(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned seconds, const char *action,
		       const struct location_reply *contacts)
{
	const struct location_packed *own = sa->binding->b;
	struct buf h = {0};

	buf_reserve(&h, 1024);
	keep_alive(c, m, &h);
	reg_date(c, &h); /* RFC 3261 10.3: "The response SHOULD include a Date header field." */
	if (contacts)
		contact_lines(c, &h, contacts);
	else
		contact_line(&h, own->contact, own->expires - c->unix_s, own->instance, own->aor);
	/* 12.2: the phone hears that this is not its primary, and that the primary does not answer */
	buf_printf(&h, "Expires: %u\r\npresence-state: register-action=\"%s\"%s\r\n", seconds, action,
		   sa->backup ? ";primary-cluster-type=\"central\";is-connected-to-primary=\"no\";user-services-state=unavailable" : "");
	buf_str(&h, "Allow-Events: " REG_EVENTS "\r\nSupported: adhoclist\r\nServer: RTC/5.0\r\nSupported: msrtc-event-categories\r\n"
		    "Supported: ms-keepalive-deregister\r\nSupported: ms-userservices-state-notification\r\n");
	if (c->peer.outside)
		buf_str(&h, "ms-user-logon-data: RemoteUser\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
	buf_free(&h);
}

/* ---- to be bound ----------------------------------------------------------------------------------------------- */

static bool bind_fill(const struct reg_conn *c, const struct msg *m, const struct reg_asked *q, const char *aor, struct location_binding *b)
{
	struct sv agent = msg_get(m, "User-Agent");

	*b = (struct location_binding){.conn = c->peer.id, .expires = c->unix_s + q->seconds, .outside = c->peer.outside,
				       .cseq = q->cseq};
	memcpy(b->aor, aor, sizeof b->aor);
	memcpy(b->instance, q->instance, sizeof b->instance);
	(void)sv_copy(b->epid, sizeof b->epid, sv_of(q->epid)); /* it is no longer than REG_EPID_MAX */
	if (agent.n >= sizeof b->user_agent)
		agent.n = sizeof b->user_agent - 1;
	(void)sv_copy(b->user_agent, sizeof b->user_agent, agent);
	snprintf(b->peer, sizeof b->peer, strchr(c->peer.address, ':') ? "[%s]:%u" : "%s:%u", c->peer.address, c->peer.port);
	return sv_copy(b->contact, sizeof b->contact, q->contact.uri) &&
	       sv_copy(b->call_id, sizeof b->call_id, msg_get(m, "Call-ID"));
}

static void bound(struct reg_turn *t, struct location_reply *r)
{
	struct reg_conn *c = t->c;
	struct reg_sa *sa = t->sa;

	if (sa == NULL || t->ordered) { /* an order has ended it meanwhile, before or behind the put */
		reg_turn_put_back(t);
		reg_sa_free(c, sa);
		reg_challenge(c, &t->m, 0);
	} else if (r->action == LOCATION_ADDED || r->action == LOCATION_REFRESHED) {
		if (t->ours && sa->binding) { /* it is a refresh, so its subscriptions stay */
			t->binding->cseq = sa->binding->cseq;
			t->binding->subscriptions = sa->binding->subscriptions;
			sa->binding->subscriptions = NULL;
		}
		reg_unbind(c, sa, NULL);
		sa->binding = t->binding;
		sa->binding->alone = r->n == 1 && !t->others && location_same(r->all[0].instance, sa->binding->b->instance);
		t->binding = NULL;
		/* 11.3: "added" or "fixed" after a refresh tell the phone that the binding had been lost */
		bind_registered(c, sa, &t->m, t->q.seconds, r->action == LOCATION_REFRESHED ? "refreshed" : t->ours ? "fixed" : "added", r);
	} else {
		reg_refuse(c, sa, &t->m, r->action == LOCATION_OLD ? REFUSE_ORDER : REFUSE_UNAVAILABLE);
	}
}

/* The connection's part of a binding; NULL: no memory. */
static struct reg_binding *bind_made(const struct reg_turn *t, const struct location_binding *b)
{
	struct reg_binding *ret = calloc(1, sizeof *ret);

	if (ret == NULL)
		return NULL;
	ret->until = t->c->now + (uint64_t)t->q.seconds * 1000;
	ret->from = sv_dup(msg_get(&t->m, "From"));
	ret->b = location_pack(b);
	if (ret->from && ret->b)
		return ret;
	reg_binding_free(ret);
	return NULL;
}

static void bind_put(struct reg_turn *t, const char *aor)
{
	unsigned quota = t->c->r->conf.site->MaxEndpointsPerUser;
	struct location_ask q = {.kind = LOCATION_PUT};

	t->ours = t->sa->binding && sv_ieq(sv_of(t->sa->binding->b->instance), sv_of(t->q.instance));
	if (t->sa->binding && !t->ours)
		reg_unbind(t->c, t->sa, "the phone registers as another instance");
	if (!bind_fill(t->c, &t->m, &t->q, aor, &q.put.binding)) {
		reg_turn_refuse(t, REFUSE_MALFORMED);
	} else if ((t->binding = bind_made(t, &q.put.binding)) == NULL) {
		reg_turn_refuse(t, REFUSE_UNAVAILABLE);
	} else {
		q.put.quota = quota < LOCATION_ENDPOINTS_MAX ? quota : LOCATION_ENDPOINTS_MAX;
		reg_turn_location(t, &q, bound);
	}
}

/* ---- to know, and to leave --------------------------------------------------------------------------------------- */

/* RFC 3261 10.2.3: "A success response to any REGISTER request contains the complete list of existing bindings, regardless of
 * whether the request contained a Contact header field." */
static void listed(struct reg_turn *t, struct location_reply *r)
{
	struct buf h = {0};

	if (t->sa == NULL) {
		reg_challenge(t->c, &t->m, 0);
	} else if (r->answered) {
		contact_lines(t->c, &h, r);
		reg_date(t->c, &h);
		buf_str(&h, "Server: RTC/5.0\r\n");
		reg_answer(t->c, t->sa, &t->m, 200, "OK", &h, NULL, (struct sv){0});
	} else {
		reg_refuse(t->c, t->sa, &t->m, REFUSE_UNAVAILABLE);
	}
	buf_free(&h);
}

static void list(struct reg_turn *t, const char *aor)
{
	struct location_ask q = {.kind = LOCATION_LIST};

	memcpy(q.list.aor, aor, sizeof q.list.aor);
	reg_turn_location(t, &q, listed);
}

static void bind_leave(struct reg_turn *t, const char *aor)
{
	struct location_ask q = {.kind = LOCATION_DROP};
	struct buf h = {0};

	if (t->sa->binding == NULL) { /* of an earlier connection, perhaps */
		memcpy(q.drop.aor, aor, sizeof q.drop.aor);
		memcpy(q.drop.instance, t->q.instance, sizeof q.drop.instance);
		location_send(t->c->r->conf.location, &q, NULL, NULL);
	}
	reg_unbind(t->c, t->sa, "");
	keep_alive(t->c, &t->m, &h);
	reg_date(t->c, &h);
	buf_str(&h, "Expires: 0\r\nServer: RTC/5.0\r\n");
	reg_answer(t->c, t->sa, &t->m, 200, "OK", &h, NULL, (struct sv){0});
	buf_free(&h);
	reg_turn_over(t);
}

/* RFC 3261 10.3 step 7: "If it does match [the Call-ID], the registrar compares the CSeq value.  If the value is higher than that of the
 * existing binding, it MUST update or remove the binding as above.  If not, the update MUST be aborted and the request fails."  What
 * another connection has bound, the location process compares. */
static bool is_old(const struct reg_turn *t)
{
	const struct location_packed *b = t->sa->binding ? t->sa->binding->b : NULL;

	return b && !t->q.fetch && sv_eq(msg_get(&t->m, "Call-ID"), sv_of(b->call_id)) && t->q.cseq <= b->cseq;
}

/* ---- to stay bound ----------------------------------------------------------------------------------------------- */

/* More of the binding would change than its time and CSeq; its connection is the same. */
static bool bind_differs(const struct location_packed *b, const struct msg *m, const struct reg_asked *q)
{
	struct sv agent = msg_get(m, "User-Agent");

	if (agent.n >= sizeof((struct location_binding){0}).user_agent)
		agent.n = sizeof((struct location_binding){0}).user_agent - 1;
	return !sv_eq(q->contact.uri, sv_of(b->contact)) || !sv_eq(msg_get(m, "Call-ID"), sv_of(b->call_id)) ||
	       strcmp(q->instance, b->instance) != 0 || strcmp(q->epid, b->epid) != 0 || !sv_eq(agent, sv_of(b->user_agent));
}

/* Some phones have another tag in each. */
static bool bind_from(struct reg_binding *r, struct sv from)
{
	char *now = sv_eq(from, sv_of(r->from)) ? r->from : sv_dup(from);

	if (now == NULL)
		return false;
	if (now != r->from)
		free(r->from);
	r->from = now;
	return true;
}

bool reg_rebound(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct reg_asked *q)
{
	struct reg_binding *r = sa->binding;
	struct location_kept k = {.conn = c->peer.id, .expires = c->unix_s + q->seconds, .cseq = q->cseq};
	struct location_ask ask = {.kind = LOCATION_KEEP, .keep = {&k, 1}};

	if (r == NULL || !r->alone || q->leave || q->fetch || q->cseq <= r->b->cseq || bind_differs(r->b, m, q) ||
	    !bind_from(r, msg_get(m, "From")))
		return false;
	r->until = c->now + (uint64_t)q->seconds * 1000;
	r->b->expires = k.expires;
	r->b->cseq = k.cseq;
	(void)sv_copy(k.aor, sizeof k.aor, sv_of(r->b->aor)); /* they came out of such fields */
	(void)sv_copy(k.instance, sizeof k.instance, sv_of(r->b->instance));
	location_send(c->r->conf.location, &ask, NULL, NULL);
	bind_registered(c, sa, m, q->seconds, "refreshed", NULL);
	return true;
}

void reg_bind(struct reg_turn *t, const char *aor)
{
	if (is_old(t))
		reg_turn_refuse(t, REFUSE_ORDER);
	else if (t->q.leave)
		bind_leave(t, aor);
	else if (t->q.fetch)
		list(t, aor);
	else
		bind_put(t, aor);
}
