/* cmd/site/join.h: `dialtone init DIR --join FILE`: a further front end of a pool, by an invitation (admin/pool/invites.h). */
#ifndef DIALTONE_CMD_SITE_JOIN_H
#define DIALTONE_CMD_SITE_JOIN_H

#include "cmd/options.h"
#include "server/site/site.h"

/* It stands behind the reason why joining failed, with the folder, once the invitation has been used. */
#define JOIN_AGAIN "; %s is no site yet, and the invitation is used: mend this, make another one with 'dialtone pool invite FILE', and type " \
		   "the same with it"

/* An option that does not go with --join: all but the names and addresses of this machine are the pool's.  NULL: there is none. */
const char *join_besides(const struct command *c);
/* Opens the invitation, uses it, and writes the pool's files and SITE_CONF_PART into site->dir.  What the pool says is in *site then;
 * init_site() makes the rest.  An exit status, 0 when done. */
int join_pool(const struct command *c, struct site *site, const char *file, const char *code_file);
void join_print_made(FILE *to, const struct site *site); /* what to type next */

#endif
