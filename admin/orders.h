/* admin/orders.h: orders to the running front ends of a pool, which they obey at once for the phones of a user: to
 * this machine's by its control socket, to the others through the store that they share. */
#ifndef DIALTONE_ADMIN_ORDERS_H
#define DIALTONE_ADMIN_ORDERS_H

#include "admin/admin.h"

/* The user may not sign in any more (disabled, removed): the phones are rejected. *phones: how many were signed off; 0 when
 * dialtoned does not run. */
enum admin_result order_reject(const struct admin *a, const char *aor, unsigned *phones, struct why *why);
/* The user's certificates are gone: the phones are signed off, and may come back with a PIN. */
enum admin_result order_unregister(const struct admin *a, const char *aor, unsigned *phones, struct why *why);

/* The phones of the user come back, and are sent to the new home pool; *phones: how many.  where: of the old one, as store_pool.store
 * has it, and its store; NULL: it was this pool. */
enum admin_result order_move(const struct admin *a, const char *where, struct store *store, const char *aor, unsigned *phones,
			     struct why *why);

#endif
