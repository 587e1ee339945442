/* server/registrar/register.c: REGISTER: the checks of [sip 11.2] in their order, then 200, 301 or a refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/registrar/internal.h"

#define REDIRECT_SECONDS 2592000 /* 12.1: 30 days */
#define POOL_PORT 5061

bool reg_aor(struct sv uri, char out[256])
{
	struct sip_uri u;
	int n;

	if (!sip_uri_read(uri, &u) || !(sv_ieq(u.scheme, SV("sip")) || sv_ieq(u.scheme, SV("sips"))) || u.user.n == 0 ||
	    u.host.n == 0 || memchr(u.user.p, 0, u.user.n))
		return false;
	n = snprintf(out, 256, SV_FMT "@" SV_FMT, SV_ARG(u.user), SV_ARG(u.host));
	return n > 0 && n < 256;
}

/* What a REGISTER says, before anybody is asked about it. */
struct asked {
	char aor[256];
	struct vault_user user;
	char epid[REG_EPID_KEPT + 1], instance[40];
	struct sip_addr contact;
	bool has_contact, leave, fetch;
	unsigned seconds;
};

/* ---- the endpoint ---------------------------------------------------------------------------------------------- */

static bool instance_of(const struct sip_addr *contact, char out[40])
{
	struct sv v = sv_trim(sip_param(contact->params, "+sip.instance"));

	if (v.n > 1 && v.p[0] == '<' && v.p[v.n - 1] == '>')
		v = (struct sv){v.p + 1, v.n - 2};
	if (sv_istarts(v, SV("urn:uuid:")))
		v = sv_from(v, 9);
	return sv_copy(out, 40, v);
}

/* "If a request carries both epid and +sip.instance the server must check that one derives from the other." */
static bool endpoint(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct asked *q)
{
	char derived[37], gruu[25];

	if (!reg_epid(m, q->epid) || strlen(q->epid) > REG_EPID_MAX) {
		reg_refuse(c, sa, m, REFUSE_EPID_LONG);
		return false;
	}
	if (q->has_contact && !instance_of(&q->contact, q->instance)) {
		reg_refuse(c, sa, m, REFUSE_NO_ENDPOINT);
		return false;
	}
	if (q->epid[0] == '\0' && q->instance[0] == '\0') {
		reg_refuse(c, sa, m, REFUSE_NO_ENDPOINT);
		return false;
	}
	if (q->epid[0]) {
		sip_instance_of_epid(sv_of(q->epid), derived);
		if (q->instance[0] == '\0')
			memcpy(q->instance, derived, sizeof derived);
		if (!sv_ieq(sv_of(derived), sv_of(q->instance))) {
			reg_refuse(c, sa, m, REFUSE_EPID_OTHER);
			return false;
		}
	}
	if (!sip_gruu_of_instance(sv_of(q->instance), gruu)) {
		reg_refuse(c, sa, m, REFUSE_NO_ENDPOINT);
		return false;
	}
	return true;
}

/* ---- the headers ----------------------------------------------------------------------------------------------- */

/* RFC 3261 10.3: "If the field value has an "expires" parameter, that value MUST be taken ... If there is no such parameter,
 * but the request has an Expires header field, that value MUST be taken ... If there is neither, a locally-configured
 * default value".  What is no number counts as not there. */
static bool seconds_asked(const struct msg *m, const struct sip_addr *contact, uint64_t *ret)
{
	return (contact && sv_u64(sv_trim(sip_param(contact->params, "expires")), UINT32_MAX, ret)) ||
	       sv_u64(msg_get(m, "Expires"), UINT32_MAX, ret);
}

/* The Contact that this endpoint is bound by: one that names its instance before one that does not, one that stays before
 * one that goes ("Contact: <old>;expires=0, <new>").  DIFFERS from RFC 3261 10.3, where each is a binding: an endpoint has
 * one here, and `*` is no more than it.  False: `*` beside others, or not to leave: "the server MUST return a 400". */
static bool contact(const struct msg *m, struct asked *q)
{
	size_t n = msg_count(m, "Contact"), stars = 0, all = 0;
	unsigned best = 0;

	for (size_t i = 0; i < n; i++) {
		struct sip_addr a = {.rest = msg_get_nth(m, "Contact", i)};

		while (a.rest.p && sip_addr_read(a.rest, &a)) {
			uint64_t seconds = 1;
			unsigned worth;

			all++;
			stars += a.star;
			if (a.star)
				continue;
			seconds_asked(m, &a, &seconds);
			worth = 1 + (sip_param(a.params, "+sip.instance").n > 0) + 2 * (seconds > 0);
			if (worth > best) {
				best = worth;
				q->contact = a;
				q->has_contact = true;
			}
		}
	}
	q->leave = stars > 0;
	return stars == 0 || (all == 1 && sv_u64(msg_get(m, "Expires"), 0, &(uint64_t){0}));
}

/* "Event, if present, is registration"; "msrtc-event-categories offered without gruu-10" */
static bool headers(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct asked *q)
{
	const struct site *s = c->r->conf.site;
	struct sv event = msg_get(m, "Event"), kind = sv_trim(sv_cut(&event, ';'));
	bool good = contact(m, q);
	uint64_t n;

	if (!endpoint(c, sa, m, q))
		return false;
	if (kind.p && !sv_ieq(kind, SV("registration"))) {
		reg_refuse(c, sa, m, REFUSE_EVENT);
		return false;
	}
	if (reg_has_tag(m, "Supported", "msrtc-event-categories") && !reg_has_tag(m, "Supported", "gruu-10")) {
		reg_refuse(c, sa, m, REFUSE_GRUU);
		return false;
	}
	/* "Expires absent = server's choice; 0 = deregister"; the server decides within its range */
	q->seconds = s->DefaultEndpointExpiration;
	if (seconds_asked(m, q->has_contact ? &q->contact : NULL, &n)) {
		q->leave |= n == 0;
		q->seconds = n > s->MaxEndpointExpiration   ? s->MaxEndpointExpiration
			     : n < s->MinEndpointExpiration ? s->MinEndpointExpiration
							    : (unsigned)n;
	}
	/* 10.2.3: "If no Contact header field is present in a REGISTER request, the list of bindings is left unchanged."  With
	 * "Expires: 0" the endpoint leaves all the same. */
	q->fetch = good && !q->leave && msg_count(m, "Contact") == 0;
	if (!good || (!q->leave && !q->fetch && (!q->has_contact || q->contact.uri.n >= sizeof((struct location_binding){0}).contact))) {
		reg_refuse(c, sa, m, REFUSE_MALFORMED);
		return false;
	}
	return true;
}

/* ---- the user -------------------------------------------------------------------------------------------------- */

static bool homed_here(const struct site *s, const char *pool)
{
	return pool[0] == '\0' || sv_ieq(sv_of(pool), sv_of(s->pool)) || sv_ieq(sv_of(pool), sv_of(s->fqdn));
}

/* 12.1.  DIFFERS: outside, the product's Director proxies; we have no way into the other pool and redirect as well. */
static void redirect(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const char *pool)
{
	struct buf h = {0};

	buf_printf(&h, "Contact: <sip:%s:%u;transport=tls>\r\nExpires: %u\r\n", pool, POOL_PORT, REDIRECT_SECONDS);
	reg_answer(c, sa, m, 301, "Redirect request to Home Server", &h, NULL, (struct sv){0});
	buf_free(&h);
}

/* A certificate that was revoked, or a user who was disabled, is found here at the next refresh, whatever became of the
 * order.  false: answered. */
static bool still_good(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	const struct vault_ops *v = c->r->conf.vault;
	char why[VAULT_WHY] = "the certificate is refused";
	enum vault_status st;

	if (sa->cert.n == 0)
		return true;
	st = v->cert_known(v->arg, sa->cert.p, sa->cert.n, sa->proved, why);
	if (st == VAULT_OK || st == VAULT_NOT_ENABLED)
		return true;
	if (st == VAULT_UNAVAILABLE) {
		reg_refuse(c, sa, m, REFUSE_UNAVAILABLE);
		return false;
	}
	reg_unbind(c, sa, true);
	reg_sa_free(c, sa);
	c->challenged = c->now; /* the time of a stranger: to fetch another certificate */
	reg_refuse_proof(c, m, why);
	return false;
}

static bool user(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct asked *q)
{
	const struct site *s = c->r->conf.site;
	const struct vault_ops *v = c->r->conf.vault;
	enum vault_status st = VAULT_NOT_FOUND;
	struct sip_addr from, to;
	char other[256];

	/* RFC 4475 3.3.4: "A registrar would reject this request with a 400 Bad Request response, since the To header field is
	 * required to contain a SIP or SIPS URI as an AOR" */
	if (!sip_addr_read(msg_get(m, "To"), &to) || !reg_aor(to.uri, other)) {
		reg_refuse(c, sa, m, REFUSE_MALFORMED);
		return false;
	}
	/* "From = To, AOR known and SIP-enabled: 404, 4005" */
	if (sip_addr_read(msg_get(m, "From"), &from) && reg_aor(from.uri, q->aor) && sv_ieq(sv_of(q->aor), sv_of(other)))
		st = v->user(v->arg, q->aor, &q->user);
	if (st == VAULT_UNAVAILABLE) {
		reg_refuse(c, sa, m, REFUSE_UNAVAILABLE);
	} else if (st != VAULT_OK || !q->user.enabled) {
		reg_unbind(c, sa, true);
		reg_refuse(c, sa, m, REFUSE_UNKNOWN_USER);
	} else if (!sv_ieq(sv_of(sa->proved), sv_of(q->user.aor))) {
		reg_refuse(c, sa, m, REFUSE_IDENTITY);
	} else if (c->peer.outside && !q->user.remote) {
		reg_unbind(c, sa, true);
		reg_refuse(c, sa, m, REFUSE_REMOTE);
	} else if (c->peer.outside && s->external_require_pin && sa->binding == NULL &&
		   (st = v->pin_proved(v->arg, q->user.aor, c->peer.address)) != VAULT_OK) {
		/* as "Device Connection Process" has it: number and PIN, proved at the web ticket service just before */
		reg_refuse(c, sa, m, st == VAULT_UNAVAILABLE ? REFUSE_UNAVAILABLE : REFUSE_PIN);
	} else if (!reg_client_allowed(s, msg_get(m, "User-Agent"))) {
		reg_refuse(c, sa, m, REFUSE_VERSION);
	} else if (!homed_here(s, q->user.home_pool)) {
		reg_unbind(c, sa, true);
		redirect(c, sa, m, q->user.home_pool);
	} else {
		return true;
	}
	return false;
}

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
static void contact_line(const struct reg_conn *c, struct buf *h, const struct location_binding *b)
{
	char gruu[25];

	if (!sip_gruu_of_instance(sv_of(b->instance), gruu))
		return;
	buf_printf(h,
		   "Contact: <%s>;expires=%lld;+sip.instance=\"<urn:uuid:%s>\";"
		   "gruu=\"sip:%s;opaque=user:epid:%s;gruu\"\r\n",
		   b->contact, (long long)(b->expires - c->unix_s), b->instance, b->aor, gruu);
}

static void registered(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct asked *q, const char *action,
		       const struct location_binding *all, size_t n)
{
	struct buf h = {0};

	keep_alive(c, m, &h);
	for (size_t i = 0; i < n; i++)
		contact_line(c, &h, &all[i]);
	buf_printf(&h, "Expires: %u\r\npresence-state: register-action=\"%s\"\r\n", q->seconds, action);
	buf_str(&h, "Allow-Events: " REG_EVENTS "\r\nSupported: adhoclist\r\nServer: RTC/5.0\r\nSupported: msrtc-event-categories\r\n"
		    "Supported: ms-keepalive-deregister\r\nSupported: ms-userservices-state-notification\r\n");
	if (c->peer.outside)
		buf_str(&h, "ms-user-logon-data: RemoteUser\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
	buf_free(&h);
}

static bool fill(const struct reg_conn *c, const struct msg *m, const struct asked *q, struct reg_binding *ret)
{
	struct location_binding *b = &ret->b;
	struct sv agent = msg_get(m, "User-Agent");

	*b = (struct location_binding){.conn = c->peer.id, .expires = c->unix_s + q->seconds, .outside = c->peer.outside};
	memcpy(b->aor, q->user.aor, sizeof b->aor);
	memcpy(b->instance, q->instance, sizeof b->instance);
	(void)sv_copy(b->epid, sizeof b->epid, sv_of(q->epid)); /* it is no longer than REG_EPID_MAX */
	if (agent.n >= sizeof b->user_agent)
		agent.n = sizeof b->user_agent - 1;
	(void)sv_copy(b->user_agent, sizeof b->user_agent, agent);
	snprintf(b->peer, sizeof b->peer, strchr(c->peer.address, ':') ? "[%s]:%u" : "%s:%u", c->peer.address, c->peer.port);
	ret->until = c->now + (uint64_t)q->seconds * 1000;
	return sv_copy(b->contact, sizeof b->contact, q->contact.uri) &&
	       sv_copy(b->call_id, sizeof b->call_id, msg_get(m, "Call-ID"));
}

static void bind_endpoint(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct asked *q)
{
	const struct location_ops *l = c->r->conf.location;
	unsigned quota = c->r->conf.site->MaxEndpointsPerUser;
	struct location_binding *all = calloc(LOCATION_ENDPOINTS_MAX, sizeof *all);
	struct reg_binding *b = calloc(1, sizeof *b);
	char *from = sv_dup(msg_get(m, "From"));
	bool ours = sa->binding != NULL && sv_ieq(sv_of(sa->binding->b.instance), sv_of(q->instance));
	enum location_action got = LOCATION_DOWN;
	size_t n = 0;

	if (sa->binding && !ours)
		reg_unbind(c, sa, true);
	if (all && b && from && !fill(c, m, q, b)) {
		reg_refuse(c, sa, m, REFUSE_MALFORMED);
	} else {
		if (all && b && from)
			got = l->put(l->arg, &b->b, quota < LOCATION_ENDPOINTS_MAX ? quota : LOCATION_ENDPOINTS_MAX, all,
				     LOCATION_ENDPOINTS_MAX, &n);
		if (got == LOCATION_ADDED || got == LOCATION_REFRESHED) {
			b->from = from;
			b->cseq = ours ? sa->binding->cseq : 0;
			reg_unbind(c, sa, false);
			sa->binding = b;
			b = NULL;
			from = NULL;
			/* 11.3: "added" or "fixed" after a refresh tell the phone that the binding had been lost */
			registered(c, sa, m, q, got == LOCATION_REFRESHED ? "refreshed" : ours ? "fixed" : "added", all, n);
		} else {
			reg_refuse(c, sa, m, REFUSE_UNAVAILABLE);
		}
	}
	free(all);
	free(b);
	free(from);
}

/* RFC 3261 10.2.3: "A success response to any REGISTER request contains the complete list of existing bindings, regardless of
 * whether the request contained a Contact header field." */
static void fetch(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct asked *q)
{
	const struct location_ops *l = c->r->conf.location;
	struct location_binding *all = calloc(LOCATION_ENDPOINTS_MAX, sizeof *all);
	struct buf h = {0};
	size_t n = 0;

	if (all && l->list(l->arg, q->user.aor, all, LOCATION_ENDPOINTS_MAX, &n)) {
		for (size_t i = 0; i < n; i++)
			contact_line(c, &h, &all[i]);
		buf_str(&h, "Server: RTC/5.0\r\n");
		reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
	} else {
		reg_refuse(c, sa, m, REFUSE_UNAVAILABLE);
	}
	buf_free(&h);
	free(all);
}

static void leave(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct asked *q)
{
	const struct location_ops *l = c->r->conf.location;
	struct buf h = {0};

	if (sa->binding == NULL) /* of an earlier connection, perhaps */
		l->drop(l->arg, q->user.aor, q->instance, 0);
	reg_unbind(c, sa, true);
	keep_alive(c, m, &h);
	buf_str(&h, "Expires: 0\r\nServer: RTC/5.0\r\n");
	reg_answer(c, sa, m, 200, "OK", &h, NULL, (struct sv){0});
	buf_free(&h);
}

void reg_register(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct asked q = {0};

	if (!headers(c, sa, m, &q) || !still_good(c, sa, m) || !user(c, sa, m, &q))
		return;
	if (q.leave)
		leave(c, sa, m, &q);
	else if (q.fetch)
		fetch(c, sa, m, &q);
	else
		bind_endpoint(c, sa, m, &q);
}
