/* Landlock (landlock(7)): what a process may do with files, with sockets and to other processes, beside what its user may.
 *
 * The kernel says which version of the interface it has.  Debian 12 has 2 (files), Debian 13 has 6 (files, TCP, signals and
 * abstract sockets); we ask for all that there is.  libc and the kernel's headers of Debian 12 do not know the newer
 * fields, so the interface is written down here, from the kernel's documentation (userspace-api/landlock).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine/sandbox.h"

struct ruleset {
	uint64_t files, net, scoped;
};

struct beneath {
	uint64_t allowed;
	int32_t folder;
} __attribute__((packed));

enum {
	CREATE_VERSION = 1, /* the flag that asks for the version */
	RULE_BENEATH = 1,

	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_DIR = 1 << 4,
	REMOVE_FILE = 1 << 5,
	MAKE_DIR = 1 << 7,
	MAKE_REG = 1 << 8,
	FILES_1 = (1 << 13) - 1, /* all of version 1 */
	REFER = 1 << 13,	 /* version 2 */
	TRUNCATE = 1 << 14,	 /* version 3 */
	IOCTL_DEV = 1 << 15,	 /* version 5 */

	BIND_AND_CONNECT_TCP = 3,     /* version 4 */
	SIGNALS_AND_ABSTRACT_UNIX = 3, /* version 6 */

	READING = READ_FILE | READ_DIR,
	WRITING = READING | WRITE_FILE | REMOVE_FILE | MAKE_DIR | MAKE_REG | TRUNCATE,
	OF_A_FILE = READ_FILE | WRITE_FILE | TRUNCATE,
};

static int version(void)
{
	long n = syscall(SYS_landlock_create_ruleset, NULL, 0, CREATE_VERSION);

	return n < 0 ? 0 : (int)n;
}

bool landlock_there(void)
{
	return version() > 0;
}

static struct ruleset ruleset_of(int v, unsigned may)
{
	static const struct {
		int since;
		uint64_t right;
	} later[] = {{2, REFER}, {3, TRUNCATE}, {5, IOCTL_DEV}};
	struct ruleset r = {.files = FILES_1};

	for (size_t i = 0; i < sizeof later / sizeof *later; i++)
		r.files |= v >= later[i].since ? later[i].right : 0;
	r.net = v >= 4 && !(may & SANDBOX_ASK) ? BIND_AND_CONNECT_TCP : 0;
	r.scoped = v >= 6 ? SIGNALS_AND_ABSTRACT_UNIX : 0;
	return r;
}

static bool allow(int set, const struct ruleset *r, const char *dir, const struct sandbox_place *p, struct why *why)
{
	struct beneath b = {.allowed = r->files & (uint64_t)(p->write ? WRITING : READING)};
	char path[PATH_MAX];
	struct stat st;
	long rc;

	snprintf(path, sizeof path, "%s%s%s", p->path[0] == '/' ? "" : dir, p->path[0] == '/' ? "" : "/", p->path);
	b.folder = open(path, O_PATH | O_CLOEXEC);
	if (b.folder < 0)
		return true; /* not there, or not ours: nothing to allow */
	if (fstat(b.folder, &st) == 0 && !S_ISDIR(st.st_mode))
		b.allowed &= OF_A_FILE;
	rc = syscall(SYS_landlock_add_rule, set, RULE_BENEATH, &b, 0);
	close(b.folder);
	return rc == 0 || why_not(why, "Landlock: %.300s: %s", path, strerror(errno));
}

bool sandbox_files(const struct sandbox *s, const struct sandbox_place *system, struct why *why)
{
	int v = version(), set;
	struct ruleset r = ruleset_of(v, s->may);
	size_t size = v >= 6 ? sizeof r : v >= 4 ? offsetof(struct ruleset, scoped) : offsetof(struct ruleset, net);
	const struct sandbox_place *lists[] = {system, s->places};
	bool good = true;

	if (v == 0)
		return true;
	set = (int)syscall(SYS_landlock_create_ruleset, &r, size, 0);
	if (set < 0)
		return why_not(why, "Landlock: %s", strerror(errno));
	for (unsigned i = 0; i < 2; i++)
		for (const struct sandbox_place *p = lists[i]; good && (s->may & SANDBOX_READ) && p && p->path; p++)
			good = allow(set, &r, s->dir, p, why);
	if (good && syscall(SYS_landlock_restrict_self, set, 0) < 0)
		good = why_not(why, "Landlock: %s", strerror(errno));
	close(set);
	return good;
}
