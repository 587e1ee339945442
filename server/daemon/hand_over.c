#include "server/daemon/hand_over.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

#define DEPTH 8 /* logs/Client/... has four */

struct walk {
	struct account to;
	struct why *why;
};

static bool hand_over_one(const struct walk *w, int at, const char *name, unsigned depth);

static bool failed(const struct walk *w, const char *name, const char *reason)
{
	return why_not(w->why, "%.200s: %s", name, reason);
}

static bool inside(const struct walk *w, int fd, const char *name, unsigned depth)
{
	struct folder_names folder;
	const char *entry;
	bool ok = true;

	if (!folder_names_open(&folder, fd, "."))
		return failed(w, name, strerror(errno));
	while (ok && (entry = folder_names_next(&folder)))
		ok = hand_over_one(w, folder.fd, entry, depth + 1);
	folder_names_close(&folder);
	return ok;
}

static bool folder(const struct walk *w, int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return failed(w, name, strerror(errno));
	ok = fchown(fd, 0, 0) == 0 ? inside(w, fd, name, depth) : failed(w, name, strerror(errno));
	if (ok && fchown(fd, w->to.uid, w->to.gid) < 0)
		ok = failed(w, name, strerror(errno));
	close(fd);
	return ok;
}

static bool hand_over_one(const struct walk *w, int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	bool ok;

	if (fd < 0)
		return (errno == ENOENT && depth == 0) || failed(w, name, strerror(errno));
	if (fstat(fd, &st) < 0)
		ok = failed(w, name, strerror(errno));
	else if (S_ISDIR(st.st_mode))
		ok = depth < DEPTH ? folder(w, at, name, depth) : failed(w, name, "there are too many folders in each other");
	else if (!S_ISREG(st.st_mode))
		ok = failed(w, name, "it is neither a file nor a folder: look at it, and remove it");
	else if (st.st_nlink != 1)
		ok = failed(w, name, "the file has another name as well: look at it, and remove it");
	else
		ok = fchownat(fd, "", w->to.uid, w->to.gid, AT_EMPTY_PATH) == 0 || failed(w, name, strerror(errno));
	close(fd);
	return ok;
}

bool hand_over(int at, const char *name, struct account to, struct why *why)
{
	const struct walk w = {.to = to, .why = why};

	return hand_over_one(&w, at, name, 0);
}
