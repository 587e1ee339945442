#include "server/location/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/ipc.h"
#include "net/loop.h"
#include "pki/key.h"
#include "server/location/feed.h"
#include "server/location/ipc.h"
#include "server/location/lists.h"
#include "server/location/process_internal.h"

/* ---- the control socket: answers ------------------------------------------------------------------------------------ */

static void client_late(void *arg)
{
	struct client *c = arg;

	if (c->waits)
		client_printf(c, "error a worker does not answer: %u of %u endpoints are signed off\n", c->acted - c->outstanding,
			   c->acted);
	else
		client_close(c);
}

static void process_count(void *arg, const struct location_binding *b)
{
	*(unsigned *)arg += b->worker < LOCATION_FAR;
}

static void process_status(struct client *c)
{
	const struct scoreboard *scoreboard = c->process->conf->scoreboard;
	struct location_walk walk = {0};
	unsigned registered = 0;
	struct buf out = {0};

	buf_str(&out, "version " DIALTONE_VERSION "\n");
	for (unsigned i = 0; scoreboard && i < atomic_load(&scoreboard->rows) && i < SCOREBOARD_ROWS; i++) {
		const struct score *r = &scoreboard->row[i];

		if (atomic_load(&r->pid))
			buf_printf(&out, "%s %u pid %d private %lu restarts %lu\n", r->name, r->index, atomic_load(&r->pid),
				   atomic_load(&r->private_operations), atomic_load(&r->restarts));
	}
	while (location_walk(c->process->location, &walk, process_count, &registered))
		;
	buf_printf(&out, "registered %u\nend\n", registered);
	client_answer(c, &out);
	buf_free(&out);
}

/* ---- the control socket: lists ---------------------------------------------------------------------------------------- */

/* A part at a time, as the other end reads: however many there are, no more than a piece is held. */
static void client_writable(struct client *c)
{
	struct list_bindings bindings = {c->process->location, &c->out};
	ssize_t n;

	while (c->more && c->out.n < PIECE) {
		c->more = c->phones ? journeys_walk(c->process->journeys, &c->walk, list_journey, &c->out)
				    : location_walk(c->process->location, &c->walk, list_binding, &bindings);
		if (!c->more)
			buf_str(&c->out, "end\n");
	}
	n = c->out.oom ? 0 : send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		buf_drop(&c->out, (size_t)n);
		loop_timer_at(&c->late, clock_mono_ms() + CLIENT_MS);
	}
	if (n <= 0 || (c->out.n == 0 && !c->more))
		client_close(c);
}

static void phones(struct client *c)
{
	c->phones = c->more = true;
	if (!loop_fd_want(&c->watch, LOOP_WRITE))
		client_close(c);
}

static void registered(struct client *c, struct sv aor)
{
	struct list_bindings bindings = {c->process->location, &c->out};
	struct location_binding *all;
	char user[256];

	c->more = aor.n == 0;
	if (aor.n) {
		all = calloc(LOCATION_ENDPOINTS_MAX, sizeof *all);
		if (all == NULL || !sv_copy(user, sizeof user, aor)) {
			free(all);
			client_printf(c, "error not a SIP address\n", 0, 0);
			return;
		}
		for (size_t i = 0, n = location_list(c->process->location, user, all, LOCATION_ENDPOINTS_MAX); i < n; i++)
			list_binding(&bindings, &all[i]);
		buf_str(&c->out, "end\n");
		free(all);
	}
	if (!loop_fd_want(&c->watch, LOOP_WRITE))
		client_close(c);
}

/* ---- orders ------------------------------------------------------------------------------------------------------------ */

static void process_order(struct client *c, struct sv rest)
{
	struct sv aor = sv_cut(&rest, ' '), what = sv_cut(&rest, ' '), diag = sv_cut(&rest, ' ');
	uint64_t n = 0, d = 0;
	char user[256], reason[128];

	if (aor.n == 0 || !sv_copy(user, sizeof user, aor) || !sv_u64(what, LOCATION_DEACTIVATED, &n) ||
	    !sv_u64(diag, 99999, &d) || !sv_copy(reason, sizeof reason, rest)) {
		client_printf(c, "error an order is: order AOR N DIAG REASON\n", 0, 0);
		return;
	}
	c->waits = true;
	loop_timer_at(&c->late, clock_mono_ms() + ACT_MS);
	c->process->asks = c;
	location_order_user(c->process->location, user, (enum location_order)n, (unsigned)d, reason);
	c->process->asks = NULL;
	log_line(LOG_INFO, "location", "%s (%s): %u phone%s signed off", user, reason[0] ? reason : "an order", c->acted, c->acted == 1 ? "" : "s");
	client_acted(c);
}

static void process_drain(struct client *c, struct sv seconds)
{
	bool was = drain_is_on(&c->process->drain);
	uint64_t n;

	if (sv_u64(sv_trim(seconds), DRAIN_SECONDS_MAX, &n) && c->process->conf->scoreboard)
		client_printf(c, "ok %u %u\n", drain_begin(&c->process->drain, (unsigned)n), !was);
	else
		client_printf(c, "error it is: drain SECONDS, at most %u\n", DRAIN_SECONDS_MAX, 0);
}

/* Typed at another front end. */
static void far_ordered(void *arg, const struct far_order *o)
{
	struct process *p = arg;
	size_t n = location_order_user(p->location, o->aor, o->order, o->diag, o->reason);

	if (n)
		log_line(LOG_INFO, "location", "%s (%s): %zu phone%s signed off", o->aor, o->reason[0] ? o->reason : "an order", n, n == 1 ? "" : "s");
}

/* ---- the control socket: questions ------------------------------------------------------------------------------------ */

static void client_ready(void *arg, unsigned what)
{
	struct client *c = arg;
	struct sv line, word;
	ssize_t n;
	char *end;

	if (what & LOOP_WRITE) {
		client_writable(c);
		return;
	}
	n = recv(c->fd, c->line + c->n, sizeof c->line - c->n, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || c->waits) {
		client_close(c);
		return;
	}
	c->n += (size_t)n;
	end = memchr(c->line, '\n', c->n);
	if (end == NULL) {
		if (c->n == sizeof c->line)
			client_printf(c, "error the line is too long\n", 0, 0);
		return;
	}
	line = (struct sv){c->line, (size_t)(end - c->line)};
	word = sv_cut(&line, ' ');
	if (sv_eq(word, SV("order")))
		process_order(c, line);
	else if (sv_eq(word, SV("status")))
		process_status(c);
	else if (sv_eq(word, SV("registered")))
		registered(c, line);
	else if (sv_eq(word, SV("phones")))
		phones(c);
	else if (sv_eq(word, SV("drain")))
		process_drain(c, line);
	else if (sv_eq(word, SV("undrain")))
		client_printf(c, "ok %u %u\n", 0, drain_end(&c->process->drain));
	else
		client_printf(c, "error the questions are: order, status, registered, phones, drain, undrain\n", 0, 0);
}

static void process_on_accept(void *arg, unsigned what)
{
	struct process *p = arg;
	struct client *c = NULL;
	int fd = accept4(p->control.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	for (unsigned i = 0; i < CLIENTS; i++)
		if (p->client[i].fd < 0)
			c = &p->client[i];
	if (fd < 0)
		return;
	if (c == NULL) {
		close(fd);
		return;
	}
	*c = (struct client){.process = p, .fd = fd};
	loop_timer_init(&c->late, p->loop, client_late, c);
	loop_timer_at(&c->late, clock_mono_ms() + CLIENT_MS);
	loop_fd_init(&c->watch, p->loop, fd, client_ready, c);
	loop_fd_want(&c->watch, LOOP_READ);
}

/* ---- the process ---------------------------------------------------------------------------------------------------------- */

static void gathered(void *arg)
{
	process_gathered(arg);
}

static void adopt(void *arg, int signo)
{
	(void)signo;
	process_adopt(arg);
}

static int64_t process_unix_s(void *arg)
{
	(void)arg;
	return clock_unix_ms() / 1000;
}

static void expire(void *arg)
{
	struct process *p = arg;

	location_expire(p->location);
	feed_expire(p->journeys);
	loop_timer_at(&p->expire, clock_mono_ms() + EXPIRE_MS);
}

static void term(void *arg, int signo)
{
	struct process *p = arg;

	(void)signo;
	loop_stop(p->loop);
}

static void process_metrics(void *arg, struct buf *ret)
{
	const struct process *p = arg;

	metrics_write(&p->metrics, p->location, p->conf->scoreboard, ret);
}

/* Prometheus, and the pool's other front ends. */
static bool process_outside(struct process *p)
{
	const struct location_process *c = p->conf;

	if (c->metrics_fd >= 0 && (p->metrics_port = metrics_port_new(p->loop, c->metrics_fd, process_metrics, p)) == NULL)
		return false;
	return c->far_fd < 0 || (p->far = far_link_new(p->loop, c->far_fd, p->location, c->site->fqdn, far_ordered, p)) != NULL;
}

/* The vault hears who signed in and off. */
static bool process_inventory(struct process *p)
{
	int fd = p->conf->inventory_fd;

	return fd < 0 || (p->inventory = vault_client_new(p->loop, fd, NULL, NULL, &p->inventory_link)) != NULL;
}

static bool process_begin(struct process *p)
{
	p->loop = loop_new();
	p->location = location_new(process_unix_s, process_notice, p);
	p->journeys = p->loop && process_inventory(p) ? feed_new(p->inventory ? &p->inventory_link : NULL) : NULL;
	p->worker = calloc(p->conf->nworker + p->conf->nadopted, sizeof *p->worker);
	if (p->loop == NULL || p->location == NULL || p->journeys == NULL || p->worker == NULL ||
	    !pki_random(&p->number, 4) || /* no answer to a predecessor's order is taken for one to ours */
	    !loop_signal_init(&p->term, p->loop, SIGTERM, term, p) || !loop_signal_init(&p->adopt, p->loop, SIGUSR1, adopt, p))
		return false;
	p->number = p->number << 24 | 1;
	loop_timer_init(&p->expire, p->loop, expire, p);
	loop_timer_init(&p->gather, p->loop, gathered, p);
	drain_init(&p->drain, p->loop, p->location, p->conf->scoreboard ? &p->conf->scoreboard->health : NULL);
	loop_timer_at(&p->expire, clock_mono_ms() + EXPIRE_MS);
	loop_timer_at(&p->gather, clock_mono_ms() + GATHER_MS);
	loop_fd_init(&p->control, p->loop, p->conf->control_fd, process_on_accept, p);
	for (unsigned i = 0; i < CLIENTS; i++)
		p->client[i].fd = -1;
	for (unsigned i = 0; i < p->conf->nworker; i++)
		if (!process_worker(p, p->conf->ask[i], p->conf->push[i]))
			return false;
	if (p->conf->adopt)
		process_adopt(p);
	return process_outside(p) && (p->conf->dhcp_fd < 0 || process_dhcp(p, p->conf->dhcp_fd));
}

static void end(struct process *p)
{
	for (unsigned i = 0; i < CLIENTS; i++)
		if (p->client[i].process)
			client_close(&p->client[i]);
	for (unsigned i = 0; p->worker && i < p->nworker; i++) {
		ipc_server_clear(&p->worker[i].ask);
		ipc_server_clear(&p->worker[i].push);
	}
	free(p->worker);
	ipc_server_clear(&p->dhcp);
	far_link_free(p->far);
	metrics_port_free(p->metrics_port);
	loop_fd_stop(&p->control);
	loop_timer_stop(&p->expire);
	loop_timer_stop(&p->gather);
	drain_clear(&p->drain);
	loop_signal_stop(&p->term);
	loop_signal_stop(&p->adopt);
	location_free(p->location);
	journeys_free(p->journeys);
	vault_client_free(p->inventory);
	loop_free(p->loop);
}

int location_process_main(const struct location_process *conf)
{
	struct process *p = calloc(1, sizeof *p);
	int ret = 1;

	if (p == NULL)
		return 1;
	p->conf = conf;
	if (process_begin(p)) {
		if (conf->ready_fd >= 0 && write(conf->ready_fd, "+", 1) != 1)
			log_line(LOG_WARN, "location", "cannot report that it is ready");
		loop_run(p->loop);
		ret = 0;
	} else {
		log_line(LOG_ERROR, "location", "out of memory or descriptors");
	}
	end(p);
	free(p);
	return ret;
}
