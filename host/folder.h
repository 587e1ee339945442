/* host/folder.h: the folder of what a phone keeps, and the user that the phone runs as: the folder's owner.
 *
 * A phone that root starts runs as HOST_USER, and root gives it the folder: one that it makes, or that was root's.  A folder that
 * belongs to somebody else already makes the phone run as that user; root changes nothing in it and follows no name there.  The
 * folder is used by its descriptor, so the folders above it may be closed to that user.
 */
#ifndef DIALTONE_HOST_FOLDER_H
#define DIALTONE_HOST_FOLDER_H

#include <sys/types.h>

#include "base/why.h"

#define HOST_USER "dialtone-phone"

struct folder {
	int fd;
	uid_t uid; /* the caller's, unless it is root */
	gid_t gid;
};

/* Makes the folder (0700) and those above it when absent.  0, or -errno with *why. */
int folder_open(const char *path, struct folder *ret, struct why *why);
/* HOST_USER, made when it is missing and we are root. */
int folder_user(struct folder *ret, struct why *why);

#endif
