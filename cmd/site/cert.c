/* cmd/site/cert.c: dialtone cert: what Get-CsClientCertificate and Revoke-CsClientCertificate do. */
#include <stdio.h>

#include "admin/certs.h"
#include "admin/users.h"
#include "cmd/text.h"
#include "cmd/site/site.h"
#include "cmd/verbs.h"

static const struct column cert_columns[] = {
    {"address", COLUMN_TEXT, offsetof(struct cert_info, address)},
    {"device_id", COLUMN_TEXT, offsetof(struct cert_info, device)},
    {"thumbprint", COLUMN_TEXT, offsetof(struct cert_info, thumbprint)},
    {"published", COLUMN_TIME, offsetof(struct cert_info, published)},
    {"expires", COLUMN_TIME, offsetof(struct cert_info, expires)},
    {"expired", COLUMN_BOOL, offsetof(struct cert_info, expired)},
    {0}};

static void list_one(void *arg, const struct cert_info *c)
{
	writer_row(arg, c);
}

static int cert_list(struct session *s)
{
	struct store_user u = {0};
	struct writer w;
	bool one = s->c->arguments > 0;
	int rc = one ? session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why)) : 0;

	if (rc)
		return rc;
	session_writer(s, &w);
	writer_list(&w, NULL, cert_columns);
	rc = session_end(s, certs_each(&s->admin, one ? &u : NULL, list_one, &w, &s->why));
	if (rc) {
		writer_drop(&w);
		return rc;
	}
	if (w.rows == 0)
		text_print(stderr, "no certificate is published%s%s", one ? " for " : "", u.aor);
	return writer_end(&w);
}

static int cert_revoke(struct session *s)
{
	unsigned n = 0, phones = 0;
	struct store_user u;
	enum admin_result r;
	int rc = session_end(s, users_get(&s->admin, s->c->argument[0], &u, &s->why));

	if (rc)
		return rc;
	r = certs_revoke(&s->admin, &u, &n, &phones, &s->why);
	if (r == ADMIN_OK || r == ADMIN_ORDER || r == ADMIN_AWAY || r == ADMIN_UNCHANGED) { /* they are gone, whether the phones were reached or not */
		s->did = r == ADMIN_UNCHANGED ? DID_NOT_CHANGE : DID_CHANGE;
		session_member(s, "address", json_string(u.aor));
		session_member(s, "revoked", json_integer(n));
		if (n && session_people(s))
			text_print(stderr, "%u certificate%s of %s revoked", n, n == 1 ? "" : "s", u.aor);
	}
	session_phones(s, u.aor, phones);
	return session_end(s, r);
}

static const struct verb *const verbs[] = {
    SITE_VERB("list", "[USER]", "lists the certificates that are published, of one user or of all", cert_list),
    SITE_VERB("revoke", "USER",
	      "deletes all certificates of the user and refuses the user's tickets; phones are signed off at once", cert_revoke),
    NULL};

const struct verb verb_cert = {
    .name = "cert",
    .what = "users' certificates: list, revoke",
    .flags = VERB_SITE | VERB_JSON | VERB_FORM,
    .verbs = verbs,
    .text = "The certificates of users. USER is an address, a login, a phone number or an extension.",
    .example = "  dialtone cert list alice@contoso.test\n"
	       "  dialtone cert revoke alice@contoso.test\n",
};
