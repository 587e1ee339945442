/* server/registrar/register.c: REGISTER: the checks of [sip 11.2] in their order, then 200, 301 or a refusal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "server/registrar/internal.h"

#define REDIRECT_SECONDS 2592000 /* 12.1: 30 days */
#define POOL_PORT 5061
#define MALFORMED_SECONDS 3600

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
static bool endpoint(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct reg_asked *q)
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
 * default value".  10.2.1.1: "Malformed values SHOULD be treated as equivalent to 3600." */
static bool seconds_asked(const struct msg *m, const struct sip_addr *contact, uint64_t *ret)
{
	struct sv v = contact ? sip_param(contact->params, "expires") : (struct sv){0};

	if (v.p == NULL)
		v = msg_get(m, "Expires");
	if (v.p && !sv_u64(sv_trim(v), UINT32_MAX, ret))
		*ret = MALFORMED_SECONDS;
	return v.p != NULL;
}

/* The Contact that this endpoint is bound by: one that names its instance before one that does not, one that stays before
 * one that goes ("Contact: <old>;expires=0, <new>").  DIFFERS from RFC 3261 10.3, where each is a binding: an endpoint has
 * one here, and `*` is no more than it.  False: `*` beside others, or not to leave: "the server MUST return a 400". */
static bool contact(const struct msg *m, struct reg_asked *q)
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
static bool headers(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, struct reg_asked *q)
{
	const struct site *s = c->r->conf.site;
	struct sv event = msg_get(m, "Event"), kind = sv_trim(sv_cut(&event, ';'));
	bool good = contact(m, q);
	struct sv method;
	uint64_t n;

	if (!endpoint(c, sa, m, q))
		return false;
	(void)sip_cseq_read(msg_get(m, "CSeq"), &q->cseq, &method); /* sip_check() has read it */
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

/* RFC 3261 10.3 step 5: "The registrar extracts the address-of-record from the To header field of the request.  If the
 * address-of-record is not valid for the domain in the Request-URI, the registrar MUST send a 404 (Not Found) response".  10.2: in that
 * URI "the "userinfo" and "@" components MUST NOT be present": one with them names no domain. */
static bool of_that_domain(const struct msg *m, struct sv to)
{
	struct sip_uri domain, user;

	return sip_uri_read(m->target, &domain) && (sv_ieq(domain.scheme, SV("sip")) || sv_ieq(domain.scheme, SV("sips"))) &&
	       domain.user.n == 0 && sip_uri_read(to, &user) && sv_ieq(domain.host, user.host);
}

/* ---- the user -------------------------------------------------------------------------------------------------- */

/* 12.1.  DIFFERS: outside, the product's Director proxies; we have no way into the other pool and redirect as well, to a public
 * name.  to: "HOST" or "HOST:PORT" */
static void redirect(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct vault_admission *a)
{
	struct buf h = {0};

	if (a->sip[0] == '\0') { /* names of the inside are not told */
		log_line(LOG_WARN, "registrar", "%s: %s lives on pool %s, which has no name on this side", c->peer.address, a->user.aor,
			 a->user.home_pool);
		reg_refuse(c, sa, m, REFUSE_REMOTE);
		return;
	}
	buf_printf(&h, "Contact: <sip:%s", a->sip);
	if (strchr(a->sip, ':') == NULL)
		buf_printf(&h, ":%u", POOL_PORT);
	buf_printf(&h, ";transport=tls>\r\nExpires: %u\r\n", REDIRECT_SECONDS);
	reg_answer(c, sa, m, 301, "Redirect request to Home Server", &h, NULL, (struct sv){0});
	buf_free(&h);
}

/* ---- whom the vault admits --------------------------------------------------------------------------------------- */

/* external_require_pin: "From outside a network ... User ID/password *and* PIN number/extension": proved at the web ticket
 * service just before, from the same address. */
static bool pin_demanded(const struct reg_turn *t)
{
	const struct reg_conn *c = t->c;

	return c->peer.outside && c->r->conf.site->external_require_pin && t->sa->binding == NULL;
}

static void certificate_refused(struct reg_turn *t, const char *why)
{
	struct reg_conn *c = t->c;

	reg_unbind(c, t->sa, "the certificate is refused");
	reg_sa_free(c, t->sa);
	c->challenged = c->now; /* the time of a stranger: to fetch another certificate */
	reg_refuse_proof(c, &t->m, false, why);
}

static void no_longer(struct reg_turn *t, enum reg_refusal which)
{
	reg_unbind(t->c, t->sa, "the user may no longer sign in");
	reg_refuse(t->c, t->sa, &t->m, which);
}

static void register_admitted(struct reg_turn *t, const struct vault_admission *a)
{
	struct reg_conn *c = t->c;
	struct reg_sa *sa = t->sa;

	if (!a->user.enabled) {
		no_longer(t, REFUSE_UNKNOWN_USER);
	} else if (!sv_ieq(sv_of(sa->proved), sv_of(a->user.aor))) {
		reg_refuse(c, sa, &t->m, REFUSE_IDENTITY);
	} else if (c->peer.outside && !a->user.remote) {
		no_longer(t, REFUSE_REMOTE);
	} else if (!c->peer.tls && sv_ieq(sv_of(c->r->conf.site->SIPSecurityMode), SV("High"))) {
		no_longer(t, REFUSE_PLAIN); /* "High: NTLM or Kerberos, and TLS" */
	} else if (pin_demanded(t) && !a->pin) {
		reg_refuse(c, sa, &t->m, REFUSE_PIN);
	} else if (!reg_client_allowed(c->r->conf.site, msg_get(&t->m, "User-Agent"))) {
		reg_refuse(c, sa, &t->m, REFUSE_VERSION);
	} else if (a->elsewhere) {
		reg_unbind(c, sa, "the user's home is another pool");
		reg_seen_refused(c, sa, &t->m, DT_F_REDIRECTS, "redirected: the user's home is another pool");
		redirect(c, sa, &t->m, a);
	} else {
		memcpy(sa->proved, a->user.aor, sizeof sa->proved);
		sa->admitted = true;
		sa->backup = a->backup;
		sa->common_area = a->user.common_area;
		sa->changes = t->changes;
		reg_bind(t, sa->proved);
	}
}

static void vault_admitted(struct reg_turn *t, struct vault_reply *r)
{
	if (t->sa == NULL) { /* an order has ended it meanwhile */
		reg_challenge(t->c, &t->m, 0);
		return;
	}
	t->sa->admitted = false;
	switch (r->status) {
	case VAULT_OK:
		register_admitted(t, &r->admit);
		break;
	case VAULT_NOT_FOUND:
		no_longer(t, REFUSE_UNKNOWN_USER);
		break;
	case VAULT_UNAVAILABLE:
	case VAULT_LATE:
		reg_refuse(t->c, t->sa, &t->m, REFUSE_UNAVAILABLE);
		break;
	default: /* revoked, expired ...: found here at the next refresh, whatever became of the order */
		certificate_refused(t, r->why.text[0] ? r->why.text : "the certificate is refused");
	}
}

static uint64_t register_changes(const struct reg_conn *c)
{
	const struct vault_link *v = c->r->conf.vault;

	return v->changes ? v->changes(v->changes_arg) : 0;
}

/* A registered user who was admitted is so until the store changes: the vault's count says that, and it need not be asked.
 * Orders reach whoever is registered, the vault or no vault; a new registration always asks. */
static bool still_admitted(const struct reg_conn *c, const struct reg_sa *sa, const struct reg_asked *q)
{
	return c->r->conf.vault->changes && sa->binding && sa->admitted && sa->changes == register_changes(c) &&
	       sv_ieq(sv_of(q->aor), sv_of(sa->proved));
}

static void admit(struct reg_turn *t)
{
	struct vault_ask q = {.kind = VAULT_ADMIT, .admit.der = buf_view(&t->sa->cert)};

	memcpy(q.admit.aor, t->q.aor, sizeof q.admit.aor);
	q.admit.outside = t->c->peer.outside;
	memcpy(q.admit.proved, t->sa->proved, sizeof q.admit.proved);
	memcpy(q.admit.peer, t->c->peer.address, sizeof q.admit.peer);
	t->changes = register_changes(t->c); /* before it is asked: a change that comes between is seen at the next refresh */
	reg_turn_vault(t, &q, vault_admitted);
}

void reg_register(struct reg_conn *c, struct reg_sa *sa, const struct msg *m)
{
	struct sip_addr from, to;
	struct reg_asked q = {0};
	struct reg_turn *t;
	bool admitted;
	char other[256];

	if (!headers(c, sa, m, &q))
		return;
	if (sa->binding == NULL && !q.leave && health_drains(c->r->conf.health)) { /* another front end takes it */
		reg_refuse(c, sa, m, REFUSE_UNAVAILABLE);
		return;
	}
	/* RFC 4475 3.3.4: "A registrar would reject this request with a 400 Bad Request response, since the To header field is
	 * required to contain a SIP or SIPS URI as an AOR" */
	if (!sip_addr_read(msg_get(m, "To"), &to) || !reg_aor(to.uri, other)) {
		reg_refuse(c, sa, m, REFUSE_MALFORMED);
		return;
	}
	if (!of_that_domain(m, to.uri)) {
		reg_refuse(c, sa, m, REFUSE_UNKNOWN_USER);
		return;
	}
	/* "From = To, AOR known and SIP-enabled: 404, 4005" */
	if (!sip_addr_read(msg_get(m, "From"), &from) || !reg_aor(from.uri, q.aor) || !sv_ieq(sv_of(q.aor), sv_of(other))) {
		reg_unbind(c, sa, "the phone registers as another user");
		reg_refuse(c, sa, m, REFUSE_UNKNOWN_USER);
		return;
	}
	/* DIFFERS: the product looks for the user first (404), and so tells whoever has signed in which addresses there are. */
	if (sa->proved[0] && !sv_ieq(sv_of(sa->proved), sv_of(q.aor))) {
		reg_refuse(c, sa, m, REFUSE_IDENTITY);
		return;
	}
	admitted = still_admitted(c, sa, &q);
	if (admitted && !reg_client_allowed(c->r->conf.site, msg_get(m, "User-Agent"))) {
		reg_refuse(c, sa, m, REFUSE_VERSION);
		return;
	}
	if ((admitted && reg_rebound(c, sa, m, &q)) || (t = reg_turn_of(c, sa, m)) == NULL)
		return;
	t->q = q;
	if (admitted)
		reg_bind(t, sa->proved);
	else
		admit(t);
}
