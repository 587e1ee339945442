/* base/clock.h: the two clocks.
 *
 * `mono` counts milliseconds and never jumps: deadlines.  `unix` is seconds since 1970, UTC: the time of
 * certificates, tickets and logs.  Nothing in wire/, auth/, phone/ or the server's handlers reads a clock: their
 * caller passes the time.
 */
#ifndef DIALTONE_BASE_CLOCK_H
#define DIALTONE_BASE_CLOCK_H

#include <stdint.h>

uint64_t clock_mono_ms(void);
int64_t clock_unix_ms(void);

#endif
