/* server/vault/process.h: the vault as a process: the store's owner; no network, only questions of the workers. */
#ifndef DIALTONE_SERVER_VAULT_PROCESS_H
#define DIALTONE_SERVER_VAULT_PROCESS_H

#include "server/site/health.h"
#include "server/site/site.h"

struct vault_process {
	const struct site *site;
	const int *fd; /* its ends of the workers' pairs */
	unsigned nfd;
	const int *adopted; /* the same of workers of earlier generations: asked when SIGUSR1 comes, or at once with `adopt` */
	unsigned nadopted;
	bool adopt;
	int far_fd;   /* the location process's pair: server/vault/sync.h; -1: there is none */
	int inventory_fd; /* the location process's pair: it tells who signed in and off; -1: there is none */
	struct health *health; /* NULL: nobody looks */
	int ready_fd; /* one octet when it answers; -1: none */
};
/* Runs until SIGTERM. The exit status: 78 when keys or store are not to be had. */
int vault_process_main(const struct vault_process *p);

#endif
