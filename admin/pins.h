/* admin/pins.h: what Set-CsClientPin, Get-CsClientPinInfo and Unlock-CsClientPin do [web-services 14]. */
#ifndef DIALTONE_ADMIN_PINS_H
#define DIALTONE_ADMIN_PINS_H

#include "admin/admin.h"
#include "auth/pin.h"
#include "base/buf.h"

struct pin_info {
	bool set, locked, by_hand; /* by_hand: only pins_unlock() ends the lockout */
	unsigned local, global;	   /* failures: in the last half an hour, in all */
	struct pin_limits limit;
	int64_t expires, until; /* seconds since 1970; 0: never; not locked, or by_hand */
	bool password_by_hand; /* the same of the user's password */
	int64_t password_until;
	char policy[64]; /* granted; "": the site's */
};

/* false: the policy refuses this PIN of the user's; the PIN itself is not quoted. */
bool pins_check(const struct admin *a, const struct store_user *u, struct sv pin, struct why *why);
/* "can generate a PIN": one that the policy takes, into *pin, which the caller wipes.  It is not set yet. */
enum admin_result pins_make(const struct admin *a, const struct store_user *u, struct buf *pin, struct why *why);
/* The user has this PIN, not locked, not expired, and without a failure counted; admin_secret() has been called. */
bool pins_same(struct admin *a, const struct store_user *u, struct sv pin);
enum admin_result pins_set(struct admin *a, const struct store_user *u, struct sv pin, struct why *why); /* counters start at 0 */
enum admin_result pins_lock(struct admin *a, const struct store_user *u, struct why *why); /* until pins_unlock() */
/* The PIN and the password. */
enum admin_result pins_unlock(struct admin *a, const struct store_user *u, struct why *why);
enum admin_result pins_info(struct admin *a, const struct store_user *u, struct pin_info *ret, struct why *why);

/* ---- policies of single users: New-, Set-, Get-, Remove-, Grant-CsPinPolicy -------------------------------------- */

/* Makes or changes it; numbers out of their range are refused. */
enum admin_result policy_put(struct admin *a, const struct store_pin_policy *p, struct why *why);
enum admin_result policy_get(struct admin *a, const char *name, struct store_pin_policy *ret, struct why *why);
enum admin_result policy_remove(struct admin *a, const char *name, struct why *why); /* refused while a user has it */
enum admin_result policy_grant(struct admin *a, const struct store_user *u, const char *name, struct why *why); /* "": the site's again */
enum admin_result policies_each(struct admin *a, bool (*each)(void *arg, const struct store_pin_policy *p), void *arg, struct why *why);

#endif
