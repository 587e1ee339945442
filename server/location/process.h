/* server/location/process.h: the location process: the bindings of all workers, and the control socket.
 *
 * The control socket takes one line a connection and answers until it closes:
 *     order AOR N DIAG REASON     "ok ENDPOINTS", when every worker that holds one has acted; N: enum location_order
 *     status                      a line a process: "worker 0 pid 4711 private 18 restarts 0"; "registered ENDPOINTS"; "end"
 *     registered [AOR]            a line an endpoint, of all users or of one; then "end".  Its fields, a tabulator between
 *                                 them: user, epid, instance, peer, worker, seconds left, inside or outside, User-Agent
 *     phones                      a line a phone that any server process saw; then "end".  Its fields, a tabulator between them:
 *                                 mac, model, firmware, user, number, instance, epid, address, inside or outside, proved or
 *                                 claimed, stage (0: registered), state, code, cause, code of the last failure, and how many
 *                                 ms ago that was, the state began, the phone was seen, its way began; how often it began;
 *                                 seconds until the registration ends; "update:BEGAN_AGO:MS:answered,ticket:..."
 * "error SENTENCE" otherwise.
 */
#ifndef DIALTONE_SERVER_LOCATION_PROCESS_H
#define DIALTONE_SERVER_LOCATION_PROCESS_H

#include "server/daemon/scoreboard.h"
#include "server/site/site.h"

struct location_process {
	const struct site *site;
	const int *ask, *push; /* its ends of the workers' pairs, by worker */
	unsigned nworker;
	const int *adopted_ask, *adopted_push; /* the same of workers of earlier generations: from SIGUSR1 on, or at once with `adopt` */
	unsigned nadopted;
	bool adopt;
	int dhcp_fd;	/* what the DHCP responder saw comes here; -1: there is none */
	int control_fd; /* listening; -1: none */
	const struct scoreboard *scoreboard; /* for status; NULL: none */
	int ready_fd;
};
int location_process_main(const struct location_process *p); /* until SIGTERM */

#endif
