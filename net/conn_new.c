/* net/conn_new.c: how a connection begins, and what the loop calls from then on. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn_internal.h"

#define HELLO_MS 10000
#define STALL_MS 30000
#define QUEUE_MAX ((size_t)1024 * 1024)

static void conn_ready(void *arg, unsigned what)
{
	struct conn *c = arg;

	c->depth++;
	if (c->phase == FIRST_OCTET && c->conf.tls == NULL)
		conn_opened(c);
	if (what & LOOP_WRITE)
		conn_flush(c);
	conn_report_sent(c);
	if (what & LOOP_READ && c->phase != DEAD && !(c->phase == OPEN && c->paused))
		conn_receive(c);
	conn_settle_or_destroy(c);
}

static void due(void *arg)
{
	struct conn *c = arg;
	uint64_t now = clock_mono_ms();

	c->depth++;
	if (c->phase == DEAD) {
		/* destroyed below */
	} else if (c->phase < OPEN && now >= c->hello_at) {
		conn_fail(c, c->phase == HANDSHAKE ? "timed out in the TLS handshake" : "timed out waiting for the first octet", true);
	} else if (now >= c->stall_at) {
		conn_fail(c, "send timeout: the peer does not read", true);
	} else if (c->phase == LINGERING && now >= c->linger_at) {
		conn_fail(c, c->why, false);
	} else if (c->phase == OPEN && now >= c->owner_at) {
		c->owner_at = UINT64_MAX;
		if (c->conf.on->timer)
			c->conf.on->timer(c->conf.arg);
	}
	if (now >= c->ask_at)
		c->ask_at = UINT64_MAX;
	if (c->again && c->phase == FIRST_OCTET) { /* plain, and just accepted */
		c->again = false;
		conn_opened(c);
	} else if (c->again && c->phase == OPEN) { /* conn_pause(false): what the engine holds */
		c->again = false;
		conn_report_sent(c);
		if (c->tls && !c->paused && c->phase == OPEN)
			conn_deliver(c);
	} else {
		c->again = false;
	}
	conn_settle_or_destroy(c);
}

static void greet(struct conn *c)
{
	c->phase = c->conf.proxy ? PROXY_HEAD : FIRST_OCTET;
	c->again = !c->conf.proxy && c->conf.tls == NULL;
}

struct conn *conn_new(const struct conn_conf *conf, int fd, const struct sockaddr_storage *from)
{
	struct conn *c = calloc(1, sizeof *c);

	if (c == NULL) {
		close(fd);
		return NULL;
	}
	c->conf = *conf;
	c->conf.hello_ms = conf->hello_ms ? conf->hello_ms : HELLO_MS;
	c->conf.stall_ms = conf->stall_ms ? conf->stall_ms : STALL_MS;
	c->conf.queue_max = conf->queue_max ? conf->queue_max : QUEUE_MAX;
	c->hello_at = clock_mono_ms() + c->conf.hello_ms;
	c->file.fd = -1;
	c->ask_at = c->stall_at = c->linger_at = c->owner_at = UINT64_MAX;
	if (from == NULL || !net_address_text(from, c->address, &c->port))
		memcpy(c->address, "local", sizeof "local");
	if (!conf->proxy && !conn_share(c)) {
		net_reset(fd);
		free(c);
		return NULL;
	}
	greet(c);
	loop_fd_init(&c->watch, conf->loop, fd, conn_ready, c);
	loop_timer_init(&c->timer, conf->loop, due, c);
	if (!loop_fd_want(&c->watch, LOOP_READ)) {
		shares_give(&c->hold);
		close(fd);
		free(c);
		return NULL;
	}
	loop_timer_at(&c->timer, c->again ? 0 : conn_deadline(c));
	return c;
}
