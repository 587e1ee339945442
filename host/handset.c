#include "host/handset.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/internal.h"

#define PEERS 8
#define PEER_S 5
#define ASK_MS 10000

struct handset_peer {
	struct handset *set;
	int fd;
	struct event ev;
	struct buf in;
};

struct handset {
	int fd, folder;
	struct event_base *base;
	struct event ev;
	void (*ask)(void *arg, char *line, struct buf *answer);
	void *arg;
	struct handset_peer peer[PEERS];
};

/* The folder is held open and named by its descriptor: a path of any length fits into the 108 octets of a socket's address. */
static int handset_place(const char *dir, struct sockaddr_un *ret)
{
	int folder = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*ret = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (folder >= 0)
		snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d/" HANDSET_NAME, folder);
	return folder >= 0 ? folder : -errno;
}

/* ---- the phone's end ---------------------------------------------------------------------------------------- */

static void peer_close(struct handset_peer *p)
{
	if (p->fd < 0)
		return;
	event_del(&p->ev);
	close(p->fd);
	p->fd = -1;
	buf_wipe(&p->in);
}

static void peer_answer(struct handset_peer *p)
{
	struct buf answer = {0};

	p->in.p[p->in.n - 1] = '\0';
	p->set->ask(p->set->arg, (char *)p->in.p, &answer);
	buf_str(&answer, "\n");
	if (!answer.oom && send(p->fd, answer.p, answer.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		errno = 0; /* the peer has gone: what it asked for is done all the same */
	buf_wipe(&answer);
	peer_close(p);
}

static void peer_read(evutil_socket_t fd, short what, void *arg)
{
	struct handset_peer *p = arg;
	uint8_t part[HANDSET_LINE];
	ssize_t n = what & EV_READ ? recv(fd, part, sizeof part, MSG_DONTWAIT) : 0;

	if (n > 0)
		buf_add(&p->in, part, (size_t)n);
	explicit_bzero(part, sizeof part);
	if (n <= 0 || p->in.oom || p->in.n > HANDSET_LINE)
		peer_close(p);
	else if (p->in.p[p->in.n - 1] == '\n')
		peer_answer(p);
}

static void handset_accept(evutil_socket_t fd, short what, void *arg)
{
	struct handset *s = arg;
	struct timeval limit = {PEER_S, 0};
	struct ucred who = {0};
	socklen_t n = sizeof who;
	int peer = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	if (peer < 0)
		return;
	for (size_t i = 0; i < PEERS; i++) {
		struct handset_peer *p = &s->peer[i];

		if (p->fd >= 0)
			continue;
		if (getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &n) < 0 || (who.uid != 0 && who.uid != geteuid()) ||
		    event_assign(&p->ev, s->base, peer, EV_READ | EV_PERSIST, peer_read, p) < 0)
			break;
		p->fd = peer;
		event_add(&p->ev, &limit);
		return;
	}
	close(peer);
}

static int handset_listen(struct handset *s, const char *dir)
{
	struct sockaddr_un at;
	int folder = handset_place(dir, &at), rc = 0;
	mode_t old;

	if (folder < 0)
		return folder;
	s->folder = folder;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd < 0)
		return -errno;
	old = umask(0177);
	unlinkat(folder, HANDSET_NAME, 0); /* of a phone that was killed: the folder's lock says that none runs */
	if (bind(s->fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(s->fd, PEERS) < 0)
		rc = -errno;
	umask(old);
	return rc;
}

int handset_open(struct host *h, void (*ask)(void *arg, char *line, struct buf *answer), void *arg, struct handset **ret, struct why *why)
{
	struct handset *s = calloc(1, sizeof *s);
	int e;

	if (s == NULL)
		return -ENOMEM;
	s->fd = s->folder = -1;
	s->base = h->base;
	s->ask = ask;
	s->arg = arg;
	for (size_t i = 0; i < PEERS; i++)
		s->peer[i] = (struct handset_peer){.set = s, .fd = -1};
	e = handset_listen(s, state_path(h->state));
	if (e == 0 && (event_assign(&s->ev, s->base, s->fd, EV_READ | EV_PERSIST, handset_accept, s) < 0 || event_add(&s->ev, NULL) < 0))
		e = -ENOMEM;
	if (e < 0) {
		why_set(why, "%s/" HANDSET_NAME ": %s", host_state(h), strerror(-e));
		handset_close(s);
		return e;
	}
	*ret = s;
	return 0;
}

void handset_close(struct handset *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < PEERS; i++)
		peer_close(&s->peer[i]);
	if (event_initialized(&s->ev))
		event_del(&s->ev);
	if (s->fd >= 0) {
		close(s->fd);
		unlinkat(s->folder, HANDSET_NAME, 0);
	}
	if (s->folder >= 0)
		close(s->folder);
	free(s);
}

/* ---- the other end ------------------------------------------------------------------------------------------- */

static int ask_read(int fd, struct buf *answer)
{
	uint64_t until = clock_mono_ms() + ASK_MS;
	uint8_t part[1024];

	for (;;) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		uint64_t now = clock_mono_ms();
		ssize_t n;

		if (now >= until)
			return -ETIMEDOUT;
		if (poll(&p, 1, (int)(until - now)) < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, part, sizeof part, MSG_DONTWAIT);
		if (n == 0)
			return answer->n && answer->p[answer->n - 1] == '\n' ? 0 : -EPROTO;
		if (n > 0 && answer->n < (size_t)16 * HANDSET_LINE)
			buf_add(answer, part, (size_t)n);
		else if (n > 0 || (errno != EAGAIN && errno != EINTR))
			return n > 0 ? -EMSGSIZE : -errno;
	}
}

int handset_ask(const char *dir, const char *line, struct buf *answer, struct why *why)
{
	struct sockaddr_un at;
	int folder = handset_place(dir, &at), fd = -1, e = folder < 0 ? folder : 0;
	size_t n = strlen(line);

	if (e == 0 && (fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) < 0)
		e = -errno;
	if (e == 0 && connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		e = -errno;
	if (e == 0 && (send(fd, line, n, MSG_NOSIGNAL) != (ssize_t)n || send(fd, "\n", 1, MSG_NOSIGNAL) != 1))
		e = -EPIPE;
	if (e == 0)
		e = ask_read(fd, answer);
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	if (e == -ENOENT || e == -ECONNREFUSED)
		why_set(why, "no phone runs with the state in %s: start one with: dialtone connect --stay 0", dir);
	else if (e < 0)
		why_set(why, "%s/" HANDSET_NAME ": %s%s", dir, strerror(-e), e == -EACCES ? "; run it as the user of the phone, or as root" : "");
	return e;
}
