#include "confine/account.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 50, PAUSE_MS = 100 };

bool account_of(const char *user, struct account *ret, struct why *why)
{
	const struct passwd *p;

	errno = 0;
	p = getpwnam(user);
	if (p && p->pw_uid) {
		*ret = (struct account){p->pw_uid, p->pw_gid};
		return true;
	}
	if (p)
		why_set(why, "user '%s' is root: name another", user);
	else
		why_set(why, "user '%s': %s", user, errno ? strerror(errno) : "there is no such user on this machine");
	return false;
}

/* The exit status; -1: it could not be run. */
static int run(const char *const argv[])
{
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *const env[] = {path, NULL};
	static const char *const places[] = {"/usr/sbin", "/usr/bin", "/sbin", "/bin"};
	posix_spawn_file_actions_t files;
	char *args[12] = {NULL}, program[64];
	int status = -1;
	pid_t pid;

	for (unsigned i = 0; argv[i] && i < 11; i++)
		memcpy((void *)&args[i], (const void *)&argv[i], sizeof args[i]); /* posix_spawn() leaves them as they are */
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	for (unsigned i = 0; i < sizeof places / sizeof *places && status < 0; i++) {
		snprintf(program, sizeof program, "%s/%s", places[i], argv[0]);
		if (access(program, X_OK) < 0 || posix_spawn(&pid, program, &files, NULL, args, env) != 0)
			continue;
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		status = WIFEXITED(status) ? WEXITSTATUS(status) : 255;
	}
	posix_spawn_file_actions_destroy(&files);
	return status;
}

bool account_make(const char *user)
{
	const char *const useradd[] = {"useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
				       "--shell", "/usr/sbin/nologin", user, NULL};
	const char *const busybox[] = {"adduser", "-S", "-D", "-H", "-h", "/nonexistent", "-s", "/bin/false", user, NULL};

	for (unsigned i = 0; i < TRIES && getpwnam(user) == NULL; i++) { /* another program may hold the file's lock */
		int status = run(useradd);

		if (status < 0)
			status = run(busybox);
		if (status < 0)
			break;
		if (status != 0)
			nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * 1000000l}, NULL);
	}
	return getpwnam(user) != NULL;
}
