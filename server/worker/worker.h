/* server/worker/worker.h: the process that talks to phones: listeners, TLS, Web Services and Registrar on one event loop.
 *
 * The supervisor forks it, drops its privileges and calls worker_main().  It holds the private keys of the TLS names, no
 * store, no CA key: what it wants to know it asks the vault and the location process over socket pairs (net/ipc.h).
 *
 * Files, all in site->dir, readable to the user it runs as:
 *     server.pem     private key and chain (leaf first, root last) of the inside names; also signs TLS-DSK's flight
 *     external.pem   the same for the outside names; needed only with an outside listener
 *     issuing.pem    the issuing CA's certificate: TLS-DSK takes client certificates of it only
 *     files/ logs/   the update store (read), device logs (written)
 *
 * A legacy process is the same for phones that have TLS 1.0 only: it accepts nothing itself, but gets from the workers the
 * connections whose ClientHello they could not answer (server/worker/old.c).  Its files are legacy.pem and legacy-external.pem.
 */
#ifndef DIALTONE_SERVER_WORKER_H
#define DIALTONE_SERVER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pki/ticket_keys.h"
#include "server/site/health.h"
#include "server/site/listeners.h"

struct worker_listener {
	int fd; /* non-blocking, listening (listen_tcp()); the worker closes it when it drains */
	enum site_listener_kind kind;
	bool outside; /* plain TCP on it is answered with a reset */
	bool proxy;   /* every connection begins with a PROXY v2 head */
};
#define WORKER_LISTENERS_MAX 16

struct worker_conf { /* everything is borrowed; descriptors of -1 are not there */
	const struct site *site;
	/* SIGUSR1: a later generation accepts connections; what the site is now is read from site_fd into *site_now, which `site` points to.
	 * NULL: there is none. */
	struct site *site_now;
	int site_fd;
	unsigned index; /* location_binding.worker; the legacy process has a number of its own */
	struct worker_listener listener[WORKER_LISTENERS_MAX];
	unsigned nlistener;
	int vault_fd;	 /* questions to the vault: server/vault/ipc.h */
	int location_fd; /* questions to the location process: server/location/ipc.h */
	/* Orders from the location process (net/ipc.h): each is a location_notice; answered, when the Registrar has acted,
	 * by a message of the same number and kind without a body. */
	int push_fd;
	int keylog_fd; /* TLS secrets in NSS format are appended here */
	const struct health *health; /* shared with the other processes; NULL: always ready */
	bool legacy;   /* the legacy process: listener[].fd are -1 */
	int hand_over_fd; /* connections of old phones: a worker sends them, the legacy process takes them; -1: nobody does */
	int ready_fd;  /* one octet is written when it accepts connections */
	struct ticket_keys ticket_keys; /* TLS session tickets: the same for all processes of a port */
};

/* Runs until SIGTERM, then drains: stops accepting, finishes what was asked, closes idle connections, and leaves after
 * WORKER_DRAIN_MS at the latest.  Also ends, with status 1, when the other end of one of its sockets is closed for good. */
#define WORKER_DRAIN_MS 10000
/* From SIGUSR1 on it accepts nothing, lets go of whoever asks the Web Services, and keeps the connections of registered phones until they
 * end or site.reload_keep is over; then it drains. */
int worker_main(const struct worker_conf *c);

#endif
