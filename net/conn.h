/* net/conn.h: one accepted connection on the loop, plain or TLS: its peer, octets in, octets out, deadlines.
 *
 *     [PROXY v2 head] -> [look at the hello] -> [TLS handshake] -> open -> flushing -> lingering -> gone
 *
 * The connection belongs to itself: it ends when the peer, a deadline or its owner ends it, calls gone() once, as the last
 * thing, always from the loop and never from inside a conn_... call, and frees itself.  Until gone() has been called
 * every conn_... call is safe, also from inside a callback.
 */
#ifndef DIALTONE_NET_CONN_H
#define DIALTONE_NET_CONN_H

#include "net/admission.h"
#include "net/listen.h"
#include "net/loop.h"
#include "net/shares.h"
#include "pki/tls.h"

struct conn;

struct conn_events {
	void (*up)(void *arg, struct conn *c); /* the peer is known and, with TLS, the handshake done; may be NULL */
	void (*data)(void *arg, const void *p, size_t n);
	void (*sent)(void *arg);	       /* after conn_notify_sent(): the queue is empty; may be NULL */
	void (*timer)(void *arg);	       /* conn_timer()'s time has come; may be NULL */
	void (*eof)(void *arg);		       /* the peer sends no more; NULL: as if conn_close() had been called */
	void (*gone)(void *arg, const char *why); /* why: NULL for an orderly end, else a sentence */
};

/* Another process takes a connection whose ClientHello cannot do TLS 1.2: nothing of it has been read but the PROXY head. */
struct conn_old {
	bool (*wanted)(void *arg, const char *address); /* is the hello of that peer looked at? */
	bool (*take)(void *arg, int fd, const char *address, uint16_t port); /* borrows fd; false: it cannot be taken now */
	void *arg;
};

/* What a listener says of the connections that it accepts. */
struct conn_kind {
	struct tls_ctx *tls;
	bool proxy;
	const struct conn_old *old;
	struct admission *admission;
};

struct conn_conf {
	struct loop *loop;
	struct tls_ctx *tls; /* NULL: plain.  With TLS, a first octet that opens no handshake is answered by a reset */
	bool proxy;	     /* the PROXY v2 head is demanded */
	const struct conn_old *old; /* with TLS: for what TLS cannot do here; such a connection ends, without a word, as far as its
				     * owner is concerned; NULL: nobody */
	struct admission *admission; /* with TLS: when its handshake may begin; NULL: at once */
	unsigned hello_ms;   /* the PROXY head and the handshake are through by then; 0: 10 s */
	unsigned stall_ms;   /* the peer takes something of what waits for it within this; 0: 30 s */
	struct shares *shares; /* of the peers' addresses; a peer that holds its share is reset, and one may have to give way;
				NULL: no limit */
	size_t queue_max;    /* octets that may wait for the peer; 0: 1 MB; more is the end of the connection */
	const struct conn_events *on;
	void *arg;
};

/* Takes the descriptor (non-blocking) in any case.  from NULL: unknown ("local").  NULL: out of memory, or the peer holds
 * its share already and was reset. Nothing is called
 * before the loop runs. */
struct conn *conn_new(const struct conn_conf *conf, int fd, const struct sockaddr_storage *from);

void conn_write(struct conn *c, const void *p, size_t n);
size_t conn_queued(const struct conn *c);
/* n octets of the file (which is taken) behind what is queued.  Until conn_filing() is false, or sent() has been called, nothing
 * else may be written, and conn_close() is the end at once.  A file that turns out shorter ends the connection by a reset. */
void conn_file(struct conn *c, int fd, uint64_t at, uint64_t n);
bool conn_filing(const struct conn *c);
void conn_notify_sent(struct conn *c);			/* call sent() once, from the loop, when nothing is queued */
void conn_pause(struct conn *c, bool paused);		/* no data() while paused */
void conn_timer(struct conn *c, uint64_t mono_ms);	/* the owner's one deadline; UINT64_MAX: off */
void conn_close(struct conn *c);			/* when everything queued is out; no data() follows */
void conn_reset(struct conn *c, const char *why);	/* at once, by a TCP reset; why: constant text */
bool conn_open(const struct conn *c);			/* not closed, not failed */

/* The owner holds so many octets for this peer, beside what the connection itself takes: counted until the peer has
 * proved who it is.  false: there is not so much for it (net/shares.h). */
bool conn_hold(struct conn *c, size_t octets);
void conn_know(struct conn *c); /* the peer has proved who it is */

const char *conn_address(const struct conn *c); /* the true peer: behind a proxy, who connected to the proxy */
uint16_t conn_port(const struct conn *c);
struct tls *conn_tls(struct conn *c); /* NULL: plain, or before the handshake began */

#endif
