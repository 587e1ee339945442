/* phone/run/lock.h: the phone's lock: a PIN opens it, it closes by itself when nobody touches the phone, and it outlasts the power.
 *
 * EnforcePhoneLock, MinPhonePinLength and PhoneLockTimeout come in-band.  UNKNOWN: which PIN opens a real phone whose user
 * signed in with a PIN; here it is that one, as long as it is not shorter than the site wants.
 */
#ifndef DIALTONE_PHONE_LOCK_H
#define DIALTONE_PHONE_LOCK_H

#include <stdbool.h>

#include "dialtone/handset.h"

bool lock_closed(const struct dt_phone *ph); /* by a PIN, or by the PC */
void lock_load(struct dt_phone *ph);
void lock_clear(struct dt_phone *ph);	/* the user has gone */
void lock_signed_in(struct dt_phone *ph); /* dial tone: the PIN that was typed opens the lock; the time begins */
void lock_used(struct dt_phone *ph);	/* somebody touched the phone, or the policy changed: the time begins anew */
void lock_timer(struct dt_phone *ph);
bool lock_set(struct dt_phone *ph, bool locked); /* false: it cannot be persisted */

/* ---- lock.c, for people.c ---- */

#define LOCK_WRONG_MAX 5
bool lock_save(struct dt_phone *ph); /* false: it cannot be persisted */
struct ph_lock;
bool lock_hash(const struct ph_lock *l, const char *pin, uint8_t out[32]);
bool lock_fits(const struct dt_phone *ph, const char *pin); /* long enough for the site's policy */
bool lock_take(struct dt_phone *ph, const char *pin);	    /* this PIN opens it from now on */
void lock_report(struct dt_phone *ph, const char *what, const char *found);

#endif
