#include "host/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "confine/capabilities.h"
#include "confine/sandbox.h"
#include "host/tty.h"

#define TUN "/dev/net/tun"

enum broker_what { BROKER_TUN, BROKER_SERIAL_LINE, BROKER_PUT };

struct broker {
	int fd;
	pid_t pid;
	struct broker_conf conf;
};

struct broker_question {
	uint32_t what, file; /* file: which one, for BROKER_PUT */
};

struct broker_answer {
	int32_t result; /* 0 or -errno */
};

/* ---- octets, and with them a descriptor or -1 --------------------------------------------------------------------- */

union broker_control {
	char octets[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

static int broker_send(int to, void *p, size_t n, int fd)
{
	union broker_control control = {{0}};
	struct iovec v = {p, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	struct cmsghdr *c;

	if (fd >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control;
		c = CMSG_FIRSTHDR(&m);
		*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(c), &fd, sizeof fd);
	}
	return sendmsg(to, &m, MSG_NOSIGNAL) == (ssize_t)n ? 0 : -EPIPE;
}

/* 0, or -EPIPE: the other end is gone, or says something else. */
static int broker_receive(int from, void *p, size_t n, int *fd)
{
	union broker_control control = {{0}};
	struct iovec v = {p, n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
	const struct cmsghdr *c;
	ssize_t got;

	*fd = -1;
	do
		got = recvmsg(from, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	c = got > 0 ? CMSG_FIRSTHDR(&m) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *fd))
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	if (got == (ssize_t)n)
		return 0;
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return -EPIPE;
}

/* ---- what it does ---------------------------------------------------------------------------------------------------- */

static int open_tun(void)
{
	int fd = open(TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int put_from(const char *path, int fd)
{
	struct buf b = {0};
	uint8_t part[16384];
	ssize_t n;
	int e = 0;

	while (e == 0 && (n = pread(fd, part, sizeof part, (off_t)b.n)) != 0) {
		if (n < 0)
			e = -errno;
		else if (b.n + (size_t)n > BROKER_FILE_MAX)
			e = -EFBIG;
		else
			buf_add(&b, part, (size_t)n);
	}
	if (e == 0)
		e = b.oom ? -ENOMEM : file_write(NULL, path, b.p, b.n, 0600);
	buf_wipe(&b);
	return e;
}

static const char *file_at(const struct broker_conf *c, uint32_t i)
{
	for (uint32_t k = 0; c->files && k < BROKER_FILES && c->files[k]; k++)
		if (k == i)
			return c->files[k];
	return NULL;
}

/* A descriptor or 0, or -errno. */
static int broker_do(const struct broker_conf *c, const struct broker_question *q, int fd)
{
	const char *path;

	switch (q->what) {
	case BROKER_TUN:
		return open_tun();
	case BROKER_SERIAL_LINE:
		return c->serial_line ? tty_open(c->serial_line) : -EPERM;
	case BROKER_PUT:
		path = file_at(c, q->file);
		return path && fd >= 0 ? put_from(path, fd) : -EPERM;
	default:
		return -EINVAL;
	}
}

/* ---- the process ------------------------------------------------------------------------------------------------------ */

/* Nothing of the phone's: no terminal, no socket of the network. */
static void keep_one(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int i = 0; i < 3 && null >= 0; i++)
		(void)dup2(null, i);
	if (fd > 3)
		close_range(3, (unsigned)fd - 1, 0);
	close_range((unsigned)fd + 1, ~0u, 0);
}

static void broker_confine(void)
{
	struct why why = {0};

	capabilities_unbound();
	(void)capabilities_keep(CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_FOWNER)); /* the files of whom root is */
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)sandbox_filter(SANDBOX_READ | SANDBOX_WRITE | SANDBOX_PHONE, &why); /* a kernel without seccomp: the phone says so */
}

static void broker_main(int fd, const struct broker_conf *c)
{
	static const int not_ours[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}; /* the phone's: it still writes what it found */
	struct broker_question q;
	int with;

	for (size_t i = 0; i < sizeof not_ours / sizeof *not_ours; i++)
		signal(not_ours[i], SIG_IGN);
	keep_one(fd);
	broker_confine();
	while (broker_receive(fd, &q, sizeof q, &with) == 0) {
		int done = broker_do(c, &q, with);
		struct broker_answer a = {done < 0 ? done : 0};

		if (with >= 0)
			close(with);
		with = q.what == BROKER_PUT || done < 0 ? -1 : done;
		if (broker_send(fd, &a, sizeof a, with) < 0)
			break;
		if (with >= 0)
			close(with);
	}
	_exit(0);
}

int broker_start(const struct broker_conf *c, struct broker **ret, struct why *why)
{
	int pair[2] = {-1, -1}, e;
	struct broker *b;

	*ret = NULL;
	if (geteuid() != 0)
		return 0;
	b = calloc(1, sizeof *b);
	if (b == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || (b->pid = fork()) < 0) {
		e = b ? errno : ENOMEM;
		for (int i = 0; i < 2 && pair[0] >= 0; i++)
			close(pair[i]);
		free(b);
		why_set(why, "a process that stays root cannot be started: %s", strerror(e));
		return -e;
	}
	if (b->pid == 0) {
		close(pair[0]);
		broker_main(pair[1], c);
	}
	close(pair[1]);
	b->fd = pair[0];
	b->conf = *c;
	*ret = b;
	return 0;
}

void broker_stop(struct broker *b)
{
	if (b == NULL)
		return;
	close(b->fd);
	while (waitpid(b->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(b);
}

/* ---- the phone's end --------------------------------------------------------------------------------------------------- */

/* 0 or a descriptor, or -errno. */
static int broker_ask(struct broker *b, struct broker_question q, int with)
{
	struct broker_answer a = {0};
	int fd = -1, e = broker_send(b->fd, &q, sizeof q, with);

	if (e == 0)
		e = broker_receive(b->fd, &a, sizeof a, &fd);
	if (e == 0)
		e = a.result;
	return e < 0 ? e : fd >= 0 ? fd : 0;
}

int broker_tun(struct broker *b)
{
	return b ? broker_ask(b, (struct broker_question){BROKER_TUN, 0}, -1) : open_tun();
}

int broker_serial_line(struct broker *b, const char *path)
{
	return b ? broker_ask(b, (struct broker_question){BROKER_SERIAL_LINE, 0}, -1) : tty_open(path);
}

int broker_put(struct broker *b, const char *path, const void *p, size_t n)
{
	struct broker_question q = {BROKER_PUT, 0};
	const char *named;
	int fd, e;

	if (b == NULL)
		return file_write(NULL, path, p, n, 0600);
	while ((named = file_at(&b->conf, q.file)) && strcmp(named, path) != 0)
		q.file++;
	if (named == NULL)
		return -EPERM;
	fd = memfd_create("file", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	e = file_put(NULL, fd, p, n, 0);
	if (e == 0)
		e = broker_ask(b, q, fd);
	close(fd);
	return e;
}
