/* server/web/internal.h: what the handlers of the Web Services and of the update service share. */
#ifndef DIALTONE_SERVER_WEB_INTERNAL_H
#define DIALTONE_SERVER_WEB_INTERNAL_H

#include "server/web/web.h"
#include "wire/update.h"

enum web_rate_kind { WEB_RATE_AUDIT, WEB_RATE_LOG, WEB_RATES };
#define WEB_RATE_PLACES 1024 /* addresses that are remembered */

struct web_rate { /* rate.c */
	uint64_t key; /* of the address */
	int64_t at;
	uint64_t left[WEB_RATES]; /* octets */
};

struct web {
	struct web_conf conf; /* chain_pem points into `pem` */
	struct buf pem, p7;
	struct buf p7_outside; /* the authorities alone: the server's own certificate carries internal names */
	unsigned captured; /* bodies kept since the start: web_capture() */
	struct { /* budget.c */
		uint64_t used, own; /* octets in logs/ when it was measured; written by this process since then */
		int64_t at;
		bool disk; /* the file system has room */
		int64_t cleaned; /* old logs were deleted then */
	} budget;
	struct web_rate rate[WEB_RATE_PLACES];
};

/* NTLM proves a connection, not a message (RFC 4559). */
struct web_conn {
	enum { WINDOWS_NOT_YET, WINDOWS_CHALLENGED, WINDOWS_PROVED } windows;
	uint64_t challenge; /* names our challenge to the vault */
	struct vault_login login;
	struct web_call *call; /* that waits for the vault; NULL: none does */
};

/* One request on its way through a handler.  It outlives its connection: the vault's answer finds it, and nobody else.
 *
 * A handler that asks the vault returns at once and touches the call no more: the answer may have come, and all be over. */
struct web_call {
	struct web *w;
	struct web_conn *c; /* NULL: the connection is gone */
	const struct web_request *q;
	struct web_answer *a;
	struct sv path, query; /* of the target; path not decoded */
	struct sv rest;	       /* the part behind a route that ends in a slash */
	struct soap_frame frame; /* how the question came: web_soap() */
	const char *action;	 /* of the SOAP answer that is composed; NULL: it is none */
	/* what a handler keeps until the answer is there */
	struct soap_issue issue;       /* ticket.c */
	bool routine;		       /* health.c: asked every second, and no answer to it is worth a warning */
	bool basic;		       /* ticket.c: number and PIN came by HTTP Basic */
	char number[64];	       /* ticket.c: as typed */
	struct soap_cert cert;	       /* cert.c */
	struct update_question update; /* update.c */
	struct seen seen;	       /* seen.c: the report on its phone; sent when it has a step */
	bool has_step;
	void (*proved)(struct web_call *k);  /* windows.c */
	void (*allowed)(struct web_call *k); /* outside.c */
	/* ask.c */
	bool waiting;
	unsigned depth;
	void (*then)(struct web_call *k, struct vault_reply *r);
	web_done *done;
	void *done_arg;
	struct web_request request;
	struct msg m;
	struct web_answer answer;
};
typedef void web_handler(struct web_call *k);

web_handler web_certprov_mex, web_wts_mex;	    /* metadata.c */
web_handler web_wts_windows, web_wts_pin, web_wts_cert; /* ticket.c */
bool web_basic_read(const struct web_call *k, char number[256], char pin[256]); /* ticket.c: HTTP Basic over TLS */
web_handler web_pin;				    /* pin.c */
bool web_pin_taken(const struct web_call *k);	    /* ticket.c: PINs are taken on this side */
web_handler web_cert, web_chain, web_chain_p7b;	    /* cert.c, chain.c */
bool web_chain_outside(struct sv chain_pem, struct buf *p7); /* chain.c; no authority in it: *p7 stays empty */
bool web_chain_named(const struct web_conf *c, struct buf *pem); /* chain.c: those of TrustedCACerts */
web_handler web_health;				    /* health.c */
web_handler web_update, web_update_file;	    /* update.c, files.c */

/* reply.c */
void web_reply(struct web_call *k, unsigned status, const char *type); /* and the body is the caller's to add */
void web_soap_reply(struct web_call *k, unsigned status, const char *action); /* the same, in the asker's envelope */
void web_header(struct web_call *k, const char *name, const char *value);
void web_plain(struct web_call *k, unsigned status, const char *text); /* a line for a human */
void web_busy(struct web_call *k); /* 503, with the time to come back */
bool web_is_busy(enum vault_status st); /* the vault has no time, or no store: nothing is wrong with the question */
struct sv web_query(const struct web_call *k, const char *name);       /* ?name=value; p == NULL: absent */

/* ask.c: asks the vault; then() composes the answer, or asks again. */
void web_ask(struct web_call *k, const struct vault_ask *q, void (*then)(struct web_call *k, struct vault_reply *r));
void web_run(struct web_call *k, web_handler *handler); /* and all that follows from it; the call is the function's to free */

/* windows.c: goes on with proved() when this connection has proved an account of ours; else the answer is composed. */
void web_windows(struct web_call *k, void (*proved)(struct web_call *k));

void web_retry_after(struct web_call *k); /* the header: each phone gets another time, so that those that are sent away together do not come back together */

/* elsewhere.c: to the same service of the user's home pool; why: for our log */
void web_elsewhere(struct web_call *k, const struct vault_ticket *t, const char *why);

/* basic.c */
void web_basic_ask(struct web_call *k);			    /* 401 that asks for number and PIN */
void web_basic_refused(struct web_call *k, const char *why); /* 401 with 28003; why: for our log alone */

/* fault.c: the table of [web-services 12.2] */
enum web_fault {
	FAULT_NO_TOKEN,	 /* 28020: wrong, locked, expired, missing: all alike */
	FAULT_METHOD,	 /* 28029 */
	FAULT_TICKET,	 /* 28032 */
	FAULT_USER,	 /* 28000 in SOAP */
	FAULT_WINDOWS_USER, /* 28000 by HTTP 403 */
	FAULT_REMOTE,	 /* not from outside */
	FAULT_INTERNAL,	 /* 28001 */
	FAULT_BUSY,	 /* 503, with the time to come back */
	FAULT_CLAIM, FAULT_AUDIENCE,
	FAULT_CLIENT	 /* XML that we cannot read, or another action */
};
void web_fault(struct web_call *k, enum web_fault f, const char *why); /* why: for our log; for FAULT_CLIENT also told */
enum web_fault web_fault_of(enum vault_status st);

/* seen.c: the request is this step of a phone's way; how it ended is seen when it is answered. */
void web_seen(struct web_call *k, enum seen_step step);
void web_seen_ticket(struct web_call *k, const struct vault_reply *r, const struct vault_ticket *t);
void web_seen_cert(struct web_call *k, const struct vault_reply *r);
void web_seen_device(struct web_call *k);
void web_seen_refused(struct web_call *k, enum dt_failure code, const char *why); /* an answer that is no refusal by its status */
enum dt_failure web_failure_of(enum web_fault f);
void web_seen_send(struct web_call *k);

/* soap_in.c: content type, action, XML. NULL: the answer is composed already. `actions`: those that are this operation's,
 * NULL ends; NULL itself: any is borne. */
xmlDocPtr web_soap(struct web_call *k, const char *const *actions);

/* capture.c: what nobody could read is kept, so that a true trace can be made; secrets masked when `mask`. */
void web_capture(struct web_call *k, const char *kind, bool mask);
void web_mask(struct buf *to, struct sv body); /* text and values without what they say: letters x, digits 9 */

/* ---- the update service ---- */

/* outside.c: goes on with allowed(): inside always, outside when a user with remote access has proved an identity; else the
 * answer is composed. */
/* 401 with what we take; 403 when no credentials can help. */
unsigned update_challenge(const struct site *s, struct buf *headers);
void update_may_ask(struct web_call *k, void (*allowed)(struct web_call *k));

/* budget.c: whether so many octets more may go into logs/; they are counted then.  audit: for the audit log, else for what
 * devices send. */
bool web_logs_may_grow(struct web *w, uint64_t octets, bool audit, int64_t unix_s);

/* rate.c: whether this address may write so many octets now; they are taken from what it has then. */
bool web_rate_may(struct web *w, enum web_rate_kind kind, const char *peer, uint64_t octets, int64_t unix_s);

void update_log(struct web_call *k); /* logs.c: a device's log */
/* audit.c: one line a question [update-service 5] */
void update_audit(const struct web_call *k, const struct update_question *q, const struct update_answer *a);
bool update_folder(const char *logs, const char *below, char *path, size_t cap); /* makes logs/below, a/b/c */

#endif
