#include "admin/backup/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/enc.h"
#include "pki/key.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#define CHUNK 65536

/* One walk: it does something with each file, and with each folder before and after its contents. */
struct walk {
	int from, to; /* folders at hand; to: -1, there is none */
	char path[PATH_MAX]; /* of the entry at hand, below the top */
	unsigned depth;
	bool all; /* file() gets links and all else, too */
	bool (*file)(struct walk *w, const char *name, const struct stat *st);
	int (*enter)(struct walk *w, const char *name, const struct stat *st); /* the folder in `to`; -1: w->why */
	bool (*left)(struct walk *w, const char *name, int to);
	bool (*skip)(void *arg, const char *path);
	void *arg;
	struct tree_sum sum;
	struct buf *text;
	struct why *why;
};

static bool failed(struct walk *w)
{
	return why_not(w->why, "%s: %s", w->path[0] ? w->path : "the folder", strerror(errno));
}

static bool walk(struct walk *w);

/* The folder `name`, then back to the one at hand. */
static bool walk_into(struct walk *w, const char *name, const struct stat *st)
{
	int from = w->from, to = w->to, in = openat(from, name, FOLDER), out = -1;
	bool ok;

	if (in < 0)
		return failed(w);
	if (w->depth == TREE_DEPTH) {
		close(in);
		return why_not(w->why, "%s: there are too many folders in each other", w->path);
	}
	ok = w->enter == NULL || (out = w->enter(w, name, st)) >= 0;
	w->from = in;
	w->to = out;
	w->depth++;
	ok = ok && walk(w);
	w->depth--;
	w->from = from;
	w->to = to;
	ok = ok && (w->left == NULL || w->left(w, name, out));
	close(in);
	if (out >= 0)
		close(out);
	return ok;
}

static bool walk_entry(struct walk *w, const char *name)
{
	struct stat st;

	if (w->skip && w->skip(w->arg, w->path))
		return true;
	if (fstatat(w->from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || failed(w); /* it was removed meanwhile */
	if (S_ISDIR(st.st_mode))
		return walk_into(w, name, &st);
	return (!S_ISREG(st.st_mode) && !w->all) || w->file(w, name, &st);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool walk(struct walk *w)
{
	struct dirent **all = NULL;
	size_t at = strlen(w->path);
	int n = scandirat(w->from, ".", &all, NULL, by_name);
	bool ok = n >= 0 || failed(w);

	for (int i = 0; i < n; i++) {
		const char *name = all[i]->d_name;

		if (ok && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			if (at + strlen(name) + 2 > sizeof w->path)
				ok = why_not(w->why, "%s: a path is too long", name);
			snprintf(w->path + at, sizeof w->path - at, "%s%s", at ? "/" : "", name);
			ok = ok && walk_entry(w, name);
			if (ok)
				w->path[at] = '\0';
		}
		free(all[i]);
	}
	free((void *)all);
	return ok;
}

/* ---- copy ----------------------------------------------------------------------------------------------------- */

static bool like(int fd, const struct stat *st)
{
	const struct timespec times[2] = {st->st_atim, st->st_mtim};

	return (geteuid() != 0 || fchown(fd, st->st_uid, st->st_gid) == 0) && fchmod(fd, st->st_mode & 07777) == 0 &&
	       futimens(fd, times) == 0 && fsync(fd) == 0;
}

static bool octets(struct walk *w, int in, int out)
{
	char chunk[CHUNK];
	ssize_t n;

	while ((n = read(in, chunk, sizeof chunk)) > 0) {
		for (ssize_t at = 0, m; at < n; at += m)
			if ((m = write(out, chunk + at, (size_t)(n - at))) <= 0)
				return false;
		w->sum.octets += (uint64_t)n;
	}
	explicit_bzero(chunk, sizeof chunk);
	return n == 0;
}

static bool copy_file(struct walk *w, const char *name, const struct stat *st)
{
	int in = openat(w->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC), out;
	bool ok;

	if (in < 0)
		return errno == ENOENT || failed(w);
	out = openat(w->to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	ok = (out >= 0 && octets(w, in, out) && like(out, st)) || failed(w);
	w->sum.files += ok;
	close(in);
	if (out >= 0)
		close(out);
	return ok;
}

static int copy_enter(struct walk *w, const char *name, const struct stat *st)
{
	int out = mkdirat(w->to, name, 0700) < 0 ? -1 : openat(w->to, name, FOLDER);

	(void)st;
	if (out < 0)
		failed(w);
	return out;
}

static bool copy_left(struct walk *w, const char *name, int to)
{
	struct stat st;

	return (fstatat(w->from, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && like(to, &st)) || failed(w);
}

bool tree_copy(int from, int to, bool (*skip)(void *arg, const char *path), void *arg, struct tree_sum *ret, struct why *why)
{
	struct walk w = {.from = from, .to = to, .file = copy_file, .enter = copy_enter, .left = copy_left, .skip = skip, .arg = arg, .why = why};

	if (!walk(&w) || (fsync(to) < 0 && !failed(&w)))
		return false;
	*ret = w.sum;
	return true;
}

/* ---- sums ------------------------------------------------------------------------------------------------------- */

static bool sum_file(struct walk *w, const char *name, const struct stat *st)
{
	int in = openat(w->from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct pki_sha256_ctx *c = pki_sha256_new();
	uint8_t chunk[CHUNK], sum[32];
	char hex[65];
	ssize_t n = -1;

	(void)st;
	while (in >= 0 && c && (n = read(in, chunk, sizeof chunk)) > 0)
		pki_sha256_add(c, chunk, (size_t)n);
	if (n < 0)
		failed(w);
	explicit_bzero(chunk, sizeof chunk);
	if (c)
		pki_sha256_end(c, sum);
	if (in >= 0)
		close(in);
	if (n < 0)
		return false;
	if (strpbrk(w->path, "\n\\"))
		return why_not(w->why, "a file has a line's end or a '\\' in its name, which a list of sums cannot tell");
	hex_write(hex, sum, sizeof sum, false);
	buf_printf(w->text, "%s  ./%s\n", hex, w->path);
	return true;
}

static bool is_name(void *arg, const char *path)
{
	return arg && strcmp(arg, path) == 0;
}

bool tree_sums(int at, const char *except, struct buf *ret, struct why *why)
{
	struct walk w = {.from = at, .to = -1, .file = sum_file, .skip = is_name, .text = ret, .why = why};
	char name[NAME_MAX + 1] = "";

	snprintf(name, sizeof name, "%s", except ? except : "");
	w.arg = name[0] ? name : NULL;
	return walk(&w) && (!ret->oom || why_not(why, "out of memory"));
}

/* ---- remove ----------------------------------------------------------------------------------------------------- */

static bool remove_file(struct walk *w, const char *name, const struct stat *st)
{
	(void)st;
	return unlinkat(w->from, name, 0) == 0 || failed(w);
}

static bool remove_left(struct walk *w, const char *name, int to)
{
	(void)to;
	return unlinkat(w->from, name, AT_REMOVEDIR) == 0 || failed(w);
}

bool tree_remove(int at, const char *name, struct why *why)
{
	struct walk w = {.from = at, .to = -1, .all = true, .file = remove_file, .left = remove_left, .why = why};

	snprintf(w.path, sizeof w.path, "%s", name);
	return walk_entry(&w, name);
}
