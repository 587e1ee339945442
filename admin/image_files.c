#include "admin/image_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

bool image_catalog_name(const char *image, char ret[1024])
{
	const char *base = strrchr(image, '/'), *dot;

	base = base ? base + 1 : image;
	dot = strrchr(base, '.');
	if (dot == NULL || dot == base || strcmp(dot, ".cat") == 0)
		return false;
	return snprintf(ret, 1024, "%.*s.cat", (int)(dot - image), image) < 1024;
}

/* ---- write ----------------------------------------------------------------------------------------------------- */

/* A part of a path: no way out of the store. */
static bool image_files_plain(const char *s)
{
	return s[0] && s[0] != '.' && strcspn(s, "/\\") == strlen(s);
}

static enum admin_result image_files_folder(const char *path, struct why *why)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return ADMIN_OK;
	return admin_no(ADMIN_SITE, why, "%s: %s", path, strerror(errno));
}

/* One file into the folder; `below` begins its path as the store keeps it. */
static enum admin_result file_add(char *at, size_t cap, const char *name, struct sv octets, const char *below, char stored[256],
				  struct why *why)
{
	size_t n = strlen(at);
	int e;

	snprintf(at + n, cap - n, "/%s", name);
	snprintf(stored, 256, "%s", below); /* part of `at`, with the name now */
	e = file_write(NULL, at, octets.p, octets.n, 0644);
	if (e)
		admin_no(ADMIN_SITE, why, "%s: %s", at, strerror(-e));
	at[n] = '\0';
	return e ? ADMIN_SITE : ADMIN_OK;
}

enum admin_result image_files_write(const struct admin *a, const struct update_image *h, const char *file, struct sv image,
				    struct sv octets, struct store_image *im, struct why *why)
{
	const char *const parts[] = {h->device_type, h->vendor, h->model, h->revision, h->locale, h->version};
	char at[sizeof a->site->dir + 512], catalog[1024];
	enum admin_result rc;
	size_t below;

	snprintf(at, sizeof at, "%s/" IMAGE_FILES, a->site->dir);
	below = strlen(at) + 1;
	rc = image_files_folder(at, why);
	for (size_t i = 0; rc == ADMIN_OK && i < sizeof parts / sizeof *parts; i++) {
		size_t n = strlen(at);

		if (!image_files_plain(parts[i]))
			return admin_no(ADMIN_REFUSED, why, "the image's head holds '%s', which is no part of a path", parts[i]);
		snprintf(at + n, sizeof at - n, "/%s", parts[i]);
		rc = image_files_folder(at, why);
	}
	if (rc != ADMIN_OK)
		return rc;
	if (!image_files_plain(file) || !image_catalog_name(file, catalog) || strlen(at) - below + strlen(file) + 2 > sizeof im->file)
		return admin_no(ADMIN_REFUSED, why, "the catalog names the file '%s': it must be a short name like CPE.nbt", file);
	rc = file_add(at, sizeof at, catalog, octets, at + below, im->signature, why);
	return rc == ADMIN_OK ? file_add(at, sizeof at, file, image, at + below, im->file, why) : rc;
}

/* ---- delete ---------------------------------------------------------------------------------------------------- */

/* The folder of the last part of the name, opened part by part and never through a link: a file outside of the update
 * store cannot be named.  *last: that part.  -errno. */
static int open_folder(const struct admin *a, char *name, char **last)
{
	char root[sizeof a->site->dir + 16];
	int at;

	snprintf(root, sizeof root, "%s/" IMAGE_FILES, a->site->dir);
	at = open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	*last = name;
	for (char *slash; at >= 0 && (slash = strchr(*last, '/')) != NULL; *last = slash + 1) {
		int next;

		*slash = '\0';
		next = image_files_plain(*last) ? openat(at, *last, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : (errno = EINVAL, -1);
		close(at);
		at = next;
	}
	if (at >= 0 && !image_files_plain(*last)) {
		close(at);
		return -EINVAL;
	}
	return at >= 0 ? at : -errno;
}

/* 0 or -errno; -EINVAL: it is not a regular file of the update store */
static int remove_below(const struct admin *a, char *name)
{
	struct stat st;
	char *last;
	int at = open_folder(a, name, &last), e;

	if (at < 0)
		return at == -ELOOP || at == -ENOTDIR ? -EINVAL : at;
	e = fstatat(at, last, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
	if (e == 0 && (unlinkat(at, last, 0) < 0 || fsync(at) < 0))
		e = -errno;
	close(at);
	return e;
}

enum admin_result image_file_remove(const struct admin *a, const char *name, struct why *why)
{
	char copy[256];
	int e = sv_copy(copy, sizeof copy, sv_of(name)) ? remove_below(a, copy) : -EINVAL;

	if (e == 0 || e == -ENOENT)
		return ADMIN_OK;
	if (e == -EINVAL)
		return admin_no(ADMIN_SITE, why, "the rule is removed; its file '%s' is not a plain file below %s/" IMAGE_FILES
						 " and is left alone", name, a->site->dir);
	return admin_no(ADMIN_SITE, why, "the rule is removed, its file is not: %s/" IMAGE_FILES "/%s: %s", a->site->dir, name, strerror(-e));
}
