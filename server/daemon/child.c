#include "server/daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"

#define SELF "/proc/self/exe"

/* Signals as a fresh process has them: an ignored one would stay ignored in the program that is executed. */
static void child_signals(void)
{
	static const int ours[] = {SIGTERM, SIGHUP, SIGCHLD, SIGINT, SIGPIPE};
	sigset_t none;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		signal(ours[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The supervisor's descriptors are everybody's ends of everything: a child keeps its own, across the execution. */
static void close_others(const struct child_conf *c, int state_fd)
{
	int inherited[CHILD_INHERITED + 1];
	unsigned n = 0, from = 3;

	inherited[n++] = state_fd;
	for (unsigned i = 0; i < c->nkeep && i < CHILD_INHERITED; i++)
		if (c->inherited[i] >= 3)
			inherited[n++] = c->inherited[i];
	qsort(inherited, n, sizeof inherited[0], by_number);
	for (unsigned i = 0; i < n; i++) {
		if ((unsigned)inherited[i] > from)
			close_range(from, (unsigned)inherited[i] - 1, 0);
		fcntl(inherited[i], F_SETFD, 0);
		from = (unsigned)inherited[i] + 1;
	}
	close_range(from, ~0u, 0);
}

static _Noreturn void child_become(const struct child_conf *c, int state_fd, int log_fd)
{
	char number[16];
	char *argv[] = {(char[]){"dialtoned"}, (char[]){"--role"}, NULL, number, NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	memcpy((void *)&argv[2], (const void *)&c->name, sizeof argv[2]); /* execve() leaves it as it is */
	prctl(PR_SET_NAME, c->name, 0, 0, 0); /* a signal to "dialtoned" by name means the supervisor */
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log_fd, 2) < 0)
		_exit(71); /* sysexits: the system */
	setsid(); /* no terminal: TIOCSTI would type into root's shell */
	child_signals();
	close_others(c, state_fd);
	snprintf(number, sizeof number, "%d", state_fd);
	execve(SELF, argv, environ);
	dprintf(2, "error: supervisor: cannot execute " SELF ": %s\n", strerror(errno));
	_exit(71);
}

/* A sealed file in memory: it lives as long as the child reads it. */
static int state_new(const struct child_conf *c)
{
	int fd = memfd_create("state", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd >= 0 && file_put(NULL, fd, c->state, c->nstate, 0) == 0 &&
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

pid_t child_start(const struct child_conf *c, int *log_fd)
{
	int state_fd = state_new(c), log[2] = {-1, -1};
	sigset_t all, before;
	pid_t pid = -1;

	if (state_fd >= 0 && pipe2(log, O_CLOEXEC | O_NONBLOCK) == 0) { /* a log that is not read in time stops nobody */
		fflush(NULL);
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, &before); /* nothing that is meant for the child reaches a handler of ours */
		pid = fork();
		if (pid == 0)
			child_become(c, state_fd, log[1]);
		sigprocmask(SIG_SETMASK, &before, NULL);
	}
	if (state_fd >= 0)
		close(state_fd);
	if (log[1] >= 0)
		close(log[1]);
	if (pid < 0 && log[0] >= 0)
		close(log[0]);
	else
		*log_fd = log[0];
	return pid;
}
