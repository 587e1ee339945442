/* auth/pin.h: which PINs are allowed, and when guessing ends [web-services 14.1, 14.2].  Pure rules. */
#ifndef DIALTONE_AUTH_PIN_H
#define DIALTONE_AUTH_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sv.h"

#define PIN_DIGITS_MIN 4 /* the range of MinPasswordLength; no PIN is longer than its end */
#define PIN_DIGITS_MAX 24
#define PIN_WINDOW 1800 /* seconds: "failures in the 30 minutes from the first attempt" */
#define PIN_LOCK 3600	/* "locked for 1 hour, even with the right PIN" */
#define PIN_PAUSE_MAX 64 /* seconds, between attempts with a password that has been wrong often */

struct pin_policy { /* New-CsPinPolicy */
	unsigned min_length;
	bool allow_common;
	unsigned lifetime, history, attempts; /* days, 0: for ever; PINs; 0: by the length */
};
/* NULL when allowed, else why not: a sentence. number ("+14255550123") and extension are the user's own. */
const char *pin_check_policy(struct sv pin, const struct pin_policy *p, struct sv number, struct sv extension);

struct pin_limits {
	unsigned local, global;
	unsigned free; /* so many failures cost no time; each further one a pause that doubles; 0: there are no pauses */
};
/* By the PIN's length; maximum (MaximumLogonAttempts) replaces the local one when it is not 0. */
struct pin_limits pin_limits(unsigned length, unsigned maximum);

struct pin_counters {
	unsigned local, global;
	int64_t local_since, locked_until; /* 0: none */
};
/* Of a password: as of the longest PIN, and with pauses, since no specification says how many attempts a second it must bear. */
struct pin_limits password_limits(void);
enum pin_gate { PIN_OPEN, PIN_PAUSED, PIN_LOCKED, PIN_LOCKED_GLOBAL };
enum pin_gate pin_gate(const struct pin_counters *c, struct pin_limits l, int64_t now);
/* An attempt, before anything is checked: counted as a failure.  PIN_OPEN: it may be checked. */
enum pin_gate pin_attempt(struct pin_counters *c, struct pin_limits l, int64_t now);
void pin_success(struct pin_counters *c); /* that attempt was none: the local counter starts again */
void pin_retract(struct pin_counters *c, struct pin_limits l); /* it was meant for another user of the same number */
void pin_unlock(struct pin_counters *c); /* the administrator's */

#endif
