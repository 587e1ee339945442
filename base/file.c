#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int posix_open(void *arg, const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_CLOEXEC, mode);

	(void)arg;
	return fd < 0 ? -errno : fd;
}

static ssize_t posix_write(void *arg, int fd, const void *p, size_t n, off_t at)
{
	ssize_t k = pwrite(fd, p, n, at);

	(void)arg;
	return k < 0 ? -errno : k;
}

static int posix_sync(void *arg, int fd)
{
	(void)arg;
	return fsync(fd) < 0 ? -errno : 0;
}

static int posix_close(void *arg, int fd)
{
	(void)arg;
	return close(fd) < 0 ? -errno : 0;
}

static int posix_rename(void *arg, const char *from, const char *to)
{
	(void)arg;
	return rename(from, to) < 0 ? -errno : 0;
}

static int posix_unlink(void *arg, const char *path)
{
	(void)arg;
	return unlink(path) < 0 ? -errno : 0;
}

const struct file_ops file_posix = {posix_open, posix_write, posix_sync, posix_close, posix_rename, posix_unlink, NULL};

static int sync_folder(const struct file_ops *ops, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int fd, rc;

	if (slash == NULL)
		snprintf(dir, sizeof dir, ".");
	else if ((size_t)snprintf(dir, sizeof dir, "%.*s", slash == path ? 1 : (int)(slash - path), path) >= sizeof dir)
		return -ENAMETOOLONG;
	fd = ops->open(ops->arg, dir, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return fd;
	rc = ops->sync(ops->arg, fd);
	ops->close(ops->arg, fd);
	return rc;
}

int file_put(const struct file_ops *ops, int fd, const void *p, size_t n, off_t at)
{
	const uint8_t *b = p;

	if (ops == NULL)
		ops = &file_posix;
	while (n) {
		ssize_t k = ops->write(ops->arg, fd, b, n, at);

		if (k == -EINTR)
			continue;
		if (k <= 0)
			return k < 0 ? (int)k : -EIO;
		b += k;
		n -= (size_t)k;
		at += k;
	}
	return 0;
}

int file_write(const struct file_ops *ops, const char *path, const void *p, size_t n, mode_t mode)
{
	char tmp[PATH_MAX];
	int fd, rc, closed;

	if (ops == NULL)
		ops = &file_posix;
	if ((size_t)snprintf(tmp, sizeof tmp, "%s.new", path) >= sizeof tmp)
		return -ENAMETOOLONG;
	fd = ops->open(ops->arg, tmp, O_WRONLY | O_CREAT | O_TRUNC, mode);
	if (fd < 0)
		return fd;
	rc = file_put(ops, fd, p, n, 0);
	if (rc == 0)
		rc = ops->sync(ops->arg, fd);
	closed = ops->close(ops->arg, fd);
	if (rc == 0)
		rc = closed;
	if (rc == 0)
		rc = ops->rename(ops->arg, tmp, path);
	if (rc < 0) {
		ops->unlink(ops->arg, tmp);
		return rc;
	}
	return sync_folder(ops, path);
}

int file_remove(const struct file_ops *ops, const char *path)
{
	int rc;

	if (ops == NULL)
		ops = &file_posix;
	rc = ops->unlink(ops->arg, path);
	if (rc == -ENOENT)
		return 0;
	return rc < 0 ? rc : sync_folder(ops, path);
}

static int read_to_end(int fd, size_t max, struct buf *ret)
{
	int rc = 0;
	size_t was = ret->n;

	for (;;) {
		ssize_t k;

		if (!buf_reserve(ret, 16384)) {
			rc = -ENOMEM;
			break;
		}
		k = read(fd, ret->p + ret->n, 16384);
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			rc = -errno;
		if (k <= 0)
			break;
		ret->n += (size_t)k;
		if (ret->n - was > max) {
			rc = -EFBIG;
			break;
		}
	}
	if (rc < 0)
		ret->n = was;
	return rc;
}

int file_read(const char *path, size_t max, struct buf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = read_to_end(fd, max, ret);
	close(fd);
	return rc;
}

int file_read_input(const char *path, size_t max, struct buf *ret)
{
	return strcmp(path, "-") == 0 ? read_to_end(STDIN_FILENO, max, ret) : file_read(path, max, ret);
}
