/* server/location/location.h: the Registrar's bindings of all workers (RFC 3261's location service).
 *
 * One process holds them; workers call it by these functions (in a test directly: location_new(); in dialtoned over a
 * socket: server/location/ipc.h).  It also carries the orders of the command line to the worker that holds a phone.
 */
#ifndef DIALTONE_SERVER_LOCATION_H
#define DIALTONE_SERVER_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	char peer[72]; /* where it comes from: "10.66.0.148:51234", "[2001:db8::1]:51234" */
};

enum location_action { LOCATION_ADDED, LOCATION_REFRESHED, LOCATION_FULL, LOCATION_DOWN };

/* What the Registrar must do to an endpoint that it holds. */
enum location_order { LOCATION_UNREGISTERED, LOCATION_REJECTED, LOCATION_DEACTIVATED };

struct location_ops {
	/* Puts or refreshes one; the key is (aor, instance or epid). all: every live binding of the user, itself included.
	 * When the user has `quota` already, the oldest is pushed out (its worker gets LOCATION_UNREGISTERED). */
	enum location_action (*put)(void *arg, const struct location_binding *b, unsigned quota,
				    struct location_binding *all, size_t cap, size_t *n);
	bool (*drop)(void *arg, const char *aor, const char *instance, uint64_t conn); /* conn 0: whichever */
	/* Every live binding of the user; nothing is changed. false: nobody can say. */
	bool (*list)(void *arg, const char *aor, struct location_binding *all, size_t cap, size_t *n);
	void *arg;
};

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
const struct location_ops *location_direct(struct location *l, struct location_ops *ret); /* fills *ret */
/* How names are compared and spread: without case. */
bool location_same(const char *a, const char *b);
uint64_t location_hash(const char *aor);
void location_expire(struct location *l);
void location_drop_worker(struct location *l, uint32_t worker);
/* ops->drop for one worker: connections have names within their worker only. */
bool location_drop_of(struct location *l, uint32_t worker, const char *aor, const char *instance, uint64_t conn);
/* A user was disabled, removed, or lost his certificates: every endpoint gets the order. Returns how many. */
size_t location_order_user(struct location *l, const char *aor, enum location_order order, unsigned diag,
			   const char *reason);
size_t location_list(const struct location *l, const char *aor /* NULL: all */, struct location_binding *ret, size_t cap);
/* Through all of them, a part of the table at a time: *w starts as {0}, fn gets the live bindings of the next part (few: those
 * of a bucket).  What is there all the while is told once, whatever comes and goes between two calls.  false: that was the
 * last part. */
struct location_walk {
	size_t of, at;
};
bool location_walk(const struct location *l, struct location_walk *w, void (*fn)(void *arg, const struct location_binding *b),
		   void *arg);

#endif
