/* admin/cab.h: Microsoft cabinet files, and cabinets within them, read in memory with libmspack.
 *
 * Nothing is written anywhere while a cabinet is read.  A file is known by its path: the cabinet's own, with '/' between its
 * parts; of a nested cabinet the path of that, without ".cab", stands before it.  Bounded: entries, octets of a file and of all,
 * depth; anything beyond, a path that leads upwards, and damage of any kind refuse the whole.
 */
#ifndef DIALTONE_ADMIN_CAB_H
#define DIALTONE_ADMIN_CAB_H

#include "base/buf.h"
#include "base/sv.h"
#include "base/why.h"

#define CAB_PATH_MAX 512

struct cab_limits {
	unsigned entries, depth; /* depth 1: no cabinet in it is opened */
	uint64_t file, all;	 /* octets */
};
extern const struct cab_limits cab_usual;

struct cab_file {
	char path[CAB_PATH_MAX];
	struct buf data;
};
struct cab {
	struct cab_file *file;
	size_t n, cap;
	uint64_t all; /* octets read, of nested cabinets and their files together */
	unsigned entries;
};

bool cab_is(struct sv octets); /* it begins as a cabinet does */
/* All files with one of these endings, lower case, NULL ends (".nbt"); nested cabinets are opened.  *ret starts as {0};
 * cab_clear() in any case.  false: *why. */
bool cab_read(struct sv octets, const struct cab_limits *limits, const char *const *endings, struct cab *ret, struct why *why);
void cab_clear(struct cab *c);

#endif
