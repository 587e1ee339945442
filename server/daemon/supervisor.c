#include "server/daemon/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/systemd.h"
#include "net/listen.h"
#include "pki/key.h"
#include "server/site/conf.h"
#include "server/site/listeners.h"
#include "server/control/control.h"
#include "server/daemon/accounts.h"
#include "server/daemon/check_site.h"
#include "server/daemon/succession.h"
#include "confine/sandbox.h"

/* ---- what is there before a process is started ---------------------------------------------------------------------------- */

/* One dialtoned a folder. */
static bool lock(struct supervisor *s, const char *dir, struct why *why)
{
	char path[sizeof((struct site *)0)->dir + sizeof "/run/lock"];

	snprintf(path, sizeof path, "%s/run", dir);
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return why_not(why, "%.800s: %s", path, strerror(errno));
	snprintf(path, sizeof path, "%s/run/lock", dir);
	s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (s->lock_fd < 0 || flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		return why_not(why, "%.800s: %s", path, errno == EWOULDBLOCK ? "another dialtoned runs here" : strerror(errno));
	return true;
}

static bool supervisor_signals(struct supervisor *s)
{
	static const int ours[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaddset(&set, ours[i]);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return false;
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd >= 0;
}

static bool supervisor_begin(struct supervisor *s, const struct site *site, struct why *why)
{
	if (!accounts_fit(site, why) || !lock(s, site->dir, why) || !check_ports(site, why))
		return false;
	if (s->conf->keylog) {
		s->keylog_fd = open(s->conf->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
		if (s->keylog_fd < 0)
			return why_not(why, "%s: %s", s->conf->keylog, strerror(errno));
	}
	s->scoreboard = scoreboard_new(&s->scoreboard_fd);
	if (s->scoreboard == NULL || !ticket_keys_make(&s->ticket_keys, clock_mono_ms()) || !supervisor_signals(s))
		return why_not(why, "cannot set up: %s", strerror(errno));
	if (!landlock_there())
		log_line(LOG_WARN, "supervisor",
			 "this kernel has no Landlock: a captured process could read what every user of this machine may read");
	return true;
}

/* ---- generations ----------------------------------------------------------------------------------------------------------- */

static bool start_all(struct supervisor *s, const struct site *site, struct why *why)
{
	const struct generation_shared shared = {
	    .scoreboard = s->scoreboard, .scoreboard_fd = s->scoreboard_fd, .keylog_fd = s->keylog_fd, .ticket_keys = &s->ticket_keys};
	struct generation *g = accounts_fit(site, why) ? generation_new(site, &shared, why) : NULL;

	if (g == NULL)
		return false;
	for (unsigned i = 0; i < OLD; i++)
		if (s->old[i] && s->old[i]->retired)
			generation_adopt(g, s->old[i]);
	if (s->now)
		generation_adopt(g, s->now);
	s->next = g;
	s->next_until = clock_mono_ms() + READY_MS;
	for (unsigned i = 0; i < g->nslot; i++)
		if (!generation_start(&g->slot[i]))
			return why_not(why, "cannot start a process: %s", strerror(errno));
	return true;
}

/* The new one cannot be had. */
static void give_up(struct supervisor *s, const char *why)
{
	struct generation *g = s->next;

	log_line(LOG_ERROR, "supervisor", "%s%s", why, s->now ? ": nothing is changed" : "");
	s->next = NULL;
	succession_retire(s, g);
	if (s->now == NULL) {
		s->failed = s->ending = true;
		s->status = s->status ? s->status : EX_CONFIG;
	} else if (g) {
		int fd = control_listen(s->now->site.dir, NULL);

		if (fd >= 0) { /* the socket was the new one's already: the old location process gets one of its own again */
			close(s->now->control_fd);
			s->now->control_fd = fd;
			generation_signal(s->now, ROLE_LOCATION, SIGTERM);
		}
	}
}

static void report_ready(struct supervisor *s)
{
	const struct site *site = &s->now->site;

	log_set(site->log_level, "dialtoned");
	systemd_notify("READY=1");
	if (s->ready) {
		log_line(LOG_INFO, "supervisor", "reloaded");
		return;
	}
	s->ready = true;
	printf("dialtoned: ready: %s, %u workers, sip_tls %u, sip_tcp %u, https %u, http %u%s%s\n", site->fqdn, s->now->workers,
	       site->sip_tls, site->sip_tcp, site->https, site->http,
	       site_is_outside(site) ? ", outside as " : "",
	       site_is_outside(site) ? site->external_fqdn : "");
	fflush(stdout);
}

static void count_ready(struct supervisor *s)
{
	struct generation *g = s->next, *before = s->now;
	char octets[GENERATION_SLOTS];
	ssize_t n = read(g->ready[0], octets, sizeof octets);

	if (n > 0)
		g->nready += (unsigned)n;
	if (g->nready < g->nslot)
		return;
	s->next = NULL;
	s->now = g;
	report_ready(s);
	succession_take_over(s, before);
}

static void reload(struct supervisor *s)
{
	struct why why = {0};
	struct site site;

	if (s->next || s->ending) {
		log_line(LOG_WARN, "supervisor", "SIGHUP ignored: a reload is under way");
		return;
	}
	if (!conf_read(s->conf->path, &site, &why)) {
		log_line(LOG_ERROR, "supervisor", "SIGHUP: %s: nothing is changed", why.text);
		return;
	}
	if (!start_all(s, &site, &why))
		give_up(s, why.text);
}

/* ---- signals ------------------------------------------------------------------------------------------------------------------ */

static struct slot *slot_of(struct supervisor *s, pid_t pid)
{
	struct generation *all[OLD + 2] = {s->now, s->next};

	memcpy((void *)(all + 2), (void *)s->old, sizeof s->old);
	for (unsigned i = 0; i < OLD + 2; i++)
		for (unsigned k = 0; all[i] && k < all[i]->nslot; k++)
			if (all[i]->slot[k].pid == pid)
				return &all[i]->slot[k];
	return NULL;
}

static void died(struct supervisor *s, struct slot *k, int status)
{
	struct generation *g = k->of;
	uint64_t now = clock_mono_ms();
	bool lived = now - k->since >= SETTLED_MS;
	unsigned pause;
	struct why why = {0};

	log_pipe_end(&k->log, generation_name(k)); /* its last words */
	k->pid = 0;
	if (k->row)
		atomic_store(&k->row->pid, 0);
	if (g->draining)
		return;
	if (WIFSIGNALED(status))
		why_set(&why, "%s %u was ended by signal %d", generation_name(k), k->index, WTERMSIG(status));
	else
		why_set(&why, "%s %u ended with status %d", generation_name(k), k->index, WEXITSTATUS(status));
	if (g == s->next) {
		if (WIFEXITED(status) && WEXITSTATUS(status))
			s->status = WEXITSTATUS(status) == EX_CONFIG ? EX_CONFIG : EX_SOFTWARE;
		give_up(s, why.text);
		return;
	}
	k->quick = lived ? 0 : k->quick + 1;
	pause = k->quick <= 1 ? 0 : (unsigned)PAUSE_MS << (k->quick < 8 ? k->quick - 2 : 6);
	k->again = now + (pause < PAUSE_MAX_MS ? pause : PAUSE_MAX_MS);
	log_line(LOG_ERROR, "supervisor", "%s: started again%s", why.text, pause ? " after a pause" : "");
	if (k->row)
		atomic_fetch_add(&k->row->restarts, 1);
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct slot *k = slot_of(s, pid);

		if (k)
			died(s, k, status);
	}
}

static void end_all(struct supervisor *s)
{
	struct generation *all[] = {s->now, s->next};

	if (!s->ending) {
		log_line(LOG_INFO, "supervisor", "stopping: requests that are under way are finished first");
		systemd_notify("STOPPING=1");
	}
	s->ending = true;
	s->now = s->next = NULL;
	succession_end(s);
	for (unsigned i = 0; i < 2; i++)
		succession_retire(s, all[i]);
}

static void signalled(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGCHLD)
			reap(s);
		else if (info.ssi_signo == SIGHUP)
			reload(s);
		else
			end_all(s);
	}
	reap(s);
}

/* ---- the loop ------------------------------------------------------------------------------------------------------------------ */

static uint64_t sooner(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Starts who is due, moves on who drains; when to look again. */
static uint64_t work(struct supervisor *s, uint64_t now)
{
	uint64_t at = UINT64_MAX;

	for (unsigned i = 0; s->now && i < s->now->nslot; i++) {
		struct slot *k = &s->now->slot[i];

		if (k->pid > 0)
			continue;
		if (k->again <= now && !generation_start(k))
			k->again = now + PAUSE_MAX_MS;
		if (k->pid <= 0)
			at = sooner(at, k->again);
	}
	if (s->next && now >= s->next_until)
		give_up(s, "the processes are not ready in time");
	if (s->next)
		at = sooner(at, s->next_until);
	for (unsigned i = 0; i < OLD; i++) {
		if (s->old[i] && succession_drained(s->old[i], now)) {
			generation_free(s->old[i]);
			s->old[i] = NULL;
		}
		if (s->old[i])
			at = sooner(at, s->old[i]->until);
		if (s->old[i] && s->old[i]->retired)
			at = sooner(at, s->old[i]->others_until);
	}
	succession_adopt(s);
	return at;
}

/* All that have a log: at most GENERATION_SLOTS of each generation. */
static unsigned logs(struct supervisor *s, struct log_pipe *ret[], const char *name[])
{
	struct generation *all[OLD + 2] = {s->now, s->next};
	unsigned n = 0;

	memcpy((void *)(all + 2), (void *)s->old, sizeof s->old);
	for (unsigned i = 0; i < OLD + 2; i++)
		for (unsigned k = 0; all[i] && k < all[i]->nslot; k++)
			if (all[i]->slot[k].log.fd >= 0) {
				name[n] = generation_name(&all[i]->slot[k]);
				ret[n++] = &all[i]->slot[k].log;
			}
	return n;
}

static bool anybody(const struct supervisor *s)
{
	for (unsigned i = 0; i < OLD; i++)
		if (s->old[i])
			return true;
	return s->now || s->next;
}

/* Waits for a signal, a process that is ready, or a line of a log; false: it cannot be waited. */
static bool turn(struct supervisor *s, int timeout_ms)
{
	enum { FIRST = 2, MOST = (OLD + 2) * GENERATION_SLOTS };
	struct pollfd p[FIRST + MOST] = {{.fd = s->signal_fd, .events = POLLIN},
					 {.fd = s->next ? s->next->ready[0] : -1, .events = POLLIN}};
	struct log_pipe *log[MOST];
	const char *name[MOST];
	unsigned n = logs(s, log, name);

	for (unsigned i = 0; i < n; i++)
		p[FIRST + i] = (struct pollfd){.fd = log[i]->fd, .events = POLLIN};
	if (poll(p, FIRST + n, timeout_ms) < 0)
		return errno == EINTR;
	for (unsigned i = 0; i < n; i++)
		if (p[FIRST + i].revents)
			log_pipe_read(log[i], name[i]);
	if (p[1].revents && s->next)
		count_ready(s);
	if (p[0].revents)
		signalled(s);
	return true;
}

static void supervisor_run(struct supervisor *s)
{
	uint64_t watchdog = systemd_watchdog_ms(), bark = 0;

	for (;;) {
		uint64_t now = clock_mono_ms(), at = work(s, now);

		if (watchdog && now >= bark) {
			systemd_notify("WATCHDOG=1");
			bark = now + watchdog;
		}
		if (watchdog)
			at = sooner(at, bark);

		if (!anybody(s) || !turn(s, at == UINT64_MAX ? -1 : at > now ? (int)sooner(at - now, 60000) : 0))
			return;
	}
}

int supervisor_main(const struct supervisor_conf *c, const struct site *site)
{
	struct supervisor s = {.conf = c, .signal_fd = -1, .keylog_fd = -1, .lock_fd = -1, .scoreboard_fd = -1};
	struct why why = {0};

	if (!supervisor_begin(&s, site, &why)) {
		log_line(LOG_ERROR, "supervisor", "%s", why.text);
		s.status = EX_CONFIG;
	} else {
		if (!start_all(&s, site, &why))
			give_up(&s, why.text);
		supervisor_run(&s);
	}
	scoreboard_free(s.scoreboard);
	explicit_bzero(&s.ticket_keys, sizeof s.ticket_keys);
	for (unsigned i = 0; i < 4; i++) {
		int fd = (int[]){s.signal_fd, s.keylog_fd, s.lock_fd, s.scoreboard_fd}[i];

		if (fd >= 0)
			close(fd);
	}
	return s.failed ? s.status : s.status && !s.ready ? s.status : 0;
}
