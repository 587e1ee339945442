#include "server/web/logs_clean.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/sv.h"

#define DEPTH 4
#define DAY 86400

static unsigned clean_below(int at, const char *name, int64_t before, unsigned depth)
{
	struct folder_names folder;
	const char *entry;
	struct stat st;
	unsigned n = 0;

	if (!folder_names_open(&folder, at, name))
		return 0;
	while ((entry = folder_names_next(&folder)) != NULL) {
		if (entry[0] == '.' || fstatat(folder.fd, entry, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			n += clean_below(folder.fd, entry, before, depth + 1);
		else if (S_ISREG(st.st_mode) && (int64_t)st.st_mtim.tv_sec < before)
			n += unlinkat(folder.fd, entry, 0) == 0;
	}
	folder_names_close(&folder);
	return n;
}

unsigned logs_clean(const char *logs, int64_t before)
{
	int at = open(logs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned n;

	if (at < 0)
		return 0;
	n = clean_below(at, "Client", before, 0) + clean_below(at, "Server", before, 0);
	close(at);
	return n;
}

int logs_clean_due(int64_t now, int64_t last, int minute)
{
	int64_t shift = minute > 0 ? minute * 60 : 0;

	if (last == 0)
		return minute < 0 || now % DAY >= shift;
	return minute < 0 ? now - last >= DAY : (now - shift) / DAY > (last - shift) / DAY;
}

int logs_clean_minute(const char *text)
{
	struct sv m = sv_of(text), h = sv_cut(&m, ':');
	uint64_t hour, minute;

	if (text[0] == '\0')
		return -1;
	return m.n == 2 && h.n == 2 && sv_u64(h, 23, &hour) && sv_u64(m, 59, &minute) ? (int)(hour * 60 + minute) : -2;
}
