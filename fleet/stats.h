/* fleet/stats.h: counts and latencies of a fleet, in memory that does not grow with it. */
#ifndef DIALTONE_FLEET_STATS_H
#define DIALTONE_FLEET_STATS_H

#include "dialtone/phone.h"

/* Times in ms, counted in classes of which none is wider than 1/32 of its value. */
#define FLEET_CLASSES 800
struct fleet_times {
	uint64_t n, sum;
	uint32_t most, count[FLEET_CLASSES];
};
void fleet_times_add(struct fleet_times *t, uint64_t ms);
/* The value that `permille` of them do not exceed; 0: none was counted. */
uint32_t fleet_times_at(const struct fleet_times *t, unsigned permille);
void fleet_times_merge(struct fleet_times *into, const struct fleet_times *t);

enum fleet_where { /* a phone is in one of them */
	FLEET_OFF,     /* not yet on, or gone */
	FLEET_SIGNING, /* it is in one of the stages */
	FLEET_ON,      /* it has dial tone */
	FLEET_WAITING, /* it was refused, and waits for its next try */
	FLEET_LOST,    /* it had dial tone and lost it: it comes back by itself */
	FLEET_REFUSED, /* for good */
	FLEET_WHERES
};
extern const char *const fleet_wheres[FLEET_WHERES];

enum fleet_phase { FLEET_PREPARING, FLEET_MEASURING, FLEET_ENDING, FLEET_OVER };
extern const char *const fleet_phases[4];

struct fleet_failures { /* of one failure code */
	uint64_t n, at[DT_STAGE_COUNT];
	char why[200]; /* what the last of them said */
};

/* A piece of the run's time. */
#define FLEET_POINTS 512
struct fleet_point {
	uint32_t tries, signed_in, failed, refreshed;
	uint32_t on, signing, waiting; /* at its end */
	uint64_t sum_ms;	       /* of signed_in */
	uint32_t most_ms;
};

struct fleet_stats {
	enum fleet_phase phase;
	uint64_t ms; /* since the measured part began; its length when it is over */
	int64_t began_unix_ms;
	uint64_t prepared_ms; /* the pass before took so long */
	unsigned phones, where[FLEET_WHERES], stage[DT_STAGE_COUNT];
	uint64_t tries, signed_in, failed, retries, lost, refreshed, refresh_failed, signed_off, restarts;
	uint64_t unnamed; /* connections to addresses that are no target: not made */
	uint64_t held;	  /* tries that waited because nobody got in */
	uint64_t streams, handshakes, resumed;
	unsigned done;	  /* phones that had dial tone at least once in the measured part */
	uint64_t last_ms; /* when the last of them had it */
	struct fleet_times sign_in;		   /* from power-on, or the try that succeeded */
	struct fleet_times arrival;		   /* from its first try to dial tone, with all waits */
	struct fleet_times by_stage[DT_STAGE_COUNT];
	struct fleet_times refresh;
	struct fleet_failures failure[DT_FAILURE_COUNT];
	struct fleet_point point[FLEET_POINTS];
	unsigned points;     /* the last one is being filled */
	uint32_t point_ms; /* the length of each: it doubles when they are full */
};

#endif
