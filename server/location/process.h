/* server/location/process.h: the location process: the bindings of all workers, and the control socket.
 *
 * The control socket takes one line a connection and answers until it closes:
 *     order AOR N DIAG REASON     "ok ENDPOINTS", when every worker that holds one has acted; N: enum location_order
 *     status                      a line a process: "worker 0 pid 4711 private 18 restarts 0"; "registered ENDPOINTS"; "end"
 *     registered [AOR]            a line an endpoint, of all users or of one; then "end".  Its fields, a tabulator between
 *                                 them: user, epid, instance, peer, worker, seconds left, inside or outside, the other front
 *                                 end that holds it (empty: this one does), User-Agent
 *     phones                      a line a phone that any server process saw; then "end".  Its fields, a tabulator between them:
 *                                 mac, model, firmware, user, number, instance, epid, address, inside or outside, proved or
 *                                 claimed, stage (0: registered), state, code, cause, code of the last failure, and how many
 *                                 ms ago that was, the state began, the phone was seen, its way began; how often it began;
 *                                 seconds until the registration ends; "update:BEGAN_AGO:MS:answered,ticket:..."
 *     drain SECONDS               "ok PHONES": nobody new is taken, so many are asked to go elsewhere, spread over that time
 *     undrain                     "ok 0"
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
	int far_fd;	/* the vault's pair, for the pool's other front ends: server/location/far_link.h; -1: there are none */
	int inventory_fd; /* the vault's pair: it is told who signed in and off; -1: there is none */
	int metrics_fd; /* listening: server/location/metrics.h; -1: off */
	int control_fd; /* listening; -1: none */
	struct scoreboard *scoreboard; /* for status, and to say that it drains; NULL: none */
	int ready_fd;
};
int location_process_main(const struct location_process *p); /* until SIGTERM */

#endif
