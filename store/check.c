/* store/check.c: whether a file is a store, and whole, before anybody works with it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "store/internal.h"

#define DISK_FULL (256 << 10) /* needed by a transaction at once: the -shm file, some pages */
#define RESTORE "restore it from the backup (operation.md: Backup)"

bool store_whole(const char *path, struct why *why)
{
	static const char magic[16] = "SQLite format 3";
	char head[sizeof magic];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? why_not(why, "the store %s is missing: " RESTORE, path) : why_not(why, "the store %s: %s", path, strerror(errno));
	n = read(fd, head, sizeof head);
	close(fd);
	if (n == 0)
		return why_not(why, "the store %s has no octets, so its contents are lost; " RESTORE, path);
	return (n == (ssize_t)sizeof head && memcmp(head, magic, sizeof head) == 0) ||
	       why_not(why, "the store %s is not a database: " RESTORE, path);
}

static int result(void *said, int n, char **value, char **name)
{
	(void)name;
	if (n == 1 && value[0])
		sqlite3_snprintf(160, said, "%s", value[0]);
	return 1; /* the first line is enough */
}

bool store_is_readonly(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v) == 0 && v.f_flag & ST_RDONLY;
}

bool store_disk_is_full(const char *path)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX] = ".";
	struct statvfs v;

	if (slash)
		text_set(folder, sizeof folder, "%.*s", (int)(slash == path ? 1 : slash - path), path);
	return statvfs(folder, &v) == 0 && (v.f_bavail * v.f_frsize < DISK_FULL || (v.f_files && v.f_favail == 0));
}

void store_damaged(const char *path, const char *said, struct why *why)
{
	why_set(why, "the store %s is damaged: %s: " RESTORE, path, said);
}

bool store_sqlite_check(const char *path, struct why *why)
{
	char said[160] = "";
	sqlite3 *db = NULL;
	bool good;
	int rc;

	if (store_is_readonly(path))
		return why_not(why, STORE_READONLY, path);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA quick_check(1)", result, said, NULL);
	good = rc == SQLITE_ABORT && strcmp(said, "ok") == 0;
	if (rc == SQLITE_CORRUPT || rc == SQLITE_NOTADB || (rc == SQLITE_ABORT && !good))
		store_damaged(path, said[0] ? said : sqlite3_errmsg(db), why);
	else if (!good) /* it was not looked at: nothing says that it is damaged */
		why_set(why, "the store %s cannot be opened: %s%s", path, db ? sqlite3_errmsg(db) : "out of memory",
			store_disk_is_full(path) ? ": its disk is full" : "");
	sqlite3_close(db);
	return good;
}
