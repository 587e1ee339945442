/* server/daemon/role.h: the kinds of processes below the supervisor: what each is told, what it may keep, what it runs as.
 */
#ifndef DIALTONE_SERVER_DAEMON_ROLE_H
#define DIALTONE_SERVER_DAEMON_ROLE_H

#include <sys/types.h>

#include "server/daemon/scoreboard.h"
#include "server/worker/worker.h"

#define ROLE_WORKERS 65 /* the last may be the legacy process */
#define ROLE_DNS_KEY 256
#define ROLE_ADOPTED 128 /* workers of earlier generations, which still have phones */

enum role { ROLE_VAULT, ROLE_LOCATION, ROLE_WORKER, ROLE_LEGACY, ROLE_DHCP, ROLE_DNS, ROLE_WATCH, ROLES };

const char *role_name(enum role r);

/* What the supervisor tells a process of it: the same program reads it at once, so it is handed over as it lies in memory.
 * Descriptors have the same numbers in both; -1: not for this role. */
struct role_state {
	struct site site;
	enum role role;
	unsigned index; /* among the workers */
	unsigned workers;
	pid_t parent;
	int ready_fd, control_fd, far_fd, inventory_fd, metrics_fd, hand_over_fd, dhcp_fd, seen_fd, keylog_fd, scoreboard_fd;
	int site_fd; /* of workers: what `site` has become, when SIGUSR1 comes */
	/* Of vault and location process: their ends of the pairs of workers of earlier generations, whose own vault and location process
	 * have ended when SIGUSR1 comes, or when `adopt` says so. */
	int adopted_vault[ROLE_ADOPTED], adopted_ask[ROLE_ADOPTED], adopted_push[ROLE_ADOPTED];
	unsigned adopted;
	bool adopt;
	unsigned row; /* of the scoreboard; SCOREBOARD_ROWS: none */
	int vault[ROLE_WORKERS], ask[ROLE_WORKERS], push[ROLE_WORKERS]; /* a worker's own are at its index */
	struct worker_listener listener[WORKER_LISTENERS_MAX];
	unsigned nlistener;
	struct ticket_keys ticket_keys; /* of workers only, else zero; the next likewise of the DNS publisher */
	char dns_key[ROLE_DNS_KEY];
};

/* The life of such a process: reads its state from the descriptor, gives up what it does not need, works until SIGTERM.
 * `name` and `number` are the command line's.  The exit status (sysexits). */
int role_main(const char *name, const char *number);

#endif
