/* net/http_server.h: HTTP/1.1 connections around a function from request to answer (RFC 9110, RFC 9112).
 *
 * The function may answer later; the connection, and no other, waits for it.  It frames: heads and bodies by Content-Length or in chunks, 100-continue, keep-alive, pipelined requests one after the
 * other, HEAD, file bodies in pieces.  It bounds: heads by MSG_HEAD_MAX, bodies by body_max(), everything by deadlines
 * that a trickle does not move.  What a request means is the service's business.
 */
#ifndef DIALTONE_NET_HTTP_SERVER_H
#define DIALTONE_NET_HTTP_SERVER_H

#include "net/conn.h"
#include "wire/msg.h"

struct http_conn;

#define HTTP_LATER 0
struct http_answer { /* starts as {.file = -1} */
	unsigned status; /* HTTP_LATER: http_conn_answer() will bring it, with its headers; those here are dropped */
	char type[96];	    /* Content-Type; "": none */
	struct buf headers; /* further header lines, each with CRLF */
	struct buf body;
	int file; /* >= 0: the body is this file, from file_at, file_n octets; closed by the server */
	uint64_t file_at, file_n;
	bool close;
};

struct http_service {
	void *(*open)(void *arg, struct http_conn *c); /* a connection's own state; NULL: none could be made, it ends */
	void (*gone)(void *arg, void *state);
	/* The body that this head may have; 0: none is taken, *status (400 when left alone) is the answer, with these headers. */
	size_t (*body_max)(void *arg, void *state, const struct msg *head, unsigned *status, struct buf *headers);
	/* Everything is borrowed until the request is answered, or gone() is called; body: whole, out of its chunks. */
	void (*request)(void *arg, void *state, const struct msg *m, struct sv body, struct http_answer *ret);
	/* A connection with TLS ended before the first octet of a request: why the handshake failed, or NULL when the peer left
	 * behind it.  May be NULL. */
	void (*wordless)(void *arg, struct http_conn *c, const char *why);
};

struct http_server_conf {
	struct loop *loop;
	const struct http_service *service;
	void *arg;
	unsigned idle_ms; /* between requests; 0: 60 s; before the first, no longer than head_ms */
	unsigned head_ms; /* for a head, from its first octet; 0: 10 s */
	struct shares *shares; /* of the peers' addresses; NULL: no limit */
	unsigned body_ms; /* for a body, and a second more for every 4 KB; 0: 20 s */
};

struct http_server { /* the owner's; its insides are http_server.c's */
	struct http_server_conf conf;
	struct http_conn *first;
	unsigned n; /* connections there are */
	bool draining;
};
void http_server_init(struct http_server *s, const struct http_server_conf *conf);
/* Takes the descriptor. */
void http_server_take(struct http_server *s, int fd, const struct sockaddr_storage *from, const struct conn_kind *kind,
		      const void *tag);
void http_server_drain(struct http_server *s); /* idle connections end, the others behind their answer */
void http_server_reset(struct http_server *s); /* all end now; they are gone when the loop has run */

/* The answer to a request that was left with HTTP_LATER; *a is emptied.  Nothing is read meanwhile; the owner has a deadline. */
void http_conn_answer(struct http_conn *c, struct http_answer *a);

struct conn *http_conn_conn(struct http_conn *c);
const char *http_reason(unsigned status); /* "Not Found" */
const void *http_conn_tag(const struct http_conn *c); /* as given to http_server_take() */

#endif
