/* cmd/console/run.c: one verb of this program as a process of its own: its output is collected, its time is bounded. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/console/console.h"

#define MOST (32 << 20) /* octets of its output: some ten thousand phones */
#define DEADLINE_MS 30000

extern char **environ;

struct pipe_end {
	struct console_run *run;
	struct loop_fd watch;
	int fd; /* -1: it has ended */
	struct buf got;
};

struct console_run {
	struct console *console;
	struct pipe_end out, err;
	struct loop_timer deadline;
	pid_t pid; /* 0: there is none */
	void (*done)(void *arg, int status, struct sv out, struct sv err);
	void *arg;
};

static void end_close(struct pipe_end *e)
{
	loop_fd_stop(&e->watch);
	if (e->fd >= 0)
		close(e->fd);
	e->fd = -1;
}

/* Its exit status; -1: a signal ended it. */
static int reap(struct console_run *r)
{
	int status = -1;

	while (r->pid && waitpid(r->pid, &status, 0) < 0 && errno == EINTR)
		;
	r->pid = 0;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void console_run_end(struct console_run *r)
{
	if (r == NULL)
		return;
	if (r->pid)
		kill(r->pid, SIGKILL);
	reap(r);
	end_close(&r->out);
	end_close(&r->err);
	loop_timer_stop(&r->deadline);
	buf_wipe(&r->out.got);
	buf_wipe(&r->err.got);
	r->console->runs--;
	free(r);
}

static void finish(struct console_run *r, bool killed)
{
	int status;

	if (killed)
		kill(r->pid, SIGKILL);
	status = reap(r);
	r->done(r->arg, killed ? -1 : status, buf_view(&r->out.got), buf_view(&r->err.got));
	console_run_end(r);
}

static void readable(void *arg, unsigned what)
{
	struct pipe_end *e = arg;
	struct console_run *r = e->run;
	char piece[16384];
	ssize_t n;

	(void)what;
	n = read(e->fd, piece, sizeof piece);
	if (n > 0 && e->got.n + (size_t)n <= MOST) {
		buf_add(&e->got, piece, (size_t)n);
		return;
	}
	if (n > 0) {
		finish(r, true);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	end_close(e);
	if (r->out.fd < 0 && r->err.fd < 0)
		finish(r, r->out.got.oom);
}

static void too_late(void *arg)
{
	finish(arg, true);
}

/* Both pipes, and the child's ends of them in *child. */
static bool pipes(struct console_run *r, int child[2])
{
	struct pipe_end *const ends[2] = {&r->out, &r->err};

	for (unsigned i = 0; i < 2; i++) {
		int fd[2];

		if (pipe2(fd, O_CLOEXEC) < 0)
			return false;
		child[i] = fd[1];
		ends[i]->fd = fd[0];
		if (fcntl(fd[0], F_SETFL, O_NONBLOCK) < 0)
			return false;
		loop_fd_init(&ends[i]->watch, r->console->loop, fd[0], readable, ends[i]);
		if (!loop_fd_want(&ends[i]->watch, LOOP_READ))
			return false;
	}
	return true;
}

static bool spawn(struct console_run *r, const int child[2], const struct console_question *q, const char *word)
{
	const char *argv[CONSOLE_WORDS + 8] = {"dialtone", "-c", r->console->conf};
	posix_spawn_file_actions_t files;
	unsigned n = 3;
	int e;

	for (unsigned i = 0; q->word[i]; i++)
		argv[n++] = q->word[i];
	argv[n++] = "--json";
	if (q->takes) {
		argv[n++] = "--";
		argv[n++] = word;
	}
	if (posix_spawn_file_actions_init(&files) != 0)
		return false;
	e = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	e = e ? e : posix_spawn_file_actions_adddup2(&files, child[0], 1);
	e = e ? e : posix_spawn_file_actions_adddup2(&files, child[1], 2);
	e = e ? e : posix_spawn(&r->pid, "/proc/self/exe", &files, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&files);
	if (e)
		r->pid = 0;
	return e == 0;
}

struct console_run *console_run(struct console *c, const struct console_question *q, const char *word,
				void (*done)(void *arg, int status, struct sv out, struct sv err), void *arg)
{
	struct console_run *r = c->runs < CONSOLE_RUNS ? calloc(1, sizeof *r) : NULL;
	int child[2] = {-1, -1};
	bool ok;

	if (r == NULL)
		return NULL;
	*r = (struct console_run){.console = c, .done = done, .arg = arg, .out = {.run = r, .fd = -1}, .err = {.run = r, .fd = -1}};
	c->runs++;
	loop_timer_init(&r->deadline, c->loop, too_late, r);
	ok = pipes(r, child) && spawn(r, child, q, word);
	for (unsigned i = 0; i < 2; i++)
		if (child[i] >= 0)
			close(child[i]);
	if (!ok) {
		console_run_end(r);
		return NULL;
	}
	loop_timer_at(&r->deadline, clock_mono_ms() + DEADLINE_MS);
	return r;
}
