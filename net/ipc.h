/* net/ipc.h: questions, answers and orders between our own processes, over socket pairs.
 *
 *     length | number | kind | fields ...
 *       32       64      16
 *
 * The length counts the whole message.  The pairs are SOCK_SEQPACKET: the kernel keeps a message together, so that a
 * process killed in the middle of one leaves nothing half-read to its successor.  A message that is shorter or longer
 * than it says is refused.  An answer carries its question's number: answers may come in any order, and one to a question
 * that was given up is thrown away.
 *
 * Fields: as in base/fields.h.
 */
#ifndef DIALTONE_NET_IPC_H
#define DIALTONE_NET_IPC_H

#include <sys/queue.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/fields.h"
#include "net/loop.h"

#define IPC_MAX ((size_t)160 * 1024) /* below what a socket pair takes at once with the kernel's own buffer sizes */
#define IPC_HEAD 14

bool ipc_pair(int fd[2]); /* non-blocking, close-on-exec */

/* ---- composing and reading ----------------------------------------------------------------------------------- */

void ipc_begin(struct buf *b, uint64_t number, unsigned kind);
bool ipc_end(struct buf *b); /* writes the length; false: out of memory or too long */

struct ipc_message {
	uint64_t number;
	unsigned kind;
	struct rd body;
};
bool ipc_read(const void *p, size_t n, struct ipc_message *ret); /* false: not a whole message */

/* ---- asking -------------------------------------------------------------------------------------------------- */

/* Many questions may be under way at once; nobody waits.  m: the answer, of the same kind as the question; it holds until
 * the function returns, and is wiped then.  NULL: none came in time, or the other side is gone. */
typedef void ipc_answered(void *arg, struct ipc_message *m);

struct ipc_question;
struct ipc_caller {
	struct loop_fd watch;
	struct loop_timer late;
	void (*gone)(void *arg); /* the other end closed for good; may be NULL */
	/* A message with the number 0 answers nothing: the other side tells something by itself.  May be NULL. */
	void (*pushed)(void *arg, struct ipc_message *m);
	void *arg;
	uint64_t number; /* of the last question: starts at random, so that no caller gets its predecessor's answer */
	uint8_t *in;	 /* IPC_MAX octets */
	TAILQ_HEAD(ipc_waiting, ipc_question) waiting; /* for an answer, by their deadline */
	TAILQ_HEAD(, ipc_question) unsent;  /* the socket is full: in the order in which they were asked */
};
bool ipc_caller_init(struct ipc_caller *c, struct loop *l, int fd); /* borrows fd */
void ipc_caller_clear(struct ipc_caller *c); /* open requests are answered with NULL; wipes; does not close */
/* q: begun with number 0, not yet ended; it is sent under a number of its own, or as soon as the other side takes it, and
 * wiped.  fn is called exactly once, mostly from the loop; NULL: nobody waits for an answer, the question keeps the number 0,
 * which says that none is wanted, and it is sent however late that is. */
void ipc_ask(struct ipc_caller *c, struct buf *q, unsigned ms, ipc_answered *fn, void *arg);

/* For how many ms at least so many questions have been waiting for their answers; 0: fewer wait. */
uint64_t ipc_behind_ms(const struct ipc_caller *c, unsigned questions);

/* ---- being asked ---------------------------------------------------------------------------------------------- */

struct ipc_server {
	struct loop_fd watch;
	/* *m holds until it returns, and is wiped then; it does not clear `from`. */
	void (*message)(void *arg, struct ipc_server *from, struct ipc_message *m);
	void (*gone)(void *arg, struct ipc_server *from); /* the other end closed; may be NULL */
	void *arg;
	uint8_t *in; /* IPC_MAX octets */
	TAILQ_HEAD(, ipc_letter) unsent; /* the other side does not read: as many as it has asked */
};
bool ipc_server_init(struct ipc_server *s, struct loop *l, int fd,
		     void (*message)(void *arg, struct ipc_server *from, struct ipc_message *m), void *arg);
void ipc_server_clear(struct ipc_server *s); /* does not close */
/* Ends and sends b, at once or as soon as the other side takes it, and wipes it.  false: it cannot be sent. */
bool ipc_server_send(struct ipc_server *s, struct buf *b);
/* The same without a loop: one that the other side does not take now is lost. */
bool ipc_send(int fd, struct buf *b);

#endif
