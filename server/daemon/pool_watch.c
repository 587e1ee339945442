#include "server/daemon/pool_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/sv.h"

enum {
	EVERY_MS = 2000,
	ASK_MS = 2000,
	AWAY_MS = 8000,	 /* a pool that does not answer for so long is away: a restart is shorter */
	BACK_MS = 10000, /* one that answers for so long is back: its front ends have begun */
};

enum health_pool_state pool_watch_next(struct pool_watch *w, enum health_pool_state is, bool answers, uint64_t now)
{
	bool was = is != HEALTH_POOL_AWAY;

	if (answers == was) {
		w->since = 0;
		return is == HEALTH_POOL_NEW ? HEALTH_POOL_ANSWERS : is;
	}
	if (w->since == 0)
		w->since = now;
	if (now - w->since < (was ? AWAY_MS : BACK_MS))
		return is;
	w->since = 0;
	return answers ? HEALTH_POOL_ANSWERS : HEALTH_POOL_AWAY;
}

/* ---- asking one ---------------------------------------------------------------------------------------------------------- */

static bool watch_ready(int fd, short events, uint64_t until)
{
	struct pollfd f = {fd, events, 0};
	uint64_t now = clock_mono_ms();

	return now < until && poll(&f, 1, (int)(until - now)) > 0;
}

/* -1: it cannot be reached there. */
static int watch_connect(const struct addrinfo *a, uint64_t until)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error = 0;
	socklen_t n = sizeof error;

	if (fd < 0)
		return -1;
	if ((connect(fd, a->ai_addr, a->ai_addrlen) == 0 || errno == EINPROGRESS) && watch_ready(fd, POLLOUT, until) &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) == 0 && error == 0)
		return fd;
	close(fd);
	return -1;
}

/* The words of /health, which no other server says. */
static bool watch_understood(struct sv said)
{
	static const char *const words[] = {"ready", "degraded", "draining"};
	const char *head = memmem(said.p, said.n, "\r\n\r\n", 4);
	struct sv body = head ? sv_trim(sv_from(said, (size_t)(head - said.p))) : (struct sv){0};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (sv_eq(body, sv_of(words[i])))
			return sv_starts(said, SV("HTTP/1."));
	return false;
}

static bool watch_asked(int fd, const char *host, const char *by, uint64_t until)
{
	char text[1024], said[2048];
	int n = snprintf(text, sizeof text, "GET /health HTTP/1.1\r\nHost: %s\r\nUser-Agent: dialtoned at %s\r\nConnection: close\r\n\r\n", host, by);
	size_t got = 0;
	ssize_t r = 1;

	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		return false;
	while (got < sizeof said && watch_ready(fd, POLLIN, until) && (r = recv(fd, said + got, sizeof said - got, 0)) > 0)
		got += (size_t)r;
	return r == 0 && watch_understood((struct sv){said, got});
}

/* "HOST" or "HOST:PORT": the port is that of HTTPS. */
static bool watch_answers(const char *place, const char *by)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM};
	struct sv rest = sv_of(place), name = sv_cut(&rest, ':');
	struct addrinfo *all = NULL;
	char host[264];
	bool good = false;

	if (!sv_copy(host, sizeof host, name) || getaddrinfo(host, "80", &wanted, &all) != 0)
		return false;
	for (const struct addrinfo *a = all; a && !good; a = a->ai_next) {
		uint64_t until = clock_mono_ms() + ASK_MS;
		int fd = watch_connect(a, until);

		good = fd >= 0 && watch_asked(fd, host, by, until);
		if (fd >= 0)
			close(fd);
	}
	freeaddrinfo(all);
	return good;
}

/* ---- the process ----------------------------------------------------------------------------------------------------------- */

static void watch_report(const char *name, enum health_pool_state was, enum health_pool_state is)
{
	if (is == HEALTH_POOL_AWAY)
		log_line(LOG_ERROR, "watch", "the pool %s does not answer: its users are its backup's until it does", name);
	else if (was == HEALTH_POOL_AWAY)
		log_line(LOG_INFO, "watch", "the pool %s answers again: its phones are sent home when they refresh their registration", name);
	else
		log_line(LOG_INFO, "watch", "the pool %s answers", name);
}

static void watch_one(struct health *h, struct health_pool *p, struct pool_watch *w, const char *by)
{
	unsigned was = atomic_load(&p->state);
	enum health_pool_state is;
	char name[sizeof p->name], host[sizeof p->host];

	if (was <= HEALTH_POOL_WRITTEN)
		return;
	snprintf(name, sizeof name, "%.*s", (int)sizeof name - 1, p->name);
	snprintf(host, sizeof host, "%.*s", (int)sizeof host - 1, p->host);
	is = pool_watch_next(w, was, watch_answers(host, by), clock_mono_ms());
	if (is == was || !atomic_compare_exchange_strong(&p->state, &was, is)) /* its place has changed meanwhile */
		return;
	if (is == HEALTH_POOL_AWAY || was == HEALTH_POOL_AWAY)
		atomic_fetch_add(&h->pools_changed, 1);
	watch_report(name, was, is);
}

int pool_watch_main(const struct site *s, struct health *h, int ready_fd)
{
	struct pool_watch w[HEALTH_POOLS] = {{0}};

	if (h == NULL)
		return EX_OSERR;
	if (ready_fd >= 0 && write(ready_fd, "+", 1) != 1)
		log_line(LOG_WARN, "watch", "cannot report that it is ready");
	for (;;) { /* SIGTERM ends it: nothing here is half-done */
		for (unsigned i = 0; i < HEALTH_POOLS; i++)
			watch_one(h, &h->pool[i], &w[i], s->fqdn);
		poll(NULL, 0, EVERY_MS);
	}
}
