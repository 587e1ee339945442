/* server/vault/pool.h: the vault's threads: many questions at once, each answered whole by one thread.
 *
 * Signatures, XML and hashes are computed beside each other; the store has its own order (store_shared()).  Answers go out
 * from the loop's thread, as they come.
 */
#ifndef DIALTONE_SERVER_VAULT_POOL_H
#define DIALTONE_SERVER_VAULT_POOL_H

#include "net/ipc.h"
#include "net/loop.h"

struct vault;
struct vault_pool;

/* NULL: out of memory, descriptors or threads. */
struct vault_pool *vault_pool_new(struct loop *l, struct vault *v, unsigned threads);
/* A question that came: it is copied.  One that waits for longer than its worker does is not answered at all. */
void vault_pool_ask(struct vault_pool *p, struct ipc_server *from, const struct ipc_message *m);
void vault_pool_free(struct vault_pool *p); /* answers under way are finished, and not sent; before the servers end */

#endif
