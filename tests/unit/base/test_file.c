/* tests/unit/base/test_file.c: a file is written whole or not at all, whatever the layers below do. */
#include "tests/support/check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"

/* A file layer that stops working at the n-th call, as a power cut does: data not synced are gone. */
struct cut {
	unsigned left;
};

static bool cut_now(struct cut *c)
{
	if (c->left == 0)
		return true;
	c->left--;
	return false;
}

static int cut_open(void *arg, const char *path, int flags, mode_t mode)
{
	return cut_now(arg) ? -EIO : file_posix.open(NULL, path, flags, mode);
}

static ssize_t cut_write(void *arg, int fd, const void *p, size_t n, off_t at)
{
	return cut_now(arg) ? -EIO : file_posix.write(NULL, fd, p, n > 3 ? 3 : n, at); /* short writes, too */
}

static int cut_sync(void *arg, int fd)
{
	return cut_now(arg) ? -EIO : file_posix.sync(NULL, fd);
}

static int cut_close(void *arg, int fd)
{
	(void)arg;
	return file_posix.close(NULL, fd);
}

static int cut_rename(void *arg, const char *from, const char *to)
{
	return cut_now(arg) ? -EIO : file_posix.rename(NULL, from, to);
}

static int cut_unlink(void *arg, const char *path)
{
	return cut_now(arg) ? -EIO : file_posix.unlink(NULL, path);
}

static void whole_or_not_at_all(void **state)
{
	char dir[] = "/tmp/dialtone-base.XXXXXX", path[64];
	unsigned n = 0;
	int rc = -1;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	assert_int_equal(file_write(NULL, path, "old old old", 11, 0600), 0);
	for (; rc < 0; n++) {
		struct cut c = {n};
		struct file_ops ops = {cut_open, cut_write, cut_sync, cut_close, cut_rename, cut_unlink, &c};
		struct buf b = {0};
		struct stat st;

		assert_true(n < 50);
		rc = file_write(&ops, path, "new", 3, 0600);
		assert_int_equal(file_read(path, 100, &b), 0);
		assert_true(sv_eq(buf_view(&b), SV("old old old")) || sv_eq(buf_view(&b), SV("new")));
		assert_true(rc < 0 || sv_eq(buf_view(&b), SV("new")));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
		buf_free(&b);
	}
	assert_true(n > 4); /* open, write, sync, rename, folder: each was the one that failed once */
	{
		struct buf b = {0};

		assert_int_equal(file_read(path, 2, &b), -EFBIG);
		assert_int_equal(b.n, 0);
		buf_free(&b);
	}
	assert_int_equal(file_remove(NULL, path), 0);
	assert_int_equal(file_remove(NULL, path), 0);
	snprintf(path, sizeof path, "%s/f.new", dir);
	unlink(path);
	rmdir(dir);
}

/* A write that is interrupted is done again, one that does nothing ends it; what close() says is told as it is. */
static ssize_t odd_write(void *arg, int fd, const void *p, size_t n, off_t at)
{
	unsigned *calls = arg;

	(void)fd, (void)p, (void)at;
	return ++*calls == 1 ? -EINTR : *calls < 4 ? 1 : n > 2 ? 0 : (ssize_t)n;
}

static int full_close(void *arg, int fd)
{
	(void)arg;
	file_posix.close(NULL, fd);
	return -EDQUOT;
}

static void layers_below(void **state)
{
	struct file_ops ops = file_posix;
	char dir[] = "/tmp/dialtone-base.XXXXXX", path[64];
	unsigned calls = 0;

	(void)state;
	ops.write = odd_write;
	ops.arg = &calls;
	assert_int_equal(file_put(&ops, -1, "abcd", 4, 0), 0);
	assert_int_equal(calls, 4);
	calls = 0;
	assert_int_equal(file_put(&ops, -1, "abcdefg", 7, 0), -EIO);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	ops = file_posix;
	ops.close = full_close;
	assert_int_equal(file_write(&ops, path, "new", 3, 0600), -EDQUOT);
	assert_int_equal(access(path, F_OK), -1);
	rmdir(dir);
}

/* A folder is read without its own names, and not through a link. */
static void names_of_a_folder(void **state)
{
	char dir[] = "/tmp/dialtone-base.XXXXXX", inner[64], link[64];
	struct folder_names f;
	const char *name;
	unsigned n = 0;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(inner, sizeof inner, "%s/..in", dir);
	snprintf(link, sizeof link, "%s/link", dir);
	assert_int_equal(mkdir(inner, 0700), 0);
	assert_int_equal(symlink(inner, link), 0);
	assert_true(folder_names_open(&f, AT_FDCWD, dir));
	while ((name = folder_names_next(&f)) != NULL) {
		assert_true(strcmp(name, "..in") == 0 || strcmp(name, "link") == 0);
		assert_int_equal(unlinkat(f.fd, name, strcmp(name, "link") == 0 ? 0 : AT_REMOVEDIR), 0);
		n++;
	}
	assert_int_equal(n, 2);
	folder_names_close(&f);
	assert_int_equal(symlink(dir, link), 0);
	assert_false(folder_names_open(&f, AT_FDCWD, link));
	assert_true(errno == ELOOP || errno == ENOTDIR);
	assert_false(folder_names_open(&f, AT_FDCWD, inner));
	assert_int_equal(errno, ENOENT);
	unlink(link);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(whole_or_not_at_all),
	    cmocka_unit_test(layers_below),
	    cmocka_unit_test(names_of_a_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
