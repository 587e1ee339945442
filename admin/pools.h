/* admin/pools.h: the other pools of the company, and whose home each is: New-CsPool's part that phones see, Move-CsUser.
 *
 * Every pool knows every user: whoever asks the wrong one is sent on.  A pool whose store the verbs can reach (store_pool.store)
 * gets a copy of a user's row, with PIN and password, whenever a verb changes it here; certificates are in the store of the home
 * pool only.  For that the pools share the company's secret and its CA: dialtone init --company.
 */
#ifndef DIALTONE_ADMIN_POOLS_H
#define DIALTONE_ADMIN_POOLS_H

#include "admin/admin.h"

enum pool_field { POOL_SIP, POOL_WEB, POOL_EXTERNAL_SIP, POOL_EXTERNAL_WEB, POOL_STORE, POOL_BACKUP, POOL_FIELDS };
extern const char *const pool_field_names[POOL_FIELDS]; /* "sip" ... */

/* Adds it, or changes what is given (field[f] not NULL; "" empties).  A new one has the Registrar NAME:5061 and the Web Services
 * NAME, unless they are given; nothing is told outside that is not given. */
enum admin_result pools_put(struct admin *a, const char *name, const char *const field[POOL_FIELDS], bool is_new, struct why *why);
enum admin_result pools_each(struct admin *a, bool (*each)(void *arg, const struct store_pool *p), void *arg, struct why *why);
/* ADMIN_REFUSED while it is a user's home.  Also takes off a front end of this pool, by its fqdn, that is gone for good; one that runs
 * is back at once. */
enum admin_result pools_remove(struct admin *a, const char *name, struct why *why);

/* The name as home_pool has it: that of another pool in the list, or "" for this one.  ADMIN_NONE: there is no such pool. */
enum admin_result pools_home(struct admin *a, const char *name, char ret[256], struct why *why);

/* What a verb has changed about this user, to every pool whose store can be reached; removed: the user is gone here.
 * ADMIN_AWAY: it is stored here, and a pool could not be told; *why says which, and what to type later. */
enum admin_result pools_report(struct admin *a, const char *aor, bool removed, struct why *why);
/* All users to this pool, for one that is new or was not reached. *n: how many were new or other there. */
enum admin_result pools_sync(struct admin *a, const char *name, size_t *n, struct why *why);

/* All users to every pool whose store can be reached: behind an import.  ADMIN_AWAY as above. */
enum admin_result pools_sync_all(struct admin *a, struct why *why);

/* The user with PIN, password and certificates to another pool (its name, or this one's): first there, then here and everywhere.
 * Phones that are registered on the old one are told "deactivated" and come back on the new one.  *phones: how many. */
enum admin_result pools_move(struct admin *a, const struct store_user *u, const char *to, unsigned *phones, struct why *why);

#endif
