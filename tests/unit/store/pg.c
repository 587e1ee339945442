#include "tests/unit/store/pg.h"

#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
	char bin[128], dir[64];
	pid_t server, owner; /* owner: a test's children end no server */
	unsigned databases;
} pg;

/* PostgreSQL refuses root. */
static void become_ordinary(void)
{
	const struct passwd *p = getuid() == 0 ? getpwnam("postgres") : NULL;

	if (getuid() == 0 && (p == NULL || setgroups(0, NULL) < 0 || setgid(p->pw_gid) < 0 || setuid(p->pw_uid) < 0))
		_exit(127);
}

static pid_t begin(const char *command, const char *log)
{
	pid_t child = fork();

	if (child == 0) {
		become_ordinary();
		setenv("PGHOST", pg.dir, 1);
		if (chdir(pg.dir) < 0 || freopen(log, "a", stdout) == NULL || dup2(1, 2) < 0)
			_exit(127);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	return child;
}

static int done(const char *format, const char *arg)
{
	char command[512];
	int st = -1;

	snprintf(command, sizeof command, format, pg.bin, arg);
	if (waitpid(begin(command, "log"), &st, 0) < 0)
		return -1;
	return st;
}

static const char *find(void)
{
	glob_t g;

	if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &g) != 0)
		return "PostgreSQL is not installed: script/install-packages test";
	snprintf(pg.bin, sizeof pg.bin, "%.*s", (int)(strlen(g.gl_pathv[g.gl_pathc - 1]) - 7), g.gl_pathv[g.gl_pathc - 1]);
	globfree(&g);
	return NULL;
}

void pg_again(void)
{
	char command[600];

	snprintf(command, sizeof command, "exec %s/postgres -D data -k %s -c listen_addresses= -c fsync=off -c max_connections=20", pg.bin, pg.dir);
	pg.server = begin(command, "server.log");
	for (int i = 0; i < 300 && done("%s/pg_isready -q -h %s", pg.dir) != 0; i++)
		usleep(50000);
}

const char *pg_start(void)
{
	const struct passwd *p = getuid() == 0 ? getpwnam("postgres") : NULL;
	const char *no;

	if (pg.server)
		return NULL;
	if ((no = find()) != NULL)
		return no;
	strcpy(pg.dir, "/tmp/dialtone-pg.XXXXXX");
	if (mkdtemp(pg.dir) == NULL || (p && chown(pg.dir, p->pw_uid, p->pw_gid) < 0))
		return "no temporary folder";
	if (done("%s/initdb -D data -U dialtone -A trust -N -E UTF8 --locale=%s", "C.UTF-8") != 0)
		return "initdb fails";
	pg_again();
	pg.owner = getpid();
	atexit(pg_stop);
	return NULL;
}

void pg_database(char *ret, size_t cap)
{
	char name[32];

	snprintf(name, sizeof name, "t%u", pg.databases++);
	done("%s/createdb -U dialtone %s", name);
	snprintf(ret, cap, "postgresql://dialtone@/%s?host=%s", name, pg.dir);
}

void pg_kill(void)
{
	char command[96];
	int st;

	if (pg.server == 0)
		return;
	kill(pg.server, SIGQUIT); /* "immediate shutdown": it recovers at its next start */
	waitpid(pg.server, &st, 0);
	pg.server = 0;
	snprintf(command, sizeof command, "rm -f %s/data/postmaster.pid", pg.dir);
	if (system(command) != 0)
		perror("rm");
}

void pg_stop(void)
{
	char command[96];

	if (pg.server == 0 || pg.owner != getpid())
		return;
	pg_kill();
	snprintf(command, sizeof command, "rm -rf %s", pg.dir);
	if (system(command) != 0)
		perror("rm");
}
