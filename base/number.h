/* base/number.h: telephone numbers and extensions as people type them, and their normal form.
 *
 * A number is digits, with one '+' in front when it is global (E.164: a country code, 15 digits at most).  Between the
 * digits stand what RFC 3966 5.1.1 calls visual separators, "-", ".", "(" and ")", and what people write besides: spaces,
 * tabs and "/".  They mean nothing and are left out.  "tel:" may come first and ";ext=" with an extension last
 * (RFC 3966 3), as Lync writes a user's LineURI.
 *
 *     typed                           global            local
 *     +1 (425) 555-0123               +14255550123
 *     tel:+14255550123;ext=4411       +14255550123      4411
 *     14255550123;ext=4411            +14255550123      4411      only a whole number has an extension behind it
 *     4411                                              4411      an extension, or a number as it is dialled
 */
#ifndef DIALTONE_BASE_NUMBER_H
#define DIALTONE_BASE_NUMBER_H

#include "base/sv.h"

#define NUMBER_TEXT_MAX 17    /* '+', 15 digits and a NUL */
#define LOCAL_TEXT_MAX 24     /* a dialled number has the access prefix in front */
#define EXTENSION_TEXT_MAX 16 /* of a user */

struct number {
	char global[NUMBER_TEXT_MAX]; /* "+" and digits, or "" */
	char local[LOCAL_TEXT_MAX];   /* digits, or "" */
};

/* NULL, or what is wrong: a static sentence ("it has no digit").  *ret is untouched on failure. */
const char *number_read(struct sv s, struct number *ret);

/* Digits only, 1 to 15 of them. */
bool extension_check(struct sv s);

#endif
