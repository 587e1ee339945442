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

struct health {
	atomic_uint store;    /* enum health_store */
	atomic_uint store_ms; /* that its last answer took */
	atomic_uint lag_ms;   /* of the standby that is farthest behind, plus one; 0: none is seen */
	atomic_ulong locked;  /* attempts at a PIN or a password that was locked out */
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
