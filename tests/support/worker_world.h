/* tests/support/worker_world.h: one worker process, real, between sockets: a vault and a location of the
 * test's on one side, clients on the other.
 */
#ifndef DIALTONE_TESTS_WORKER_WORLD_H
#define DIALTONE_TESTS_WORKER_WORLD_H

#include "tests/support/net_world.h"

#include <arpa/inet.h>
#include <signal.h>
#include <sys/wait.h>

#include "net/ipc.h"
#include "pki/cert.h"
#include "server/location/ipc.h"
#include "server/site/site.h"
#include "server/vault/ipc.h"
#include "server/worker/worker.h"

enum { HTTP, HTTPS, SIP, OUTSIDE, PROXIED, DOORS };

enum { HELD = 8 };

struct world {
	struct loop *loop;
	char dir[64];
	struct site site;
	struct worker_conf conf;
	uint16_t port[DOORS];
	struct ipc_server vault, location, push;
	unsigned asked; /* the vault */
	bool hold;      /* it does not answer, for now */
	struct held {
		uint64_t number;
		enum vault_kind kind;
	} held[HELD];
	struct location *bindings;
	struct tls_ctx *client_tls;
	int ready, keylog, site_fd; /* site_fd: what the site is now; empty */
	unsigned obeyed;
	uint64_t order;
	pid_t pid, legacy_pid;
	int hand_over[2]; /* what a worker and a legacy process hold of it */
	int legacy_ask[3]; /* our ends of the legacy process's questions: nobody answers them */
};

void world_init(struct world *w); /* the worker is ready when it returns; clients of 127.0.0.0/8 may speak TLS 1.0 */
void world_add_legacy(struct world *w); /* a legacy process besides, which is ready */
int ended(struct world *w); /* waits until the worker has ended; its exit status, -1 after a signal */
void ipc_close(struct ipc_server *s); /* with its descriptor; nothing when it is closed already */
void world_clear(struct world *w);
/* A client at one of the worker's doors. */
void visit(struct world *w, struct client *c, unsigned door, bool tls);

#endif
