/* server/vault/sync.h: this front end and the others of its pool tell each other, through the store, of bindings and orders.
 *
 * A thread with a connection of its own to the store: neither the vault's questions nor its loop wait for it.  A few times a second
 * it looks at two counts of the store, and reads the rows behind the last one that it has seen.  Nothing is lost when a
 * connection breaks, as a notification would be: all is told and read anew.  Each front end counts in its own row that it runs; a
 * front end whose count has stood still for ten seconds does not run, and its bindings are forgotten.
 */
#ifndef DIALTONE_SERVER_VAULT_SYNC_H
#define DIALTONE_SERVER_VAULT_SYNC_H

#include <stdatomic.h>

#include "net/loop.h"
#include "server/site/health.h"
#include "server/site/site.h"

struct vault_sync;
struct vault_sync_conf {
	const struct site *site; /* its store is PostgreSQL */
	struct loop *loop;
	int fd;		    /* the location process's end: server/location/far_link.h; -1: none */
	struct health *health; /* what it learns of the store; NULL: nobody looks */
};
/* Starts it; NULL: out of memory or threads. */
struct vault_sync *vault_sync_new(const struct vault_sync_conf *c);
void vault_sync_free(struct vault_sync *s);
/* store_ops.changes, as it was read last; false: it was never read.  While the store does not answer it stands still: nobody can
 * have changed what those who are registered were admitted with, that this front end could know of. */
bool vault_sync_changes(const struct vault_sync *s, uint64_t *ret);

#endif
