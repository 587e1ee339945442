/* admin/backup/backup.h: a site, copied into a folder while dialtoned runs, and made again out of it.
 *
 *     TO/                  0700, the whole of it or not there
 *         SHA256SUMS       of every file: restore compares them, `sha256sum -c SHA256SUMS` does, too
 *         dialtone.conf, ca.pem, root.pem, vault/secret, ...    as in the site's folder, with owners and modes
 *         vault/store.db   the store at one moment, an SQLite file, also of a site whose store is in PostgreSQL
 *
 * run/ is left out, and logs/ unless asked for.
 */
#ifndef DIALTONE_ADMIN_BACKUP_BACKUP_H
#define DIALTONE_ADMIN_BACKUP_BACKUP_H

#include "admin/admin.h"
#include "admin/backup/tree.h"

/* ADMIN_EXISTS: `to` is there already.  ADMIN_SITE: nothing is left of it; *why. */
enum admin_result backup_make(const struct admin *a, const char *to, bool logs, struct tree_sum *ret, struct why *why);

/* Compares the sums, and copies `from` to `dir`, which must not be there, or be empty.  Owners are as in the backup: the caller gives
 * the files to the users of this machine.  ADMIN_REFUSED: it is no backup, or a file of it is damaged; ADMIN_UNCHANGED: `dir` holds
 * all of it already, octet for octet; ADMIN_EXISTS: something else is in `dir`; ADMIN_SITE: a system call failed.  Nothing is left in `dir` then. */
enum admin_result backup_restore(const char *from, const char *dir, struct tree_sum *ret, struct why *why);

#endif
