#include "server/worker/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "auth/ticket.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "net/subnets.h"
#include "server/location/ipc.h"
#include "server/vault/ipc.h"
#include "server/worker/internal.h"

#define ACCEPT_AT_ONCE 32	/* then the others have their turn */
#define ACCEPT_PAUSE_MS 100	/* when there are no descriptors left */
#define CONNECTIONS_MAX 50000
#define DESCRIPTORS_KEPT 64u	/* for files and ourselves */
#define SHARE 4			/* an address holds at most one part in so many; so much is kept from the web for the Registrar */
#define SHARE_MIN 16
#define DRAIN_TICK_MS 20
#define RETIRED_TICK_MS 250
#define LET_GO_AT_ONCE 8 /* in a tick: all of them would come back together */

struct worker;

struct listening { /* one listener */
	struct worker *worker;
	struct worker_listener listener;
	struct worker_old_from old_from;
	struct conn_old old;
	struct conn_kind kind;
	struct loop_fd watch;
};

struct worker {
	const struct worker_conf *conf;
	struct loop *loop;
	struct worker_tls tls;
	struct worker_web web;
	struct worker_sip sip;
	struct vault_client *vault;
	struct vault_link vault_link;
	struct location_client *location;
	struct location_link location_link;
	struct seen_link seen;
	struct listening listening[WORKER_LISTENERS_MAX];
	struct worker_old old; /* of the legacy process, in the place of listeners */
	struct ipc_server orders;
	struct loop_signal term, retire;
	struct loop_timer drain, accept;
	struct shares *shares; /* of addresses, in all connections */
	struct admission admission[2]; /* to Web Services, to the Registrar */
	uint64_t leave_at, keep_until; /* while it drains; of registered phones, while it is retired */
	unsigned connections_max;
	bool retired, draining, lost, reset, keyless; /* keyless: the administrator must mend it */
};

/* ---- doors ------------------------------------------------------------------------------------------------- */

static void doors_want(struct worker *w, unsigned what)
{
	if (w->conf->legacy)
		loop_fd_want(&w->old.watch, what);
	for (unsigned i = 0; i < w->conf->nlistener && !w->conf->legacy; i++)
		loop_fd_want(&w->listening[i].watch, what);
}

static void doors_pause(struct worker *w)
{
	doors_want(w, 0);
	loop_timer_at(&w->accept, clock_mono_ms() + ACCEPT_PAUSE_MS);
}

static void accept_again(void *arg)
{
	struct worker *w = arg;

	if (!w->draining && !w->retired)
		doors_want(w, LOOP_READ);
}

static bool is_web(const struct listening *d)
{
	return d->listener.kind == SITE_HTTP || d->listener.kind == SITE_HTTPS;
}

/* Idle browsers must not keep phones from the Registrar: it has places of its own. */
static bool is_full(const struct listening *d)
{
	const struct worker *w = d->worker;
	unsigned most = w->connections_max;

	return w->web.http.n + w->sip.n >= most || (is_web(d) && w->web.http.n >= most - most / SHARE);
}

/* A stranger could name any address in a PROXY head. */
static bool is_welcome(const struct listening *d, const struct sockaddr_storage *from)
{
	const struct site *site = d->worker->conf->site;
	char address[NET_ADDRESS_MAX];
	uint16_t port;

	if (!d->kind.proxy || site->proxy_from[0] == '\0')
		return true;
	return net_address_text(from, address, &port) && subnets_have(site->proxy_from, address);
}

static void accept_one(struct listening *d, int fd, const struct sockaddr_storage *from)
{
	struct worker *w = d->worker;

	if (is_web(d))
		http_server_take(&w->web.http, fd, from, &d->kind, &d->listener);
	else
		worker_sip_take(&w->sip, fd, from, &d->kind, &d->listener);
}

/* Inside listeners on all addresses listen on the outside one as well: connections there are refused with a reset, so that
 * nothing is spoken outside but what the outside listeners speak. */
static void worker_on_accept(void *arg, unsigned what)
{
	struct listening *d = arg;
	struct worker *w = d->worker;

	(void)what;
	for (int i = 0; i < ACCEPT_AT_ONCE && !w->draining; i++) {
		struct sockaddr_storage from;
		socklen_t n = sizeof from;
		int fd;

		if (is_full(d)) { /* whoever holds the most gives way, when the loop has turned */
			if (!shares_make_room(w->shares)) {
				loop_fd_want(&d->watch, 0);
				loop_timer_at(&w->accept, clock_mono_ms() + ACCEPT_PAUSE_MS);
			}
			return;
		}
		fd = accept4(d->listener.fd, (struct sockaddr *)&from, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0 && ((!d->listener.outside && net_is_at(fd, w->conf->site->external_address)) || !is_welcome(d, &from))) {
			net_reset(fd);
			continue;
		}
		if (fd >= 0) {
			accept_one(d, fd, &from);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			log_line(LOG_WARN, "worker", "cannot accept: %s", strerror(errno));
			doors_pause(w);
		}
		if (errno != ECONNABORTED && errno != EINTR)
			return;
	}
}

/* A connection that a worker has accepted. */
static void worker_on_old(void *arg, int fd, unsigned listener, const struct sockaddr_storage *from)
{
	struct worker *w = arg;

	if (listener >= w->conf->nlistener || w->draining || w->retired || is_full(&w->listening[listener]))
		net_reset(fd);
	else
		accept_one(&w->listening[listener], fd, from);
}

static bool worker_full(void *arg)
{
	struct worker *w = arg;

	if (w->web.http.n + w->sip.n < w->connections_max)
		return false;
	doors_pause(w);
	return true;
}

static void doors_open(struct worker *w)
{
	for (unsigned i = 0; i < w->conf->nlistener; i++) {
		struct listening *d = &w->listening[i];

		d->worker = w;
		d->listener = w->conf->listener[i];
		d->kind = (struct conn_kind){.tls = worker_tls_of(&w->tls, &d->listener), .admission = &w->admission[is_web(d) ? 0 : 1]};
		if (w->conf->legacy) /* its connections come without their PROXY head */
			continue;
		d->kind.proxy = d->listener.proxy;
		d->old_from = (struct worker_old_from){w->conf->site, w->conf->hand_over_fd, i};
		d->old = worker_old_of(&d->old_from);
		d->kind.old = w->conf->hand_over_fd >= 0 ? &d->old : NULL;
		loop_fd_init(&d->watch, w->loop, d->listener.fd, worker_on_accept, d);
		loop_fd_want(&d->watch, LOOP_READ);
	}
	if (!w->conf->legacy)
		return;
	w->old = (struct worker_old){.take = worker_on_old, .full = worker_full, .arg = w};
	worker_old_init(&w->old, w->loop, w->conf->hand_over_fd);
}

static void doors_close(struct worker *w)
{
	loop_fd_stop(&w->old.watch);
	for (unsigned i = 0; i < w->conf->nlistener; i++) {
		if (w->listening[i].worker == NULL)
			continue;
		loop_fd_stop(&w->listening[i].watch);
		if (w->listening[i].listener.fd >= 0)
			close(w->listening[i].listener.fd);
		w->listening[i].worker = NULL;
	}
}

/* ---- the end ----------------------------------------------------------------------------------------------- */

static void drain(struct worker *w);

/* Web clients have WORKER_DRAIN_MS, as always; registered phones much longer. */
static void retired_tick(struct worker *w, uint64_t now)
{
	if (now >= w->leave_at && !w->reset) {
		http_server_reset(&w->web.http);
		w->reset = true;
	}
	if (w->reset) /* whoever was about to sign in had that long */
		worker_sip_let_go(&w->sip, LET_GO_AT_ONCE);
	if (now >= w->keep_until)
		drain(w);
	else
		loop_timer_at(&w->drain, now + RETIRED_TICK_MS);
}

static void drain_tick(void *arg)
{
	struct worker *w = arg;
	uint64_t now = clock_mono_ms();

	if (w->web.http.n + w->sip.n == 0) {
		loop_stop(w->loop);
		return;
	}
	if (!w->draining) {
		retired_tick(w, now);
		return;
	}
	if (now >= w->leave_at && !w->reset) {
		http_server_reset(&w->web.http);
		worker_sip_reset(&w->sip);
		w->reset = true;
	}
	loop_timer_at(&w->drain, now + DRAIN_TICK_MS);
}

static void drain(struct worker *w)
{
	if (w->draining)
		return;
	w->draining = true;
	w->reset = false;
	w->leave_at = clock_mono_ms() + WORKER_DRAIN_MS;
	doors_close(w);
	http_server_drain(&w->web.http);
	worker_sip_drain(&w->sip);
	loop_timer_at(&w->drain, 0);
}

static void term(void *arg, int signo)
{
	(void)signo;
	drain(arg);
}

/* Settings that a phone has received, and proofs that it has given at its connection, hold under the new configuration as well. */
static bool speaks_alike(const struct worker *w, const struct site *was, const struct site *is)
{
	return strcmp(was->domain, is->domain) == 0 && strcmp(was->fqdn, is->fqdn) == 0 && strcmp(was->pool, is->pool) == 0 &&
	       strcmp(was->external_fqdn, is->external_fqdn) == 0 && strcmp(was->realm, is->realm) == 0 &&
	       was->sip_tls == is->sip_tls && was->sip_tcp == is->sip_tcp && was->external_sip_tls == is->external_sip_tls &&
	       was->offer_ntlm == is->offer_ntlm && was->offer_tls_dsk == is->offer_tls_dsk &&
	       was->external_require_pin == is->external_require_pin && strcmp(was->SIPSecurityMode, is->SIPSecurityMode) == 0 &&
	       (!w->conf->legacy || (was->legacy == is->legacy && strcmp(was->legacy_known, is->legacy_known) == 0));
}

/* A later generation has taken over. */
static void retire(void *arg, int signo)
{
	struct worker *w = arg;
	struct site *now = malloc(sizeof *now);

	(void)signo;
	if (w->draining || now == NULL || pread(w->conf->site_fd, now, sizeof *now, 0) != (ssize_t)sizeof *now ||
	    !speaks_alike(w, w->conf->site, now) || now->reload_keep == 0) {
		drain(w);
		free(now);
		return;
	}
	*w->conf->site_now = *now;
	free(now);
	registrar_settings(w->sip.registrar, clock_mono_ms(), clock_unix_ms() / 1000);
	if (w->retired)
		return;
	for (unsigned i = 0; i < w->conf->nlistener && !w->conf->legacy; i++)
		worker_on_accept(&w->listening[i], LOOP_READ); /* a client that waits there would be reset */
	w->retired = true;
	w->leave_at = clock_mono_ms() + WORKER_DRAIN_MS;
	w->keep_until = clock_mono_ms() + (uint64_t)w->conf->site->reload_keep * 1000;
	doors_close(w);
	http_server_drain(&w->web.http);
	loop_timer_at(&w->drain, 0);
}

/* The other end is gone for good: a fresh worker gets fresh sockets. */
static void lose(struct worker *w, const char *whom)
{
	if (w->draining)
		return;
	log_line(LOG_ERROR, "worker", "the %s process has ended", whom);
	w->lost = true;
	drain(w);
}

static void vault_gone(void *arg)
{
	lose(arg, "vault");
}

static void location_gone(void *arg)
{
	lose(arg, "location");
}

/* ---- orders ------------------------------------------------------------------------------------------------ */

static void held(void *arg, const struct location_binding *b)
{
	struct worker *w = arg;
	struct location_ask q = {.kind = LOCATION_HELD, .held.binding = *b};

	location_send(&w->location_link, &q, NULL, NULL);
}

/* A new location process asks what is registered here. */
static void replay(struct worker *w)
{
	registrar_bindings(w->sip.registrar, held, w);
	location_send(&w->location_link, &(struct location_ask){.kind = LOCATION_HELD_ALL}, NULL, NULL);
}

static void ordered(void *arg, struct ipc_server *from, struct ipc_message *m)
{
	struct worker *w = arg;
	struct location_notice n;
	struct buf done = {0};

	if (m->kind == LOCATION_P_REPLAY)
		replay(w);
	if (m->kind != LOCATION_P_ORDER || !location_notice_read(&m->body, &n))
		return;
	worker_sip_order(&w->sip, &n);
	ipc_begin(&done, m->number, m->kind);
	if (!ipc_server_send(from, &done))
		log_line(LOG_WARN, "worker", "cannot acknowledge an order: the location process is gone");
}

static void orders_gone(void *arg, struct ipc_server *from)
{
	(void)from;
	lose(arg, "location");
}

/* ---- the process ------------------------------------------------------------------------------------------- */

static void random_octets(void *arg, void *p, size_t n)
{
	(void)arg;
	if (!pki_random(p, n)) {
		log_line(LOG_ERROR, "worker", "cannot get random octets");
		abort();
	}
}

static unsigned descriptors(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return CONNECTIONS_MAX;
	r.rlim_cur = r.rlim_max;
	setrlimit(RLIMIT_NOFILE, &r);
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > CONNECTIONS_MAX + DESCRIPTORS_KEPT)
		return CONNECTIONS_MAX;
	return r.rlim_cur / 2 > DESCRIPTORS_KEPT ? (unsigned)r.rlim_cur - DESCRIPTORS_KEPT : DESCRIPTORS_KEPT;
}

static bool neighbours(struct worker *w, struct why *why)
{
	const struct worker_conf *c = w->conf;

	why_set(why, "cannot talk to the vault and location processes");
	w->vault = vault_client_new(w->loop, c->vault_fd, vault_gone, w, &w->vault_link);
	w->location = location_client_new(w->loop, c->location_fd, location_gone, w, &w->location_link);
	if (w->location)
		location_client_seen(w->location, &w->seen);
	return w->vault && w->location && (c->push_fd < 0 || ipc_server_init(&w->orders, w->loop, c->push_fd, ordered, w)) &&
	       (c->push_fd < 0 || (w->orders.gone = orders_gone) != NULL);
}

static bool services(struct worker *w, struct why *why)
{
	struct registrar_conf registrar = {.site = w->conf->site,
					   .vault = &w->vault_link,
					   .location = &w->location_link,
					   .seen = &w->seen,
					   .binding = w->tls.binding,
					   .health = w->conf->health,
					   .dsk = w->tls.dsk,
					   .dsk_outside = w->tls.dsk_outside,
					   .random = random_octets};

	why_set(why, "out of memory");
	w->shares = shares_new(&(struct shares_conf){
	    .connections = w->connections_max / SHARE > SHARE_MIN ? w->connections_max / SHARE : SHARE_MIN,
	    .memory = (size_t)w->conf->site->max_stranger_memory << 20});
	if (w->shares == NULL || !worker_web_init(&w->web, w->loop, w->conf->site, &w->vault_link, &w->seen, w->conf->health, &w->tls) ||
	    !worker_sip_init(&w->sip, w->loop, &registrar))
		return false;
	w->web.http.conf.shares = w->sip.shares = w->shares;
	return true;
}

static bool worker_begin(struct worker *w, struct why *why)
{
	why_set(why, "cannot make an event loop");
	w->loop = loop_new();
	if (w->loop == NULL || !loop_signal_init(&w->term, w->loop, SIGTERM, term, w) ||
	    (w->conf->site_now && !loop_signal_init(&w->retire, w->loop, SIGUSR1, retire, w)))
		return false;
	loop_timer_init(&w->drain, w->loop, drain_tick, w);
	loop_timer_init(&w->accept, w->loop, accept_again, w);
	w->connections_max = descriptors();
	worker_admission_init(w->admission, w->loop, &w->vault);
	w->keyless = !worker_tls_init(&w->tls, w->conf, why);
	return !w->keyless && neighbours(w, why) && services(w, why);
}

static void worker_end(struct worker *w)
{
	doors_close(w);
	worker_sip_clear(&w->sip);
	worker_web_clear(&w->web);
	ipc_server_clear(&w->orders);
	vault_client_free(w->vault);
	location_client_free(w->location);
	worker_tls_clear(&w->tls);
	loop_signal_stop(&w->term);
	loop_signal_stop(&w->retire);
	loop_timer_stop(&w->drain);
	loop_timer_stop(&w->accept);
	loop_free(w->loop);
	shares_free(w->shares);
}

int worker_main(const struct worker_conf *c)
{
	struct worker *w = calloc(1, sizeof *w);
	struct why why = {"out of memory"};
	int status = 1;

	signal(SIGPIPE, SIG_IGN);
	if (w == NULL)
		return 1;
	w->conf = c;
	w->tls.keylog_fd = -1;
	if (worker_begin(w, &why)) {
		doors_open(w);
		if (c->ready_fd >= 0 && write(c->ready_fd, "+", 1) != 1)
			log_line(LOG_WARN, "worker", "cannot report that it is ready: %s", strerror(errno));
		loop_run(w->loop);
		status = w->lost ? 1 : 0;
	} else {
		log_line(LOG_ERROR, "worker", "%s", why.text);
		status = w->keyless ? EX_CONFIG : 1;
	}
	worker_end(w);
	free(w);
	return status;
}
