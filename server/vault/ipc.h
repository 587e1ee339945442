/* server/vault/ipc.h: the vault's questions over a socket pair: struct vault_ops at the worker's end, a server at the
 * vault's.
 *
 * A call waits two seconds, then it is VAULT_UNAVAILABLE.  A question is never sent twice: an attempt that was lost with a
 * killed vault counts as lost, not as two.  The supervisor keeps both ends, so that a new vault goes on where the old one
 * died and the workers see no more than a pause.
 *
 * The vault's end trusts nobody: a message that is not exactly a question is dropped without an answer, and a question
 * gets no more than the vault would tell anyone.
 */
#ifndef DIALTONE_SERVER_VAULT_IPC_H
#define DIALTONE_SERVER_VAULT_IPC_H

#include "net/ipc.h"
#include "server/vault/vault.h"

#define VAULT_DEADLINE_MS 2000

struct vault_client;
struct vault_client *vault_client_new(int fd, struct vault_ops *ret); /* borrows fd; fills *ret; NULL: out of memory */
void vault_client_free(struct vault_client *c);

/* Answers one question: *answer is a message begun with the question's number and kind, not yet ended.  false: it is no
 * question, *answer is empty. */
bool vault_answer(const struct vault_ops *vault, struct ipc_message *q, struct buf *answer);

#endif
