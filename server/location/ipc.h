/* server/location/ipc.h: the location process's questions and orders between processes.
 *
 * A worker has two socket pairs to it.  Through the first it asks; on the second come orders, which it answers by a message of
 * the same number and kind, without a body, when its Registrar has acted.  When a new location process takes over (the old one
 * was killed), it asks on the second pair for all that the worker holds, and nothing is lost.
 */
#ifndef DIALTONE_SERVER_LOCATION_IPC_H
#define DIALTONE_SERVER_LOCATION_IPC_H

#include "net/ipc.h"
#include "server/location/location.h"

#define LOCATION_DEADLINE_MS 2000
#define LOCATION_KEEP_MS 1000 /* a refresh that changes nothing is reported so much later at most: LOCATION_KEEP has no answer */

enum location_push { LOCATION_P_ORDER = 64, LOCATION_P_REPLAY };

/* ---- the worker's end ---- */
struct location_client;
/* Borrows fd, fills *ret, and says at once that this worker starts empty.  gone(arg): the other end was closed for good.
 * NULL: out of memory. */
struct location_client *location_client_new(struct loop *l, int fd, void (*gone)(void *arg), void *arg,
					    struct location_link *ret);
/* A link for what this process saw.  It never waits: while the location process does not read, what is seen is lost. */
void location_client_seen(struct location_client *c, struct seen_link *ret);
void location_client_free(struct location_client *c); /* open requests are answered: not in time */

/* ---- messages ---- */
void location_ask_write(struct buf *b, uint64_t number, const struct location_ask *q); /* not yet ended */
bool location_ask_read(struct ipc_message *m, struct location_ask *ret); /* false: it is no question */
void location_reply_write(struct buf *b, uint64_t number, const struct location_reply *r);
bool location_reply_read(struct ipc_message *m, struct location_reply *ret); /* false: no answer; *ret holds nothing */
bool location_notice_read(struct rd *body, struct location_notice *ret); /* whole, or false */
void location_notice_put(struct buf *b, const struct location_notice *n);

#endif
