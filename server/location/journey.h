/* server/location/journey.h: the phones of the site as the servers see them: each one's way from its first question to dial tone.
 *
 * What the processes saw (server/location/seen.h) and the Registrar's bindings are joined by the phone's instance, its MAC, and
 * the address that it speaks from.  An address outside may be that of many phones behind one router: there, steps without an
 * identity belong to the phone that was seen last from it.
 *
 * The table is bounded.  A phone whose user was proved is kept before one that only has an address, and that before one of
 * which only a datagram came; among these, the network with the most entries loses its oldest first: a stranger pushes out
 * itself and its neighbours.  The table lives as long as its process; a new location process learns who is registered, and no
 * more.
 */
#ifndef DIALTONE_SERVER_JOURNEY_H
#define DIALTONE_SERVER_JOURNEY_H

#include "base/buf.h"
#include "server/location/location.h"
#include "server/location/seen.h"

enum {
	JOURNEYS_PROVED = 131072, /* phones whose user was proved */
	JOURNEYS_STRANGE = 4096,  /* others */
	JOURNEY_SILENT_MS = 30000 /* a phone that waits for nothing and says nothing for so long is silent */
};

enum journey_state { JOURNEY_UNDER_WAY, JOURNEY_REFUSED, JOURNEY_REGISTERED, JOURNEY_SIGNED_OFF };

struct journey_step {
	uint64_t began, ended; /* mono_ms; ended 0: this step was not seen on this way */
	enum seen_result result;
};

struct journey {
	char mac[18], model[32], firmware[32], user[256], number[64], instance[40], epid[20], address[72];
	bool outside;
	enum seen_evidence evidence;
	enum journey_state state;
	enum seen_step step; /* the last one */
	enum dt_failure code; /* why it was refused */
	char cause[128];      /* the same in words, or why it was signed off */
	enum dt_failure failed; /* the last failure, also when it has signed in since */
	uint64_t failed_at;	/* 0: never */
	uint64_t began, since, seen_ms; /* mono_ms: this way began; the state is so since; the phone was seen last */
	unsigned ways;		    /* how often it began */
	int64_t expires;	    /* UNIX seconds, while registered */
	bool held;		    /* it was registered before this process began: nobody here knows since when */
	uint32_t worker;
	uint64_t conn;
	struct journey_step steps[SEEN_STEP_COUNT];
};

enum journey_event { JOURNEY_STEP, JOURNEY_SIGN_IN, JOURNEY_REFUSAL, JOURNEY_SIGN_OFF, JOURNEY_NAMED /* its MAC is known only now that it is registered */ };

struct journeys;
struct journeys_conf {
	unsigned proved, strange; /* limits; 0: the ones above */
	/* Each thing that was seen, with the journey as it is then; NULL: nobody wants it. */
	void (*event)(void *arg, const struct journey *j, enum journey_event what);
	void *arg;
};
struct journeys *journeys_new(const struct journeys_conf *c); /* NULL: out of memory */
void journeys_free(struct journeys *t);

void journeys_seen(struct journeys *t, const struct seen *s, uint64_t now);
/* A binding was made or refreshed, or (held) is known from before this process. */
void journeys_bound(struct journeys *t, const struct location_binding *b, uint64_t now, bool held);
void journeys_kept(struct journeys *t, uint32_t worker, const struct location_kept *k, uint64_t now); /* refreshed: LOCATION_KEEP */
/* The phone is no longer registered; conn 0: whichever connection. */
void journeys_unbound(struct journeys *t, const char *aor, const char *instance, uint64_t conn, const char *cause, uint64_t now);
void journeys_worker_gone(struct journeys *t, uint32_t worker, uint64_t now); /* all of its connections are */
void journeys_expire(struct journeys *t, int64_t unix_s, uint64_t now);

/* The stage that the phone is in, 1 to 9; 0: registered. */
unsigned journey_stage(const struct journey *j);
bool journey_silent(const struct journey *j, uint64_t now);
/* "registered", "refused", "silent", "signed-off", "under-way" */
const char *journey_state_name(const struct journey *j, uint64_t now);
/* "pin-refused", "silent", "ok" */
const char *journey_code(const struct journey *j, uint64_t now);
const char *journey_cause(const struct journey *j, uint64_t now); /* "": nothing is wrong */

/* All of them, a part at a time, as location_walk(). */
bool journeys_walk(const struct journeys *t, struct location_walk *w, void (*fn)(void *arg, const struct journey *j), void *arg);
size_t journeys_count(const struct journeys *t, enum seen_evidence e);

#endif
