/* confine/capabilities.h: the rights of root, one by one (capabilities(7)). */
#ifndef DIALTONE_CONFINE_CAPABILITIES_H
#define DIALTONE_CONFINE_CAPABILITIES_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/why.h"

#define CAPABILITY(n) (UINT64_C(1) << (n)) /* n: a CAP_... of capabilities(7) */

/* No program that this process may start gets any.  Only root with CAP_SETPCAP can; a service manager that took that away has
 * bounded us itself. */
void capabilities_unbound(void);
/* Of the calling thread: those of `keep` that it has remain, permitted and effective; all others go.  0 or -errno. */
int capabilities_keep(uint64_t keep);

/* Root becomes that user for good, and keeps no more than `keep`; a caller that is not root loses capabilities only.  No new privileges, and
 * nobody of the same user may look into the process's memory.  To be called before there are threads.  false: *why. */
bool become_user(uid_t uid, gid_t gid, uint64_t keep, struct why *why);

#endif
