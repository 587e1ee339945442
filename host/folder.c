#include "host/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "confine/account.h"
#include "host/handset.h"
#include "host/state.h"

int folder_user(struct folder *ret, struct why *why)
{
	struct account a;

	if (geteuid() != 0) {
		ret->uid = geteuid();
		ret->gid = getegid();
		return 0;
	}
	if (getpwnam(HOST_USER) == NULL && !account_make(HOST_USER)) {
		why_set(why, "the system user '" HOST_USER "', as which the phone runs, cannot be made: make it with your system's tools, "
			"or give --state a folder that belongs to another user");
		return -ENOENT;
	}
	if (!account_of(HOST_USER, &a, why))
		return -ENOENT;
	ret->uid = a.uid;
	ret->gid = a.gid;
	return 0;
}

/* ---- root's own folder becomes the phone's ------------------------------------------------------------------------------ */

/* Only files that a phone writes: a folder of anything else was named by mistake. */
static bool is_a_phones(int dir, const char *name)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	return (S_ISREG(st.st_mode) && st.st_nlink == 1) || (S_ISSOCK(st.st_mode) && strcmp(name, HANDSET_NAME) == 0);
}

/* give: to that owner; else it is only looked whether each is a phone's. */
static int each_file(int fd, const struct folder *to, bool give, const char *path, struct why *why)
{
	struct folder_names names;
	const char *name;
	int rc = 0;

	if (!folder_names_open(&names, fd, "."))
		return -errno;
	while (rc == 0 && (name = folder_names_next(&names))) {
		if (!give && !is_a_phones(fd, name)) {
			why_set(why, "%s: \"%.80s\" in it is no file of a phone: give the phone a folder of its own with --state", path, name);
			rc = -EPERM;
		} else if (give && fchownat(fd, name, to->uid, to->gid, AT_SYMLINK_NOFOLLOW) < 0) {
			rc = -errno;
		}
	}
	folder_names_close(&names);
	return rc;
}

static int give_away(const struct stat *st, struct folder *f, const char *path, struct why *why)
{
	int e;

	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		why_set(why, "%s: others may write there: give the phone a folder of its own with --state", path);
		return -EPERM;
	}
	e = folder_user(f, why);
	if (e == 0)
		e = each_file(f->fd, f, false, path, why);
	if (e == 0)
		e = each_file(f->fd, f, true, path, why);
	return e == 0 && fchown(f->fd, f->uid, f->gid) < 0 ? -errno : e;
}

/* A folder whose group is root's: the phone gets the group of its user. */
static gid_t group_of(const struct stat *st)
{
	const struct passwd *p = st->st_gid ? NULL : getpwuid(st->st_uid);

	return st->st_gid ? st->st_gid : p && p->pw_gid ? p->pw_gid : (gid_t)st->st_uid;
}

int folder_open(const char *path, struct folder *ret, struct why *why)
{
	bool root = geteuid() == 0;
	struct folder f = {.uid = geteuid(), .gid = getegid()};
	struct stat st;
	int e = state_make_folders(path);

	why_set(why, "%s", "");
	f.fd = e < 0 ? e : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (root ? O_NOFOLLOW : 0));
	if (f.fd < 0 || fstat(f.fd, &st) < 0) {
		e = e < 0 ? e : -errno;
	} else if (root && st.st_uid == 0) {
		e = give_away(&st, &f, path, why);
	} else if (root) {
		f.uid = st.st_uid;
		f.gid = group_of(&st);
	}
	if (e < 0 && why->text[0] == '\0')
		why_set(why, "%s: %s: choose another folder with --state", path, strerror(-e));
	if (e < 0 && f.fd >= 0)
		close(f.fd);
	if (e == 0)
		*ret = f;
	return e;
}
