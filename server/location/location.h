/* server/location/location.h: the Registrar's bindings of all workers (RFC 3261's location service).
 *
 * One process holds them.  A question to it is a value (struct location_ask), and so is its answer (struct location_reply);
 * workers send questions through a struct location_link: in dialtoned over a socket (server/location/ipc.h), in a test
 * directly (location_direct()).  How they cross the socket is told once, in server/location/rows.c.  The process also carries
 * the orders of the command line to the worker that holds a phone.
 */
#ifndef DIALTONE_SERVER_LOCATION_H
#define DIALTONE_SERVER_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/location/seen.h"

#define LOCATION_ENDPOINTS_MAX 64

struct location_binding {
	char aor[256];
	char instance[40];  /* uuid without "urn:uuid:", as received */
	char epid[20];
	char contact[384];  /* the addr-spec */
	uint32_t worker;    /* filled by the worker's own end */
	uint64_t conn;	    /* the worker's name for the connection: the order comes back with it */
	int64_t expires;    /* UNIX seconds */
	bool outside;
	char user_agent[160], call_id[128];
	uint32_t cseq; /* of its REGISTER with that Call-ID */
	char peer[72]; /* where it comes from: "10.66.0.148:51234", "[2001:db8::1]:51234" */
};

/* Front ends of a pool tell each other this of a binding: server/location/far.c. */
struct location_far {
	char front_end[256];
	struct location_binding binding; /* worker, conn, expires, call_id and cseq are its front end's own: 0 */
	unsigned seconds;		 /* that it is granted; its front end keeps count of refreshes */
	int64_t since;
	bool gone;
};

#define LOCATION_KEEP_MAX 256
struct location_kept {
	char aor[256], instance[40];
	uint64_t conn;
	int64_t expires; /* UNIX seconds */
	uint32_t cseq;
};

/* What the Registrar must do to an endpoint that it holds.  LOCATION_ASK is said to no phone: the user has other endpoints now, or the
 * binding is not known here (any more); the Registrar reports it again and asks at the next refresh. */
enum location_order { LOCATION_UNREGISTERED, LOCATION_REJECTED, LOCATION_DEACTIVATED, LOCATION_ASK };

/* ---- questions ----------------------------------------------------------------------------------------------- */

/* One line a question: its kind, the name of its values below and of its rows in rows.c. */
/* clang-format off */
#define LOCATION_QUESTIONS(X) \
	X(LOCATION_HELLO, hello) /* this worker starts, and holds nobody */ \
	X(LOCATION_PUT,   put)   /* put or refresh a binding; the key is (aor, instance or epid) */ \
	X(LOCATION_DROP,  drop)  /* drop one */ \
	X(LOCATION_LIST,  list)  /* every live binding of a user; nothing is changed */ \
	X(LOCATION_KEEP,  keep)  /* these bindings were refreshed, and nothing else of them has changed */ \
	X(LOCATION_HELD,  held)  /* this worker holds this binding: told to a new location process */ \
	X(LOCATION_HELD_ALL,  held_all)  /* and that was all */ \
	X(LOCATION_SEEN,  seen)  /* something was seen of a phone: for its journey */
/* clang-format on */

#define LOCATION_KIND(kind, name) kind,
enum location_kind { LOCATION_NO_QUESTION, LOCATION_QUESTIONS(LOCATION_KIND) LOCATION_KINDS };
#undef LOCATION_KIND

struct location_ask { /* starts as {.kind = ...} */
	enum location_kind kind;
	union {
		struct {
			struct location_binding binding;
			unsigned quota; /* when the user has that many already, the oldest is pushed out: LOCATION_UNREGISTERED */
		} put;
		struct {
			char aor[256], instance[40];
			uint64_t conn; /* 0: whichever */
			char cause[64]; /* "": the phone asked for it */
		} drop;
		struct {
			char aor[256];
		} list;
		struct {
			struct location_kept *all;
			unsigned n; /* LOCATION_KEEP_MAX at most */
		} keep;
		struct {
			struct location_binding binding;
		} held;
		struct seen seen;
	};
};

enum location_action { LOCATION_ADDED, LOCATION_REFRESHED, LOCATION_FULL, LOCATION_OLD /* RFC 3261 10.3: CSeq is not higher */, LOCATION_DOWN /* nobody can say */ };

struct location_reply {
	enum location_kind kind;
	bool answered;		     /* false: there was no answer in time */
	enum location_action action; /* put */
	bool found;		     /* drop */
	struct location_binding *all; /* put, list: every live binding of the user, the new one included */
	unsigned n;		      /* LOCATION_ENDPOINTS_MAX at most */
};
void location_reply_clear(struct location_reply *r);
void location_ask_clear(struct location_ask *q); /* of one that location_ask_read() has filled */

/* Called exactly once for each question; the reply is lent for the call. */
typedef void location_done(void *arg, struct location_reply *r);

struct location_link {
	void (*send)(void *arg, const struct location_ask *q, location_done *done, void *done_arg);
	void *arg;
};
/* Never waits.  done() may come before it returns; NULL: the answer does not matter. */
void location_send(const struct location_link *l, const struct location_ask *q, location_done *done, void *arg);

/* ---- orders -------------------------------------------------------------------------------------------------- */

/* An order, as it reaches the registrar of the worker: see registrar_order(). */
struct location_notice {
	uint64_t conn;
	enum location_order order;
	char aor[256], instance[40];
	unsigned diag;	  /* 4141 ... */
	char reason[128]; /* "User disabled" */
};

/* The bindings in memory, without a socket: the location process is this behind a socket; tests use it as it is. */
struct location;
struct location *location_new(int64_t (*unix_s)(void *), void (*notice)(void *arg, uint32_t worker,
			      const struct location_notice *n), void *arg);
void location_free(struct location *l);
/* Answers a question of that worker: it speaks for itself only.  LOCATION_ANYBODY: bindings say their worker. */
#define LOCATION_ANYBODY UINT32_MAX
void location_answer(struct location *l, uint32_t worker, const struct location_ask *q, struct location_reply *ret);
void location_direct(struct location *l, struct location_link *ret); /* a link that answers before it returns: for tests */
/* How names are compared and spread: without case. */
bool location_same(const char *a, const char *b);
uint64_t location_hash(const char *aor);
void location_expire(struct location *l);
void location_drop_worker(struct location *l, uint32_t worker);
/* A user was disabled, removed, or the certificates were revoked: every endpoint gets the order. Returns how many. */
size_t location_order_user(struct location *l, const char *aor, enum location_order order, unsigned diag,
			   const char *reason);
/* The order to at most so many of this front end's phones, whosever they are.  Returns how many. */
size_t location_order_some(struct location *l, size_t most, enum location_order order, const char *reason);
size_t location_list(const struct location *l, const char *aor /* NULL: all */, struct location_binding *ret, size_t cap);
struct location_walk {
	size_t of, at;
};
/* Several front ends.  This one's name; changed() gets what the others have to know: a refresh that changes nothing is not told. */
void location_watch(struct location *l, const char *front_end, void (*changed)(void *arg, const struct location_far *f), void *arg);
/* Another one has reported that its binding comes, changes, or goes.  A phone that was bound here and is bound there now has gone there. */
void location_far_put(struct location *l, const struct location_far *f);
void location_far_lost(struct location *l, const char *front_end); /* it does not run any more; NULL: none is known any more */
const char *location_far_name(const struct location *l, uint32_t worker); /* of a binding's worker; "" : this front end */
#define LOCATION_FAR 0x80000000u /* binding.worker of another front end's: its place in the list, plus this */
/* The next part of this front end's own bindings, as location_walk(): for others that have none of them. */
bool location_far_walk(const struct location *l, struct location_walk *w, void (*fn)(void *arg, const struct location_far *f), void *arg);

/* Through all of them, a part of the table at a time: *w starts as {0}, fn gets the live bindings of the next part (few: those
 * of a bucket).  A binding that is there all the while is reported once, whatever comes and goes between two calls.
 * false: that was the last part. */
bool location_walk(const struct location *l, struct location_walk *w, void (*fn)(void *arg, const struct location_binding *b),
		   void *arg);

#endif
