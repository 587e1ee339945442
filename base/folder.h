/* base/folder.h: the names in a folder, one after the other. */
#ifndef DIALTONE_BASE_FOLDER_H
#define DIALTONE_BASE_FOLDER_H

#include <dirent.h>
#include <stdbool.h>

struct folder_names {
	DIR *d;
	int fd; /* of the folder: for openat(), fstatat() and unlinkat() of a name */
};

/* Opens the folder below the folder `at` (or AT_FDCWD); a link as its last part is not followed.  false: errno, and there is nothing
 * to close. */
bool folder_names_open(struct folder_names *ret, int at, const char *name);
/* The next name, which is good until the next call; "." and ".." are left out.  NULL: that was all, or it cannot be read on. */
const char *folder_names_next(struct folder_names *f);
void folder_names_close(struct folder_names *f);

#endif
