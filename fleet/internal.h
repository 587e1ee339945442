/* fleet/internal.h: a fleet and its phones, between the files of this room.
 *
 *     engine.c   the loop, phases       life.c   a phone from power-on to power-off     arrive.c  who begins when
 *     heap.c     timers                 body.c   the table of a phone's body            gate.c    nobody storms
 *     stream.c   TCP and TLS            flash.c  what a phone stores                    names.c   DNS as the fleet answers it
 *     verdict.c  chains, judged once    stats.c  what was seen                          later.c   answers that wait
 *     random.c   random numbers
 *
 * Each of engine.c, life.c, body.c and stream.c calls those behind it in this list, never those before it; they all stand on the
 * other files.  The body and its streams report upwards through struct phone_events, which the engine puts into a new fleet.
 */
#ifndef DIALTONE_FLEET_INTERNAL_H
#define DIALTONE_FLEET_INTERNAL_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/text.h"
#include "fleet/fleet.h"
#include "pki/cert.h"
#include "pki/tls.h"

#define NEVER UINT64_MAX
#define BACK_OFF_MEMORY_MS 5000u

/* ---- what a phone stores: equal contents stand once (flash.c) -------------------------------------------------------- */

struct blob;
struct flash_file {
	struct flash_file *next;
	struct blob *blob;
	char name[24];
};

/* ---- a phone ------------------------------------------------------------------------------------------------------------ */

struct fleet_stream;

struct fleet_phone {
	struct fleet *f;
	struct dt_phone *ph; /* NULL: off */
	struct fleet_stream *streams;
	struct tls_sessions *sessions; /* for as long as it has power; NULL: it has had no TLS yet */
	struct flash_file *flash;
	uint64_t ph_at;	     /* the library's timer */
	uint64_t life_at;    /* when it is switched on, or restarts */
	uint64_t first_at;   /* of its first try in this part of the run */
	uint64_t try_at;     /* of this try */
	uint64_t limit_at;   /* the nearest deadline of a stream that opens */
	uint32_t retry_s;    /* Retry-After of the answer that refused it */
	uint32_t heap_at;    /* place in the heap of timers */
	uint32_t generation; /* of ph: answers for an earlier one are dropped */
	uint8_t where, stage, tries;
	bool over, ok; /* the library has reported a result: life_look() deals with it */
	bool was_on;   /* it has had dial tone in this part of the run */
	bool served;   /* of the pass that is not measured: it is through */
	bool warm;     /* it signs in with what it has stored */
	bool night, evening; /* life_at is the time of its restart, of its sign-off */
	bool leaving;	     /* it signs off */
	uint8_t failure, failed_at;
};

/* The body and its streams report these. */
struct phone_events {
	void (*changed)(struct fleet_phone *p); /* something came in for it; it may be off when this returns */
	void (*record)(struct fleet_phone *p, const struct dt_record *r);
};

struct later { /* an answer that must not come from within the question */
	struct later *next;
	uint32_t phone, generation;
	unsigned id;
	enum { LATER_NAME, LATER_KEY, LATER_STREAM_FAILED, LATER_RESTART } kind;
	enum dt_rr type;
	const char *why;
	char name[DT_NAME_MAX];
};

struct verdict_cache;

struct fleet {
	struct fleet_conf conf;
	const struct phone_events *on;
	struct fleet_phone *phone;
	struct fleet_stats stats;
	uint32_t *heap; /* phones, the nearest timer first */
	unsigned heaped;
	int epoll;
	struct tls_ctx *tls;
	struct pki_many_keys *keys; /* one a phone */
	struct blob *blobs;
	struct verdict_cache *verdicts;
	struct later *later, **later_end;
	struct fleet_stream *graves; /* freed when no event of this turn can name them */
	uint64_t now, born, began, random;
	unsigned next_phone; /* of the pass that is not measured */
	unsigned flying;     /* phones in their first try, of that pass */
	struct gate {
		unsigned row; /* tries in a row that met nobody */
		double rate;  /* tries a second that may go; 0: all */
		uint64_t next; /* when the next may */
	} gate;
	uint64_t ends_at, night_at, evening_at, grace_at;
	char why[200]; /* of the attempt that failed last */
};

/* ---- between the files ---------------------------------------------------------------------------------------------------- */

static inline uint32_t fleet_index(const struct fleet_phone *p)
{
	return (uint32_t)(p - p->f->phone);
}

uint64_t fleet_random(struct fleet *f);
double fleet_random_unit(struct fleet *f); /* [0, 1) */

void heap_update(struct fleet *f, struct fleet_phone *p); /* after any of its times has changed */
uint64_t heap_first(const struct fleet *f);
struct fleet_phone *heap_due(struct fleet *f); /* one whose time has come; NULL: there is none */

extern const struct dt_body fleet_body;
void later_run(struct fleet *f); /* gives the answers that wait */

bool later_add(struct fleet *f, const struct fleet_phone *p, const struct later *l); /* a copy; false: out of memory */
struct later *later_take(struct fleet *f); /* the oldest, for free(); NULL: none waits */
void later_clear(struct fleet *f);

void names_answer(const struct fleet *f, const struct fleet_phone *p, const char *name, enum dt_rr type, struct dt_dns_answer *ret);

int fleet_stream_open(struct fleet_phone *p, unsigned id, const struct dt_stream_conf *conf);
int fleet_stream_send(struct fleet_phone *p, unsigned id, const void *octets, size_t n);
void fleet_stream_close(struct fleet_phone *p, unsigned id);
void streams_cut(struct fleet_phone *p); /* as when the power goes: nothing is said */
void streams_event(struct fleet_stream *s, unsigned events);
void streams_limit(struct fleet_phone *p); /* those whose time to open is over */
void fleet_stream_failed_later(struct fleet_phone *p, unsigned id, const char *why);
void streams_end(struct fleet *f);

long flash_load(struct fleet_phone *p, const char *name, void *out, size_t cap);
int flash_save(struct fleet_phone *p, const char *name, const void *octets, size_t n);
void flash_forget(struct fleet_phone *p, const char *name);
void flash_clear(struct fleet_phone *p);

struct verdict {
	enum pki_verdict verdict;
	struct pki_chain_result result;
};
struct verdict_ask {
	const uint8_t *const *der;
	const size_t *n;
	unsigned count;
	const char *anchors, *host;
	bool public_roots;
	int64_t unix_s;
};
struct verdict_cache *verdicts_new(void);
void verdicts_free(struct verdict_cache *c);
const struct verdict *verdict_of(struct verdict_cache *c, const struct verdict_ask *ask);

extern const struct phone_events life_events;
void life_begin(struct fleet_phone *p, bool cold); /* switches it on */
void life_end(struct fleet_phone *p);		   /* the power goes */
void life_place(struct fleet_phone *p, enum fleet_where where);
void life_look(struct fleet_phone *p); /* after whatever happened to it; it may be off then */
void life_leave(struct fleet_phone *p); /* signs off */
void life_timer(struct fleet_phone *p); /* switched on, or its wait is over */

uint64_t arrive_at(struct fleet *f, unsigned i); /* ms after the measured part began */

uint32_t gate_wait(struct fleet *f);		  /* ms that this try has to wait before it asks again; 0: it may go */
void gate_result(struct fleet *f, bool ok, enum dt_failure failure); /* of a try */
uint32_t gate_back_off(struct fleet *f, unsigned tries);

struct fleet_point *stats_point(struct fleet *f);
void stats_tick(struct fleet *f);
void stats_begin(struct fleet *f);

#endif
