/* server/web/web.h: HTTP request in, answer out, no socket inside.  Nothing here waits: a request that needs the vault is answered
 * when the vault has answered.
 *
 * web_handle() routes to Certificate Provisioning, Web Ticket Service, the anonymous root chain and the update service
 * (server/web/update.c).  The caller has scanned the message (wire/msg.h) and frames the answer.
 */
#ifndef DIALTONE_SERVER_WEB_H
#define DIALTONE_SERVER_WEB_H

#include "server/location/seen.h"
#include "server/site/health.h"
#include "server/site/site.h"
#include "server/vault/vault.h"
#include "wire/msg.h"

struct web;
struct web_conn; /* state of one connection: NTLM (RFC 4559 binds it to the connection) */

struct web_conf {
	const struct site *site;
	const struct vault_link *vault;
	const uint8_t (*binding)[16]; /* ntlm_channel_binding() of the certificates inside and outside; NULL: there are none */
	struct sv chain_pem;  /* the web server's own chain, leaf first, root included: the root chain download */
	struct sv trusted_pem; /* what else TrustedCACerts may name; looked at while InferCertChainFromSSL is off */
	const char *files;    /* folder of the update store (images), opened read-only */
	const struct health *health;  /* NULL: always ready */
	const struct seen_link *seen; /* reports of phones go there; NULL: nowhere */
	const char *logs;     /* folder for device logs and the audit log; NULL: none are kept */
};
struct web *web_new(const struct web_conf *c); /* NULL: out of memory, or TrustedCACerts names what is not there */
void web_free(struct web *w);
struct web_conn *web_conn_new(void);
void web_conn_free(struct web_conn *c);

struct web_request {
	const struct msg *m;
	struct sv body;	     /* whole, and dechunked */
	bool tls, outside;
	const char *peer; /* true address as text */
	int64_t unix_s;
	uint64_t mono_ms; /* when it came: for the phone's journey */
};
struct web_answer {
	unsigned status;
	char type[96];	     /* Content-Type; "" : none */
	struct buf headers;  /* further header lines, each with CRLF */
	struct buf body;
	int file;	     /* >= 0: the body is this open file instead, from file_at, file_n octets; the caller closes it */
	uint64_t file_at, file_n;
	bool close; /* close the connection behind it */
};
/* Called once with the answer, perhaps before web_handle() returns; never when the connection's web_conn_free() comes first.
 * *a is lent: parts to be kept must be taken out of it, and left zero (file: -1).
 * HEAD is answered like GET: the caller frames it with its length and leaves the body out. */
typedef void web_done(void *arg, struct web_answer *a);
/* One request of a connection at a time.  What the texts of q->m, q->body and q->peer point to must stay until done. */
void web_handle(struct web *w, struct web_conn *c, const struct web_request *q, web_done *done, void *arg);
void web_answer_clear(struct web_answer *a); /* frees, closes the file if it is still there */
struct web_side {
	bool tls, outside;
};
/* Body limit for this head, before the body is read: 64 KB, more for device logs; 0: refuse (*status says why, with these headers):
 * outside, a long log needs credentials before its first octet. */
size_t web_body_max(struct web *w, const struct web_conn *c, const struct msg *head, const struct web_side *side, unsigned *status,
		    struct buf *headers);

#endif
