/* server/vault/ipc.h: the vault's questions over a socket pair: a struct vault_link at the worker's end, a reader and a writer of
 * messages at the vault's.
 *
 *     question    the fields of its row          answer    status(16) | why (string) | the reply's fields, when there are any
 *
 * A question has two seconds, then its answer is VAULT_LATE; the worker serves everybody else meanwhile.  It is never sent
 * twice: an attempt that was lost with a killed vault counts as lost, not as two.  The supervisor keeps both ends, so that a
 * new vault goes on where the old one died and the workers see no more than a pause.
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
/* Borrows fd; fills *ret.  gone(arg): the vault's end was closed for good.  NULL: out of memory. */
struct vault_client *vault_client_new(struct loop *l, int fd, void (*gone)(void *arg), void *arg, struct vault_link *ret);
/* For how long several questions have been waiting: the vault has more to do than it can. */
uint64_t vault_client_behind_ms(const struct vault_client *c);
void vault_client_free(struct vault_client *c); /* open questions are answered with VAULT_LATE */

/* The vault tells each worker its vault_changes(): when it is another one, and every few seconds.  A worker that has heard
 * nothing for VAULT_SILENT_MS asks at every REGISTER. */
#define VAULT_REPORT_MS 5000
#define VAULT_SILENT_MS 300000
void vault_changes_write(struct buf *b, uint64_t changes); /* a message, not yet ended */

void vault_ask_write(struct buf *b, uint64_t number, const struct vault_ask *q); /* a message, not yet ended */
/* false: it is no question.  Views of *ret point into the message. */
bool vault_ask_read(struct ipc_message *m, struct vault_ask *ret);
void vault_reply_write(struct buf *b, uint64_t number, const struct vault_reply *r);
/* false: it is no answer; *ret holds nothing then. */
bool vault_reply_read(struct ipc_message *m, struct vault_reply *ret);
bool vault_changes_read(struct ipc_message *m, uint64_t *ret); /* false: it is no such message */

#endif
