/* server/vault/ticket.c: tickets for authenticated users [web-services 5, 6.2, 7]. */
#include "server/vault/internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/ticket.h"
#include "base/enc.h"

/* The names that SAML 1.1 has: by the token profile, by its namespace, by the profile's first edition. */
static const char *const saml11[] = {TOKEN_SAML,
				     "urn:oasis:names:tc:SAML:1.0:assertion",
				     "http://docs.oasis-open.org/wss/oasis-wss-saml-token-profile-1.0#SAMLV1.1", NULL};

#define TICKET_SECONDS_MIN 120 /* "Do not go under 2 minutes: SIPE needs 60 s of slack." */

/* Without what may or may not be written: the default port, a slash at the end. */
static void url_plain(const char *url, char out[SITE_URL_MAX])
{
	const char *host = strstr(url, "://"), *port;
	size_t n;

	snprintf(out, SITE_URL_MAX, "%s", url);
	if (host && (port = strstr(host, ":443/")) != NULL && sv_istarts(sv_of(url), SV("https")))
		snprintf(out, SITE_URL_MAX, "%.*s%s", (int)(port - url), url, port + 4);
	for (n = strlen(out); n && out[n - 1] == '/'; n--)
		out[n - 1] = '\0';
}

/* "must be one of our services": the service that tickets are for, under either name and either way to write its path. */
static bool our_service(const struct vault *v, const char *asked)
{
	char want[SITE_URL_MAX], have[SITE_URL_MAX], plain[SITE_URL_MAX];

	url_plain(asked, want);
	for (int outside = 0; outside < 2; outside++) {
		if (outside && v->conf.site->external_web_fqdn[0] == '\0')
			break;
		url_plain(site_certprov_auth_url(v->conf.site, outside, have), plain);
		if (vault_name_eq(want, plain))
			return true;
		/* "serve both paths with one handler": WebTicket_Proof as well */
		if (sv_iends(sv_of(plain), SV("_SHA1")))
			plain[strlen(plain) - 5] = '\0';
		if (vault_name_eq(want, plain))
			return true;
		url_plain(site_certprov_url(v->conf.site, outside, have), plain);
		if (vault_name_eq(want, plain))
			return true;
	}
	return false;
}

static bool ask_ok(const struct vault *v, const struct store_user *u, const struct soap_issue *ask, enum vault_status *st,
		   struct why *why)
{
	struct sv claim = sv_of(ask->claim);
	const char *const *type = saml11;

	while (*type && ask->token_type[0] && strcmp(ask->token_type, *type) != 0)
		type++;
	if (*type == NULL) {
		why_set(why, "tokens of type %.100s are not issued", ask->token_type);
		*st = VAULT_MALFORMED;
		return false;
	}
	if (sv_istarts(claim, SV("sip:")))
		claim = sv_from(claim, 4);
	if (claim.n && !sv_ieq(claim, sv_of(u->aor))) {
		why_set(why, "the claim names %.100s", ask->claim);
		*st = VAULT_CLAIM;
		return false;
	}
	if (!our_service(v, ask->applies_to)) {
		why_set(why, "AppliesTo is %.120s", ask->applies_to);
		*st = VAULT_AUDIENCE;
		return false;
	}
	return true;
}

static int64_t expiry(const struct vault *v, const struct soap_issue *ask, int64_t now)
{
	int64_t most = now + (v->conf.site->ticket_seconds > TICKET_SECONDS_MIN ? v->conf.site->ticket_seconds
										: TICKET_SECONDS_MIN);

	if (ask->want_expires == 0 || ask->want_expires >= most) /* "a wish; cap it" */
		return most;
	return ask->want_expires < now + TICKET_SECONDS_MIN ? now + TICKET_SECONDS_MIN : ask->want_expires;
}

/* Tickets are for users whose Web Services are these; where those of the others are is told. */
static enum vault_status at_home(struct vault *v, const struct store_user *u, bool outside, struct vault_ticket *ret, struct why *why)
{
	struct vault_place place;

	switch (vault_web_home_of(v, u, outside, &place, why)) {
	case HOME_UNKNOWN:
		return VAULT_UNAVAILABLE;
	case HOME_ELSEWHERE:
		memcpy(ret->web, place.web, sizeof ret->web);
		ret->remote = u->remote;
		vault_audit(v, "ticket", u->aor, true, why->text);
		return VAULT_ELSEWHERE;
	default:
		return VAULT_OK;
	}
}

enum vault_status vault_ticket_issue(struct vault *v, const struct store_user *u, const char *method,
				     const struct soap_issue *ask, bool outside, struct vault_ticket *ret, struct why *why)
{
	int64_t now = vault_now(v);
	struct ticket t = {.issued = now, .not_before = now, .not_after = expiry(v, ask, now)};
	struct vault_ticket out = {.remote = u->remote};
	struct soap_issued *m = &out.issued;
	const struct vault_ticket_key key = vault_ring_newest(v);
	char uuid[37], name[SITE_NAME_MAX + 32];
	enum vault_status st = VAULT_OK;

	/* Times are seconds: a ticket from the very second of a revocation counts as older than it.  One that is issued after
	 * it must not, since a phone enrols anew as soon as it is told. */
	t.issued += now == u->tickets_after;
	if (!u->enabled) {
		why_set(why, "%.120s is disabled", u->aor);
		vault_audit(v, "ticket", u->aor, false, "the user is disabled");
		return VAULT_NOT_ENABLED;
	}
	if ((st = at_home(v, u, outside, ret, why)) != VAULT_OK)
		return st;
	if (outside && !u->remote) {
		why_set(why, "%.120s may not sign in from outside", u->aor);
		vault_audit(v, "ticket", u->aor, false, "no access from outside");
		return VAULT_REMOTE;
	}
	if (!ask_ok(v, u, ask, &st, why)) {
		vault_audit(v, "ticket", u->aor, false, vault_status_name(st));
		return st;
	}
	vault_uuid(v, uuid);
	snprintf(t.id, sizeof t.id, TICKET_ID "%s", uuid);
	site_wts_url(v->conf.site, outside, t.issuer);
	site_certprov_auth_url(v->conf.site, outside, t.audience);
	snprintf(t.method, sizeof t.method, "%s", method);
	t.bearer = ask->nentropy == 0 || sv_ends(sv_of(ask->key_type), SV("/Bearer")) ||
		   sv_ends(sv_of(ask->key_type), SV("/NoProofKey")); /* as WS-Trust of February 2005 has it */
	if (!t.bearer) {
		vault_random(v, m->entropy, sizeof t.proof);
		m->nentropy = sizeof t.proof;
		pki_p_sha1(ask->entropy, ask->nentropy, m->entropy, m->nentropy, t.proof, sizeof t.proof);
	}
	snprintf(name, sizeof name, "%s ticket key %u", v->conf.site->pool[0] ? v->conf.site->pool : v->conf.site->fqdn, key.id);
	snprintf(m->name_id, sizeof m->name_id, "sip:%.250s", u->aor);
	memcpy(t.user, m->name_id, sizeof t.user);
	memcpy(m->context, ask->context, sizeof m->context);
	memcpy(m->applies_to, ask->applies_to, sizeof m->applies_to);
	memcpy(m->assertion_id, t.id, sizeof t.id);
	m->created = t.not_before;
	m->expires = t.not_after;
	soap_lifetime_write(&m->lifetime, m->created, m->expires);
	if (!ticket_write(&m->assertion, &t, key.key, key.seal, name) || m->lifetime.oom) {
		why_set(why, "the ticket cannot be signed: %.100s", pki_error());
		vault_ticket_clear(&out);
		st = VAULT_UNAVAILABLE;
	} else {
		vault_audit(v, "ticket", u->aor, true, method);
		*ret = out;
	}
	explicit_bzero(&t, sizeof t);
	return st;
}

static bool shown(xmlDocPtr doc, struct buf *der)
{
	xmlNodePtr security = soap_security(doc), token = xml_child(security, NS_WSSE, "BinarySecurityToken");
	struct buf text = {0};
	bool ok = xml_count(security, NS_WSSE, "BinarySecurityToken") == 1 && xml_text_buf(token, &text) &&
		  b64_read(der, buf_view(&text));

	buf_free(&text);
	return ok && !der->oom;
}

/* Published here, or that of a user who is only sent on. */
static enum vault_status cert_signer(struct vault *v, struct sv der, struct store_cert *c, struct store_user *u, struct why *why)
{
	enum vault_status st = vault_cert_user(v, (const uint8_t *)der.p, der.n, c, u, why);
	struct pki_cert_info *info = st == VAULT_REFUSED ? calloc(1, sizeof *info) : NULL;

	if (info && pki_cert_info(der.p, der.n, info) == NULL &&
	    v->conf.store->ops->user_get(v->conf.store, info->subject_cn, u) == STORE_OK && !vault_is_home(v->conf.site, u->home_pool))
		st = vault_cert_company(v, der, u, why);
	free(info);
	return st;
}

/* The store comes before the signature: a stranger chooses how much the use of its key costs. */
enum vault_status vault_on_ticket_cert(struct vault *v, const struct vault_ask *q, struct vault_reply *ret)
{
	struct sv envelope = q->ticket_cert.envelope;
	struct why *why = &ret->why;
	struct soap_issue ask = {0};
	struct buf der = {0}, verified = {0};
	struct store_cert c = {0};
	struct store_user u;
	enum vault_status st = VAULT_MALFORMED;
	const char *no = NULL;
	xmlDocPtr doc;

	if (!v->conf.site->UseCertificateAuth) {
		why_set(why, "UseCertificateAuth is off");
		return VAULT_METHOD_OFF;
	}
	doc = xml_read(envelope.p, envelope.n, &no);
	if (doc)
		no = soap_issue_read(doc, &ask);
	if (no == NULL) {
		st = VAULT_REFUSED;
		no = "there is no certificate in it, or two";
		if (shown(doc, &der)) {
			no = NULL;
			st = cert_signer(v, buf_view(&der), &c, &u, why);
		}
		if (st == VAULT_OK && ((no = ticket_check_x509(envelope.p, envelope.n, vault_now(v), &verified)) != NULL ||
				       !sv_eq(buf_view(&verified), buf_view(&der)))) {
			st = VAULT_REFUSED;
			no = no ? no : "the certificate is not the one that signed";
		}
		vault_audit(v, "certificate sign-in", st == VAULT_OK ? u.aor : "", st == VAULT_OK,
			    no ? no : st == VAULT_OK ? "" : vault_status_name(st));
	}
	if (no)
		why_set(why, "%s", no);
	else if (st == VAULT_OK) {
		if (c.der.n)
			vault_cert_seen(v, &c);
		st = vault_ticket_issue(v, &u, "cert", &ask, q->ticket_cert.outside, &ret->ticket_cert, why);
	}
	store_cert_clear(&c);
	soap_issue_clear(&ask);
	buf_free(&der);
	buf_free(&verified);
	xmlFreeDoc(doc);
	return st;
}
