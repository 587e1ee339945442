/* server/web/internal.h: what the handlers of the Web Services and of the update service share. */
#ifndef DIALTONE_SERVER_WEB_INTERNAL_H
#define DIALTONE_SERVER_WEB_INTERNAL_H

#include "server/web/web.h"
#include "wire/update.h"

struct web {
	struct web_conf conf; /* chain_pem points into `pem` */
	struct buf pem, p7;
	struct buf p7_outside; /* the authorities alone: the server's own certificate carries internal names */
	unsigned captured; /* bodies kept since the start: web_capture() */
};

/* NTLM proves a connection, not a message (RFC 4559). */
struct web_conn {
	enum { WINDOWS_NOT_YET, WINDOWS_CHALLENGED, WINDOWS_PROVED } windows;
	uint64_t challenge; /* names our challenge to the vault */
	struct vault_login login;
};

struct web_call { /* one request on its way through a handler */
	struct web *w;
	struct web_conn *c;
	const struct web_request *q;
	struct web_answer *a;
	struct sv path, query; /* of the target; path not decoded */
	struct sv rest;	       /* what follows a route that ends in a slash */
	struct soap_frame frame; /* how the question came: web_soap() */
	const char *action;	 /* of the SOAP answer that is composed; NULL: it is none */
};
typedef void web_handler(struct web_call *k);

web_handler web_certprov_mex, web_wts_mex;	    /* metadata.c */
web_handler web_wts_windows, web_wts_pin, web_wts_cert; /* ticket.c */
bool web_pin_taken(const struct web_call *k);	    /* ticket.c: PINs are taken on this side */
web_handler web_cert, web_chain, web_chain_p7b;	    /* cert.c, chain.c */
bool web_chain_outside(struct sv chain_pem, struct buf *p7); /* chain.c; no authority in it: *p7 stays empty */
bool web_chain_named(const struct web_conf *c, struct buf *pem); /* chain.c: those of TrustedCACerts */
web_handler web_update, web_update_file;	    /* update.c, files.c */

/* reply.c */
void web_reply(struct web_call *k, unsigned status, const char *type); /* and the body is the caller's to add */
void web_soap_reply(struct web_call *k, unsigned status, const char *action); /* the same, in the asker's envelope */
void web_header(struct web_call *k, const char *name, const char *value);
void web_plain(struct web_call *k, unsigned status, const char *text); /* a line for a human */
struct sv web_query(const struct web_call *k, const char *name);       /* ?name=value; p == NULL: absent */

/* windows.c: true when this connection has proved an account of ours; false: the answer is composed already. */
bool web_windows(struct web_call *k);

/* fault.c: the table of [web-services 12.2] */
enum web_fault {
	FAULT_NO_TOKEN,	 /* 28020: wrong, locked, expired, missing: all alike */
	FAULT_METHOD,	 /* 28029 */
	FAULT_TICKET,	 /* 28032 */
	FAULT_USER,	 /* 28000 in SOAP */
	FAULT_WINDOWS_USER, /* 28000 by HTTP 403 */
	FAULT_REMOTE,	 /* not from outside */
	FAULT_INTERNAL,	 /* 28001 */
	FAULT_CLAIM, FAULT_AUDIENCE,
	FAULT_CLIENT	 /* XML that we cannot read, or another action */
};
void web_fault(struct web_call *k, enum web_fault f, const char *why); /* why: for our log; for FAULT_CLIENT also told */
enum web_fault web_fault_of(enum vault_status st);

/* soap_in.c: content type, action, XML. NULL: the answer is composed already. `actions`: those that are this operation's,
 * NULL ends; NULL itself: any is borne. */
xmlDocPtr web_soap(struct web_call *k, const char *const *actions);

/* capture.c: what nobody could read is kept, so that a true trace can be made; secrets masked when `mask`. */
void web_capture(struct web_call *k, const char *kind, bool mask);
void web_mask(struct buf *to, struct sv body); /* text and values without what they say: letters x, digits 9 */

/* ---- the update service ---- */

/* outside.c: inside true.  Outside, when somebody with remote access has proved himself; else the answer is composed. */
bool update_may_ask(struct web_call *k);

void update_log(struct web_call *k); /* logs.c: a device's log */
/* audit.c: one line a question [update-service 5] */
void update_audit(const struct web_call *k, const struct update_question *q, const struct update_answer *a);
bool update_folder(const char *logs, const char *below, char *path, size_t cap); /* makes logs/below, a/b/c */

#endif
