/* tests/unit/cmd/admin_world.h: the administrator's verbs as they are typed.
 *
 * Each line runs in a process of its own, as it would from a shell.  Configuration and control socket are doubles: the
 * site is the one of admin_setup(), and an order to dialtoned is written down.
 */
#ifndef DIALTONE_TESTS_ADMIN_WORLD_H
#define DIALTONE_TESTS_ADMIN_WORLD_H

#include "tests/support/check.h"

#include "server/control/control.h"
#include "server/site/site.h"
#include "store/store.h"

#define NOW 1795000000
#define ALICE "user add alice@contoso.test --login CONTOSO\\alice --number +14255550123 --extension 4411"

struct world {
	char dir[64], conf[128];
	struct buf out, err; /* of the last line */
};

/* The web services' name in the configuration. */
extern char web_fqdn[SITE_NAME_MAX];
/* The endpoints that are registered when dialtoned runs, that is when there is a file "runs". */
extern const struct control_endpoint endpoints[3];

/* Types a line: words end at a blank; '%' stands for the folder, '~' for a blank inside a word.  Fails unless it ends with `status`
 * and says `text` (NULL: whatever) on one of its outputs. */
void said(struct world *w, const char *line, int status, const char *text);
void put(struct world *w, const char *name, const char *text); /* a file in the folder */
struct store *open_store(struct world *w);

int admin_setup(void **state);
int admin_teardown(void **state);

#endif
