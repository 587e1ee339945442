#include "admin/certs.h"

#include <string.h>

#include "admin/orders.h"
#include "admin/pools.h"
#include "base/enc.h"

struct listing {
	struct admin *a;
	void (*each)(void *arg, const struct cert_info *c);
	void *arg;
	struct store_user owner;
};

static bool list_one(void *arg, const struct store_cert *c)
{
	struct listing *l = arg;
	struct cert_info info = {.published = c->published, .expires = c->expires, .expired = c->expires <= l->a->now};

	if (l->owner.id != c->user && l->a->store->ops->user_by_id(l->a->store, c->user, &l->owner) != STORE_OK)
		return true; /* removed this very moment */
	memcpy(info.address, l->owner.aor, sizeof info.address);
	memcpy(info.device, c->device, sizeof info.device);
	hex_write(info.thumbprint, c->sha1, sizeof c->sha1, true);
	l->each(l->arg, &info);
	return true;
}

enum admin_result certs_each(struct admin *a, const struct store_user *u, void (*each)(void *arg, const struct cert_info *c),
			     void *arg, struct why *why)
{
	struct listing l = {.a = a, .each = each, .arg = arg};

	if (u)
		l.owner = *u;
	return admin_store(a, a->store->ops->cert_each(a->store, u ? u->id : 0, list_one, &l), "the list of certificates", why);
}

enum admin_result certs_revoke(struct admin *a, const struct store_user *u, unsigned *n, unsigned *phones, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->cert_revoke(a->store, u->id, a->now, n), u->aor, why), copied, order;

	*phones = 0;
	if (rc != ADMIN_OK)
		return rc;
	copied = pools_report(a, u->aor, false, why);
	if (*n == 0)
		return copied == ADMIN_OK ? ADMIN_UNCHANGED : copied;
	admin_audit(a, u->aor, "cert revoke");
	order = order_unregister(a, u->aor, phones, why);
	return order == ADMIN_OK ? copied : order;
}
