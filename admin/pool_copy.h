/* admin/pool_copy.h: a user's row, PIN, password and certificates from this pool's store into that of another pool. */
#ifndef DIALTONE_ADMIN_POOL_COPY_H
#define DIALTONE_ADMIN_POOL_COPY_H

#include "admin/admin.h"

struct pool_copy { /* starts as {0} */
	struct admin *a; /* from */
	struct store *store; /* to */
	char name[256], dir[512]; /* the other pool, and the folder of its site */
};

/* ADMIN_SITE: it is not reached, or is of another company (its secret is another one). */
enum admin_result pool_copy_open(struct admin *a, const struct store_pool *p, struct pool_copy *ret, struct why *why);
void pool_copy_close(struct pool_copy *c); /* {0} is fine */

/* The user as this pool has it; PIN and password too, their counters stay what they are there.  ADMIN_UNCHANGED: it was so there. */
enum admin_result pool_copy_user(struct pool_copy *c, const char *aor, struct why *why);
enum admin_result pool_copy_remove(struct pool_copy *c, const char *aor, struct why *why);
/* From one store to the other with certificates (NULL: this pool's), then the old home says where the user lives, and has no
 * certificate of the user's any more. */
enum admin_result pool_copy_move(struct admin *a, struct pool_copy *from, struct pool_copy *to, const struct store_user *moved,
				 struct why *why);

#endif
