#include "server/daemon/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "net/listen.h"
#include "server/control/control.h"
#include "server/daemon/child.h"
#include "server/daemon/dns_publish.h"
#include "store/store.h"

const char *generation_name(const struct slot *s)
{
	return role_name(s->role);
}

/* ---- starting ---------------------------------------------------------------------------------------------------------- */

struct keep {
	int fd[CHILD_INHERITED];
	unsigned n;
};

static int generation_pass(struct keep *k, int fd)
{
	if (fd >= 0)
		k->fd[k->n++] = fd;
	return fd;
}

/* The state that this process gets and keeps: its own ends, and no other process's secret. */
static void generation_describe(const struct slot *s, struct role_state *t, struct keep *k)
{
	const struct generation *g = s->of;

	for (unsigned i = 0; i < ROLE_WORKERS; i++)
		t->vault[i] = t->ask[i] = t->push[i] = -1;
	switch (s->role) {
	case ROLE_VAULT:
		t->adopt = g->adopting;
		t->adopted = g->nadopted;
		for (unsigned i = 0; i < g->nadopted; i++)
			t->adopted_vault[i] = generation_pass(k, g->adopted[i].vault);
		t->far_fd = generation_pass(k, g->far[1]);
		t->inventory_fd = generation_pass(k, g->inventory[1]);
		for (unsigned i = 0; i < g->workers; i++)
			t->vault[i] = generation_pass(k, g->vault[i][1]);
		break;
	case ROLE_LOCATION:
		t->adopt = g->adopting;
		t->adopted = g->nadopted;
		for (unsigned i = 0; i < g->nadopted; i++) {
			t->adopted_ask[i] = generation_pass(k, g->adopted[i].ask);
			t->adopted_push[i] = generation_pass(k, g->adopted[i].push);
		}
		t->control_fd = generation_pass(k, g->control_fd);
		t->far_fd = generation_pass(k, g->far[0]);
		t->inventory_fd = generation_pass(k, g->inventory[0]);
		t->metrics_fd = generation_pass(k, g->metrics_fd);
		t->seen_fd = generation_pass(k, g->dhcp_seen[1]);
		for (unsigned i = 0; i < g->workers; i++) {
			t->ask[i] = generation_pass(k, g->ask[i][1]);
			t->push[i] = generation_pass(k, g->push[i][1]);
		}
		break;
	case ROLE_WORKER:
	case ROLE_LEGACY:
		t->hand_over_fd = generation_pass(k, g->hand_over[s->role == ROLE_LEGACY]);
		t->vault[s->index] = generation_pass(k, g->vault[s->index][0]);
		t->ask[s->index] = generation_pass(k, g->ask[s->index][0]);
		t->push[s->index] = generation_pass(k, g->push[s->index][0]);
		t->keylog_fd = generation_pass(k, g->keylog_fd);
		t->site_fd = generation_pass(k, g->site_read_fd);
		for (unsigned i = 0; i < s->nlistener; i++)
			generation_pass(k, s->listener[i].fd);
		memcpy(t->listener, s->listener, sizeof t->listener);
		if (s->role == ROLE_WORKER) { /* whoever captures the legacy process reads no session of others */
			ticket_keys_turn(g->ticket_keys, clock_mono_ms());
			t->ticket_keys = *g->ticket_keys;
		}
		break;
	case ROLE_DHCP:
		t->dhcp_fd = generation_pass(k, g->dhcp_fd);
		t->seen_fd = generation_pass(k, g->dhcp_seen[0]);
		break;
	case ROLE_WATCH:
		break;
	case ROLE_DNS:
	case ROLES:
		memcpy(t->dns_key, g->dns_key, sizeof t->dns_key);
		break;
	}
}

bool generation_start(struct slot *s)
{
	const struct generation *g = s->of;
	struct keep k = {.n = 0};
	struct role_state *t = calloc(1, sizeof *t);
	struct child_conf c = {.name = role_name(s->role), .state = t, .nstate = sizeof *t, .inherited = k.fd};
	pid_t pid = -1;

	if (t) {
		*t = (struct role_state){.site = g->site,
					 .role = s->role,
					 .index = s->index,
					 .workers = g->workers,
					 .parent = getpid(),
					 .row = s->row ? (unsigned)(s->row - g->scoreboard->row) : SCOREBOARD_ROWS,
					 .nlistener = s->nlistener,
					 .ready_fd = generation_pass(&k, g->ready[1]),
					 .scoreboard_fd = generation_pass(&k, g->scoreboard_fd),
					 .control_fd = -1,
					 .far_fd = -1,
					 .inventory_fd = -1,
					 .metrics_fd = -1,
					 .hand_over_fd = -1,
					 .dhcp_fd = -1,
					 .seen_fd = -1,
					 .site_fd = -1,
					 .keylog_fd = -1};
		generation_describe(s, t, &k);
		c.nkeep = k.n;
		log_pipe_end(&s->log, c.name);
		pid = child_start(&c, &s->log.fd);
		explicit_bzero(t, sizeof *t);
		free(t);
	}
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

static void generation_shut(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* ---- one generation behind the other --------------------------------------------------------------------------------------- */

static int generation_dup(int fd)
{
	return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

void generation_adopt(struct generation *g, struct generation *before)
{
	for (unsigned i = 0; i < before->nslot; i++) {
		const struct slot *s = &before->slot[i];

		if ((s->role != ROLE_WORKER && s->role != ROLE_LEGACY) || (before->draining && s->pid <= 0))
			continue;
		before->orphaned |= g->nadopted == ROLE_ADOPTED;
		if (g->nadopted == ROLE_ADOPTED)
			continue;
		g->adopted[g->nadopted++] = (struct adopted){.vault = generation_dup(before->vault[s->index][1]),
							      .ask = generation_dup(before->ask[s->index][1]),
							      .push = generation_dup(before->push[s->index][1])};
	}
}

void generation_retire(struct generation *g, const struct site *now)
{
	if (g->site_fd < 0 || pwrite(g->site_fd, now, sizeof *now, 0) != (ssize_t)sizeof *now)
		log_line(LOG_ERROR, "supervisor", "the workers of before cannot be told the new configuration: %s", strerror(errno));
	generation_signal(g, ROLE_WORKER, SIGUSR1);
	generation_signal(g, ROLE_LEGACY, SIGUSR1);
}

/* A file in memory, and a second descriptor of it that only reads: what a worker writes there reaches no other. */
static bool generation_site(struct generation *g, struct why *why)
{
	char path[40];

	g->site_fd = memfd_create("site", MFD_CLOEXEC);
	snprintf(path, sizeof path, "/proc/self/fd/%d", g->site_fd);
	g->site_read_fd = g->site_fd < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	if (g->site_read_fd >= 0 && fchmod(g->site_fd, 0444) == 0 && pwrite(g->site_fd, &g->site, sizeof g->site, 0) == (ssize_t)sizeof g->site)
		return true;
	return why_not(why, "cannot make a file in memory: %s", strerror(errno));
}

/* ---- listeners ----------------------------------------------------------------------------------------------------------- */

static bool listen_all(struct slot *s, const struct site_listener *all, unsigned n, struct why *why)
{
	for (unsigned i = 0; i < n; i++) {
		/* The legacy process accepts nothing itself; it is told which listener a connection came in at. */
		int fd = s->role == ROLE_LEGACY ? -1 : listen_tcp(all[i].address, all[i].port, why);

		if (fd < 0 && s->role != ROLE_LEGACY)
			return false;
		s->listener[s->nlistener++] = (struct worker_listener){.fd = fd,
								       .kind = all[i].kind,
								       .outside = all[i].outside,
								       .proxy = all[i].proxy};
	}
	return true;
}

void generation_close_listeners(struct generation *g)
{
	for (unsigned i = 0; i < g->nslot; i++) {
		for (unsigned k = 0; k < g->slot[i].nlistener; k++)
			generation_shut(g->slot[i].listener[k].fd);
		g->slot[i].nlistener = 0;
	}
	if (g->dhcp_fd >= 0)
		close(g->dhcp_fd);
	g->dhcp_fd = -1;
}

/* ---- making ---------------------------------------------------------------------------------------------------------------- */

static struct score *generation_row_of(struct scoreboard *b, const char *name, unsigned index)
{
	unsigned rows = atomic_load(&b->rows);

	for (unsigned i = 0; i < SCOREBOARD_ROWS; i++) {
		struct score *r = &b->row[i];

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

	*s = (struct slot){.of = g, .role = role, .index = index, .again = 0, .log = {.fd = -1}};
	s->row = generation_row_of(g->scoreboard, role_name(role), index);
	return s;
}

static bool pairs(struct generation *g, struct why *why)
{
	for (unsigned i = 0; i < g->workers; i++)
		if (!ipc_pair(g->vault[i]) || !ipc_pair(g->ask[i]) || !ipc_pair(g->push[i]))
			return why_not(why, "cannot make a socket pair: %s", strerror(errno));
	if (g->site.legacy != SITE_LEGACY_OFF && !ipc_pair(g->hand_over))
		return why_not(why, "cannot make a socket pair: %s", strerror(errno));
	if (store_is_postgres(g->site.store) && !ipc_pair(g->far))
		return why_not(why, "cannot make a socket pair: %s", strerror(errno));
	if (!ipc_pair(g->inventory))
		return why_not(why, "cannot make a socket pair: %s", strerror(errno));
	if (pipe2(g->ready, O_CLOEXEC | O_NONBLOCK) < 0)
		return why_not(why, "cannot make a pipe: %s", strerror(errno));
	return true;
}

static bool generation_make(struct generation *g, struct why *why)
{
	const struct site *site = &g->site;
	struct site_listener listener[SITE_LISTENERS];
	unsigned n = site_listeners(site, listener), plain = site->workers;
	bool legacy = site->legacy != SITE_LEGACY_OFF;

	if (plain == 0) { /* "default one a core" */
		long cores = sysconf(_SC_NPROCESSORS_ONLN);

		plain = cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
	}
	g->workers = plain + legacy;
	if (!pairs(g, why) || !generation_site(g, why))
		return false;
	slot_add(g, ROLE_VAULT, 0);
	slot_add(g, ROLE_LOCATION, 0);
	for (unsigned i = 0; i < plain; i++)
		if (!listen_all(slot_add(g, ROLE_WORKER, i), listener, n, why))
			return false;
	if (legacy && !listen_all(slot_add(g, ROLE_LEGACY, plain), listener, n, why))
		return false;
	if (site->dhcp_responder) {
		slot_add(g, ROLE_DHCP, 0);
		if (!ipc_pair(g->dhcp_seen))
			return why_not(why, "cannot make a socket pair: %s", strerror(errno));
		g->dhcp_fd = listen_udp_broadcast(67, site->dhcp_interface, why);
		if (g->dhcp_fd < 0)
			return false;
	}
	if (site->metrics && (g->metrics_fd = listen_tcp("127.0.0.1", site->metrics, why)) < 0)
		return false;
	if (site->dns.server[0]) {
		slot_add(g, ROLE_DNS, 0);
		if (!dns_key_read(site, g->dns_key, why))
			return false;
	}
	if (site->watch_pools)
		slot_add(g, ROLE_WATCH, 0);
	g->control_fd = control_listen(site->dir, why); /* last: from here on the old generation is not asked any more */
	return g->control_fd >= 0;
}

struct generation *generation_new(const struct site *site, const struct generation_shared *shared, struct why *why)
{
	struct generation *g = calloc(1, sizeof *g);

	if (g == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	g->site = *site;
	g->scoreboard = shared->scoreboard;
	g->scoreboard_fd = shared->scoreboard_fd;
	g->keylog_fd = shared->keylog_fd;
	g->control_fd = g->metrics_fd = g->dhcp_fd = g->far[0] = g->far[1] = g->inventory[0] = g->inventory[1] = g->dhcp_seen[0] = g->dhcp_seen[1] = g->ready[0] = g->ready[1] = g->hand_over[0] = g->hand_over[1] = -1;
	g->site_fd = g->site_read_fd = -1;
	g->ticket_keys = shared->ticket_keys;
	for (unsigned i = 0; i < ROLE_WORKERS; i++)
		for (unsigned k = 0; k < 2; k++)
			g->vault[i][k] = g->ask[i][k] = g->push[i][k] = -1;
	if (generation_make(g, why))
		return g;
	generation_free(g);
	return NULL;
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	generation_close_listeners(g);
	generation_shut(g->site_fd);
	generation_shut(g->site_read_fd);
	for (unsigned i = 0; i < g->nadopted; i++) {
		generation_shut(g->adopted[i].vault);
		generation_shut(g->adopted[i].ask);
		generation_shut(g->adopted[i].push);
	}
	for (unsigned i = 0; i < ROLE_WORKERS; i++)
		for (unsigned k = 0; k < 2; k++) {
			generation_shut(g->vault[i][k]);
			generation_shut(g->ask[i][k]);
			generation_shut(g->push[i][k]);
		}
	for (unsigned i = 0; i < g->nslot; i++)
		log_pipe_end(&g->slot[i].log, role_name(g->slot[i].role));
	for (unsigned i = 0; i < g->nslot; i++)
		if (g->slot[i].row) {
			atomic_store(&g->slot[i].row->pid, 0);
			atomic_store(&g->slot[i].row->restarts, 0);
			g->slot[i].row->name[0] = '\0';
		}
	for (unsigned k = 0; k < 2; k++)
		generation_shut(g->hand_over[k]);
	generation_shut(g->metrics_fd);
	generation_shut(g->far[0]);
	generation_shut(g->far[1]);
	generation_shut(g->inventory[0]);
	generation_shut(g->inventory[1]);
	generation_shut(g->dhcp_seen[0]);
	generation_shut(g->dhcp_seen[1]);
	generation_shut(g->ready[0]);
	generation_shut(g->ready[1]);
	generation_shut(g->control_fd);
	explicit_bzero(g, sizeof *g);
	free(g);
}
