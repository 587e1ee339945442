#include "admin/orders.h"

#include "server/control/control.h"

static enum admin_result order(const char *dir, const char *aor, enum location_order what, unsigned diag, const char *reason,
			       unsigned *phones, struct why *why)
{
	struct why text = {0};

	*phones = 0;
	if (!control_order_user(dir, aor, what, diag, reason, phones, &text))
		return admin_no(ADMIN_ORDER, why, "it is stored, but dialtoned did not act on the phones of %s: %s", aor, text.text);
	return ADMIN_OK;
}

/* 4141: "User disabled" [sip 13.1] */
enum admin_result order_reject(const struct admin *a, const char *aor, unsigned *phones, struct why *why)
{
	return order(a->site->dir, aor, LOCATION_REJECTED, 4141, "User disabled", phones, why);
}

/* UNKNOWN: which diagnostics a real server sends then; 4140 is the one beside "User disabled". */
enum admin_result order_unregister(const struct admin *a, const char *aor, unsigned *phones, struct why *why)
{
	return order(a->site->dir, aor, LOCATION_UNREGISTERED, 4140, "Certificate revoked", phones, why);
}

/* "deactivated: user moved to another pool: register again (will be redirected)" [sip 13.1] */
enum admin_result order_move(const char *dir, const char *aor, unsigned *phones, struct why *why)
{
	return order(dir, aor, LOCATION_DEACTIVATED, 0, "the user has moved to another pool", phones, why);
}
