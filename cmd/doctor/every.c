#include "cmd/doctor/every.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sv.h"

unsigned every_read(const char *text)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	struct sv s = sv_of(text);
	uint64_t n = 0, unit = 1;

	for (size_t i = 0; s.n && i < sizeof units / sizeof *units; i++)
		if (s.p[s.n - 1] == units[i].unit) {
			unit = units[i].seconds;
			s.n--;
			break;
		}
	return sv_u64(s, 86400, &n) && n * unit >= 30 && n * unit <= 86400 ? (unsigned)(n * unit) : 0;
}

static volatile sig_atomic_t every_stopped;

static void on_stop(int sig)
{
	every_stopped = sig;
}

/* One run; its exit status, or -1. */
static int one_run(int (*once)(void *arg, bool *end), void *arg, bool *end)
{
	int ended_pipe[2], status = 0;
	char byte = 0;
	pid_t pid;

	if (pipe(ended_pipe) < 0)
		return -1;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		bool ended = false;
		int rc;

		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		rc = once(arg, &ended);
		if (ended && write(ended_pipe[1], "e", 1) < 0)
			rc = EX_SOFTWARE;
		exit(rc);
	}
	close(ended_pipe[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		if (every_stopped)
			kill(pid, SIGTERM);
	*end = read(ended_pipe[0], &byte, 1) == 1;
	close(ended_pipe[0]);
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int every_run(unsigned seconds, int (*once)(void *arg, bool *end), void *arg)
{
	struct sigaction stop = {.sa_handler = on_stop};
	bool end = false;
	int rc = 0;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	while (!every_stopped && !end) {
		uint64_t next = clock_mono_ms() + seconds * 1000ull;

		rc = one_run(once, arg, &end);
		if (rc < 0) {
			fprintf(stderr, "dialtone doctor: a run ended by itself\n");
			rc = EX_SOFTWARE;
		}
		if (end)
			fprintf(stderr, "dialtone doctor: the server refused number and PIN, or the password: they are not sent again, since "
					"that would lock the user; correct them, then start this again\n");
		while (!every_stopped && !end && clock_mono_ms() < next)
			usleep(200000);
	}
	return rc;
}
