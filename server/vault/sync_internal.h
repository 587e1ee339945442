/* server/vault/sync_internal.h: what sync.c (the thread), sync_turn.c (what it does with the store) and sync_letters.c
 * (what it says to the location process) share. */
#ifndef DIALTONE_SERVER_VAULT_SYNC_INTERNAL_H
#define DIALTONE_SERVER_VAULT_SYNC_INTERNAL_H

#include <pthread.h>
#include <sys/queue.h>

#include "base/buf.h"
#include "net/ipc.h"
#include "server/location/far_link.h"
#include "server/vault/sync.h"
#include "store/store.h"

struct letter { /* to the location process */
	STAILQ_ENTRY(letter) next;
	struct buf text; /* begun */
};

#define SYNC_PEERS 63

struct peer { /* another front end */
	char name[256];
	uint64_t beat, since; /* mono_ms: when its count was another one last */
	bool lost;
};

struct vault_sync {
	struct vault_sync_conf conf;
	struct ipc_server location;
	struct loop_fd watch; /* an eventfd: `out` has something */
	pthread_t thread;
	bool running;
	atomic_bool known;
	atomic_ulong changes;

	/* ---- under the lock ---- */
	pthread_mutex_t lock;
	pthread_cond_t more;
	bool ending, hello;
	struct far_batch batch; /* to be written; row NULL: none */
	uint64_t number;	/* of its question */
	STAILQ_HEAD(, letter) out;

	/* ---- the thread's own ---- */
	struct store *store;
	struct why why;
	bool anew;	  /* all is to be told and read again */
	bool ordered;	  /* last_order is known */
	uint64_t news;	  /* as it was read last */
	uint64_t last_seq;
	int64_t last_order;
	uint64_t good_at, beat_at; /* mono_ms */
	struct peer peer[SYNC_PEERS];
	struct far_batch rows; /* on their way to the location process */
};

/* ---- sync_turn.c ---- */
/* One turn; false: the store has failed. */
bool sync_turn(struct vault_sync *s, const struct far_batch *batch, uint64_t number, bool hello);

/* ---- sync_letters.c ---- */
void sync_send(struct vault_sync *s, struct buf *text); /* takes it; called by the thread */
void sync_outgoing(void *arg, unsigned what);		/* of the loop, when `watch` is readable: it sends them all */
void sync_letters_free(struct vault_sync *s);		/* those that nobody has sent; the thread has ended */

#endif
