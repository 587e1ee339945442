/* server/location/process_internal.h: what process.c (the control socket), client.c (a connection of it) and workers.c share,
 * and nobody else. */
#ifndef DIALTONE_SERVER_LOCATION_PROCESS_INTERNAL_H
#define DIALTONE_SERVER_LOCATION_PROCESS_INTERNAL_H

#include "net/ipc.h"
#include "net/loop.h"
#include "server/location/drain.h"
#include "server/location/far_link.h"
#include "server/location/journey.h"
#include "server/location/location.h"
#include "server/location/metrics.h"
#include "server/location/process.h"
#include "server/vault/ipc.h"

enum {
	CLIENTS = 16,	      /* of the control socket at once */
	LINE_MAX_OCTETS = 1024,
	PENDING = 256,	      /* orders that are not acted on yet */
	EXPIRE_MS = 10000,
	ACT_MS = 5000,	      /* a worker has this long to act */
	GATHER_MS = 3000,     /* a new process has this long to learn what the workers hold */
	CLIENT_MS = 10000,
	PIECE = 16 * 1024 /* of a list: more is looked up when this is out */
};

struct process;

struct client { /* one connection of the control socket */
	struct process *process;
	int fd; /* -1: free */
	struct loop_fd watch;
	struct loop_timer late;
	char line[LINE_MAX_OCTETS];
	size_t n;
	bool waits;
	unsigned outstanding, acted;
	bool more; /* a list goes out, and this was not all */
	bool phones; /* the list of phones; else the registered endpoints */
	struct location_walk walk;
	struct buf out;
};

struct worker {
	struct process *process;
	struct ipc_server ask, push;
	unsigned index;
	bool here; /* has told what it holds */
};

struct process {
	const struct location_process *conf;
	struct loop *loop;
	struct loop_signal term, adopt;
	struct loop_timer expire, gather;
	struct loop_fd control;
	struct location *location;
	struct journeys *journeys;
	struct worker *worker; /* nworker, and behind them the adopted ones */
	unsigned nworker;      /* that are served: orders reach these */
	struct ipc_server dhcp;
	struct vault_client *inventory; /* NULL: nobody keeps one */
	struct vault_link inventory_link;
	struct far_link *far; /* NULL: there are no other front ends */
	struct drain drain;
	struct metrics metrics;
	struct metrics_port *metrics_port; /* NULL: off */
	struct client client[CLIENTS];
	struct client *asks; /* the client that is giving an order just now */
	uint64_t number;
	struct {
		uint64_t number; /* 0: free */
		struct client *client;
	} pending[PENDING];
};

/* ---- client.c ---- */
void client_close(struct client *c);
void client_answer(struct client *c, const struct buf *b); /* the whole answer; it closes the connection */
void client_printf(struct client *c, const char *fmt, unsigned a, unsigned b) __attribute__((format(printf, 2, 0)));
void client_acted(struct client *c); /* answers the order that it waits for, when every worker has obeyed */

/* ---- workers.c ---- */
void process_notice(void *arg, uint32_t worker, const struct location_notice *n); /* location.c: an endpoint must be told */
bool process_worker(struct process *p, int ask, int push); /* the next one; its ends of the pairs are borrowed */
void process_adopt(struct process *p); /* those of earlier generations */
void process_gathered(struct process *p); /* every worker has told what it holds, or had the time: the control socket opens */
bool process_dhcp(struct process *p, int fd);

#endif
