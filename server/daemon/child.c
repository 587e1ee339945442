#include "server/daemon/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "pki/key.h"
#include "server/daemon/credentials.h"

struct board *board_new(void)
{
	struct board *b = mmap(NULL, sizeof *b, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return b == MAP_FAILED ? NULL : b;
}

void board_free(struct board *b)
{
	if (b)
		munmap(b, sizeof *b);
}

/* Signals as a fresh process has them, but SIGINT: a Control-C reaches the whole group, and the supervisor passes on what
 * is to be done. */
static void signals(void)
{
	static const int ours[] = {SIGTERM, SIGHUP, SIGCHLD};
	sigset_t none;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		signal(ours[i], SIG_DFL);
	signal(SIGINT, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* The supervisor's descriptors are everybody's ends of everything: a child keeps its own. */
static void close_others(const struct child_conf *c)
{
	int keep[CHILD_KEEP + 1];
	unsigned n = 0, from = 3;

	for (unsigned i = 0; i < c->nkeep && i < CHILD_KEEP; i++)
		if (c->keep[i] >= 3)
			keep[n++] = c->keep[i];
	qsort(keep, n, sizeof keep[0], by_number);
	for (unsigned i = 0; i < n; i++) {
		if ((unsigned)keep[i] > from)
			close_range(from, (unsigned)keep[i] - 1, 0);
		from = (unsigned)keep[i] + 1;
	}
	close_range(from, ~0u, 0);
}

static _Noreturn void live(const struct child_conf *c, pid_t parent)
{
	char why[256];
	int status = 1;

	signals();
	close_others(c);
	prctl(PR_SET_NAME, c->name, 0, 0, 0);
	log_set(LOG_INFO, c->name);
	if (!credentials_drop(c->user, why, sizeof why)) {
		log_line(LOG_ERROR, c->name, "%s", why);
		_exit(78); /* sysexits: configuration */
	}
	/* No core with keys in it, and nobody of the same user may look inside. Asked after the change of user, which resets
	 * both. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
	if (c->row) {
		pki_count_in(&c->row->private_operations);
		atomic_store(&c->row->pid, getpid());
	}
	status = c->run(c->arg);
	fflush(NULL);
	_exit(status);
}

pid_t child_start(const struct child_conf *c)
{
	pid_t parent = getpid(), pid;
	sigset_t all, before;

	fflush(NULL);
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before); /* nothing that is meant for the child reaches a handler of ours */
	pid = fork();
	if (pid == 0)
		live(c, parent);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}
