#include "net/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "pki/key.h"

bool ipc_pair(int fd[2])
{
	int size = 2 * IPC_MAX;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) < 0)
		return false;
	for (int i = 0; i < 2; i++)
		setsockopt(fd[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size); /* as much as the kernel allows */
	return true;
}

/* ---- composing and reading ----------------------------------------------------------------------------------- */

void ipc_put(struct buf *b, unsigned octets, uint64_t v)
{
	uint8_t o[8];
	struct wr w = wr_of(o, sizeof o);

	wr_be(&w, octets, v);
	buf_add(b, o, wr_n(&w));
}

void ipc_begin(struct buf *b, uint64_t number, unsigned kind)
{
	ipc_put(b, 4, 0);
	ipc_put(b, 8, number);
	ipc_put(b, 2, kind);
}

void ipc_put_octets(struct buf *b, const void *p, size_t n)
{
	ipc_put(b, 4, n);
	if (n)
		buf_add(b, p, n);
}

void ipc_put_str(struct buf *b, const char *s)
{
	ipc_put_octets(b, s, strlen(s));
}

static void put_at(struct buf *b, size_t at, unsigned octets, uint64_t v)
{
	struct wr w = wr_of(b->p + at, octets);

	wr_be(&w, octets, v);
}

bool ipc_end(struct buf *b)
{
	if (b->oom || b->n < IPC_HEAD || b->n > IPC_MAX)
		return false;
	put_at(b, 0, 4, b->n);
	return true;
}

bool ipc_read(const void *p, size_t n, struct ipc_message *ret)
{
	struct rd r = rd_of(p, n);
	uint64_t length = rd_be(&r, 4), number = rd_be(&r, 8);
	unsigned kind = (unsigned)rd_be(&r, 2);

	if (r.err || length != n || n > IPC_MAX)
		return false;
	*ret = (struct ipc_message){number, kind, r};
	return true;
}

bool ipc_get_flag(struct rd *r)
{
	uint64_t v = rd_be(r, 1);

	if (v > 1)
		rd_fail(r, "a flag that is neither 0 nor 1");
	return v == 1;
}

struct sv ipc_get_octets(struct rd *r)
{
	return rd_sv(r, (size_t)rd_be(r, 4));
}

void ipc_get_str(struct rd *r, char *out, size_t cap)
{
	struct sv s = ipc_get_octets(r);

	if (r->err == NULL && !sv_copy(out, cap, s))
		rd_fail(r, "a string that does not fit");
}

void ipc_get_buf(struct rd *r, struct buf *to)
{
	struct sv s = ipc_get_octets(r);

	if (r->err == NULL)
		buf_sv(to, s);
}

/* ---- asking, and waiting for the answer ---------------------------------------------------------------------- */

bool ipc_client_init(struct ipc_client *c, int fd)
{
	*c = (struct ipc_client){.fd = fd, .in = malloc(IPC_MAX)};
	return c->in && pki_random(&c->number, sizeof c->number);
}

void ipc_client_clear(struct ipc_client *c)
{
	if (c->in)
		explicit_bzero(c->in, IPC_MAX);
	free(c->in);
	*c = (struct ipc_client){.fd = -1};
}

static bool wait_for(int fd, short what, uint64_t until)
{
	for (;;) {
		uint64_t now = clock_mono_ms();
		struct pollfd p = {.fd = fd, .events = what};
		int rc;

		if (now >= until)
			return false;
		rc = poll(&p, 1, (int)(until - now));
		if (rc > 0)
			return true;
		if (rc < 0 && errno != EINTR)
			return false;
	}
}

bool ipc_ask(struct ipc_client *c, struct buf *q, unsigned ms, struct ipc_message *ret)
{
	uint64_t until = clock_mono_ms() + ms;
	struct ipc_message m;
	unsigned kind;

	if (!ipc_end(q))
		return false;
	kind = (unsigned)(q->p[12] << 8 | q->p[13]);
	put_at(q, 4, 8, ++c->number);
	while (send(c->fd, q->p, q->n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR && (errno != EAGAIN || !wait_for(c->fd, POLLOUT, until)))
			return false;
	while (wait_for(c->fd, POLLIN, until)) {
		ssize_t n = recv(c->fd, c->in, IPC_MAX, MSG_DONTWAIT);

		if (n == 0)
			return false;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n > 0 && ipc_read(c->in, (size_t)n, &m) && m.number == c->number && m.kind == kind) {
			*ret = m;
			return true;
		}
	}
	return false;
}

/* ---- being asked ---------------------------------------------------------------------------------------------- */

static void readable(void *arg, unsigned what)
{
	struct ipc_server *s = arg;
	struct ipc_message m;
	ssize_t n = recv(s->watch.fd, s->in, IPC_MAX, MSG_DONTWAIT); /* one a turn: none is served before its turn */

	(void)what;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_fd_want(&s->watch, 0);
		if (s->gone)
			s->gone(s->arg, s);
		return;
	}
	if (n <= 0)
		return;
	if (ipc_read(s->in, (size_t)n, &m))
		s->message(s->arg, s, &m);
	explicit_bzero(s->in, (size_t)n); /* PINs and keys pass here */
}

bool ipc_server_init(struct ipc_server *s, struct loop *l, int fd,
		     void (*message)(void *arg, struct ipc_server *from, struct ipc_message *m), void *arg)
{
	*s = (struct ipc_server){.message = message, .arg = arg, .in = malloc(IPC_MAX)};
	if (s->in == NULL)
		return false;
	loop_fd_init(&s->watch, l, fd, readable, s);
	return loop_fd_want(&s->watch, LOOP_READ);
}

void ipc_server_clear(struct ipc_server *s)
{
	if (s->in == NULL)
		return;
	loop_fd_stop(&s->watch);
	explicit_bzero(s->in, IPC_MAX);
	free(s->in);
	*s = (struct ipc_server){0};
}

bool ipc_send(int fd, struct buf *b)
{
	bool sent = ipc_end(b);

	while (sent && send(fd, b->p, b->n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			sent = false;
	buf_wipe(b);
	return sent;
}
