/* server/location/far_link.h: the location process's way to the pool's other front ends: through its vault, which has the store.
 *
 * The location process asks (net/ipc.h): FAR_HELLO, "a new one, which has told nothing yet", and FAR_BATCH, bindings to be written,
 * answered when they are.  The vault tells: FAR_ANEW, "whatever was told does not count, tell all that you hold"; FAR_ROWS, bindings
 * of others; FAR_LOST, one of them does not run; FAR_ORDER, what phones of this user are told.
 */
#ifndef DIALTONE_SERVER_LOCATION_FAR_LINK_H
#define DIALTONE_SERVER_LOCATION_FAR_LINK_H

#include "base/fields.h"
#include "net/loop.h"
#include "server/location/location.h"

enum far_kind { FAR_HELLO = 1, FAR_BATCH, FAR_ANEW, FAR_ROWS, FAR_LOST, FAR_ORDER };

#define FAR_BATCH_MAX 64 /* their message is below IPC_MAX */

struct far_batch {
	struct location_far *row; /* on the heap */
	unsigned n;
};
struct far_order {
	char aor[256];
	enum location_order order;
	unsigned diag;
	char reason[128];
};
struct far_lost {
	char front_end[256];
};
extern const struct field far_batch_fields[], far_order_fields[], far_lost_fields[];

struct far_link;
/* order(): an order for this front end's phones.  NULL: out of memory. */
struct far_link *far_link_new(struct loop *l, int fd, struct location *location, const char *front_end,
			      void (*order)(void *arg, const struct far_order *o), void *arg);
void far_link_free(struct far_link *f);

#endif
