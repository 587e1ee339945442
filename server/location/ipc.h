/* server/location/ipc.h: the location process's questions and orders between processes.
 *
 * A worker has two socket pairs to it.  On the first it asks (put, drop, list) and waits; on the second come orders, which it
 * answers by a message of the same number and kind, without a body, when its Registrar has acted.  The client keeps a copy
 * of its own worker's bindings: when a new location process takes over (the old one was killed), it asks for them on the
 * second pair, and nothing is lost.
 */
#ifndef DIALTONE_SERVER_LOCATION_IPC_H
#define DIALTONE_SERVER_LOCATION_IPC_H

#include "net/ipc.h"
#include "server/location/location.h"

#define LOCATION_DEADLINE_MS 2000

enum location_question { LOCATION_Q_HELLO = 1, LOCATION_Q_PUT, LOCATION_Q_DROP, LOCATION_Q_REPLAY, LOCATION_Q_LIST };
enum location_push { LOCATION_P_ORDER = 64, LOCATION_P_REPLAY };

/* ---- the worker's end: borrows fd; says at once that this worker starts empty; NULL: out of memory ---- */
struct location_client;
struct location_client *location_client_new(int fd, uint32_t worker, struct location_ops *ret);
void location_client_free(struct location_client *c);
/* What came on the second pair.  true: *ret is an order to act on and to answer.  false: done already (the bindings were
 * told again), or nothing that can be read. */
bool location_client_push(struct location_client *c, struct ipc_message *m, struct location_notice *ret);

/* ---- fields ---- */
bool location_notice_read(struct rd *body, struct location_notice *ret); /* whole, or false */
void location_notice_put(struct buf *b, const struct location_notice *n);

/* ---- the location process's end ---- */
/* Answers a question of that worker; *answer as in vault_answer().  *here: the worker has told what it holds. */
bool location_answer(struct location *l, uint32_t worker, struct ipc_message *q, struct buf *answer, bool *here);

#endif
