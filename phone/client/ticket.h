/* phone/client/ticket.h: web tickets: metadata, IssueToken by PIN, by NTLM, by certificate ([web-services 4, 5, 6]). */
#ifndef DIALTONE_PHONE_TICKET_H
#define DIALTONE_PHONE_TICKET_H

#include "phone/client/ntlm.h"
#include "phone/client/soap.h"
#include "phone/run/record.h"

enum ticket_by { BY_NOTHING, BY_PIN, BY_NTLM, BY_CERT };

#define TICKET_MOVES 5 /* "Follow at most 5 redirects in a row" [sip 12.1]: here, too */

struct ticket_client;
typedef void ticket_fn(void *arg, enum dt_failure f, const char *why); /* DT_F_OK: ticket and proof are in the client */

struct ticket_who { /* the user; its pointers last as long as the client */
	const char *number, *pin;
	struct ntlm_login ntlm;
	const char *sip;	      /* "" : not known yet */
	const struct buf *key, *cert; /* PEM, DER: shown BY_CERT */
	bool outside;
	bool *pin_used; /* one PIN attempt a run */
};

struct ticket_client {
	struct dt_phone *ph;
	struct http_client *http;
	struct ticket_who who;
	enum ticket_by by;
	ticket_fn *done;
	void *arg;
	struct attempt try;
	struct soap_metadata metadata;
	char metadata_of[SOAP_URI_MAX]; /* the Certificate Provisioning service that it was read from */
	struct ntlm_http ntlm;
	struct buf ask; /* the body of the question, for its later legs */
	bool basic_sent; /* number and PIN have gone out on this port */
	char ask_url[SOAP_URI_MAX];
	uint8_t entropy[32];
	unsigned moves; /* how often it was sent to another pool, and from where */
	char visited[TICKET_MOVES][SOAP_URI_MAX];
	/* the result */
	struct soap_issued ticket;
	bool have;
	uint8_t proof[64];
	size_t nproof;
};

struct ticket_client *ticket_new(struct dt_phone *ph, struct http_client *http);
void ticket_free(struct ticket_client *t); /* wipes; NULL is fine */
void ticket_drop(struct ticket_client *t); /* the ticket that is there */

void ticket_get(struct ticket_client *t, enum ticket_by by, const char *certprov_url, ticket_fn *done, void *arg);
/* The answer that came sends to another pool: try is closed, a ticket is asked for there, then done().  A circle, or a sixth one in
 * a row, ends with DT_F_REDIRECTS. */
bool ticket_moved(struct ticket_client *t, struct attempt *try, ticket_fn *done, void *arg);
bool ticket_metadata_take(struct ticket_client *t, const char *certprov_url, struct why *why); /* of the answer that came */

#endif
