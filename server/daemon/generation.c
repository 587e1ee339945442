#include "server/daemon/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "net/listen.h"
#include "server/control/control.h"
#include "server/daemon/dhcp_responder.h"
#include "server/daemon/dns_publish.h"
#include "server/location/process.h"
#include "server/vault/process.h"

/* ---- the roles: one row each ------------------------------------------------------------------------------------------- */

static int run_vault(void *arg);
static int run_location(void *arg);
static int run_worker(void *arg);
static int run_dhcp(void *arg);
static int run_dns(void *arg);

/* clang-format off */
static const struct {
	const char *name;
	bool vault_user; /* runs as `user`; the others as `worker_user` */
	int (*run)(void *arg);
} roles[] = {
	[ROLE_VAULT]    = {"vault",    true,  run_vault},
	[ROLE_LOCATION] = {"location", false, run_location},
	[ROLE_WORKER]   = {"worker",   false, run_worker},
	[ROLE_LEGACY]   = {"legacy",   false, run_worker},
	[ROLE_DHCP]     = {"dhcp",     false, run_dhcp},
	[ROLE_DNS]      = {"dns",      false, run_dns},
};
/* clang-format on */

const char *generation_name(const struct slot *s)
{
	return roles[s->role].name;
}

static void ends(int pair[][2], unsigned n, unsigned side, int *ret)
{
	for (unsigned i = 0; i < n; i++)
		ret[i] = pair[i][side];
}

/* What is somebody else's secret is wiped before the work begins: a fork has copied it. */
static void forget(struct generation *g, enum role role)
{
	if (role != ROLE_WORKER && role != ROLE_LEGACY)
		explicit_bzero(g->ticket_key, WORKER_TICKET_KEY);
	if (role != ROLE_DNS)
		explicit_bzero(g->dns_key, sizeof g->dns_key);
}

static int run_vault(void *arg)
{
	struct slot *s = arg;
	int fd[GENERATION_WORKERS];
	struct vault_process p = {.site = &s->of->site, .fd = fd, .nfd = s->of->workers, .ready_fd = s->of->ready[1]};

	forget(s->of, s->role);
	ends(s->of->vault, s->of->workers, 1, fd);
	return vault_process_main(&p);
}

static int run_location(void *arg)
{
	struct slot *s = arg;
	int ask[GENERATION_WORKERS], push[GENERATION_WORKERS];
	struct location_process p = {.site = &s->of->site,
				     .ask = ask,
				     .push = push,
				     .nworker = s->of->workers,
				     .control_fd = s->of->control_fd,
				     .board = s->of->board,
				     .ready_fd = s->of->ready[1]};

	forget(s->of, s->role);
	ends(s->of->ask, s->of->workers, 1, ask);
	ends(s->of->push, s->of->workers, 1, push);
	return location_process_main(&p);
}

static int run_worker(void *arg)
{
	struct slot *s = arg;
	struct worker_conf c = {.site = &s->of->site,
				.index = s->index,
				.nlistener = s->nlistener,
				.vault_fd = s->of->vault[s->index][0],
				.location_fd = s->of->ask[s->index][0],
				.push_fd = s->of->push[s->index][0],
				.keylog_fd = s->of->keylog_fd,
				.ready_fd = s->of->ready[1]};

	memcpy(c.listener, s->listener, sizeof c.listener);
	memcpy(c.ticket_key, s->of->ticket_key, sizeof c.ticket_key);
	forget(s->of, s->role);
	return worker_main(&c);
}

static int run_dhcp(void *arg)
{
	struct slot *s = arg;

	forget(s->of, s->role);
	return dhcp_responder_main(&s->of->site, s->of->dhcp_fd, s->of->ready[1]);
}

static int run_dns(void *arg)
{
	struct slot *s = arg;

	forget(s->of, s->role);
	return dns_publish_main(&s->of->site, s->of->dns_key, s->of->ready[1]);
}

static unsigned keeps(const struct slot *s, int keep[CHILD_KEEP])
{
	struct generation *g = s->of;
	unsigned n = 0;

	keep[n++] = g->ready[1];
	switch (s->role) {
	case ROLE_VAULT:
		for (unsigned i = 0; i < g->workers; i++)
			keep[n++] = g->vault[i][1];
		break;
	case ROLE_LOCATION:
		keep[n++] = g->control_fd;
		for (unsigned i = 0; i < g->workers; i++) {
			keep[n++] = g->ask[i][1];
			keep[n++] = g->push[i][1];
		}
		break;
	case ROLE_WORKER:
	case ROLE_LEGACY:
		keep[n++] = g->vault[s->index][0];
		keep[n++] = g->ask[s->index][0];
		keep[n++] = g->push[s->index][0];
		keep[n++] = g->keylog_fd;
		for (unsigned i = 0; i < s->nlistener; i++)
			keep[n++] = s->listener[i].fd;
		break;
	case ROLE_DHCP:
		keep[n++] = g->dhcp_fd;
		break;
	case ROLE_DNS:
		break;
	}
	return n;
}

bool generation_start(struct slot *s)
{
	const struct site *site = &s->of->site;
	int keep[CHILD_KEEP];
	struct child_conf c = {.name = roles[s->role].name,
			       .index = s->index,
			       .user = roles[s->role].vault_user || site->worker_user[0] == '\0' ? site->user
												 : site->worker_user,
			       .row = s->row,
			       .keep = keep,
			       .nkeep = keeps(s, keep),
			       .run = roles[s->role].run,
			       .arg = s};
	pid_t pid = child_start(&c);

	if (pid < 0) {
		log_line(LOG_ERROR, "supervisor", "cannot start %s %u: %s", c.name, s->index, strerror(errno));
		return false;
	}
	s->pid = pid;
	s->since = clock_mono_ms();
	s->again = UINT64_MAX;
	return true;
}

unsigned generation_running(const struct generation *g, bool workers_only)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->nslot; i++)
		n += g->slot[i].pid > 0 && (!workers_only || g->slot[i].role >= ROLE_WORKER);
	return n;
}

bool generation_signal(const struct generation *g, enum role role, int signo)
{
	bool sent = false;

	for (unsigned i = 0; i < g->nslot; i++)
		if (g->slot[i].role == role && g->slot[i].pid > 0) /* kill(0) would reach everybody, ourselves too */
			sent |= kill(g->slot[i].pid, signo) == 0;
	return sent;
}

/* ---- listeners ----------------------------------------------------------------------------------------------------------- */

struct door {
	const char *address;
	uint16_t port;
	enum worker_listener_kind kind;
	bool outside, proxy, legacy;
};

static unsigned doors(const struct site *s, struct door ret[WORKER_LISTENERS_MAX])
{
	/* clang-format off */
	const struct door all[] = {
		{s->address,          s->sip_tls,          WORKER_SIP_TLS, false, false, false},
		{s->address,          s->sip_tcp,          WORKER_SIP_TCP, false, false, false},
		{s->address,          s->https,            WORKER_HTTPS,   false, false, false},
		{s->address,          s->http,             WORKER_HTTP,    false, false, false},
		{s->external_address, s->external_sip_tls, WORKER_SIP_TLS, true,  s->proxy_protocol, false},
		{s->external_address, s->external_https,   WORKER_HTTPS,   true,  s->proxy_protocol, false},
		{s->legacy_address,   s->legacy_sip_tls,   WORKER_SIP_TLS, false, false, true},
		{s->legacy_address,   s->legacy_https,     WORKER_HTTPS,   false, false, true},
	};
	/* clang-format on */
	unsigned n = 0;

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (all[i].port)
			ret[n++] = all[i];
	return n;
}

static bool listen_all(struct slot *s, const struct door *door, unsigned ndoor, char *why, size_t cap)
{
	for (unsigned i = 0; i < ndoor; i++) {
		int fd;

		if (door[i].legacy != (s->role == ROLE_LEGACY))
			continue;
		fd = listen_tcp(door[i].address, door[i].port, why, cap);
		if (fd < 0)
			return false;
		s->listener[s->nlistener++] = (struct worker_listener){.fd = fd,
								       .kind = door[i].kind,
								       .outside = door[i].outside,
								       .proxy = door[i].proxy,
								       .legacy = door[i].legacy};
	}
	return true;
}

void generation_close_listeners(struct generation *g)
{
	for (unsigned i = 0; i < g->nslot; i++) {
		for (unsigned k = 0; k < g->slot[i].nlistener; k++)
			close(g->slot[i].listener[k].fd);
		g->slot[i].nlistener = 0;
	}
	if (g->dhcp_fd >= 0)
		close(g->dhcp_fd);
	g->dhcp_fd = -1;
}

/* ---- making ---------------------------------------------------------------------------------------------------------------- */

static struct board_row *row_of(struct board *b, const char *name, unsigned index)
{
	unsigned rows = atomic_load(&b->rows);

	for (unsigned i = 0; i < BOARD_ROWS; i++) {
		struct board_row *r = &b->row[i];

		if (r->name[0])
			continue;
		snprintf(r->name, sizeof r->name, "%s", name);
		r->index = index;
		if (i >= rows)
			atomic_store(&b->rows, i + 1);
		return r;
	}
	return NULL; /* it runs without being shown */
}

static struct slot *slot_add(struct generation *g, enum role role, unsigned index)
{
	struct slot *s = &g->slot[g->nslot++];

	*s = (struct slot){.of = g, .role = role, .index = index, .again = 0};
	s->row = row_of(g->board, roles[role].name, index);
	return s;
}

static bool pairs(struct generation *g, char *why, size_t cap)
{
	for (unsigned i = 0; i < g->workers; i++)
		if (!ipc_pair(g->vault[i]) || !ipc_pair(g->ask[i]) || !ipc_pair(g->push[i])) {
			snprintf(why, cap, "cannot make a socket pair: %s", strerror(errno));
			return false;
		}
	if (pipe2(g->ready, O_CLOEXEC | O_NONBLOCK) < 0) {
		snprintf(why, cap, "cannot make a pipe: %s", strerror(errno));
		return false;
	}
	return true;
}

static bool make(struct generation *g, char *why, size_t cap)
{
	const struct site *site = &g->site;
	struct door door[WORKER_LISTENERS_MAX];
	unsigned n = doors(site, door), plain = site->workers;
	bool legacy = false;

	for (unsigned i = 0; i < n; i++)
		legacy = legacy || door[i].legacy;
	if (plain == 0) { /* "default one a core" */
		long cores = sysconf(_SC_NPROCESSORS_ONLN);

		plain = cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
	}
	g->workers = plain + legacy;
	if (!pairs(g, why, cap))
		return false;
	slot_add(g, ROLE_VAULT, 0);
	slot_add(g, ROLE_LOCATION, 0);
	for (unsigned i = 0; i < plain; i++)
		if (!listen_all(slot_add(g, ROLE_WORKER, i), door, n, why, cap))
			return false;
	if (legacy && !listen_all(slot_add(g, ROLE_LEGACY, plain), door, n, why, cap))
		return false;
	if (site->dhcp_responder) {
		slot_add(g, ROLE_DHCP, 0);
		g->dhcp_fd = listen_udp_broadcast(67, site->dhcp_interface, why, cap);
		if (g->dhcp_fd < 0)
			return false;
	}
	if (site->dns.server[0]) {
		slot_add(g, ROLE_DNS, 0);
		if (!dns_key_read(site, g->dns_key, why, cap))
			return false;
	}
	g->control_fd = control_listen(site->dir, why, cap); /* last: from here on the old generation is not asked any more */
	return g->control_fd >= 0;
}

struct generation *generation_new(const struct site *site, struct board *board, uint8_t ticket_key[WORKER_TICKET_KEY],
				  int keylog_fd, char *why, size_t cap)
{
	struct generation *g = calloc(1, sizeof *g);

	if (g == NULL) {
		snprintf(why, cap, "out of memory");
		return NULL;
	}
	g->site = *site;
	g->board = board;
	g->keylog_fd = keylog_fd;
	g->control_fd = g->dhcp_fd = g->ready[0] = g->ready[1] = -1;
	g->ticket_key = ticket_key;
	for (unsigned i = 0; i < GENERATION_WORKERS; i++)
		for (unsigned k = 0; k < 2; k++)
			g->vault[i][k] = g->ask[i][k] = g->push[i][k] = -1;
	if (make(g, why, cap))
		return g;
	generation_free(g);
	return NULL;
}

static void shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	generation_close_listeners(g);
	for (unsigned i = 0; i < GENERATION_WORKERS; i++)
		for (unsigned k = 0; k < 2; k++) {
			shut(g->vault[i][k]);
			shut(g->ask[i][k]);
			shut(g->push[i][k]);
		}
	for (unsigned i = 0; i < g->nslot; i++)
		if (g->slot[i].row) {
			atomic_store(&g->slot[i].row->pid, 0);
			atomic_store(&g->slot[i].row->restarts, 0);
			g->slot[i].row->name[0] = '\0';
		}
	shut(g->ready[0]);
	shut(g->ready[1]);
	shut(g->control_fd);
	explicit_bzero(g, sizeof *g);
	free(g);
}
