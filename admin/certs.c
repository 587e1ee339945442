#include "admin/certs.h"

#include <stdlib.h>
#include <string.h>

#include "admin/orders.h"
#include "base/enc.h"
#include "base/vec.h"

struct gathered { /* the store is not asked while it lists */
	struct store_cert *cert;
	size_t n, cap;
	bool oom;
};

static bool gather(void *arg, const struct store_cert *c)
{
	struct gathered *g = arg;
	struct store_cert *more = vec_room(g->cert, g->n, &g->cap, sizeof *more);

	if (more == NULL) {
		g->oom = true;
		return false;
	}
	g->cert = more;
	g->cert[g->n] = *c;
	g->cert[g->n++].der = (struct buf){0}; /* a list shows what stands around it */
	return true;
}

enum admin_result certs_each(struct admin *a, const struct store_user *u, void (*each)(void *arg, const struct cert_info *c),
			     void *arg, struct why *why)
{
	struct gathered g = {0};
	enum store_result r = a->store->ops->cert_each(a->store, u ? u->id : 0, gather, &g);
	enum admin_result rc = g.oom ? admin_no(ADMIN_FAILED, why, "out of memory") : admin_store(a, r, "the list of certificates", why);
	struct store_user owner;

	for (size_t i = 0; rc == ADMIN_OK && i < g.n; i++) {
		struct cert_info info = {.published = g.cert[i].published, .expires = g.cert[i].expires};

		if (a->store->ops->user_by_id(a->store, g.cert[i].user, &owner) != STORE_OK)
			continue; /* removed this very moment */
		memcpy(info.address, owner.aor, sizeof info.address);
		memcpy(info.device, g.cert[i].device, sizeof info.device);
		hex_write(info.thumbprint, g.cert[i].sha1, sizeof g.cert[i].sha1, true);
		info.expired = info.expires <= a->now;
		each(arg, &info);
	}
	free(g.cert);
	return rc;
}

enum admin_result certs_revoke(struct admin *a, const struct store_user *u, unsigned *n, unsigned *phones, struct why *why)
{
	enum admin_result rc = admin_store(a, a->store->ops->cert_revoke(a->store, u->id, a->now, n), u->aor, why);

	*phones = 0;
	if (rc != ADMIN_OK)
		return rc;
	admin_audit(a, u->aor, "cert revoke");
	return order_unregister(a, u->aor, phones, why);
}
