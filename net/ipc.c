#include "net/ipc.h"

#include <assert.h>
#include <errno.h>
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

void ipc_begin(struct buf *b, uint64_t number, unsigned kind)
{
	field_put(b, 4, 0);
	field_put(b, 8, number);
	field_put(b, 2, kind);
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

/* ---- asking -------------------------------------------------------------------------------------------------- */

struct ipc_question {
	TAILQ_ENTRY(ipc_question) by_deadline, by_age;
	uint64_t number, asked, until;
	unsigned kind;
	bool sent;
	ipc_answered *fn; /* NULL: nobody waits for the answer */
	void *arg;
	struct buf octets; /* until it is sent */
};

static void ipc_set_timer(struct ipc_caller *c)
{
	loop_timer_at(&c->late, TAILQ_EMPTY(&c->waiting) ? UINT64_MAX : TAILQ_FIRST(&c->waiting)->until);
}

/* Most have the same time to wait, so the newest mostly stands at the end. */
static void await(struct ipc_caller *c, struct ipc_question *q)
{
	struct ipc_question *before;

	TAILQ_FOREACH_REVERSE(before, &c->waiting, ipc_waiting, by_deadline)
		if (before->until <= q->until)
			break;
	if (before)
		TAILQ_INSERT_AFTER(&c->waiting, before, q, by_deadline);
	else
		TAILQ_INSERT_HEAD(&c->waiting, q, by_deadline);
	ipc_set_timer(c);
}

/* It is in no list any more. */
static void question_free(const struct ipc_caller *c, struct ipc_question *q)
{
	assert(TAILQ_FIRST(&c->waiting) != q && TAILQ_FIRST(&c->unsent) != q);
	buf_wipe(&q->octets);
	free(q);
}

/* One that waits is over: with its answer, or without.  Whoever waited may ask again at once. */
static void give(struct ipc_caller *c, struct ipc_question *q, struct ipc_message *m)
{
	ipc_answered *fn = q->fn;
	void *arg = q->arg;

	TAILQ_REMOVE(&c->waiting, q, by_deadline);
	if (!q->sent)
		TAILQ_REMOVE(&c->unsent, q, by_age);
	question_free(c, q);
	ipc_set_timer(c);
	fn(arg, m);
}

/* false: the other side is full.  That it is gone is found out by reading. */
static bool ipc_taken(int fd, const struct buf *b)
{
	while (send(fd, b->p, b->n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		if (errno != EINTR)
			return errno != EAGAIN && errno != ENOBUFS;
	return true;
}

static void ipc_push(struct ipc_caller *c)
{
	struct ipc_question *q;

	while ((q = TAILQ_FIRST(&c->unsent)) != NULL && ipc_taken(c->watch.fd, &q->octets)) {
		TAILQ_REMOVE(&c->unsent, q, by_age);
		q->sent = true;
		buf_wipe(&q->octets);
		if (q->fn == NULL)
			question_free(c, q);
	}
	loop_fd_want(&c->watch, q ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

void ipc_ask(struct ipc_caller *c, struct buf *octets, unsigned ms, ipc_answered *fn, void *arg)
{
	struct ipc_question *q = ipc_end(octets) ? calloc(1, sizeof *q) : NULL;

	if (q == NULL) {
		buf_wipe(octets);
		if (fn)
			fn(arg, NULL);
		return;
	}
	*q = (struct ipc_question){.number = fn ? ++c->number : 0, .asked = clock_mono_ms(), .fn = fn, .arg = arg, .octets = *octets};
	q->until = q->asked + ms;
	*octets = (struct buf){0};
	q->kind = (unsigned)(q->octets.p[12] << 8 | q->octets.p[13]);
	put_at(&q->octets, 4, 8, q->number);
	TAILQ_INSERT_TAIL(&c->unsent, q, by_age);
	if (fn)
		await(c, q);
	ipc_push(c);
}

uint64_t ipc_behind_ms(const struct ipc_caller *c, unsigned questions)
{
	const struct ipc_question *q;
	uint64_t first = UINT64_MAX;
	unsigned n = 0;

	TAILQ_FOREACH(q, &c->waiting, by_deadline)
	{
		if (q->asked < first)
			first = q->asked;
		if (++n == questions)
			return clock_mono_ms() - first;
	}
	return 0;
}

static void answered(struct ipc_caller *c, struct ipc_message *m)
{
	struct ipc_question *q;

	TAILQ_FOREACH(q, &c->waiting, by_deadline)
		if (q->sent && q->number == m->number && q->kind == m->kind) {
			give(c, q, m);
			return;
		}
}

static void caller_ready(void *arg, unsigned what)
{
	struct ipc_caller *c = arg;
	struct ipc_message m;
	ssize_t n;

	if (what & LOOP_WRITE)
		ipc_push(c);
	if (!(what & LOOP_READ))
		return;
	n = recv(c->watch.fd, c->in, IPC_MAX, MSG_DONTWAIT); /* one a turn */
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_fd_want(&c->watch, 0);
		if (c->gone)
			c->gone(c->arg);
		return;
	}
	if (n <= 0)
		return;
	if (ipc_read(c->in, (size_t)n, &m)) {
		if (m.number)
			answered(c, &m);
		else if (c->pushed)
			c->pushed(c->arg, &m);
	}
	explicit_bzero(c->in, (size_t)n); /* keys pass here */
}

static void caller_late(void *arg)
{
	struct ipc_caller *c = arg;
	uint64_t now = clock_mono_ms();
	struct ipc_question *q;

	while ((q = TAILQ_FIRST(&c->waiting)) != NULL && q->until <= now)
		give(c, q, NULL);
	ipc_set_timer(c);
}

bool ipc_caller_init(struct ipc_caller *c, struct loop *l, int fd)
{
	*c = (struct ipc_caller){.in = malloc(IPC_MAX)};
	TAILQ_INIT(&c->waiting);
	TAILQ_INIT(&c->unsent);
	if (c->in == NULL || !pki_random(&c->number, sizeof c->number))
		return false;
	loop_timer_init(&c->late, l, caller_late, c);
	loop_fd_init(&c->watch, l, fd, caller_ready, c);
	return loop_fd_want(&c->watch, LOOP_READ);
}

void ipc_caller_clear(struct ipc_caller *c)
{
	struct ipc_question *q;

	if (c->in == NULL)
		return;
	while ((q = TAILQ_FIRST(&c->waiting)) != NULL)
		give(c, q, NULL);
	while ((q = TAILQ_FIRST(&c->unsent)) != NULL) {
		TAILQ_REMOVE(&c->unsent, q, by_age);
		question_free(c, q);
	}
	loop_fd_stop(&c->watch);
	loop_timer_stop(&c->late);
	explicit_bzero(c->in, IPC_MAX);
	free(c->in);
	*c = (struct ipc_caller){0};
}

/* ---- being asked ---------------------------------------------------------------------------------------------- */

struct ipc_letter {
	TAILQ_ENTRY(ipc_letter) by_age;
	struct buf octets;
};

static void letter_free(struct ipc_server *s, struct ipc_letter *l)
{
	TAILQ_REMOVE(&s->unsent, l, by_age);
	assert(TAILQ_FIRST(&s->unsent) != l);
	buf_wipe(&l->octets);
	free(l);
}

static void deliver(struct ipc_server *s)
{
	struct ipc_letter *l;

	while ((l = TAILQ_FIRST(&s->unsent)) != NULL && ipc_taken(s->watch.fd, &l->octets))
		letter_free(s, l);
	loop_fd_want(&s->watch, l ? LOOP_READ | LOOP_WRITE : LOOP_READ);
}

bool ipc_server_send(struct ipc_server *s, struct buf *b)
{
	struct ipc_letter *l = ipc_end(b) ? calloc(1, sizeof *l) : NULL;

	if (l == NULL) {
		buf_wipe(b);
		return false;
	}
	l->octets = *b;
	*b = (struct buf){0};
	TAILQ_INSERT_TAIL(&s->unsent, l, by_age);
	deliver(s);
	return true;
}

static void ipc_readable(void *arg, unsigned what)
{
	struct ipc_server *s = arg;
	struct ipc_message m;
	ssize_t n;

	if (what & LOOP_WRITE)
		deliver(s);
	if (!(what & LOOP_READ))
		return;
	n = recv(s->watch.fd, s->in, IPC_MAX, MSG_DONTWAIT); /* one a turn: none is served before its turn */
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
	TAILQ_INIT(&s->unsent);
	if (s->in == NULL)
		return false;
	loop_fd_init(&s->watch, l, fd, ipc_readable, s);
	return loop_fd_want(&s->watch, LOOP_READ);
}

void ipc_server_clear(struct ipc_server *s)
{
	if (s->in == NULL)
		return;
	while (!TAILQ_EMPTY(&s->unsent))
		letter_free(s, TAILQ_FIRST(&s->unsent));
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
