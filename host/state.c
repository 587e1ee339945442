#include "host/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct state {
	const struct file_ops *ops;
	char dir[PATH_MAX - 64], name[PATH_MAX - 64];
	int lock;
	unsigned active;
	bool unsynced; /* octets of the spare slot that the disk may not have */
};

/* The names are constants of the phone, but nothing here depends on that. */
static bool state_plain(const char *name)
{
	return name[0] && name[0] != '.' && strlen(name) < 40 && strchr(name, '/') == NULL;
}

static bool state_path_of(const struct state *s, char path[PATH_MAX], const char *name)
{
	return state_plain(name) && snprintf(path, PATH_MAX, "%s/%s", s->dir, name) < PATH_MAX;
}

static void slot_path(const struct state *s, char path[PATH_MAX], unsigned slot, const char *suffix)
{
	snprintf(path, PATH_MAX, "%s/image.%u%s", s->dir, (s->active + slot) % 2, suffix);
}

int state_make_folders(const char *dir)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
		return -ENAMETOOLONG;
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return -errno;
		*p = '/';
	}
	return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

static int take_lock(struct state *s)
{
	char path[PATH_MAX];

	state_path_of(s, path, "lock");
	s->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (s->lock < 0)
		return -errno;
	if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

static void which_is_active(struct state *s)
{
	char c = '0';

	if (state_load(s, "active", &c, 1) >= 1)
		s->active = c == '1';
}

static int state_begin(const char *path, const char *name, const struct file_ops *ops, bool make, struct state **ret)
{
	struct state *s = calloc(1, sizeof *s);
	int e = 0;

	if (s == NULL)
		return -ENOMEM;
	s->lock = -1;
	s->ops = ops ? ops : &file_posix;
	if (snprintf(s->dir, sizeof s->dir, "%s", path) >= (int)sizeof s->dir || snprintf(s->name, sizeof s->name, "%s", name) >= (int)sizeof s->name)
		e = -ENAMETOOLONG;
	if (e == 0 && make)
		e = state_make_folders(path);
	if (e == 0)
		e = take_lock(s);
	if (e < 0) {
		state_close(s);
		return e;
	}
	which_is_active(s);
	*ret = s;
	return 0;
}

int state_open(const char *dir, const struct file_ops *ops, struct state **ret)
{
	return state_begin(dir, dir, ops, true, ret);
}

int state_open_folder(int folder, const char *dir, const struct file_ops *ops, struct state **ret)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/self/fd/%d", folder);
	return state_begin(path, dir, ops, false, ret);
}

void state_close(struct state *s)
{
	if (s == NULL)
		return;
	if (s->lock >= 0)
		close(s->lock);
	free(s);
}

const char *state_dir(const struct state *s)
{
	return s->name;
}

const char *state_path(const struct state *s)
{
	return s->dir;
}

/* ---- files --------------------------------------------------------------------------------------------------- */

static long read_at(const char *path, uint64_t at, void *p, size_t n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < n) {
		ssize_t got = pread(fd, (uint8_t *)p + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int e = errno;

			close(fd);
			return -e;
		}
		if (got == 0)
			break;
		done += (size_t)got;
	}
	close(fd);
	return (long)done;
}

static long size_of(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) ? (long)st.st_size : -EINVAL;
}

static int sync_spare(struct state *s)
{
	char path[PATH_MAX];
	int fd, e;

	if (!s->unsynced)
		return 0;
	slot_path(s, path, 1, "");
	fd = s->ops->open(s->ops->arg, path, O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0)
		return fd;
	e = s->ops->sync(s->ops->arg, fd);
	s->ops->close(s->ops->arg, fd);
	if (e == 0)
		s->unsynced = false;
	return e;
}

long state_load(struct state *s, const char *name, void *p, size_t cap)
{
	char path[PATH_MAX];
	long size, got;

	if (!state_path_of(s, path, name))
		return -EINVAL;
	size = size_of(path);
	if (size < 0)
		return size;
	got = read_at(path, 0, p, (size_t)size < cap ? (size_t)size : cap);
	return got < 0 ? got : size;
}

int state_save(struct state *s, const char *name, const void *p, size_t n)
{
	char path[PATH_MAX];
	int e;

	if (!state_path_of(s, path, name))
		return -EINVAL;
	e = sync_spare(s);
	return e < 0 ? e : file_write(s->ops, path, p, n, 0600);
}

int state_forget(struct state *s, const char *name)
{
	char path[PATH_MAX];

	return state_path_of(s, path, name) ? file_remove(s->ops, path) : -EINVAL;
}

/* ---- slots --------------------------------------------------------------------------------------------------- */

int64_t state_slot_size(struct state *s, unsigned slot)
{
	char path[PATH_MAX];
	long size;

	slot_path(s, path, slot, "");
	size = size_of(path);
	return size == -ENOENT ? 0 : size;
}

long state_slot_read(struct state *s, unsigned slot, uint64_t at, void *p, size_t n)
{
	char path[PATH_MAX];
	long got;

	slot_path(s, path, slot, "");
	got = read_at(path, at, p, n);
	return got == -ENOENT ? 0 : got;
}

static int empty_spare(struct state *s)
{
	char path[PATH_MAX];
	int e;

	slot_path(s, path, 1, ".cat");
	e = file_remove(s->ops, path);
	if (e < 0)
		return e;
	slot_path(s, path, 1, "");
	return file_remove(s->ops, path);
}

int state_slot_write(struct state *s, uint64_t at, const void *p, size_t n)
{
	char path[PATH_MAX];
	int fd, e;

	if (at == 0) {
		e = empty_spare(s);
		if (e < 0)
			return e;
	}
	if (state_slot_size(s, 1) != (int64_t)at)
		return -EINVAL;
	slot_path(s, path, 1, "");
	fd = s->ops->open(s->ops->arg, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fd;
	s->unsynced = true;
	e = file_put(s->ops, fd, p, n, (off_t)at);
	s->ops->close(s->ops->arg, fd);
	return e;
}

int state_slot_catalog(struct state *s, unsigned slot, void *p, size_t cap)
{
	char path[PATH_MAX];
	long size, got;

	slot_path(s, path, slot, ".cat");
	size = size_of(path);
	if (size < 0)
		return (int)size;
	got = read_at(path, 0, p, (size_t)size < cap ? (size_t)size : cap);
	return got < 0 ? (int)got : (int)size;
}

int state_install(struct state *s, const void *catalog, size_t n)
{
	char path[PATH_MAX], spare = s->active ? '0' : '1';
	int e = sync_spare(s);

	if (e < 0)
		return e;
	slot_path(s, path, 1, ".cat");
	e = file_write(s->ops, path, catalog, n, 0600);
	if (e < 0)
		return e;
	state_path_of(s, path, "active");
	e = file_write(s->ops, path, (char[]){spare, '\n'}, 2, 0600);
	if (e == 0)
		s->active = spare == '1';
	return e;
}
