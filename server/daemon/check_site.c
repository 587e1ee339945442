#include "server/daemon/check_site.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/listen.h"
#include "server/daemon/accounts.h"
#include "server/daemon/dns_publish.h"
#include "server/site/certs.h"
#include "server/site/files.h"
#include "server/site/listeners.h"
#include "server/vault/make.h"
#include "store/store.h"

/* ---- ports ---------------------------------------------------------------------------------------------------------- */

static bool ports(const struct site *s, bool ours, struct why *why)
{
	static const struct {
		int reason;
		const char *hint;
	} hints[] = {
	    {EADDRINUSE, "; 'ss -ltnp' shows which program has it"},
	    {EACCES, "; a port below 1024 needs root"},
	    {EADDRNOTAVAIL, "; 'ip addr' shows what this machine has"},
	};
	struct site_listener all[SITE_LISTENERS + 1];
	unsigned n = site_listeners(s, all);
	struct why reason = {0};

	if (s->metrics)
		all[n++] = (struct site_listener){.key = "metrics", .address = "127.0.0.1", .port = s->metrics};

	for (unsigned i = 0; i < n; i++) {
		const char *hint = "";

		errno = 0;
		if (listen_free(all[i].address, all[i].port, &reason) || (ours && errno == EADDRINUSE))
			continue;
		for (size_t k = 0; k < sizeof hints / sizeof *hints; k++)
			if (errno == hints[k].reason)
				hint = hints[k].hint;
		return why_not(why, "%s: %s%s", all[i].key, reason.text, hint);
	}
	return true;
}

bool check_ports(const struct site *s, struct why *why)
{
	return ports(s, false, why);
}

/* A dialtoned that runs this site holds its lock. */
static bool runs_already(const struct site *s)
{
	char path[sizeof s->dir + sizeof "/run/lock"];
	bool held;
	int fd;

	snprintf(path, sizeof path, "%s/run/lock", s->dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return false;
	held = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	close(fd);
	return held;
}

/* ---- files, as the users see them -------------------------------------------------------------------------------------- */

enum { AS_VAULT = 1, AS_WORKER, AS_LEGACY };

static const struct {
	int as;
	const char *path;
	int mode; /* access(2) */
} needs[] = {
    {AS_VAULT, SITE_VAULT "/ca.pem", R_OK},
    {AS_VAULT, SITE_VAULT "/ticket.pem", R_OK},
    {AS_VAULT, SITE_VAULT "/secret", R_OK},
    {AS_VAULT, STORE_FILE, R_OK | W_OK},
    {AS_VAULT, SITE_VAULT, W_OK | X_OK},
    {AS_WORKER, SITE_SERVER, R_OK},
    {AS_WORKER, SITE_ISSUING, R_OK},
    {AS_WORKER, SITE_IMAGES, R_OK | X_OK},
    {AS_WORKER, SITE_LOGS, W_OK | X_OK},
};

static const char *user_of(const struct site *s, int as)
{
	return as == AS_VAULT ? s->user : as == AS_WORKER ? s->worker_user : s->legacy_user;
}

/* The first folder on the way that this user may not enter, in `path`; false: it may enter all of them. */
static bool barred(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (access(path, X_OK) < 0 && errno == EACCES)
			return true;
		*slash = '/';
	}
	return false;
}

/* In a process of its own that has become the user: whatever decides (owner, group, lists) decides as it will.  The answer is a
 * sentence in the pipe. */
static void try_as(const struct site *s, int as, const struct account *a, int fd)
{
	char path[PATH_MAX];
	struct why none = {0};
	int code;

	if (setgroups(1, &a->gid) < 0 || setresgid(a->gid, a->gid, a->gid) < 0 || setresuid(a->uid, a->uid, a->uid) < 0)
		return;
	for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
		if (needs[i].as != as || !site_path(path, s->dir, needs[i].path, &none) || access(path, needs[i].mode) == 0 || errno == ENOENT)
			continue;
		code = errno;
		if (code == EACCES && barred(path))
			dprintf(fd, "'%s' cannot enter %s: put the site elsewhere, or open that folder with: chmod o+x %s",
				user_of(s, as), path, path);
		else if (code == EROFS)
			dprintf(fd, "%s is on a read-only file system: mount it for writing", path);
		else
			dprintf(fd, "'%s' cannot use %s: %s; to hand it over: dialtone init %s --owners", user_of(s, as), path,
				strerror(code), s->dir);
		return;
	}
}

static bool rights_of(const struct site *s, int as, struct why *why)
{
	char text[WHY_TEXT_MAX] = "";
	struct account a;
	int fd[2];
	ssize_t n;
	pid_t pid;

	if (!account_of(user_of(s, as), &a, why))
		return false;
	if (pipe2(fd, O_CLOEXEC) < 0)
		return why_not(why, "cannot make a pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		try_as(s, as, &a, fd[1]);
		_exit(0);
	}
	close(fd[1]);
	n = pid < 0 ? 0 : read(fd[0], text, sizeof text - 1);
	close(fd[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return n <= 0 || why_not(why, "%s", text);
}

bool check_rights(const struct site *s, struct why *why)
{
	return geteuid() != 0 || (rights_of(s, AS_VAULT, why) && rights_of(s, AS_WORKER, why));
}

/* ---- what the processes open ------------------------------------------------------------------------------------------- */

static enum check_result vault(const struct site *s, struct why *why)
{
	struct vault_keys keys = {0};
	char path[PATH_MAX];

	if (!site_path(path, s->dir, SITE_VAULT "/secret", why))
		return CHECK_BAD;
	if (access(path, R_OK) < 0 && errno == EACCES) {
		why_set(why, "%s cannot be read by this user: run it as root", path);
		return CHECK_NOT_ALLOWED;
	}
	if (!vault_keys_load(s->dir, &keys, why))
		return CHECK_BAD;
	vault_keys_clear(&keys);
	if (store_is_postgres(s->store)) {
		struct store *store = store_open(s->store, why);

		store_close(store);
		return store ? CHECK_GOOD : CHECK_BAD;
	}
	if (!site_path(path, s->dir, STORE_FILE, why) || !store_whole(path, why) || !store_sqlite_check(path, why))
		return CHECK_BAD;
	return CHECK_GOOD;
}

static enum check_result certificates(const struct site *s, int64_t unix_s, struct why *why)
{
	struct site_cert cert[SITE_CERTS];
	unsigned n = site_certs(s, unix_s, cert);

	for (unsigned i = 0; i < n; i++) {
		if (cert[i].why.text[0] == '\0')
			continue;
		why_set(why, "%.200s/%s: %s%s", s->dir, cert[i].file, cert[i].why.text, cert[i].unreadable ? ": run it as root" : "");
		return cert[i].unreadable ? CHECK_NOT_ALLOWED : CHECK_BAD;
	}
	return CHECK_GOOD;
}

static bool dns(const struct site *s, struct why *why)
{
	char key[DNS_KEY_MAX];
	bool good = s->dns.server[0] == '\0' || (access(s->dns.key_file, R_OK) < 0 && errno == EACCES) || dns_key_read(s, key, why);

	explicit_bzero(key, sizeof key);
	return good;
}

enum check_result check_site(const struct site *s, int64_t unix_s, struct why *why)
{
	enum check_result r;

	if (!dns(s, why) || !accounts_fit(s, why))
		return CHECK_BAD;
	if ((r = certificates(s, unix_s, why)) != CHECK_GOOD || (r = vault(s, why)) != CHECK_GOOD)
		return r;
	return check_rights(s, why) && ports(s, runs_already(s), why) ? CHECK_GOOD : CHECK_BAD;
}
