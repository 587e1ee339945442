/* net/conn_file.c: a file behind what a connection sends, without a copy of ours where the kernel can send it itself.
 *
 * Plain: sendfile(2), from the page cache into the socket.  TLS: pieces through the engine, whose memory and the queue's change
 * places (tls_drain()) as long as the file lasts, so that none is asked for, wiped or given back a piece.
 */
#include <errno.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/conn_internal.h"

#define TLS_PIECE 65536
#define TURN 2097152 /* octets; then it is the others' turn */

void conn_file_end(struct conn *c)
{
	if (c->file.fd >= 0)
		close(c->file.fd);
	c->file.fd = -1;
	c->file.n = 0;
}

static bool conn_file_step(struct conn *c, ssize_t n)
{
	if (n <= 0) { /* too late for another status */
		conn_fail(c, n < 0 ? "a file cannot be read, or not sent" : "a file became shorter while it was sent", true);
		return false;
	}
	c->file.at += (uint64_t)n;
	c->file.n -= (uint64_t)n;
	c->file.turn += (uint64_t)n;
	if (c->file.n == 0)
		conn_file_end(c);
	return true;
}

static bool conn_file_plain(struct conn *c)
{
	off_t at = (off_t)c->file.at;
	ssize_t n = sendfile(c->watch.fd, c->file.fd, &at, c->file.n < TURN ? (size_t)c->file.n : TURN);

	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
		if (c->stall_at == UINT64_MAX)
			c->stall_at = clock_mono_ms() + c->conf.stall_ms;
		return false;
	}
	if (n < 0 && (errno == EPIPE || errno == ECONNRESET)) {
		conn_fail_because(c, "sending: ", strerror(errno));
		return false;
	}
	c->stall_at = UINT64_MAX;
	return conn_file_step(c, n);
}

static bool conn_file_tls(struct conn *c)
{
	uint8_t piece[TLS_PIECE];
	ssize_t n;

	do
		n = pread(c->file.fd, piece, c->file.n < sizeof piece ? (size_t)c->file.n : sizeof piece, (off_t)c->file.at);
	while (n < 0 && errno == EINTR);
	if (!conn_file_step(c, n))
		return false;
	if (!tls_write(c->tls, piece, (size_t)n)) {
		conn_fail(c, "TLS cannot send", false);
		return false;
	}
	conn_drain(c);
	return c->phase != DEAD;
}

bool conn_file_more(struct conn *c)
{
	if (c->file.turn >= TURN) { /* the loop comes back when the others have had theirs */
		c->file.turn = 0;
		return false;
	}
	return c->tls ? conn_file_tls(c) : conn_file_plain(c);
}

bool conn_filing(const struct conn *c)
{
	return c->file.n > 0;
}
