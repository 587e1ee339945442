/* server/worker/old.c: connections of phones that have TLS 1.0 only, from the worker that accepted them to the legacy process.
 *
 * A message is one connection (SCM_RIGHTS) and where it came in; nothing of it has been read but a PROXY head, and the descriptor is
 * the connection: when the worker has closed its own, the legacy process alone holds it.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/subnets.h"
#include "server/worker/internal.h"

#define AT_ONCE 32 /* then the others have their turn */

struct message {
	uint32_t listener;
	uint16_t port;
	char address[NET_ADDRESS_MAX];
};

union control { /* aligned as a cmsghdr */
	struct cmsghdr head;
	uint8_t octets[CMSG_SPACE(sizeof(int))];
};

/* ---- the worker's side ----------------------------------------------------------------------------------------------- */

static bool old_wanted(void *arg, const char *address)
{
	const struct worker_old_from *f = arg;
	const struct site *site = f->site;

	return site->legacy == SITE_LEGACY_ON || (site->legacy == SITE_LEGACY_KNOWN && subnets_have(site->legacy_known, address));
}

static bool old_send(void *arg, int fd, const char *address, uint16_t port)
{
	const struct worker_old_from *f = arg;
	struct message m = {.listener = f->listener, .port = port};
	union control control = {.octets = {0}};
	struct iovec io = {&m, sizeof m};
	struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.octets, .msg_controllen = sizeof control.octets};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	if (!sv_copy(m.address, sizeof m.address, sv_of(address)))
		return false;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
	if (sendmsg(f->fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)sizeof m)
		return true;
	log_line(LOG_WARN, "worker", "%s port %u: the legacy process does not take its connection: %s", address, port, strerror(errno));
	return false;
}

struct conn_old worker_old_of(struct worker_old_from *f)
{
	return (struct conn_old){old_wanted, old_send, f};
}

/* ---- the legacy process's side ----------------------------------------------------------------------------------------- */

static int old_descriptor(struct msghdr *h)
{
	int fd = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
			memcpy(&fd, CMSG_DATA(c), sizeof fd);
	return fd;
}

/* false: nothing more is there now. */
static bool old_take_one(struct worker_old *o)
{
	struct message m = {0};
	union control control = {.octets = {0}};
	struct iovec io = {&m, sizeof m};
	struct msghdr h = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = control.octets, .msg_controllen = sizeof control.octets};
	ssize_t n = recvmsg(o->watch.fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct sockaddr_storage from = {0};
	int fd;

	if (n < 0)
		return errno == EINTR;
	fd = old_descriptor(&h);
	if (n == 0) /* the supervisor holds an end as long as it lives */
		loop_fd_want(&o->watch, 0);
	m.address[sizeof m.address - 1] = '\0';
	(void)net_address_read(m.address, m.port, &from);
	if (fd >= 0 && n == (ssize_t)sizeof m)
		o->take(o->arg, fd, m.listener, &from);
	else if (fd >= 0)
		net_reset(fd);
	return n > 0;
}

static void old_ready(void *arg, unsigned what)
{
	struct worker_old *o = arg;

	(void)what;
	for (int i = 0; i < AT_ONCE && !o->full(o->arg) && old_take_one(o); i++)
		;
}

void worker_old_init(struct worker_old *o, struct loop *loop, int fd)
{
	loop_fd_init(&o->watch, loop, fd, old_ready, o);
	loop_fd_want(&o->watch, LOOP_READ);
}
