/* base/file.h: files that are whole or not there.
 *
 * file_write() writes a temporary file beside the target, fsyncs it, renames it over the target and fsyncs the
 * folder: after a crash at any instant the name holds the old octets or the new ones, all of them.  The system
 * calls go through struct file_ops, so that a test can drop what was never synced, or stop at the n-th call.
 */
#ifndef DIALTONE_BASE_FILE_H
#define DIALTONE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

struct file_ops {
	int (*open)(void *arg, const char *path, int flags, mode_t mode);
	ssize_t (*write)(void *arg, int fd, const void *p, size_t n, off_t at);
	int (*sync)(void *arg, int fd);
	int (*close)(void *arg, int fd);
	int (*rename)(void *arg, const char *from, const char *to);
	int (*unlink)(void *arg, const char *path);
	void *arg;
};

extern const struct file_ops file_posix;

/* All return 0 or -errno. `ops` NULL means file_posix. */
/* All n octets, at that place of an open file, whatever the number of writes. */
int file_put(const struct file_ops *ops, int fd, const void *p, size_t n, off_t at);
int file_write(const struct file_ops *ops, const char *path, const void *p, size_t n, mode_t mode);
int file_remove(const struct file_ops *ops, const char *path); /* 0 too when it was not there; folder synced */
int file_read(const char *path, size_t max, struct buf *ret);	/* appends; -EFBIG beyond max */
int file_read_input(const char *path, size_t max, struct buf *ret); /* the same; "-" is standard input */

#endif
