#include "net/conn_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINGER_MS 2000 /* for the peer's own end, so that a late octet of the peer does not reset what we sent last */
#define CONN_OCTETS 4096 /* of the heap, as measured: itself, its owner's struct and the loop's */

/* ---- the end ----------------------------------------------------------------------------------------------- */

static void conn_destroy(struct conn *c)
{
	static const struct linger now = {1, 0};

	loop_fd_stop(&c->watch);
	loop_timer_stop(&c->timer);
	if (c->reset)
		setsockopt(c->watch.fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(c->watch.fd);
	conn_file_end(c);
	c->conf.on->gone(c->conf.arg, c->why);
	shares_give(&c->hold);
	tls_free(c->tls);
	buf_wipe(&c->head);
	buf_wipe(&c->out);
	free(c->why_text);
	free(c);
}

/* ---- out --------------------------------------------------------------------------------------------------- */

/* false: the peer does not take it all now, or the connection has failed */
static bool conn_send(struct conn *c)
{
	while (c->phase != DEAD && c->sent < c->out.n) {
		ssize_t n = send(c->watch.fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (c->stall_at == UINT64_MAX)
				c->stall_at = clock_mono_ms() + c->conf.stall_ms;
			if (c->sent >= CONN_PIECE && c->sent > c->out.n / 2) {
				buf_drop(&c->out, c->sent);
				c->sent = 0;
			}
			return false;
		}
		if (n < 0) {
			conn_fail_because(c, "sending: ", strerror(errno));
			return false;
		}
		c->sent += (size_t)n;
		c->stall_at = UINT64_MAX;
	}
	return c->phase != DEAD;
}

void conn_flush(struct conn *c)
{
	bool filed = c->file.n > 0;

	while (conn_send(c) && c->file.n) {
		buf_clear(&c->out); /* the memory serves the next piece */
		c->sent = 0;
		if (!conn_file_more(c))
			return;
	}
	if (c->phase == DEAD || c->sent < c->out.n)
		return;
	buf_free(&c->out);
	if (filed && c->tls)
		tls_trim(c->tls);
	c->sent = 0;
	c->stall_at = UINT64_MAX;
	if (c->phase == FLUSHING) {
		c->phase = LINGERING;
		c->linger_at = clock_mono_ms() + LINGER_MS;
		if (c->ended || shutdown(c->watch.fd, SHUT_WR) < 0)
			conn_fail(c, c->why, false);
	}
}

size_t conn_queued(const struct conn *c)
{
	return c->out.n - c->sent;
}

void conn_write(struct conn *c, const void *p, size_t n)
{
	if (c->phase != OPEN || n == 0)
		return;
	c->depth++;
	if (conn_queued(c) + n > c->conf.queue_max) {
		conn_fail(c, "the peer does not read what it asked for", true);
	} else if (c->tls) {
		if (tls_write(c->tls, p, n))
			conn_drain(c);
		else
			conn_fail(c, "TLS cannot send", false);
	} else {
		buf_add(&c->out, p, n);
		conn_drain(c);
	}
	conn_settle(c);
}

void conn_file(struct conn *c, int fd, uint64_t at, uint64_t n)
{
	if (c->phase != OPEN || n == 0 || c->file.n) {
		close(fd);
		return;
	}
	c->depth++;
	c->file.fd = fd;
	c->file.at = at;
	c->file.n = n;
	c->file.turn = 0;
	conn_settle(c);
}

/* ---- the loop's side --------------------------------------------------------------------------------------- */

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t conn_deadline(const struct conn *c)
{
	uint64_t at = least(c->stall_at, c->phase < OPEN ? c->hello_at : UINT64_MAX);

	if (c->phase == FIRST_OCTET)
		at = least(at, c->ask_at);
	if (c->phase == LINGERING)
		at = least(at, c->linger_at);
	return c->phase == OPEN ? least(at, c->owner_at) : at;
}

/* What every entry ends with: sends, sets the watch and the timer, or destroys a failed connection. */
void conn_settle(struct conn *c)
{
	unsigned want = 0;

	if (c->depth == 1 && c->phase != DEAD)
		conn_flush(c);
	if (--c->depth)
		return;
	if (c->report_sent && c->phase == OPEN && c->sent == c->out.n && c->file.n == 0)
		c->again = true;
	if (c->phase == DEAD) { /* from the loop, never from under a caller: see conn_new.c */
		loop_fd_stop(&c->watch);
		loop_timer_at(&c->timer, 0);
		return;
	}
	if (!c->ended && (c->phase != OPEN || !c->paused) && c->ask_at == UINT64_MAX)
		want |= LOOP_READ;
	if (c->sent < c->out.n || c->file.n)
		want |= LOOP_WRITE;
	if (!loop_fd_want(&c->watch, want) || !conn_hold(c, c->own))
		conn_fail(c, "there is no memory for it", true);
	loop_timer_at(&c->timer, c->phase == DEAD || c->again ? 0 : conn_deadline(c));
}

void conn_settle_or_destroy(struct conn *c)
{
	if (c->depth == 1 && c->phase != DEAD)
		conn_flush(c);
	if (c->depth == 1 && c->phase == DEAD)
		conn_destroy(c);
	else
		conn_settle(c);
}

void conn_report_sent(struct conn *c)
{
	if (c->report_sent && c->phase == OPEN && c->sent == c->out.n && c->file.n == 0) {
		c->report_sent = false;
		c->conf.on->sent(c->conf.arg);
	}
}

/* ---- the owner's side -------------------------------------------------------------------------------------- */

static void give_way(void *arg, const char *why)
{
	conn_reset(arg, why);
}

bool conn_share(struct conn *c)
{
	c->hold = (struct hold){.end = give_way, .arg = c};
	c->base = CONN_OCTETS;
	return shares_take(c->conf.shares, &c->hold, c->address, c->base);
}

void conn_pause(struct conn *c, bool paused)
{
	c->depth++;
	c->again = c->again || (c->paused && !paused && c->tls != NULL);
	c->paused = paused;
	conn_settle(c);
}

void conn_notify_sent(struct conn *c)
{
	c->depth++;
	c->report_sent = c->conf.on->sent != NULL;
	conn_settle(c);
}

void conn_timer(struct conn *c, uint64_t mono_ms)
{
	c->depth++;
	c->owner_at = mono_ms;
	conn_settle(c);
}

void conn_close(struct conn *c)
{
	if (c->phase > OPEN)
		return;
	c->depth++;
	if (c->phase < OPEN || c->file.n) {
		conn_fail(c, NULL, false);
	} else {
		if (c->tls) {
			tls_shutdown(c->tls);
			conn_drain(c);
		}
		if (c->phase != DEAD)
			c->phase = FLUSHING;
	}
	conn_settle(c);
}

void conn_reset(struct conn *c, const char *why)
{
	c->depth++;
	conn_fail(c, why, true);
	conn_settle(c);
}

bool conn_open(const struct conn *c)
{
	return c->phase <= OPEN;
}

bool conn_hold(struct conn *c, size_t octets)
{
	c->own = octets;
	return shares_hold(&c->hold, c->base + c->own + c->out.cap);
}

void conn_know(struct conn *c)
{
	shares_know(&c->hold);
}

const char *conn_address(const struct conn *c)
{
	return c->address;
}

uint16_t conn_port(const struct conn *c)
{
	return c->port;
}

struct tls *conn_tls(struct conn *c)
{
	return c->tls;
}
