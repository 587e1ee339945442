#include "server/daemon/hand_over.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	DIR *d = fdopendir(fd); /* closes fd */
	const struct dirent *e;
	bool ok = true;

	if (d == NULL) {
		close(fd);
		return failed(w, name, strerror(errno));
	}
	while (ok && (e = readdir(d)))
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			ok = hand_over_one(w, dirfd(d), e->d_name, depth + 1);
	closedir(d);
	return ok;
}

static bool folder(const struct walk *w, int at, const char *name, unsigned depth)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), read_fd;
	bool ok;

	if (fd < 0)
		return failed(w, name, strerror(errno));
	read_fd = fchown(fd, 0, 0) < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	ok = read_fd >= 0 ? inside(w, read_fd, name, depth) : failed(w, name, strerror(errno));
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
