/* admin/pool/front_ends.h: the front ends that share this pool's store: which of them run, and how many phones each one has. */
#ifndef DIALTONE_ADMIN_POOL_FRONT_ENDS_H
#define DIALTONE_ADMIN_POOL_FRONT_ENDS_H

#include "admin/admin.h"

#define FRONT_ENDS_MAX 64
#define FRONT_ENDS_WAIT_MS 4000 /* one that runs has counted on by then: every two seconds (server/vault/sync_turn.c) */

struct front_end {
	char name[256];
	bool runs;
	uint64_t beat, registered;
};

/* Fills ret in the order of their names; *n: how many, 0 when the store is this machine's own.  It looks whose count goes on, for at most
 * wait_ms, as clocks of machines are not compared.  ADMIN_STORE: *why. */
enum admin_result front_ends_look(struct admin *a, uint64_t wait_ms, struct front_end ret[FRONT_ENDS_MAX], size_t *n, struct why *why);

#endif
