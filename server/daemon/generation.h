/* server/daemon/generation.h: one set of processes made from one reading of the configuration: its listeners, its socket pairs,
 * its children.  The supervisor has one, and two while one drains.
 */
#ifndef DIALTONE_SERVER_GENERATION_H
#define DIALTONE_SERVER_GENERATION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/why.h"
#include "server/daemon/scoreboard.h"
#include "server/daemon/log_pipe.h"
#include "server/daemon/role.h"

#define GENERATION_SLOTS (ROLE_WORKERS + 5)

struct generation;

struct slot { /* a slot for one process: a process that dies is restarted in its slot */
	struct generation *of;
	enum role role;
	unsigned index; /* among the workers: number of its socket pairs */
	pid_t pid;	/* 0: nobody now */
	uint64_t since, again; /* mono_ms: started; to be started again at */
	unsigned quick;	       /* deaths in a row soon after the start */
	struct score *row;
	struct log_pipe log;
	struct worker_listener listener[WORKER_LISTENERS_MAX];
	unsigned nlistener;
};

/* The vault's and the location process's ends of the pairs of one worker of an earlier generation: descriptors of this one. */
struct adopted {
	int vault, ask, push;
};

struct generation {
	struct site site;
	int site_fd;	  /* what `site` is to its workers, whatever generation they are of: written when a later one takes over */
	int site_read_fd; /* the same, for them to read */
	struct adopted adopted[ROLE_ADOPTED];
	unsigned nadopted;
	bool adopting; /* vault and location process of the generation before have ended: these ask and answer for them */
	unsigned workers; /* with the legacy process */
	int vault[ROLE_WORKERS][2], ask[ROLE_WORKERS][2], push[ROLE_WORKERS][2]; /* [0]: the worker's end */
	int far[2];	/* the location process to the vault, when the store is several front ends'; -1: none */
	int inventory[2]; /* the location process to the vault, for the inventory */
	int dhcp_seen[2]; /* the DHCP responder to the location process; -1: none */
	int ready[2];	/* each process writes one octet when it can do its work */
	int hand_over[2]; /* connections of old phones: [0] the workers' end, [1] the legacy process's (server/worker/old.c) */
	int control_fd; /* borrowed from here on by the location process */
	int metrics_fd; /* listening on 127.0.0.1; -1: off */
	int dhcp_fd, keylog_fd;
	char dns_key[ROLE_DNS_KEY];
	struct ticket_keys *ticket_keys; /* the supervisor's one copy */
	struct scoreboard *scoreboard;
	int scoreboard_fd;
	struct slot slot[GENERATION_SLOTS];
	unsigned nslot, nready;
	bool draining, ending; /* workers were asked to end; then the others */
	bool orphaned;	       /* the generation that follows has no room for all its workers: they end instead of keeping phones */
	bool retired;	       /* its workers accept nothing more and keep their phones; the others were asked to end */
	uint64_t until, others_until;
};

struct generation_shared { /* of all generations; borrowed */
	struct scoreboard *scoreboard;
	int scoreboard_fd, keylog_fd;
	struct ticket_keys *ticket_keys;
};
/* Binds and pairs everything, starts nobody.  NULL: *why. */
struct generation *generation_new(const struct site *site, const struct generation_shared *shared, struct why *why);
/* Before it is started: its vault and location process are to serve the workers of that one, too, when adopting is true. */
void generation_adopt(struct generation *g, struct generation *before);
/* Tells the workers of g what the site is now: they accept nothing any more and keep the phones that they have. */
void generation_retire(struct generation *g, const struct site *now);
void generation_free(struct generation *g); /* nobody may run any more; NULL is fine */
bool generation_start(struct slot *s);	    /* false: no process to be had */
void generation_close_listeners(struct generation *g); /* so that nobody is led to a worker that drains */
const char *generation_name(const struct slot *s);
unsigned generation_running(const struct generation *g, bool workers_only);
bool generation_signal(const struct generation *g, enum role role, int signo); /* to all of that role; false: nobody runs */

#endif
