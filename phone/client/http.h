/* phone/client/http.h: an HTTP/1.1 client: one connection, kept while it serves the next question too, one question at a time.
 *
 * A cold sign-in asks for everything of stages 6 to 8 on one connection: one handshake, and NTLM stays bound to it.  Each
 * question has one handler, called once, later, never while it is asked; it reads the answer in the client, where it stays
 * until the next question.
 */
#ifndef DIALTONE_PHONE_HTTP_H
#define DIALTONE_PHONE_HTTP_H

#include "base/buf.h"
#include "phone/client/dns.h"
#include "phone/run/core.h"
#include "phone/run/record.h"
#include "wire/msg.h"
#include "wire/url.h"

struct http_client;
typedef void http_fn(void *arg, struct http_client *h);

struct http_ask {
	const char *method, *url, *soap_action, *type;
	const struct buf *body;	 /* copied */
	const char *headers;	 /* further lines, each with CRLF; or NULL */
	bool report_only, public_roots;
	bool follow;		 /* a GET: to where a 3xx sends it */
	uint32_t timeout_ms;	 /* 0: 30 s */
	bool (*sink)(void *arg, const void *p, size_t n); /* takes the body of a 200 or 206 piece by piece */
	http_fn *done;
	void *arg; /* of both */
};

enum http_state { HTTP_IDLE, HTTP_RESOLVE, HTTP_OPENING, HTTP_HEAD, HTTP_BODY, HTTP_FAILING };
struct http_client {
	struct dt_phone *ph;
	struct dns_client *dns;
	struct buf *anchors;	/* PEM, the phone's: read whenever a connection is opened */
	bool trust_public;	/* the host's public roots count for every question */

	enum http_state state;
	bool open, reused, again, follow;
	unsigned hops;
	bool elsewhere; /* another server has sent the question here */
	unsigned id; /* of the stream; 0: none */
	char host[256];
	uint16_t port;
	bool tls, report_only, public_roots;
	uint32_t address[8];
	unsigned naddress, at;
	struct url url;
	struct buf out, head, in, body;
	struct msg m; /* points into head */
	uint64_t left;
	bool by_close, chunked, keep;
	uint32_t timeout_ms;
	bool (*sink)(void *arg, const void *p, size_t n);
	http_fn *done;
	void *arg;
	/* the result */
	enum dt_failure failure;
	struct why why;
	char peer[288];
	unsigned status;
	enum dt_verdict verdict;
	enum dt_sign sign[DT_SIGNS_MAX]; /* of the name, of the certificate, of the handshake */
	uint8_t alert, rcode;		 /* of TLS, of DNS */
	char cert[256];	      /* the first name in the certificate; "": none */
	struct why chain_fault; /* the fault of a chain that was accepted nevertheless */
	struct buf leaf;      /* DER */
};

struct http_client *http_new(struct dt_phone *ph, struct dns_client *dns, struct buf *anchors, bool trust_public);
void http_free(struct http_client *h); /* closes, wipes; NULL is fine */
void http_ask(struct http_client *h, const struct http_ask *a);
bool http_is_trusted(const struct http_client *h); /* the answer came over TLS, from a server whose certificate was judged good */

/* From the runner.  h NULL: no client is there. */
bool http_has(const struct http_client *h, unsigned stream);
void http_opened(struct http_client *h, const struct dt_stream_opened *o);
void http_data(struct http_client *h, const void *p, size_t n);
void http_closed(struct http_client *h, const char *why);
void http_timer(struct http_client *h);

void attempt_http(struct attempt *a, const struct http_client *h); /* the facts of the question that has ended */
bool http_unreachable(enum dt_failure f); /* nobody was there: not a refusal */

/* http_clock.c: reports, once a run, that the Date of the answer that has come is more than five minutes off. */
void http_clock_compare(struct http_client *h);

#endif
