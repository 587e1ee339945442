/* server/worker/sip.c: reg_conn_feed() behind connections. */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/worker/internal.h"

#define GIVE_BACK_FROM 256 /* connections: fewer are not worth the walk through the heap */

struct sip_link {
	struct worker_sip *owner;
	struct sip_link *next, **link;
	struct conn *conn;
	struct reg_conn *reg; /* NULL before the peer is known, and after it is over */
	uint64_t id;
	bool tls, outside, spoke;
	bool leaving; /* it is closed behind the answer that it waits for */
};

static int64_t sip_unix_s(void)
{
	return clock_unix_ms() / 1000;
}

static void reg_send(void *arg, const void *p, size_t n)
{
	struct sip_link *k = arg;

	conn_write(k->conn, p, n);
}

static void reg_close(void *arg)
{
	struct sip_link *k = arg;

	conn_close(k->conn);
}

/* What every call of the Registrar's ends with.  While a request waits for another process, nothing more is read. */
static void after(struct sip_link *k, bool alive)
{
	bool busy = reg_conn_busy(k->reg);

	if (!alive || (k->leaving && !busy)) {
		conn_close(k->conn);
	} else if (conn_open(k->conn)) {
		if (reg_conn_proved(k->reg))
			conn_know(k->conn);
		else if (!conn_hold(k->conn, reg_conn_held(k->reg)))
			conn_reset(k->conn, "there is no memory for it");
		conn_pause(k->conn, busy);
		conn_timer(k->conn, reg_conn_deadline(k->reg));
	}
}

static void ready(void *arg)
{
	struct sip_link *k = arg;

	if (conn_open(k->conn))
		after(k, reg_conn_go_on(k->reg, clock_mono_ms(), sip_unix_s()));
}

static void sip_up(void *arg, struct conn *c)
{
	struct sip_link *k = arg;
	struct reg_io io = {reg_send, reg_close, k, ready};
	struct reg_peer peer = {.port = conn_port(c), .tls = k->tls, .outside = k->outside, .id = k->id};

	if (!sv_copy(peer.address, sizeof peer.address, sv_of(conn_address(c)))) {
		conn_reset(c, "an address that is too long");
		return;
	}
	k->reg = reg_conn_new(k->owner->registrar, &io, &peer, clock_mono_ms(), sip_unix_s());
	if (k->reg == NULL)
		conn_reset(c, "out of memory");
	else
		after(k, true);
}

static void data(void *arg, const void *p, size_t n)
{
	struct sip_link *k = arg;

	k->spoke = true;
	after(k, reg_conn_feed(k->reg, p, n, clock_mono_ms(), sip_unix_s()));
}

static void timer(void *arg)
{
	struct sip_link *k = arg;

	after(k, reg_conn_timer(k->reg, clock_mono_ms(), sip_unix_s()));
}

/* The library keeps what is freed for the next phones; when half of them have gone, the machine gets it back. */
static void give_back(struct worker_sip *s)
{
	if (s->most < GIVE_BACK_FROM || s->n >= s->most / 2)
		return;
	malloc_trim(0);
	s->most = s->n;
}

static void sip_gone(void *arg, const char *why)
{
	struct sip_link *k = arg;

	if (k->tls && !k->spoke && !k->owner->draining)
		worker_seen_tls(k->owner->seen, SEEN_SIP_TLS, k->conn, k->outside, k->reg ? NULL : why);
	if (why)
		log_line(LOG_DEBUG, "sip", "%s port %u: %s", conn_address(k->conn), conn_port(k->conn), why);
	reg_conn_free(k->reg);
	if (k->next)
		k->next->link = k->link;
	*k->link = k->next;
	k->owner->n--;
	give_back(k->owner);
	free(k);
}

static const struct conn_events events = {.up = sip_up, .data = data, .timer = timer, .gone = sip_gone};

void worker_sip_take(struct worker_sip *s, int fd, const struct sockaddr_storage *from, const struct conn_kind *kind,
		     const struct worker_listener *l)
{
	struct sip_link *k = calloc(1, sizeof *k);
	struct conn_conf conf = {.loop = s->loop, .tls = kind->tls, .proxy = kind->proxy, .old = kind->old, .admission = kind->admission,
				 .shares = s->shares, .on = &events, .arg = k};

	if (k == NULL) {
		close(fd);
		return;
	}
	*k = (struct sip_link){.owner = s, .id = ++s->last_id, .tls = kind->tls != NULL, .outside = l->outside};
	k->conn = conn_new(&conf, fd, from);
	if (k->conn == NULL) {
		free(k);
		return;
	}
	k->next = s->first;
	k->link = &s->first;
	if (k->next)
		k->next->link = &k->next;
	s->first = k;
	s->n++;
	s->most = s->n > s->most ? s->n : s->most;
}

void worker_sip_order(struct worker_sip *s, const struct location_notice *n)
{
	registrar_order(s->registrar, n, clock_mono_ms(), sip_unix_s());
	for (struct sip_link *k = s->first; k; k = k->next)
		if (k->id == n->conn && k->reg && conn_open(k->conn) && n->order != LOCATION_ASK && health_drains(s->health))
			conn_close(k->conn); /* behind what the phone is told: it connects anew, elsewhere */
		else if (k->id == n->conn && k->reg && conn_open(k->conn))
			conn_timer(k->conn, reg_conn_deadline(k->reg));
}

void worker_sip_let_go(struct worker_sip *s, unsigned outdated)
{
	for (struct sip_link *k = s->first; k; k = k->next)
		if (k->reg == NULL || (reg_conn_idle(k->reg) && !reg_conn_busy(k->reg)))
			conn_close(k->conn);
		else if (outdated && reg_conn_outdated(k->reg) && !reg_conn_busy(k->reg) && conn_open(k->conn)) {
			conn_close(k->conn);
			outdated--;
		}
}

/* Everybody is sent away when what was written to it is out and its request, if there is one, is answered: first those
 * on whom nobody is registered.  Phones come back to another worker or server at once. */
void worker_sip_drain(struct worker_sip *s)
{
	s->draining = true;
	for (int registered = 0; registered < 2; registered++)
		for (struct sip_link *k = s->first; k; k = k->next)
			if (k->reg && reg_conn_busy(k->reg))
				k->leaving = true;
			else if (registered || k->reg == NULL || reg_conn_idle(k->reg))
				conn_close(k->conn);
}

void worker_sip_reset(struct worker_sip *s)
{
	for (struct sip_link *k = s->first; k; k = k->next)
		conn_reset(k->conn, "the server ends");
}

bool worker_sip_init(struct worker_sip *s, struct loop *loop, const struct registrar_conf *conf)
{
	*s = (struct worker_sip){.loop = loop, .registrar = registrar_new(conf), .seen = conf->seen, .health = conf->health};
	/* An order for a worker that died must not reach a connection of its successor's. */
	return s->registrar && pki_random(&s->last_id, sizeof s->last_id);
}

void worker_sip_clear(struct worker_sip *s)
{
	registrar_free(s->registrar);
	s->registrar = NULL;
}
