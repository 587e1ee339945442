/* store/check.c: whether a file is a store, and whole, before anybody works with it. */
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/internal.h"

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

void store_damaged(const char *path, const char *said, struct why *why)
{
	why_set(why, "the store %s is damaged: %s: " RESTORE, path, said);
}

bool store_sqlite_check(const char *path, struct why *why)
{
	char said[160] = "";
	sqlite3 *db = NULL;
	int rc;

	if (store_is_readonly(path))
		return why_not(why, STORE_READONLY, path);
	rc = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "PRAGMA quick_check(1)", result, said, NULL);
	if (rc != SQLITE_ABORT || strcmp(said, "ok") != 0)
		store_damaged(path, said[0] ? said : db ? sqlite3_errmsg(db) : "out of memory", why);
	sqlite3_close(db);
	return rc == SQLITE_ABORT && strcmp(said, "ok") == 0;
}
