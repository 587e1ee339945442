#include "server/site/files.h"
#include "server/vault/process.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "net/loop.h"
#include "server/vault/ipc.h"
#include "server/vault/make.h"
#include "server/vault/pool.h"
#include "server/vault/sync.h"
#include "store/store.h"

#define LOOK_MS 200

struct process {
	const struct vault_process *conf;
	struct loop *loop;
	struct loop_signal term, adopt;
	struct vault_keys keys;
	struct store *store;
	struct vault *vault;
	struct vault_pool *pool;
	struct vault_sync *sync; /* NULL: the store is this machine's own */
	struct ipc_server *asked; /* one a worker, and behind them the adopted ones */
	unsigned nasked;	  /* that are served */
	struct ipc_server inventory; /* the location process */
	struct loop_timer look;	  /* whether the store has changed */
	uint64_t changes, reported_at;
	unsigned pools_changed;
};

static void question(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct process *p = arg;

	vault_pool_ask(p->pool, from, m);
}

/* The location process tells of devices; it has nothing to ask. */
static void device_came(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct process *p = arg;

	if (m->kind == VAULT_DEVICE_SIGNED)
		vault_pool_ask(p->pool, from, m);
	else
		log_line(LOG_ERROR, "vault", "the location process asked what is not its business (kind %u): dropped", m->kind);
}

static void report(struct process *p)
{
	p->reported_at = clock_mono_ms();
	for (unsigned i = 0; i < p->nasked; i++) {
		struct buf b = {0};

		vault_changes_write(&b, p->changes);
		if (!ipc_server_send(&p->asked[i], &b))
			log_line(LOG_WARN, "vault", "a worker cannot be told that the store has changed");
	}
}

/* A command of the administrator's writes into the store by itself: the workers hear of it within LOOK_MS. */
static void look(void *arg)
{
	struct process *p = arg;
	struct health *health = p->conf->health;
	uint64_t store = 0, now = p->changes;

	if (health && atomic_load(&health->pools_changed) != p->pools_changed) {
		p->pools_changed = atomic_load(&health->pools_changed);
		vault_changed(p->vault);
	}
	if (p->sync == NULL)
		now = vault_changes(p->vault);
	else if (vault_sync_changes(p->sync, &store))
		now = vault_changes_of(p->vault, store);

	if (now != p->changes || clock_mono_ms() - p->reported_at >= VAULT_REPORT_MS) {
		p->changes = now;
		report(p);
	}
	loop_timer_at(&p->look, clock_mono_ms() + LOOK_MS);
}

static bool serve(struct process *p, const int *fd, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (!ipc_server_init(&p->asked[p->nasked], p->loop, fd[i], question, p))
			return false;
		p->nasked++;
	}
	return true;
}

/* The vault of an earlier generation has ended: whoever asked it asks here now. */
static void adopt(void *arg, int signo)
{
	struct process *p = arg;

	(void)signo;
	if (p->nasked != p->conf->nfd)
		return;
	if (!serve(p, p->conf->adopted, p->conf->nadopted))
		log_line(LOG_ERROR, "vault", "out of memory: not every worker of before can be answered");
	p->reported_at = 0; /* they hear of changes now */
}

static void term(void *arg, int signo)
{
	struct process *p = arg;

	(void)signo;
	loop_stop(p->loop);
}

/* `s`, from whose list of pools it is known which are watched. */
static struct store *watched(const struct process *p, struct store *s)
{
	if (s && !vault_watch_pools(s, p->conf->health))
		log_line(LOG_WARN, "vault", "the list of pools cannot be read: %s", store_why(s));
	return s;
}

static bool open_store(struct process *p, struct why *why)
{
	char path[PATH_MAX];

	umask(077);
	if (!site_store(p->conf->site, path, why))
		return false;
	if (store_is_postgres(path)) {
		p->store = store_shared(watched(p, store_open(path, why)));
		return p->store != NULL;
	}
	if (access(path, F_OK) < 0) { /* made by init, with its owner: a new one would be an empty site */
		return why_not(why, "there is no store '%.300s' that this user may open: was it made by 'dialtone init'?", path);
	}
	if (!store_whole(path, why))
		return false;
	p->store = store_shared(watched(p, store_sqlite(path, why)));
	if (p->store && p->store->ops->reserve(p->store) != STORE_OK)
		log_line(LOG_WARN, "vault", "no room is kept for a full disk: %s", store_why(p->store));
	return p->store != NULL;
}

/* One that others use as well. */
static bool share(struct process *p)
{
	const struct vault_sync_conf c = {.site = p->conf->site, .loop = p->loop, .fd = p->conf->far_fd, .health = p->conf->health};

	if (store_is_postgres(p->conf->site->store))
		p->sync = vault_sync_new(&c);
	return p->sync || !store_is_postgres(p->conf->site->store);
}

/* As many as there are processors, and one more: one waits for the disk. */
static unsigned threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 ? (unsigned)n + 1 : 2;
}

static bool begin(struct process *p, struct why *why)
{
	struct vault_conf c = {.site = p->conf->site};

	if (!vault_keys_load(p->conf->site->dir, &p->keys, why) || !open_store(p, why))
		return false;
	why_set(why, "out of memory");
	vault_keys_conf(&p->keys, &c);
	c.store = p->store;
	c.health = p->conf->health;
	c.locked = p->conf->health ? &p->conf->health->locked : NULL;
	p->vault = vault_new(&c);
	p->loop = loop_new();
	p->asked = calloc(p->conf->nfd + p->conf->nadopted, sizeof *p->asked);
	if (p->vault == NULL || p->loop == NULL || p->asked == NULL || !loop_signal_init(&p->term, p->loop, SIGTERM, term, p) ||
	    !loop_signal_init(&p->adopt, p->loop, SIGUSR1, adopt, p))
		return false;
	p->pool = vault_pool_new(p->loop, p->vault, threads());
	if (p->pool == NULL || !share(p))
		return false;
	if (!serve(p, p->conf->fd, p->conf->nfd) || (p->conf->adopt && !serve(p, p->conf->adopted, p->conf->nadopted)))
		return false;
	if (p->conf->inventory_fd >= 0 && !ipc_server_init(&p->inventory, p->loop, p->conf->inventory_fd, device_came, p))
		return false;
	loop_timer_init(&p->look, p->loop, look, p);
	loop_timer_at(&p->look, 0);
	return true;
}

static void end(struct process *p)
{
	vault_pool_free(p->pool);
	vault_sync_free(p->sync);
	for (unsigned i = 0; p->asked && i < p->nasked; i++)
		ipc_server_clear(&p->asked[i]);
	free(p->asked);
	if (p->inventory.in)
		ipc_server_clear(&p->inventory);
	loop_timer_stop(&p->look);
	loop_signal_stop(&p->term);
	loop_signal_stop(&p->adopt);
	loop_free(p->loop);
	vault_free(p->vault);
	store_close(p->store);
	vault_keys_clear(&p->keys);
}

int vault_process_main(const struct vault_process *conf)
{
	struct process p = {.conf = conf};
	struct why why = {0};
	int status = EX_CONFIG;

	if (begin(&p, &why)) {
		if (conf->ready_fd >= 0 && write(conf->ready_fd, "+", 1) != 1)
			log_line(LOG_WARN, "vault", "cannot report that it is ready");
		loop_run(p.loop);
		status = 0;
	} else {
		log_line(LOG_ERROR, "vault", "%s", why.text);
	}
	end(&p);
	return status;
}
