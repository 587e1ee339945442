#include "server/daemon/role.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sv.h"
#include "pki/key.h"
#include "server/daemon/credentials.h"
#include "server/daemon/dhcp_responder.h"
#include "server/daemon/dns_publish.h"
#include "server/daemon/pool_watch.h"
#include "confine/sandbox.h"
#include "server/location/process.h"
#include "server/site/files.h"
#include "server/vault/process.h"
#include "store/store.h"

static int run_vault(struct role_state *s, struct scoreboard *b)
{
	struct vault_process p = {.site = &s->site,
				  .fd = s->vault,
				  .nfd = s->workers,
				  .adopted = s->adopted_vault,
				  .nadopted = s->adopted,
				  .adopt = s->adopt,
				  .far_fd = s->far_fd,
				  .inventory_fd = s->inventory_fd,
				  .health = b ? &b->health : NULL,
				  .ready_fd = s->ready_fd};

	return vault_process_main(&p);
}

static int run_location(struct role_state *s, struct scoreboard *b)
{
	struct location_process p = {.site = &s->site,
				     .ask = s->ask,
				     .push = s->push,
				     .nworker = s->workers,
				     .adopted_ask = s->adopted_ask,
				     .adopted_push = s->adopted_push,
				     .nadopted = s->adopted,
				     .adopt = s->adopt,
				     .dhcp_fd = s->seen_fd,
				     .control_fd = s->control_fd,
				     .far_fd = s->far_fd,
				     .inventory_fd = s->inventory_fd,
				     .metrics_fd = s->metrics_fd,
				     .scoreboard = b,
				     .ready_fd = s->ready_fd};

	return location_process_main(&p);
}

static int run_worker(struct role_state *s, struct scoreboard *b)
{
	struct worker_conf c = {.site = &s->site,
				.site_now = &s->site,
				.site_fd = s->site_fd,
				.index = s->index,
				.nlistener = s->nlistener,
				.vault_fd = s->vault[s->index],
				.location_fd = s->ask[s->index],
				.push_fd = s->push[s->index],
				.keylog_fd = s->keylog_fd,
				.health = b ? &b->health : NULL,
				.legacy = s->role == ROLE_LEGACY,
				.hand_over_fd = s->hand_over_fd,
				.ready_fd = s->ready_fd};

	memcpy(c.listener, s->listener, sizeof c.listener);
	c.ticket_keys = s->ticket_keys;
	return worker_main(&c);
}

static int run_dhcp(struct role_state *s, struct scoreboard *b)
{
	(void)b;
	return dhcp_responder_main(&s->site, s->dhcp_fd, s->seen_fd, s->ready_fd);
}

static int run_dns(struct role_state *s, struct scoreboard *b)
{
	(void)b;
	return dns_publish_main(&s->site, s->dns_key, s->ready_fd);
}

static int run_watch(struct role_state *s, struct scoreboard *b)
{
	return pool_watch_main(&s->site, b ? &b->health : NULL, s->ready_fd);
}

enum { AS_VAULT, AS_WORKER, AS_LEGACY };

static const struct sandbox_place vault_places[] = {{SITE_VAULT, true}, {NULL, false}};
/* The vault whose store is in PostgreSQL: names of hosts, the socket, and the roots of its certificate are read here. */
#define NAMES                                                                                                                     \
	{"/etc/hosts", false}, {"/etc/resolv.conf", false}, {"/run/systemd/resolve", false}, {"/etc/nsswitch.conf", false},       \
	    {"/etc/host.conf", false}, {"/etc/gai.conf", false}, {"/etc/services", false}
static const struct sandbox_place database_places[] = {{SITE_VAULT, true},
						       NAMES,
						       {"/etc/passwd", false},
						       {"/etc/ssl/certs", false},
						       {"/run/postgresql", true},
						       {"/var/run/postgresql", true},
						       {NULL, false}};
static const struct sandbox_place watch_places[] = {NAMES, {NULL, false}};
static const struct sandbox_place worker_places[] = {{SITE_SERVER, false},
						     {SITE_EXTERNAL, false},
						     {SITE_DSK, false},
						     {SITE_DSK_EXTERNAL, false},
						     {SITE_ISSUING, false},
						     {SITE_TRUSTED_CERTS, false},
						     {SITE_IMAGES, false},
						     {SITE_LOGS, true},
						     {NULL, false}};
static const struct sandbox_place legacy_places[] = {{SITE_LEGACY, false},
						     {SITE_LEGACY_EXTERNAL, false},
						     {SITE_ISSUING, false},
						     {SITE_TRUSTED_CERTS, false},
						     {SITE_IMAGES, false},
						     {SITE_LOGS, true},
						     {NULL, false}};

#define SERVES (SANDBOX_READ | SANDBOX_WRITE | SANDBOX_ACCEPT | SANDBOX_NETWORK)

/* clang-format off */
static const struct {
	const char *name;
	int as;		   /* which of the site's users */
	mode_t umask;	   /* processes that talk to the network share logs/ by their group */
	unsigned may;	   /* enum sandbox_may */
	const struct sandbox_place *places;
	int (*run)(struct role_state *s, struct scoreboard *b);
} roles[ROLES] = {
	[ROLE_VAULT]    = {"vault",    AS_VAULT,  077, SANDBOX_READ | SANDBOX_WRITE | SANDBOX_THREADS, vault_places, run_vault},
	[ROLE_LOCATION] = {"location", AS_WORKER, 007, SANDBOX_ACCEPT, NULL, run_location},
	[ROLE_WORKER]   = {"worker",   AS_WORKER, 007, SERVES, worker_places, run_worker},
	[ROLE_LEGACY]   = {"legacy",   AS_LEGACY, 007, SERVES & ~SANDBOX_ACCEPT, legacy_places, run_worker},
	[ROLE_DHCP]     = {"dhcp",     AS_WORKER, 007, SANDBOX_NETWORK, NULL, run_dhcp},
	[ROLE_DNS]      = {"dns",      AS_WORKER, 007, SANDBOX_ASK | SANDBOX_NETWORK, NULL, run_dns},
	[ROLE_WATCH]    = {"watch",    AS_WORKER, 007, SANDBOX_READ | SANDBOX_ASK | SANDBOX_NETWORK | SANDBOX_NAMES, watch_places, run_watch},
};
/* clang-format on */

const char *role_name(enum role r)
{
	return roles[r].name;
}

/* A state that the supervisor has made: sealed, so that nobody else's file is taken for one. */
static struct role_state *state_read(const char *number)
{
	const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL;
	struct role_state *s = NULL;
	uint64_t fd;

	if (!sv_u64(sv_of(number), 65535, &fd) || fcntl((int)fd, F_GET_SEALS) != seals)
		return NULL;
	s = malloc(sizeof *s);
	if (s && pread((int)fd, s, sizeof *s, 0) != (ssize_t)sizeof *s) {
		free(s);
		s = NULL;
	}
	close((int)fd);
	return s;
}

/* The configuration bounds what devices send; it does not bound the store. */
static uint64_t role_file_max(const struct role_state *s)
{
	unsigned may = roles[s->role].may;

	return !(may & SANDBOX_WRITE)		 ? 0
	       : s->role == ROLE_VAULT ? UINT64_MAX
				       : (uint64_t)s->site.max_logs_total << 20;
}

/* The vault has no business with the network, unless its store is there. */
static bool has_database(const struct role_state *s)
{
	return s->role == ROLE_VAULT && store_is_postgres(s->site.store);
}

static bool role_settle(const struct role_state *s, struct why *why)
{
	const struct site *site = &s->site;
	const char *const users[] = {
	    [AS_VAULT] = site->user, [AS_WORKER] = site->worker_user, [AS_LEGACY] = site->legacy_user};
	int as = roles[s->role].as;
	/* What they both write in logs/ has the legacy process's group, and that opens no key of the workers'. */
	bool shares = s->role == ROLE_WORKER && site->legacy != SITE_LEGACY_OFF;
	const struct credentials c = {.user = users[as],
				      .group_of = shares ? site->legacy_user : NULL,
				      .also_group_of = shares ? site->worker_user : NULL};
	const struct sandbox box = {.dir = site->dir,
				    .may = roles[s->role].may |
					   (has_database(s) ? SANDBOX_ASK | SANDBOX_NETWORK | SANDBOX_DATABASE | SANDBOX_NAMES : 0),
				    .places = has_database(s) ? database_places : roles[s->role].places,
				    .file_max = role_file_max(s)};

	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(roles[s->role].umask);
	sandbox_leave_network(&box);
	if (!credentials_drop(&c, why))
		return false;
	/* Asked after the change of user, which resets it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != s->parent)
		return why_not(why, "the supervisor has ended");
	return sandbox_enter(&box, why);
}

int role_main(const char *name, const char *number)
{
	struct role_state *s = state_read(number);
	struct scoreboard *b = NULL;
	struct why why = {0};
	int status;

	if (s == NULL || s->role >= ROLES || strcmp(roles[s->role].name, name) != 0) {
		fprintf(stderr, "dialtoned: '--role' is for the processes that dialtoned starts itself\n");
		free(s);
		return EX_USAGE;
	}
	prctl(PR_SET_NAME, roles[s->role].name, 0, 0, 0);
	log_set(s->site.log_level, NULL);
	if (!role_settle(s, &why)) {
		log_line(LOG_ERROR, name, "%s", why.text);
		return EX_CONFIG;
	}
	b = scoreboard_map(s->scoreboard_fd);
	close(s->scoreboard_fd);
	if (b && s->row < SCOREBOARD_ROWS) {
		pki_count_in(&b->row[s->row].private_operations);
		atomic_store(&b->row[s->row].pid, getpid());
	}
	status = roles[s->role].run(s, b);
	explicit_bzero(s, sizeof *s);
	free(s);
	fflush(NULL);
	_exit(status); /* nobody may look inside: neither may a leak checker */
}
