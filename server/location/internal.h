/* server/location/internal.h: the table of bindings, for the files of server/location that see inside it. */
#ifndef DIALTONE_SERVER_LOCATION_INTERNAL_H
#define DIALTONE_SERVER_LOCATION_INTERNAL_H

#include "server/location/packed.h"

#define LOCATION_FRONT_ENDS 64

struct node {
	struct node *next;
	struct location_packed *b; /* of another front end: expires INT64_MAX, seconds says how long it is granted */
	int64_t since;		   /* when it was made: the oldest has the least (location_stamp()) */
	unsigned seconds;
	unsigned front_end; /* 0: this one; else where its name stands in location.front_end, plus one */
};

struct location {
	struct node **bucket;
	size_t nbucket, n;
	int64_t stamp;
	unsigned quota; /* of the last REGISTER */
	int64_t (*unix_s)(void *arg);
	void (*notice)(void *arg, uint32_t worker, const struct location_notice *n);
	void *arg;
	void (*changed)(void *arg, const struct location_far *f); /* location_watch() */
	void *changed_arg;
	uint16_t mark; /* of this front end, in its stamps */
	char front_end[LOCATION_FRONT_ENDS][256];
};

struct node **location_bucket(const struct location *l, const char *aor);
bool location_same_endpoint(const struct location_packed *a, const struct location_binding *b);
struct node *location_node(struct location *l, struct location_packed *b); /* a new one in the table, which has b; NULL: out of memory */
void location_cut(struct location *l, struct node **at, bool report); /* report: to the other front ends, when it was this one's */
/* Takes the binding out, then has its worker tell the phone. */
void location_order(struct location *l, struct node **at, enum location_order what, unsigned diag, const char *reason);
/* When `others` of the user's bindings are more than the quota allows, the oldest ones go: this front end's are told, another one's
 * are left to it, which comes to the same result.  but: is not counted; NULL: none. */
void location_crowd_out(struct location *l, const char *aor, const struct location_binding *but, size_t quota);
/* keep.c: the workers that hold the user's endpoints, but that one, ask again at their next refresh. */
void location_have_ask(struct location *l, const char *aor, const struct node *but);
#define KEEP_LATE_S 3 /* A report is at most so late; a grant that seems shorter by less has not changed. */
void location_keep(struct location *l, uint32_t worker, const struct location_kept *k); /* answers LOCATION_KEEP */
/* The part of it that others may know. */
void location_far_of(const struct location *l, const struct node *p, bool gone, struct location_far *ret);

#endif
