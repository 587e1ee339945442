/* admin/orders.h: orders to a running dialtoned, which it obeys at once for the phones of a user. */
#ifndef DIALTONE_ADMIN_ORDERS_H
#define DIALTONE_ADMIN_ORDERS_H

#include "admin/admin.h"

/* The user may not sign in any more (disabled, removed): the phones are rejected. *phones: how many were signed off; 0 when
 * dialtoned does not run. */
enum admin_result order_reject(const struct admin *a, const char *aor, unsigned *phones, struct why *why);
/* The user's certificates are gone: the phones are signed off, and may come back with a PIN. */
enum admin_result order_unregister(const struct admin *a, const char *aor, unsigned *phones, struct why *why);

/* The phones of the user on the site in that folder come back, and are sent to the new home pool; *phones: how many. */
enum admin_result order_move(const char *dir, const char *aor, unsigned *phones, struct why *why);

#endif
