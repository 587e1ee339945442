#include "admin/backup/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "server/site/files.h"

#define SUMS "SHA256SUMS"
#define SUM_WIDE 66 /* 64 digits and two blanks, before a path */
#define SUMS_MOST (64 << 20) /* octets of its list: some hundred thousand files */

/* A folder that comes to be: it is filled under a name of its own beside the target, and renamed when it is whole. */
struct made {
	char parent[PATH_MAX], name[NAME_MAX + 1], partial[NAME_MAX + 1];
	int at, fd; /* the parent, and the folder that is filled */
};

static bool made_begin(struct made *m, const char *path, struct why *why)
{
	const char *slash;
	size_t n = strlen(path);

	m->at = m->fd = -1;
	while (n > 1 && path[n - 1] == '/')
		n--;
	if (n == 0 || n >= sizeof m->parent)
		return why_not(why, "'%s' is no folder's name", path);
	snprintf(m->parent, sizeof m->parent, "%.*s", (int)n, path);
	slash = strrchr(m->parent, '/');
	text_set(m->name, sizeof m->name, "%s", slash ? slash + 1 : m->parent);
	snprintf(m->partial, sizeof m->partial, ".%.200s.partial", m->name);
	if (slash)
		m->parent[slash == m->parent ? 1 : slash - m->parent] = '\0';
	else
		snprintf(m->parent, sizeof m->parent, ".");
	m->at = open(m->parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (m->at < 0 && errno == ENOENT)
		return why_not(why, "there is no folder '%s'; make it with: mkdir -p -m 700 %s", m->parent, m->parent);
	if (m->at < 0)
		return why_not(why, "%s: %s", m->parent, strerror(errno));
	if (!tree_remove(m->at, m->partial, why)) /* of one that was killed */
		return false;
	if (mkdirat(m->at, m->partial, 0700) < 0 ||
	    (m->fd = openat(m->at, m->partial, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) < 0)
		return why_not(why, "%s/%s: %s", m->parent, m->partial, strerror(errno));
	return true;
}

/* Renames it, when all went well; else nothing of it is left. */
static bool made_end(struct made *m, bool ok, struct why *why)
{
	if (ok && (fsync(m->fd) < 0 || renameat(m->at, m->partial, m->at, m->name) < 0 || fsync(m->at) < 0))
		ok = why_not(why, "%s/%s: %s", m->parent, m->name, strerror(errno));
	if (!ok && m->at >= 0 && m->partial[0])
		tree_remove(m->at, m->partial, NULL);
	if (m->fd >= 0)
		close(m->fd);
	if (m->at >= 0)
		close(m->at);
	return ok;
}

/* ---- make ---------------------------------------------------------------------------------------------------- */

/* The store's own files are not copied as octets, and run/ belongs to processes. */
static bool backup_skip(void *arg, const char *path)
{
	const bool *logs = arg;

	return strcmp(path, SITE_RUN) == 0 || strncmp(path, STORE_FILE, strlen(STORE_FILE)) == 0 || (!*logs && strcmp(path, SITE_LOGS) == 0);
}

/* Through the store's own functions, at one moment.  It goes to whoever has vault/. */
static bool backup_store(const struct admin *a, const struct made *m, struct tree_sum *sum, struct why *why)
{
	char path[PATH_MAX + NAME_MAX + 64];
	struct store *to;
	struct stat st;
	bool ok;

	snprintf(path, sizeof path, "%s/%s/" STORE_FILE, m->parent, m->partial);
	to = store_sqlite(path, why);
	ok = to && store_copy(a->store, to, NULL, NULL, why);
	store_close(to);
	if (!ok)
		return false;
	if (fstatat(m->fd, SITE_VAULT, &st, AT_SYMLINK_NOFOLLOW) < 0 || chmod(path, 0600) < 0 ||
	    (geteuid() == 0 && chown(path, st.st_uid, st.st_gid) < 0))
		return why_not(why, "%s: %s", path, strerror(errno));
	if (stat(path, &st) == 0)
		sum->octets += (uint64_t)st.st_size;
	sum->files++;
	return store_sqlite_check(path, why);
}

static bool backup_sums(const struct made *m, struct why *why)
{
	char path[PATH_MAX + NAME_MAX + 64];
	struct buf sums = {0};
	bool ok = tree_sums(m->fd, NULL, &sums, why);
	int e;

	snprintf(path, sizeof path, "%s/%s/" SUMS, m->parent, m->partial);
	if (ok && (e = file_write(NULL, path, sums.p, sums.n, 0600)) < 0)
		ok = why_not(why, "%s: %s", path, strerror(-e));
	buf_free(&sums);
	return ok;
}

enum admin_result backup_make(const struct admin *a, const char *to, bool logs, struct tree_sum *ret, struct why *why)
{
	int from = open(a->site->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	struct made m;
	bool ok;

	if (from < 0)
		return admin_no(ADMIN_SITE, why, "%s: %s", a->site->dir, strerror(errno));
	if (lstat(to, &st) == 0) {
		close(from);
		return admin_no(ADMIN_EXISTS, why, "'%s' is there already: name a new folder, as with $(date +%%F)", to);
	}
	ok = made_begin(&m, to, why) && tree_copy(from, m.fd, backup_skip, &logs, ret, why) && backup_store(a, &m, ret, why) && backup_sums(&m, why);
	close(from);
	if (!made_end(&m, ok, why))
		return ADMIN_SITE;
	admin_audit(a, "", "backup made");
	return ADMIN_OK;
}

/* ---- restore ---------------------------------------------------------------------------------------------------- */

static bool before(struct sv a, struct sv b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = memcmp(a.p, b.p, n);

	return c < 0 || (c == 0 && a.n <= b.n);
}

/* The first line in which the two differ names the file. */
static enum admin_result backup_differs(const char *from, struct sv was, struct sv is, struct why *why)
{
	struct sv a, b, path;

	do {
		a = sv_cut(&was, '\n');
		b = sv_cut(&is, '\n');
	} while (sv_eq(a, b) && was.p && is.p);
	a = sv_from(a, SUM_WIDE);
	b = sv_from(b, SUM_WIDE);
	path = b.n == 0 || (a.n && before(a, b)) ? a : b; /* one that only one of them has stands where the other goes on */
	return admin_no(ADMIN_REFUSED, why, "%s: %.*s is not as it was when the backup was made, or is missing; take another backup", from,
			(int)path.n, path.p);
}

static enum admin_result backup_whole(const char *from, int fd, struct why *why)
{
	char path[PATH_MAX];
	struct buf was = {0}, is = {0};
	enum admin_result r = ADMIN_OK;
	int e;

	snprintf(path, sizeof path, "%s/" SUMS, from);
	e = file_read(path, SUMS_MOST, &was);
	if (e < 0)
		r = admin_no(ADMIN_REFUSED, why, "%s: %s; it is no backup, which `dialtone backup` makes", path, strerror(-e));
	else if (!tree_sums(fd, SUMS, &is, why))
		r = ADMIN_SITE;
	else if (!sv_eq(buf_view(&was), buf_view(&is)))
		r = backup_differs(from, buf_view(&was), buf_view(&is), why);
	buf_free(&was);
	buf_free(&is);
	return r;
}

static bool restore_skip(void *arg, const char *path)
{
	(void)arg;
	return strcmp(path, SUMS) == 0;
}

/* It is not there, or nothing is in it. */
static bool is_free(const char *dir)
{
	DIR *d = opendir(dir);
	unsigned n = 0;

	if (d == NULL)
		return errno == ENOENT;
	while (n < 3 && readdir(d))
		n++;
	closedir(d);
	return n < 3;
}

/* It holds every file of the backup, as it is there: it was restored before, and has not run since. */
static bool restored_before(const char *from, const char *dir)
{
	int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC), to = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf was = {0}, is = {0};
	bool same = fd >= 0 && to >= 0 && tree_sums(fd, SUMS, &was, NULL) && tree_sums(to, SITE_RUN, &is, NULL);
	struct sv rest = buf_view(&was), there = buf_view(&is);

	while (same && rest.n) { /* both are in the same order */
		struct sv line = sv_cut(&rest, '\n'), other;

		do
			other = sv_cut(&there, '\n');
		while (there.n && !sv_eq(line, other));
		same = sv_eq(line, other);
	}
	buf_free(&was);
	buf_free(&is);
	if (fd >= 0)
		close(fd);
	if (to >= 0)
		close(to);
	return same;
}

/* Every site has these, a backup has not. */
static bool restore_folders(int fd, struct why *why)
{
	return (mkdirat(fd, SITE_RUN, 0755) == 0 && (mkdirat(fd, SITE_LOGS, 0770) == 0 || errno == EEXIST) && fchmod(fd, 0755) == 0) ||
	       why_not(why, "%s", strerror(errno));
}

enum admin_result backup_restore(const char *from, const char *dir, struct tree_sum *ret, struct why *why)
{
	int fd = open(from, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum admin_result r;
	struct made m;
	bool ok;

	if (fd < 0)
		return admin_no(ADMIN_REFUSED, why, "%s: %s", from, strerror(errno));
	r = backup_whole(from, fd, why);
	if (r == ADMIN_OK) {
		if (!is_free(dir) && restored_before(from, dir)) {
			r = ADMIN_UNCHANGED;
		} else if (!is_free(dir)) {
			r = admin_no(ADMIN_EXISTS, why, "'%s' holds something already: name a folder that is not there, or move this one away", dir);
		} else {
			ok = made_begin(&m, dir, why) && tree_copy(fd, m.fd, restore_skip, NULL, ret, why) && restore_folders(m.fd, why);
			r = made_end(&m, ok, why) ? ADMIN_OK : ADMIN_SITE;
		}
	}
	close(fd);
	return r;
}
