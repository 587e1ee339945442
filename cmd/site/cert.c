/* cmd/site/cert.c: dialtone cert: what Get-CsClientCertificate and Revoke-CsClientCertificate do. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/enc.h"
#include "cmd/site/admin.h"
#include "cmd/verbs.h"

struct listing {
	struct admin *a;
	json_t *all; /* NULL: text */
	unsigned n;
	struct store_cert *cert; /* gathered first: the store is not asked while it lists */
	size_t cap;
	bool oom;
};

static bool gather(void *arg, const struct store_cert *c)
{
	struct listing *l = arg;

	if (l->n == l->cap) {
		struct store_cert *more = realloc(l->cert, (l->cap * 2 + 64) * sizeof *more);

		if (more == NULL) {
			l->oom = true;
			return false;
		}
		l->cert = more;
		l->cap = l->cap * 2 + 64;
	}
	l->cert[l->n] = *c;
	l->cert[l->n++].der = (struct buf){0}; /* the list shows what stands around it */
	return true;
}

static bool show(struct listing *l, const struct store_cert *c)
{
	char thumbprint[41], published[32], expires[32];
	struct store_user u = {0};

	hex_write(thumbprint, c->sha1, 20, true);
	admin_time(published, c->published, "-");
	admin_time(expires, c->expires, "-");
	if (l->a->store->ops->user_by_id(l->a->store, c->user, &u) != STORE_OK)
		return true; /* removed this very moment */
	if (l->all)
		return json_array_append_new(l->all, json_pack("{s:s, s:s, s:s, s:s, s:s, s:b}", "address", u.aor, "DeviceId",
							       c->device, "thumbprint", thumbprint, "PublicationTime", published,
							       "ExpirationTime", expires, "expired",
							       c->expires <= l->a->now)) == 0;
	printf("%-32s %-36s %s  %s  %s%s\n", u.aor, c->device[0] ? c->device : "-", thumbprint, published, expires,
	       c->expires <= l->a->now ? "  expired" : "");
	return true;
}

static int cert_list(struct admin *a)
{
	struct listing l = {.a = a};
	struct store_user u = {0};
	enum store_result r;
	int rc = a->arguments ? admin_user(a, &u) : 0;

	if (rc)
		return rc;
	r = a->store->ops->cert_each(a->store, u.id, gather, &l);
	if (r != STORE_OK || l.oom) {
		free(l.cert);
		return l.oom ? admin_fail(a, EX_SOFTWARE, "out of memory") : admin_store_failed(a, r, "cert list");
	}
	l.all = a->json ? json_array() : NULL;
	for (unsigned i = 0; i < l.n; i++)
		show(&l, &l.cert[i]);
	free(l.cert);
	if (a->json)
		return admin_print(l.all);
	if (l.n == 0)
		fprintf(stderr, "no certificate is published%s%s\n", a->arguments ? " for " : "", u.aor);
	return 0;
}

/* "deletes all certificates of the user on the server ... From then on a certificate not found on the server is refused."
 * His phones are signed off as by an administrator: they may come back with a PIN.
 * UNKNOWN: which diagnostics a real server sends then; 4140 is the one beside "User disabled". */
static int cert_revoke(struct admin *a)
{
	struct store_user u;
	enum store_result r;
	unsigned n = 0;
	int rc = admin_user(a, &u);

	if (rc)
		return rc;
	if ((r = a->store->ops->cert_revoke(a->store, u.id, a->now, &n)) != STORE_OK)
		return admin_store_failed(a, r, u.aor);
	admin_audit(a, u.aor, "cert revoke");
	if (a->json)
		rc = admin_print(json_pack("{s:s, s:i}", "address", u.aor, "revoked", (int)n));
	else
		fprintf(stderr, "%u certificate%s of %s revoked\n", n, n == 1 ? "" : "s", u.aor);
	return rc ? rc : admin_order(a, u.aor, LOCATION_UNREGISTERED, 4140, "Certificate revoked");
}

static const struct admin_verb verbs[] = {
    {"list", "[ADDRESS]", 0, 1, NULL, cert_list, "lists the certificates that are published, of one user or of all"},
    {"revoke", "ADDRESS", 1, 1, NULL, cert_revoke,
     "deletes all certificates of the user and refuses his tickets; his phones are signed off at once"},
    {0},
};

int cmd_cert(int argc, char **argv)
{
	static const struct admin_group group = {"cert", "the certificates of users", verbs,
						 "  dialtone cert list alice@contoso.test\n"
						 "  dialtone cert revoke alice@contoso.test\n"};

	return admin_main(argc, argv, &group);
}
