/* wire/msg.h: one scanner for SIP and HTTP/1.1 messages.
 *
 * Slices into the receive buffer, no allocation; every header keeps its octets as they came, because signatures
 * are over values as sent.  Sources: RFC 3261 7 and 25, RFC 4475, RFC 9112.
 */
#ifndef DIALTONE_WIRE_MSG_H
#define DIALTONE_WIRE_MSG_H

#include "base/buf.h"
#include "base/sv.h"

enum msg_proto { MSG_SIP, MSG_HTTP };

#define MSG_HEADERS_MAX 96
#define MSG_HEAD_MAX 32768

struct msg_header {
	struct sv name;	 /* as written; compact SIP names are given long in `full` */
	struct sv full;	 /* the long name: "From" for "f" */
	struct sv value; /* trimmed; folded lines keep their CRLF inside */
};

struct msg {
	enum msg_proto proto;
	bool request;
	struct sv version;	  /* "SIP/2.0", "HTTP/1.1" */
	struct sv method, target; /* requests */
	unsigned status;	  /* responses */
	struct sv reason;
	size_t nheader;
	size_t head_n;	 /* octets of the head, with the empty line and any leading CRLFs */
	bool has_length; /* Content-Length was there */
	uint64_t length;
	bool chunked;	 /* HTTP: Transfer-Encoding: chunked */
	bool keep_alive; /* HTTP: the connection may go on after this message */
	struct sv body;	 /* msg_scan() only */
	struct msg_header header[MSG_HEADERS_MAX]; /* those behind nheader are not written */
};
void msg_copy(struct msg *ret, const struct msg *m); /* without the headers that are not there */

enum msg_result { MSG_OK, MSG_PARTIAL, MSG_BAD }; /* not MSG_MORE: <sys/socket.h> has that */

struct msg_error {
	const char *why; /* a sentence */
	size_t at;	 /* octet */
	unsigned status; /* what a server answers: 400, 413, 431, 505 ... */
};

/* The head alone: for bodies that are too long to hold.  MSG_PARTIAL: the empty line has not come yet (MSG_BAD with 431
 * once more than MSG_HEAD_MAX came without it). */
enum msg_result msg_scan_head(const char *p, size_t n, enum msg_proto proto, struct msg *ret, struct msg_error *err);

/* Whether an empty line may have come since *looked, or too much without one, or what no message begins with: asked before a scan, so that a head that comes
 * in single octets is not scanned again for each.  *looked begins at 0 with each message. */
bool msg_head_may_end(const char *p, size_t n, size_t *looked);

/* Head and body (by Content-Length; SIP over a stream: mandatory if there is a body, absent counts as 0; an HTTP request
 * with neither length nor chunks has none).  Chunked bodies are not for this call: MSG_BAD.  *used: octets taken, leading
 * CRLFs included.  body_max: more is MSG_BAD with 413. */
enum msg_result msg_scan(const char *p, size_t n, enum msg_proto proto, size_t body_max, struct msg *ret, size_t *used,
			 struct msg_error *err);

/* The readable parts of a request whose head was refused, so that it can be answered with 400 or 505: the method, and the
 * header lines that are such.  False: a response, no empty line, or nothing that looks like a request. */
bool msg_salvage(const char *p, size_t n, enum msg_proto proto, struct msg *ret);

/* Takes a chunked body out of p[0..n): appends data to *to.  MSG_OK when the last chunk and trailer were seen.  MSG_BAD with
 * 413: more data than body_max, or far more octets around it than data. */
enum msg_result msg_dechunk(const char *p, size_t n, size_t body_max, struct buf *to, size_t *used, struct msg_error *err);

/* The same for a body that comes in pieces: p is what was there before with more behind it.  New octets are appended
 * to *to at once, and none of it is looked at again; c->at octets of p have been taken.  They may be taken away from
 * the front of p: then they are added to c->gone, and c->at is 0. */
struct msg_chunks { /* starts as {0} */
	size_t at, gone, data;
	bool trailer;
};
enum msg_result msg_dechunk_on(struct msg_chunks *c, const char *p, size_t n, size_t body_max, struct buf *to,
			       struct msg_error *err);

/* Which octets may stand where in SIP (RFC 3261 25.1), URIs and HTTP (RFC 9110 5.6.2). */
enum char_set {
	CHAR_USER = 1,	    /* of a SIP URI; '#' too: DIFFERS from RFC 3261, dial strings hold it as it is */
	CHAR_PASSWORD = 2,
	CHAR_PARAMS = 4,    /* behind its host; of a tel URI alike (RFC 3966) */
	CHAR_HEADERS = 8,
	CHAR_URI = 16,	    /* any URI */
	CHAR_TOKEN = 32,    /* token of SIP */
	CHAR_VALUE_END = 64, /* no token, host or quoted string goes on here: blanks, separators, NUL */
	CHAR_HTTP_TOKEN = 128
};
extern const uint8_t char_sets[256];

static inline bool char_in(char c, enum char_set set)
{
	return char_sets[(unsigned char)c] & set;
}

/* The first header of that (long) name, any case; p == NULL when absent. */
struct sv msg_get(const struct msg *m, const char *name);
/* The n-th one (0, 1, ...). */
struct sv msg_get_nth(const struct msg *m, const char *name, size_t n);
size_t msg_count(const struct msg *m, const char *name);

#endif
