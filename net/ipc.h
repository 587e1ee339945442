/* net/ipc.h: questions, answers and orders between our own processes, over socket pairs.
 *
 *     length | number | kind | fields ...
 *       32       64      16
 *
 * The length counts the whole message.  The pairs are SOCK_SEQPACKET: the kernel keeps a message together, so that a
 * process killed in the middle of one leaves nothing half-read to its successor.  A message that is shorter or longer
 * than it says is refused.  An answer carries its question's number; a late answer to a question that was given up is
 * thrown away by it.
 *
 * Fields: numbers in network order; octets and strings with a 32-bit length before them.
 */
#ifndef DIALTONE_NET_IPC_H
#define DIALTONE_NET_IPC_H

#include "base/buf.h"
#include "base/cursor.h"
#include "net/loop.h"

#define IPC_MAX ((size_t)160 * 1024) /* below what a socket pair takes at once with the kernel's own buffer sizes */
#define IPC_HEAD 14

bool ipc_pair(int fd[2]); /* non-blocking, close-on-exec */

/* ---- composing and reading ----------------------------------------------------------------------------------- */

void ipc_begin(struct buf *b, uint64_t number, unsigned kind);
void ipc_put(struct buf *b, unsigned octets, uint64_t v);
void ipc_put_octets(struct buf *b, const void *p, size_t n);
void ipc_put_str(struct buf *b, const char *s);
bool ipc_end(struct buf *b); /* writes the length; false: out of memory or too long */

struct ipc_message {
	uint64_t number;
	unsigned kind;
	struct rd body;
};
bool ipc_read(const void *p, size_t n, struct ipc_message *ret); /* false: not a whole message */
bool ipc_get_flag(struct rd *r); /* one octet; neither 0 nor 1: the cursor fails */
struct sv ipc_get_octets(struct rd *r);
void ipc_get_str(struct rd *r, char *out, size_t cap); /* longer, or with a NUL inside: the cursor fails */
void ipc_get_buf(struct rd *r, struct buf *to);	       /* appends */

/* ---- asking, and waiting for the answer ---------------------------------------------------------------------- */

struct ipc_client {
	int fd;		 /* borrowed */
	uint64_t number; /* of the last question: starts at random, so that no client gets its predecessor's answer */
	uint8_t *in;	 /* IPC_MAX octets */
};
bool ipc_client_init(struct ipc_client *c, int fd);
void ipc_client_clear(struct ipc_client *c); /* wipes; does not close */
/* q: begun with number 0, not yet ended; it is sent under a number of its own.  The answer must be of the same kind; *ret
 * points into the client until the next call.  false after `ms` without one, or when the peer is gone. */
bool ipc_ask(struct ipc_client *c, struct buf *q, unsigned ms, struct ipc_message *ret);

/* ---- being asked ---------------------------------------------------------------------------------------------- */

struct ipc_server {
	struct loop_fd watch;
	/* *m holds until it returns, and is wiped then; it does not clear `from`. */
	void (*message)(void *arg, struct ipc_server *from, struct ipc_message *m);
	void (*gone)(void *arg, struct ipc_server *from); /* the other end closed; may be NULL */
	void *arg;
	uint8_t *in; /* IPC_MAX octets */
};
bool ipc_server_init(struct ipc_server *s, struct loop *l, int fd,
		     void (*message)(void *arg, struct ipc_server *from, struct ipc_message *m), void *arg);
void ipc_server_clear(struct ipc_server *s); /* does not close */
/* Ends and sends b, then wipes it.  One that the other side does not read loses it: it asks again or gives up. */
bool ipc_send(int fd, struct buf *b);

#endif
