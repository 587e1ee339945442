/* host/handset.h: the socket by which people act on a running phone: DIR/handset in the folder of its state.
 *
 * Mode 0600, and the peer's credentials are checked besides: root, or the user that the phone runs as.  One question a
 * connection: a line, at most HANDSET_LINE octets, answered by a line.  A peer that does not ask within five seconds is
 * disconnected; at most eight are served at a time.  Lines may carry secrets: the buffers are wiped.
 */
#ifndef DIALTONE_HOST_HANDSET_H
#define DIALTONE_HOST_HANDSET_H

#include "base/buf.h"
#include "base/why.h"
#include "host/host.h"

#define HANDSET_NAME "handset"
#define HANDSET_LINE 2048

struct handset;

/* The phone's end.  ask: the question without its line end, NUL-terminated; it writes the answer, without one.  0, or -errno
 * with *why. */
int handset_open(struct host *h, void (*ask)(void *arg, char *line, struct buf *answer), void *arg, struct handset **ret, struct why *why);
void handset_close(struct handset *s); /* removes the socket; NULL is fine */

/* The other end: the answer to one question; waits at most ten seconds.  -ENOENT, -ECONNREFUSED: no phone runs there. */
int handset_ask(const char *dir, const char *line, struct buf *answer, struct why *why);

#endif
