/* admin/backup/tree.h: whole folders: copied, summed up, removed.  Of folders and regular files only; no link is followed, whoever may write in there
 * meanwhile.
 *
 * Folders are open descriptors, borrowed.  Names are visited in the order of their octets, so the sums of a copy are those of its
 * original.  false: *why is a sentence with the path.
 */
#ifndef DIALTONE_ADMIN_BACKUP_TREE_H
#define DIALTONE_ADMIN_BACKUP_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/why.h"

#define TREE_DEPTH 16 /* folders in each other: those of a site are seven */

struct tree_sum {
	unsigned files;
	uint64_t octets;
};

/* All below `from` into `to`, which is empty: octets, modes, times, and, for root, owners; each file is on disk when it returns.
 * skip: of the names in `from` itself, and one level below as "vault/store.db", those that are left out; NULL: none are. */
bool tree_copy(int from, int to, bool (*skip)(void *arg, const char *path), void *arg, struct tree_sum *ret, struct why *why);
/* A line for each file, as sha256sum writes and checks it: "<64 digits>  ./path". except: a name in `at` itself. Appends. */
bool tree_sums(int at, const char *except, struct buf *ret, struct why *why);
/* `name` in `at` with all that is in it; a name that is not there is fine. */
bool tree_remove(int at, const char *name, struct why *why);

#endif
