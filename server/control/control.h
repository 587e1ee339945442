/* server/control/control.h: the command line's way to a running dialtoned: DIR/run/control, held by the location process. */
#ifndef DIALTONE_SERVER_CONTROL_H
#define DIALTONE_SERVER_CONTROL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/why.h"
#include "server/location/location.h"

/* Gives every endpoint of the user the order and waits until its workers have acted; *acted: how many endpoints.
 * true with *acted 0 when nobody listens (dialtoned does not run). false: *why says it. */
bool control_order_user(const char *dir, const char *aor, enum location_order order, unsigned diag, const char *reason,
			unsigned *acted, struct why *why);
/* *text gets what runs: "version 0.1.0", a line a process, "worker 0 pid 4711 private 18 restarts 0" (private: RSA private-key operations
 * so far), and "registered 3": how many endpoints.
 * true with an empty text when nobody listens. */
bool control_status(const char *dir, struct buf *text, struct why *why);
/* Cuts the version off that text and returns it; "" when an older release wrote the text, which does not say it. */
struct sv control_version(struct sv *status);
/* That version is not this program's, as after an upgrade until dialtoned is started again: *why says so, and what to type. */
bool control_is_of_another(struct sv version, struct why *why);

/* Nobody new is taken, and who is registered is asked to go elsewhere, spread over so many seconds; *phones: how many are.
 * on false: as before.  *changed: it was not so already.  true with *nobody when nobody listens. */
bool control_drain(const char *dir, bool on, unsigned seconds, unsigned *phones, bool *changed, bool *nobody, struct why *why);

/* One registered endpoint.  The texts are the client's own words: any octets but control
 * characters; "" when it did not say. */
struct control_endpoint {
	char aor[256], epid[20], instance[40], peer[72], front_end[256], user_agent[160];
	unsigned worker;
	int64_t seconds; /* until it expires; front_end not "" : another front end holds it, and knows these two */
	bool outside;
};
/* fn gets each one as it comes: of this user, or of all (aor NULL), in no order.  true with *nobody when nobody listens.
 * false: *why; some may have come. */
bool control_registered(const char *dir, const char *aor, void (*fn)(void *arg, const struct control_endpoint *e), void *arg,
			bool *nobody, struct why *why);

/* A phone, as the servers saw it: server/location/process.h.  Times are ms ago; -1: never. */
#define CONTROL_STEPS 16
struct control_phone {
	char mac[18], model[32], firmware[32], user[256], number[64], instance[40], epid[20], address[72];
	char state[16], code[24], cause[160], failed[24]; /* failed: code of the last failure, "" : none */
	unsigned stage, ways; /* stage 0: registered */
	bool outside, proved;
	int64_t failed_ms, since_ms, seen_ms, began_ms, expires; /* expires: seconds until then; 0: not registered */
	struct control_step {
		char name[16], result[16];
		int64_t began_ms, ms; /* began: ms ago; ms: how long it took */
	} step[CONTROL_STEPS];
	unsigned nstep;
};
/* fn gets each phone; as control_registered(). */
bool control_phones(const char *dir, void (*fn)(void *arg, const struct control_phone *p), void *arg, bool *nobody,
		    struct why *why);

/* DIR/run/control, listening, for its owner only; one that is there is replaced.  -1: *why. */
int control_listen(const char *dir, struct why *why);

#endif
