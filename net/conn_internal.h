/* net/conn_internal.h: one connection, for the five files that share it, the upper ones first: conn_new.c (what the loop
 * calls), conn_in.c (what comes in), conn.c (its life, what goes out), conn_file.c (a file that goes out), conn_fail.c (its failure).
 */
#ifndef DIALTONE_NET_CONN_INTERNAL_H
#define DIALTONE_NET_CONN_INTERNAL_H

#include "net/conn.h"

#define CONN_PIECE 16384

enum phase { PROXY_HEAD, FIRST_OCTET, HANDSHAKE, OPEN, FLUSHING, LINGERING, DEAD };

struct conn {
	struct conn_conf conf;
	struct loop_fd watch;
	struct loop_timer timer;
	struct tls *tls;
	struct buf head, out; /* head: the PROXY head, as far as it has come */
	size_t sent;	      /* of out */
	struct {
		int fd; /* -1: none */
		uint64_t at, n; /* of what is left */
		uint64_t turn;	/* octets in this turn of the loop */
	} file; /* it goes out behind `out` */
	size_t seen;	      /* of the hello, without reading it */
	enum phase phase;
	bool stranger; /* admission let its handshake begin as that of a stranger */
	uint64_t ask_at; /* FIRST_OCTET: when admission is asked again, and nothing is read before; UINT64_MAX: when something comes */
	uint64_t hello_at, stall_at, linger_at, owner_at;
	unsigned depth; /* callbacks that run: nothing is freed under them */
	bool paused, ended, reset;
	bool again; /* something waits that no descriptor will announce */
	bool report_sent;  /* the owner waits for the queue to be empty */
	const char *why;
	char *why_text; /* why, where it had to be put together; else NULL */
	struct hold hold; /* of what its address may hold */
	size_t base, own; /* octets that it holds without what waits to be sent; that its owner holds */
	char address[NET_ADDRESS_MAX];
	uint16_t port;
};

/* conn_fail.c */
void conn_fail(struct conn *c, const char *why, bool reset);
void conn_fail_because(struct conn *c, const char *what, const char *detail);
void conn_drain(struct conn *c); /* out of the engine, into the queue */

/* conn.c */
void conn_flush(struct conn *c);
void conn_settle(struct conn *c);
bool conn_share(struct conn *c); /* false: its address holds its share */
uint64_t conn_deadline(const struct conn *c);
void conn_report_sent(struct conn *c); /* tells the owner that the queue is empty, if it waits for that */
void conn_settle_or_destroy(struct conn *c); /* the end of what the loop calls */

/* conn_file.c */
void conn_file_end(struct conn *c);
bool conn_file_more(struct conn *c); /* false: not now, or it has failed */

/* conn_in.c */
void conn_opened(struct conn *c);
void conn_deliver(struct conn *c); /* plaintext out of the engine, as long as the owner takes it */
void conn_receive(struct conn *c); /* what the descriptor has */

#endif
