#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/buf.h"
#include "cmd/doctor/compare.h"

enum { OUTPUT_MAX = 16 << 20 };

/* What the child prints as JSON lines, and its exit status; -1: it cannot be run. */
static int run_into(struct command *c, int (*once)(void *arg, bool *end), struct buf *to, bool *end)
{
	int fd = memfd_create("run", MFD_CLOEXEC), status = 0;
	char part[16384];
	ssize_t n;
	pid_t pid;

	fflush(NULL);
	pid = fd < 0 ? -1 : fork();
	if (pid == 0) {
		bool refused = false;
		int rc;

		if (dup2(fd, STDOUT_FILENO) < 0)
			_exit(EX_SOFTWARE);
		c->json = true;
		rc = once(c, &refused);
		fflush(NULL);
		_exit(refused ? rc | 0x40 : rc); /* a stage has four bits */
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0 && lseek(fd, 0, SEEK_SET) == 0)
		while ((n = read(fd, part, sizeof part)) > 0 && to->n < OUTPUT_MAX)
			buf_add(to, part, (size_t)n);
	if (fd >= 0)
		close(fd);
	if (pid < 0 || !WIFEXITED(status))
		return -1;
	*end = WEXITSTATUS(status) > 0x40 && WEXITSTATUS(status) <= 0x49 && WEXITSTATUS(status) != EX_SOFTWARE;
	return *end ? WEXITSTATUS(status) & ~0x40 : WEXITSTATUS(status);
}

struct side {
	struct buf out;
	struct doctor_run run;
	char name[64];
	int status;
};

static void side_run(struct side *s, struct command *c, int (*once)(void *arg, bool *end), bool *end)
{
	const struct phone_options *o = c->o;
	struct why why = {0};

	snprintf(s->name, sizeof s->name, "%s, %s", o->model ? o->model : "cx600", o->cold ? "cold" : "warm");
	s->status = run_into(c, once, &s->out, end);
	if (s->out.n && doctor_run_read(&s->run, (const char *)s->out.p, s->out.n, &why))
		fprintf(stderr, "dialtone doctor: '--compare': %s\n", why.text);
}

static int sides_print(struct side s[2], bool json)
{
	const char *const names[2] = {s[0].name, s[1].name};
	const struct doctor_run *const runs[2] = {&s[0].run, &s[1].run};
	struct findings *f = calloc(2, sizeof *f);

	for (unsigned i = 0; f && i < 2; i++)
		if (s[i].run.n)
			findings_of(&f[i], &s[i].run);
	for (unsigned i = 0; json && i < 2; i++)
		fwrite(s[i].out.p, 1, s[i].out.n, stdout);
	if (f && !json)
		compare_print(stdout, names, runs, f);
	free(f);
	fflush(stdout);
	return s[0].status > 0 ? s[0].status : s[1].status < 0 || s[0].status < 0 ? EX_SOFTWARE : s[1].status;
}

int compare_run(struct command *c, int (*once)(void *arg, bool *end))
{
	struct phone_options *o = c->o;
	struct side *s = calloc(2, sizeof *s);
	bool end = false, json = c->json, warm = strcmp(o->compare, "warm") == 0, cold = strcmp(o->compare, "cold") == 0;
	int rc;

	if (s == NULL)
		return EX_SOFTWARE;
	o->cold = warm ? true : cold ? false : o->cold; /* the first is the other one */
	side_run(&s[0], c, once, &end);
	if (end) {
		fprintf(stderr, "dialtone doctor: the server refused number and PIN, or the password: the second run is left out, since it "
				"would send them again\n");
	} else {
		o->cold = warm ? false : cold ? true : o->cold;
		if (!warm && !cold)
			o->model = o->compare;
		side_run(&s[1], c, once, &end);
	}
	rc = sides_print(s, json);
	for (unsigned i = 0; i < 2; i++) {
		doctor_run_free(&s[i].run);
		buf_free(&s[i].out);
	}
	free(s);
	return rc;
}
