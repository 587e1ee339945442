/* admin/keys/keys.h lists the keys that the front ends of a pool have in common, and makes a new one while phones are signed in. */
#ifndef DIALTONE_ADMIN_KEYS_KEYS_H
#define DIALTONE_ADMIN_KEYS_KEYS_H

#include "admin/admin.h"

struct key_info {
	char kind[16]; /* "ticket", "pin" */
	unsigned id;
	int64_t made;  /* UNIX seconds */
	int64_t until; /* what it has signed, or made, is accepted until then; 0: it is in use */
	bool accepted;
	int64_t pins; /* how many PINs are made with it; 0 of any other kind */
};

/* Calls each() for every key, kind by kind, the newest first. */
enum admin_result keys_each(struct admin *a, void (*each)(void *arg, const struct key_info *k), void *arg, struct why *why);
/* A new key of this kind, which every front end uses within a second.  The one before it is accepted for as long as what it has
 * signed lives, and a PIN until it is made anew; at_once: no more from now on.  *id: its number.  ADMIN_REFUSED: there is no such kind. */
enum admin_result keys_roll(struct admin *a, const char *kind, bool at_once, unsigned *id, struct why *why);

#endif
