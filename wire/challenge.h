/* wire/challenge.h: the challenges in WWW-Authenticate and Proxy-Authenticate (RFC 9110 11.6.1). */
#ifndef DIALTONE_WIRE_CHALLENGE_H
#define DIALTONE_WIRE_CHALLENGE_H

#include "wire/msg.h"

/* The first challenge of `scheme` (any case) in the fields of that name: *ret is what stands behind the scheme, a token68 or the
 * first parameter, a view of the message; n 0 when the scheme stands alone.  false: there is none. */
bool challenge_find(const struct msg *m, const char *field, struct sv scheme, struct sv *ret);

#endif
