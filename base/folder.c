#include "base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool folder_names_open(struct folder_names *ret, int at, const char *name)
{
	int e;

	ret->fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->fd < 0)
		return false;
	ret->d = fdopendir(ret->fd);
	if (ret->d)
		return true;
	e = errno;
	close(ret->fd);
	errno = e;
	return false;
}

const char *folder_names_next(struct folder_names *f)
{
	const struct dirent *e;

	do
		e = readdir(f->d);
	while (e && (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0));
	return e ? e->d_name : NULL;
}

void folder_names_close(struct folder_names *f)
{
	closedir(f->d);
}
