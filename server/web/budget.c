/* server/web/budget.c: what logs/ may take of the disk: whoever is in the network can write there, and a full disk would end
 * every sign-in, since the vault could store nothing any more.
 *
 * All workers write, so each of them measures the folder now and then, and adds what it has written itself meanwhile.
 * Above the bound the oldest audit days go; device logs are refused from three quarters on, so that they do not push the audit
 * log out.  Nothing is written when the file system is nearly full.
 */
#include "server/web/internal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/log.h"
#include "server/web/logs_clean.h"

enum { MEASURE_S = 60, PARTS = 16, DEPTH = 6 };
#define RESERVE ((uint64_t)64 << 20) /* free for the store; a tenth of a small file system */
#define AUDIT "Server/Audit/imageUpdates"

static uint64_t octets_of(int at, const char *name, unsigned depth)
{
	struct folder_names folder;
	const char *entry;
	uint64_t n = 0;
	struct stat st;

	if (!folder_names_open(&folder, at, name))
		return 0;
	while ((entry = folder_names_next(&folder)) != NULL) {
		if (fstatat(folder.fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			n += octets_of(folder.fd, entry, depth + 1);
		else
			n += (uint64_t)st.st_blocks * 512;
	}
	folder_names_close(&folder);
	return n;
}

/* The oldest day goes; never the newest, which is written to.  What it took; 0: there is none to go. */
static uint64_t drop_oldest(const char *logs)
{
	char path[4096], oldest[256] = "", newest[256] = "";
	struct folder_names folder;
	const char *entry;
	uint64_t n = 0;
	struct stat st;

	snprintf(path, sizeof path, "%.3800s/" AUDIT, logs);
	if (!folder_names_open(&folder, AT_FDCWD, path))
		return 0;
	while ((entry = folder_names_next(&folder)) != NULL) { /* the date stands at the end of the name, and sorts */
		if (entry[0] == '.')
			continue;
		if (oldest[0] == '\0' || strcmp(entry, oldest) < 0)
			snprintf(oldest, sizeof oldest, "%s", entry);
		if (strcmp(entry, newest) > 0)
			snprintf(newest, sizeof newest, "%s", entry);
	}
	if (oldest[0] && strcmp(oldest, newest) != 0 && fstatat(folder.fd, oldest, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    unlinkat(folder.fd, oldest, 0) == 0) {
		n = (uint64_t)st.st_blocks * 512;
		log_line(LOG_WARN, "update", "logs/ is full: the audit log %s was removed", oldest);
	}
	folder_names_close(&folder);
	return n;
}

static bool disk_has_room(const char *logs)
{
	struct statvfs v;
	uint64_t size, free_now;

	if (statvfs(logs, &v) < 0)
		return false;
	size = (uint64_t)v.f_blocks * v.f_frsize;
	free_now = (uint64_t)v.f_bavail * v.f_frsize;
	return free_now > (size / 10 < RESERVE ? size / 10 : RESERVE);
}

/* LogCleanUpInterval and LogCleanUpTimeOfDay: when something is written, and the time has come.  Every worker may do it: a file
 * that is gone is gone. */
static void clean(struct web *w, int64_t unix_s)
{
	const struct site *s = w->conf.site;
	unsigned n;

	if (s->LogCleanUpInterval == 0 || !logs_clean_due(unix_s, w->budget.cleaned, logs_clean_minute(s->LogCleanUpTimeOfDay)))
		return;
	w->budget.cleaned = unix_s;
	n = logs_clean(w->conf.logs, unix_s - (int64_t)s->LogCleanUpInterval * 86400);
	if (n)
		log_line(LOG_INFO, "update", "%u logs older than %u days were deleted", n, s->LogCleanUpInterval);
}

static void measure(struct web *w, uint64_t most, int64_t unix_s)
{
	uint64_t gone = 1;

	clean(w, unix_s);
	w->budget.used = octets_of(AT_FDCWD, w->conf.logs, 0);
	while (w->budget.used > most - most / 8 && gone) {
		gone = drop_oldest(w->conf.logs);
		w->budget.used -= gone < w->budget.used ? gone : w->budget.used;
	}
	w->budget.own = 0;
	w->budget.at = unix_s;
	w->budget.disk = disk_has_room(w->conf.logs);
}

bool web_logs_may_grow(struct web *w, uint64_t octets, bool audit, int64_t unix_s)
{
	uint64_t most = (uint64_t)w->conf.site->max_logs_total << 20, limit = audit ? most : most - most / 4;

	if (w->budget.at == 0 || unix_s - w->budget.at >= MEASURE_S || unix_s < w->budget.at || w->budget.own > most / PARTS)
		measure(w, most, unix_s);
	if (!w->budget.disk || w->budget.used + w->budget.own + octets > limit)
		return false;
	w->budget.own += (octets + 4095) / 4096 * 4096;
	return true;
}
