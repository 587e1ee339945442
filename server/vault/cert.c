/* server/vault/cert.c: users' certificates: known or not, issued and published [web-services 8.3, 9.2, 14.3].
 *
 * "Chain building is not needed: the store is the authority."  A certificate is stored before it is handed out.
 */
#include "server/vault/internal.h"

#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/log.h"

#define ENROLMENTS 3 /* certificates for one ticket */

enum vault_status vault_cert_user(struct vault *v, const uint8_t *der, size_t n, struct store_cert *c,
				  struct store_user *u, struct why *why)
{
	struct store *s = v->conf.store;
	enum store_result r;
	uint8_t sha1[20];

	pki_sha1(der, n, sha1);
	r = s->ops->cert_find(s, sha1, c);
	if (r == STORE_NONE)
		r = vault_cert_take_back(v, der, n, sha1, c, u);
	if (r == STORE_OK && (c->der.n != n || memcmp(c->der.p, der, n) != 0)) {
		store_cert_clear(c);
		r = STORE_NONE;
	}
	if (r == STORE_OK && (r = s->ops->user_by_id(s, c->user, u)) != STORE_OK)
		store_cert_clear(c);
	if (r != STORE_OK) {
		why_set(why, "%s", r == STORE_NONE ? "the certificate is not published here, or was revoked" : store_why(s));
		return r == STORE_NONE ? VAULT_REFUSED : VAULT_UNAVAILABLE;
	}
	if (c->expires <= vault_now(v)) {
		why_set(why, "the certificate of %.100s has expired", u->aor);
		store_cert_clear(c);
		return VAULT_REFUSED;
	}
	return VAULT_OK;
}

void vault_cert_seen(struct vault *v, const struct store_cert *c)
{
	struct store *s = v->conf.store;

	if (s->ops->cert_settle(s, c) != STORE_OK) /* it works either way; an older one merely stays */
		log_line(LOG_WARN, "vault", "cannot retire an older certificate: %s", store_why(s));
}

enum whose { OURS, SENT_ON, GUEST /* of a pool that is away: this one is its backup */ };

/* About a user who is at home here only the store decides; another user is only sent on. */
static enum whose whose(struct vault *v, const struct store_user *u)
{
	struct vault_place place = {.backup = false};
	struct why why = {0};

	if (vault_web_home_of(v, u, false, &place, &why) == HOME_ELSEWHERE)
		return SENT_ON;
	return place.backup ? GUEST : OURS;
}

enum vault_status vault_cert_known(struct vault *v, struct sv der, const char *aor, struct why *why)
{
	struct store_cert c = {0};
	struct store_user u, known;
	enum vault_status st;
	enum whose w;

	/* UseCertificateAuth is a switch of the Web Services; the Registrar's is offer_tls_dsk (the product's
	 * UseCertificateForClientToProxyAuth). */
	if (!v->conf.site->offer_tls_dsk) {
		why_set(why, "offer_tls_dsk is off");
		return VAULT_METHOD_OFF;
	}
	w = v->conf.store->ops->user_get(v->conf.store, aor, &known) == STORE_OK ? whose(v, &known) : OURS;
	st = w == SENT_ON ? VAULT_REFUSED : vault_cert_user(v, (const uint8_t *)der.p, der.n, &c, &u, why);
	if (st == VAULT_OK) {
		vault_cert_seen(v, &c);
		store_cert_clear(&c);
	} else if (st == VAULT_REFUSED && w != OURS) { /* it was not made here */
		u = known;
		st = vault_cert_company(v, der, &u, why);
	}
	if (st != VAULT_OK)
		return st;
	if (!vault_name_eq(u.aor, aor)) {
		why_set(why, "the certificate belongs to %.120s", u.aor);
		return VAULT_REFUSED;
	}
	if (!u.enabled) {
		why_set(why, "%.120s is disabled", u.aor);
		return VAULT_NOT_ENABLED;
	}
	return VAULT_OK;
}

enum vault_status vault_on_cert_known(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	return vault_cert_known(v, q->cert_known.der, q->cert_known.aor, &ret->why);
}

/* ---- GetAndPublishCert ----------------------------------------------------------------------------------- */

/* "Entity, after removing sip:, equals the ticket's user without case; else ErrorInfo.  For a ticket obtained with a PIN
 * an absent or non-matching-form Entity (a number) is replaced by the ticket's user." */
static bool entity_ok(const struct ticket *t, const char *entity)
{
	struct sv e = sv_of(entity), user = sv_from(sv_of(t->user), 4);

	if (sv_istarts(e, SV("sip:")))
		e = sv_from(e, 4);
	if (sv_ieq(e, user))
		return true;
	return strcmp(t->method, "pin") == 0 && sv_find(e, '@') < 0;
}

/* "{4B1682A8-...}" -> "4b1682a8-..." */
static void device_name(const char *id, char ret[64])
{
	size_t n = 0;

	for (; *id && n < 63; id++) {
		if (*id == '{' || *id == '}')
			continue;
		ret[n] = *id;
		if (*id >= 'A' && *id <= 'Z')
			ret[n] = (char)(*id | 0x20);
		n++;
	}
	ret[n] = '\0';
}

static int64_t validity(const struct site *s, const struct soap_cert *ask, int64_t now)
{
	int64_t seconds = (int64_t)s->DefaultValidityPeriodHours * 3600;
	int64_t least = (int64_t)s->MinValidityPeriodHours * 3600, most = (int64_t)s->MaxValidityPeriodHours * 3600;

	if (ask->want_expires > now)
		seconds = ask->want_expires - now;
	if (seconds < least)
		seconds = least;
	if (seconds > most)
		seconds = most;
	return now + seconds;
}

static const char *csr_ok(const struct site *s, const struct soap_cert *ask, uint8_t key[32], struct pki_request **req, struct why *why)
{
	struct pki_csr csr;
	const char *no = pki_request_read(ask->csr.p, ask->csr.n, &csr, req);

	if (no)
		return why_set(why, "The certificate request is refused: %.100s.", no);
	if (!csr.rsa)
		return "The certificate request's key is not RSA.";
	if (csr.bits < s->MinCSRKeySize || csr.bits > s->MaxCSRKeySize)
		return why_set(why, "The certificate request's key has %u bits; from %u to %u are allowed.", csr.bits,
			       s->MinCSRKeySize, s->MaxCSRKeySize);
	memcpy(key, csr.key, sizeof csr.key);
	return NULL;
}

/* The certificate is "published in the data store of the user's home pool". */
static enum vault_status is_published_here(struct vault *v, const struct store_user *u, bool outside, struct why *why)
{
	struct vault_place place;

	switch (vault_web_home_of(v, u, outside, &place, why)) {
	case HOME_UNKNOWN:
		return VAULT_UNAVAILABLE;
	case HOME_ELSEWHERE:
		why_set(why, "%.100s lives on pool %.100s: the ticket is to be had there", u->aor, u->home_pool);
		return VAULT_TICKET_BAD;
	default:
		return VAULT_OK;
	}
}

/* Whether this user may have this certificate: VAULT_OK, *u, and which key it is of.  *req is the caller's to free in any case. */
static enum vault_status may_have(struct vault *v, const struct ticket *t, const struct soap_cert *ask, bool outside,
				  struct store_user *u, uint8_t key[32], struct pki_request **req, struct why *why)
{
	struct why reason;
	enum vault_status st;
	const char *no;

	switch (v->conf.store->ops->user_get(v->conf.store, t->user + 4, u)) {
	case STORE_OK:
		break;
	case STORE_NONE:
		why_set(why, "%.120s is gone", t->user);
		return VAULT_NOT_ENABLED;
	default:
		why_set(why, "The user store of the home pool cannot be reached.");
		return VAULT_UNAVAILABLE;
	}
	if (!u->enabled) {
		why_set(why, "%.120s is disabled", u->aor);
		return VAULT_NOT_ENABLED;
	}
	if (outside && !u->remote) {
		why_set(why, "%.120s may not sign in from outside", u->aor);
		return VAULT_REMOTE;
	}
	if ((st = is_published_here(v, u, outside, why)) != VAULT_OK)
		return st;
	if (t->issued <= u->tickets_after) { /* "on revoke also refuse tickets issued before that moment" */
		why_set(why, "the ticket is from before the revocation");
		return VAULT_TICKET_BAD;
	}
	if (!entity_ok(t, ask->entity)) {
		why_set(why, "The request's Entity is not the user of the web ticket.");
		return VAULT_CSR;
	}
	if ((no = csr_ok(v->conf.site, ask, key, req, &reason)) != NULL) {
		why_set(why, "%s", no);
		return VAULT_CSR;
	}
	if (vault_has_room(v))
		return VAULT_OK;
	why_set(why, "The disk of the front end is full: no new certificate can be made until there is room. A phone that has one signs in.");
	log_line(LOG_ERROR, "vault", "no certificate for %s: the disk of the store is nearly full", u->aor);
	return VAULT_FULL;
}

/* The certificate is made, and stored: "publish before answering". */
static enum vault_status publish(struct vault *v, const struct pki_issue *what, const struct pki_request *req, struct store_cert *c,
				 struct why *why)
{
	struct store *s = v->conf.store;

	if (!pki_issue_request(what, req, v->conf.ca, v->conf.ca_der.p, v->conf.ca_der.n, &c->der)) {
		why_set(why, "The certificate cannot be made.");
		log_line(LOG_ERROR, "vault", "no certificate for %s: %s", what->cn, pki_error());
		return VAULT_UNAVAILABLE;
	}
	pki_sha1(c->der.p, c->der.n, c->sha1);
	if (s->ops->cert_put(s, c) == STORE_OK)
		return VAULT_OK;
	why_set(why, "The user store of the home pool cannot be reached.");
	log_line(LOG_ERROR, "vault", "the certificate of %s is not stored: %s", what->cn, store_why(s));
	return VAULT_UNAVAILABLE;
}

static enum vault_status issue(struct vault *v, const struct ticket *t, const struct soap_cert *ask, bool outside,
			       struct vault_cert *ret, struct why *why)
{
	int64_t now = vault_now(v);
	struct store_cert c = {.published = now, .expires = validity(v->conf.site, ask, now)};
	struct pki_issue what = {.profile = PKI_USER, .not_after = c.expires,
				 .sha1 = v->conf.site->sign_sha1};
	struct pki_request *req = NULL;
	struct store_user u;
	enum vault_status st = may_have(v, t, ask, outside, &u, c.key, &req, why);

	if (st == VAULT_OK) {
		/* Times are seconds: one of the very second of a revocation counts as older than it, as with tickets. */
		what.not_before = now - VAULT_CERT_BACKDATED + (now == u.tickets_after);
		what.long_serial = whose(v, &u) == GUEST;
		what.cn = u.aor;
		c.user = u.id;
		device_name(ask->device_id, c.device);
		st = publish(v, &what, req, &c, why);
	}
	if (st == VAULT_OK) {
		memcpy(ret->aor, u.aor, sizeof ret->aor);
		ret->der = c.der;
	} else {
		store_cert_clear(&c);
	}
	pki_request_free(req);
	return st;
}

/* Whoever sees an envelope (a captured worker, say) could send it again with another request: its proof covers the Timestamp
 * only.  A ticket lasts hours and is good for three certificates: a phone needs one, and may lose an answer. */
static struct vault_enrolled *enrolled(struct vault *v, const struct ticket *t)
{
	struct vault_enrolled *e;
	uint8_t id[20];

	pki_sha1(t->id, strlen(t->id), id);
	for (unsigned i = 0; i < VAULT_SLOTS; i++)
		if (memcmp(v->enrolled[i].id, id, sizeof id) == 0)
			return &v->enrolled[i];
	e = &v->enrolled[v->next_enrolled++ % VAULT_SLOTS];
	*e = (struct vault_enrolled){.n = 0};
	memcpy(e->id, id, sizeof e->id);
	return e;
}

static bool may_enrol_again(struct vault *v, const struct ticket *t)
{
	struct vault_enrolled *e;
	bool may;

	pthread_mutex_lock(&v->lock);
	e = enrolled(v, t);
	may = e->n < ENROLMENTS;
	e->n += may;
	pthread_mutex_unlock(&v->lock);
	return may;
}

/* A refusal does not count. */
static void has_not_enrolled(struct vault *v, const struct ticket *t)
{
	pthread_mutex_lock(&v->lock);
	enrolled(v, t)->n -= enrolled(v, t)->n > 0;
	pthread_mutex_unlock(&v->lock);
}

static bool carries_ticket(xmlDocPtr doc)
{
	xmlNodePtr security = soap_security(doc);

	return security && xml_child(security, NS_SAML, "Assertion");
}

enum vault_status vault_on_cert_issue(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct sv envelope = q->cert_issue.envelope;
	bool outside = q->cert_issue.outside;
	struct why *why = &ret->why;
	char audience[SITE_URL_MAX], issuer[SITE_URL_MAX];
	struct vault_ticket_key key;
	struct soap_cert ask = {0};
	struct ticket t = {0};
	enum vault_status st = VAULT_MALFORMED;
	const char *no = NULL;
	xmlDocPtr doc;

	if (!v->conf.site->UseCertificateAuth) {
		why_set(why, "UseCertificateAuth is off");
		return VAULT_METHOD_OFF;
	}
	if ((doc = xml_read(envelope.p, envelope.n, &no)) == NULL)
		goto out;
	st = VAULT_REFUSED;
	no = "there is no web ticket in it";
	if (!carries_ticket(doc))
		goto out;
	st = VAULT_TICKET_BAD;
	no = VAULT_RING_NO;
	if (!vault_ring_of(v, envelope, &key))
		goto out;
	no = ticket_check(envelope.p, envelope.n, key.der.p, key.der.n, key.seal, site_certprov_auth_url(v->conf.site, outside, audience),
			  site_wts_url(v->conf.site, outside, issuer), vault_now(v), &t);
	if (no == NULL && t.bearer)
		no = "a bearer ticket proves nothing here";
	if (no)
		goto out;
	st = VAULT_MALFORMED;
	if ((no = soap_cert_read(doc, &ask)) != NULL)
		goto out;
	st = VAULT_TICKET_BAD;
	no = "the ticket has been used for certificates already";
	if (!may_enrol_again(v, &t))
		goto out;
	no = NULL;
	st = issue(v, &t, &ask, outside, &ret->cert_issue, why);
	if (st != VAULT_OK)
		has_not_enrolled(v, &t);
	vault_audit(v, "cert", t.user + 4, st == VAULT_OK, st == VAULT_OK ? ask.device_id : vault_status_name(st));
out:
	if (no) {
		why_set(why, "%s", no);
		vault_audit(v, "cert", "", false, no);
	}
	explicit_bzero(&t, sizeof t);
	soap_cert_clear(&ask);
	xmlFreeDoc(doc);
	return st;
}
