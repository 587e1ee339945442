/* server/site/health.h: a front end says to load balancers, and to its own processes, whether it is ready.
 *
 * It lies in memory that all processes of dialtoned share (server/daemon/scoreboard.h): the vault writes `store`, the location
 * process `draining`; workers read both at each request.
 */
#ifndef DIALTONE_SERVER_SITE_HEALTH_H
#define DIALTONE_SERVER_SITE_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum health_store { HEALTH_STORE_OWN, HEALTH_STORE_UP, HEALTH_STORE_DOWN }; /* OWN: a file, or nothing is known yet */

/* The pools of the company that have a backup: the vault writes a row when it meets a user of such a pool, the watcher
 * (server/daemon/pool_watch.h) asks each and says whether it is away. */
#define HEALTH_POOLS 16
enum health_pool_state { HEALTH_POOL_FREE, HEALTH_POOL_WRITTEN, HEALTH_POOL_NEW /* nobody has asked it yet */, HEALTH_POOL_ANSWERS, HEALTH_POOL_AWAY };
struct health_pool {
	atomic_uint state;	   /* WRITTEN: the other fields are, just now */
	char name[256], host[264]; /* its Web Services, "HOST" or "HOST:PORT" */
};

struct health {
	atomic_uint store;    /* enum health_store */
	atomic_uint store_ms; /* that its last answer took */
	atomic_uint lag_ms;   /* of the standby that is farthest behind, plus one; 0: none is seen */
	atomic_ulong locked;  /* attempts at a PIN or a password that was locked out */
	struct health_pool pool[HEALTH_POOLS];
	atomic_uint pools_changed; /* counts each pool that went away or came back */
	atomic_uint draining; /* nobody new is taken, and who is registered is asked to go elsewhere */
};

static inline bool health_drains(const struct health *h)
{
	return h && atomic_load(&h->draining);
}

/* "ready", "degraded" (no new sign-in can succeed), "draining": the answer of /health. */
static inline const char *health_word(const struct health *h)
{
	if (health_drains(h))
		return "draining";
	return h && atomic_load(&h->store) == HEALTH_STORE_DOWN ? "degraded" : "ready";
}

#endif
