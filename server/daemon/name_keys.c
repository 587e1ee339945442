#include "server/daemon/name_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "confine/account.h"
#include "server/site/files.h"

static const struct name_key {
	const char *file;
	bool legacy; /* of the process that speaks TLS 1.0 */
} keys[] = {{SITE_SERVER, false},	{SITE_EXTERNAL, false}, {SITE_DSK, false},
	    {SITE_DSK_EXTERNAL, false}, {SITE_LEGACY, true},	{SITE_LEGACY_EXTERNAL, true}};

#define KEYS (sizeof keys / sizeof *keys)

static bool group_reads(const struct site *s, const struct name_key *k, const char *path, struct why *why)
{
	struct account of;
	bool ok;
	int fd;

	if (geteuid() != 0)
		return true;
	if (!account_of(k->legacy ? s->legacy_user : s->worker_user, &of, why))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || site_fail(why, path, strerror(errno));
	ok = (fchown(fd, 0, of.gid) == 0 && fchmod(fd, 0640) == 0) || site_fail(why, path, strerror(errno));
	close(fd);
	return ok;
}

bool name_key_save(const struct site *s, const char *file, const struct buf *pem, struct why *why)
{
	const struct name_key *k = keys;
	char path[PATH_MAX], part[PATH_MAX], name[64];
	bool ok;

	while (k < keys + KEYS && strcmp(k->file, file) != 0)
		k++;
	snprintf(name, sizeof name, "%s.part", file);
	if (k == keys + KEYS || !site_path(path, s->dir, file, why) || !site_path(part, s->dir, name, why))
		return false;
	ok = site_save(s->dir, name, pem, 0600, why) && group_reads(s, k, part, why) &&
	     (rename(part, path) == 0 || site_fail(why, path, strerror(errno)));
	if (!ok)
		unlink(part);
	return ok;
}

bool name_keys_give(const struct site *s, struct why *why)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < KEYS; i++)
		if ((!keys[i].legacy || s->legacy != SITE_LEGACY_OFF) &&
		    (!site_path(path, s->dir, keys[i].file, why) || !group_reads(s, &keys[i], path, why)))
			return false;
	return true;
}
