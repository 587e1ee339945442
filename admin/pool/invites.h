/* admin/pool/invites.h: the first front end of a pool invites a further one by a sealed file, which is good once and for an hour.
 *
 * An invitation is a file:
 *
 *     "dialtone invitation 1\n" | salt (16) | AES-256-GCM by PBKDF2 of the code, the first line as its context
 *
 * Inside, by the table in invites.c: its number, which is a row of the pool's store until it is used, and the pool's common files.
 * Whoever has the file and the code has the company's keys: the code goes another way than the file.
 */
#ifndef DIALTONE_ADMIN_POOL_INVITES_H
#define DIALTONE_ADMIN_POOL_INVITES_H

#include "admin/admin.h"
#include "base/buf.h"

#define INVITE_SECONDS 3600
#define INVITE_CODE 25	       /* "K7QF-2M9D-XW4T-0BHN-6RCV" and its NUL: 100 random bits */
#define INVITE_MAX ((size_t)4 << 20)
#define INVITE_FILES 9

struct invitation { /* starts as {0}; invite_clear() */
	char id[33];
	int64_t expires;
	char fqdn[256], pool[256], web_fqdn[256]; /* of the front end that has made it, the names of its pool filled in */
	char store[512];
	struct buf conf; /* its dialtone.conf */
	struct buf file[INVITE_FILES];
};
void invite_clear(struct invitation *i);

/* *sealed: the file's octets, appended.  ADMIN_REFUSED: the store is this machine's own. */
enum admin_result invite_make(struct admin *a, char code[INVITE_CODE], struct buf *sealed, struct why *why);
/* The code as it was printed, in either case, with or without its hyphens. */
enum admin_result invite_open(struct sv sealed, struct sv code, int64_t now, struct invitation *ret, struct why *why);
/* Takes it out of the pool's store.  ADMIN_REFUSED: it was used, or its hour is over. */
enum admin_result invite_use(const struct invitation *i, int64_t now, struct why *why);
/* The pool's files into dir, and SITE_CONF_PART with the names and addresses of `site`; the rest is init_site()'s. */
enum admin_result invite_write(const struct invitation *i, const struct site *site, struct why *why);

#endif
