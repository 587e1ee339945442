/* server/location/metrics_port.c: a port of this machine's own that answers whoever asks with one text, and closes. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "server/location/metrics.h"

enum { ASKERS = 8, ASK_MS = 5000, HEAD_MAX = 4096 };

struct asker {
	struct metrics_port *port;
	int fd; /* -1: free */
	struct loop_fd watch;
	struct loop_timer late;
	unsigned head, newlines; /* octets of the request so far; line ends in a row */
	struct buf out;
	size_t sent;
};

struct metrics_port {
	struct loop *loop;
	struct loop_fd watch;
	void (*text)(void *arg, struct buf *ret);
	void *arg;
	struct asker asker[ASKERS];
};

static void asker_close(struct asker *a)
{
	if (a->fd < 0)
		return;
	loop_fd_stop(&a->watch);
	loop_timer_stop(&a->late);
	buf_free(&a->out);
	close(a->fd);
	a->fd = -1;
}

static void asker_late(void *arg)
{
	asker_close(arg);
}

static void asker_answer(struct asker *a)
{
	struct buf body = {0};

	a->port->text(a->port->arg, &body);
	buf_printf(&a->out, "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: %zu\r\n"
			    "Connection: close\r\n\r\n", body.n);
	buf_sv(&a->out, buf_view(&body));
	if (body.oom || a->out.oom || !loop_fd_want(&a->watch, LOOP_WRITE))
		asker_close(a);
	buf_free(&body);
}

/* The head of the request ends with an empty line; what it says makes no difference. */
static void asker_read(struct asker *a)
{
	char part[512];
	ssize_t n = recv(a->fd, part, sizeof part, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (a->head += (unsigned)n) > HEAD_MAX) {
		asker_close(a);
		return;
	}
	for (ssize_t i = 0; i < n; i++) {
		a->newlines = part[i] == '\n' ? a->newlines + 1 : part[i] == '\r' ? a->newlines : 0;
		if (a->newlines == 2) {
			asker_answer(a);
			return;
		}
	}
}

static void asker_ready(void *arg, unsigned what)
{
	struct asker *a = arg;
	ssize_t n;

	if (!(what & LOOP_WRITE)) {
		asker_read(a);
		return;
	}
	n = send(a->fd, a->out.p + a->sent, a->out.n - a->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || (a->sent += (size_t)n) == a->out.n)
		asker_close(a);
}

static void port_accept(void *arg, unsigned what)
{
	struct metrics_port *p = arg;
	struct asker *a = NULL;
	int fd = accept4(p->watch.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	for (unsigned i = 0; i < ASKERS; i++)
		if (p->asker[i].fd < 0)
			a = &p->asker[i];
	if (fd < 0)
		return;
	if (a == NULL) {
		close(fd);
		return;
	}
	*a = (struct asker){.port = p, .fd = fd};
	loop_timer_init(&a->late, p->loop, asker_late, a);
	loop_timer_at(&a->late, clock_mono_ms() + ASK_MS);
	loop_fd_init(&a->watch, p->loop, fd, asker_ready, a);
	if (!loop_fd_want(&a->watch, LOOP_READ))
		asker_close(a);
}

struct metrics_port *metrics_port_new(struct loop *l, int fd, void (*text)(void *arg, struct buf *ret), void *arg)
{
	struct metrics_port *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->loop = l;
	p->text = text;
	p->arg = arg;
	for (unsigned i = 0; i < ASKERS; i++)
		p->asker[i].fd = -1;
	loop_fd_init(&p->watch, l, fd, port_accept, p);
	if (!loop_fd_want(&p->watch, LOOP_READ)) {
		metrics_port_free(p);
		return NULL;
	}
	return p;
}

void metrics_port_free(struct metrics_port *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < ASKERS; i++)
		asker_close(&p->asker[i]);
	loop_fd_stop(&p->watch);
	free(p);
}
