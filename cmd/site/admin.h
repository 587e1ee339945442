/* cmd/site/admin.h: what the administrator's verbs share: options from a table, help from the same table, the site, the store.
 *
 *     dialtone -c DIR/dialtone.conf VERB SUBVERB ARGUMENT... --option VALUE
 *
 * A verb (user, pin, cert, device, update) is one struct admin_group; admin_main() does the rest.  A verb opens the store
 * directly, as the vault does, and then tells the running dialtoned through DIR/run/control.
 */
#ifndef DIALTONE_CMD_ADMIN_H
#define DIALTONE_CMD_ADMIN_H

#include <jansson.h>
#include <stdbool.h>
#include <sysexits.h>

#include "server/location/location.h"
#include "server/site/site.h"
#include "server/vault/make.h"
#include "store/store.h"

#define ADMIN_ARGUMENTS 4
#define ADMIN_OPTIONS 24
#define ADMIN_CONF "/etc/dialtone/dialtone.conf" /* without -c and without DIALTONE_CONF */

struct admin;

struct admin_option {
	const char *name;  /* "--login" */
	const char *value; /* what stands behind it, for the help: "DOMAIN\\USER"; NULL: a flag */
	const char *what;
};
struct admin_verb {
	const char *name, *arguments; /* "add", "ADDRESS" */
	unsigned min, max;	      /* how many arguments */
	const struct admin_option *options; /* the last: {0}; NULL: none */
	int (*run)(struct admin *a);
	const char *what;
};
struct admin_group {
	const char *name, *what;
	const struct admin_verb *verbs; /* the last: {0} */
	const char *example;		/* lines of the help, each ended by a newline */
};

struct admin {
	const struct admin_group *group;
	const struct admin_verb *verb;
	const char *argument[ADMIN_ARGUMENTS];
	unsigned arguments;
	const char *option[ADMIN_OPTIONS]; /* by the row of verb->options; a flag's is its own name */
	bool json;
	struct site site;
	struct store *store;
	int64_t now;
	uint8_t secret[32];
	bool has_secret;
};

int admin_main(int argc, char **argv, const struct admin_group *group);

/* The option's value; NULL: not given. The name must be in the verb's table. */
const char *admin_option(const struct admin *a, const char *name);
/* "dialtone user add: <sentence>" on standard error; returns status. */
int admin_fail(const struct admin *a, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A result of the store that is not STORE_OK, as a sentence. what: "alice@contoso.test" */
int admin_store_failed(const struct admin *a, enum store_result r, const char *what);
bool admin_secret(struct admin *a); /* loads the vault's secret; false: it has said why (status 78) */
void admin_audit(const struct admin *a, const char *whom, const char *detail);
int admin_print(json_t *j); /* prints it, frees it; 0, or 70 */
/* The user of the first argument ("sip:" may stand before it). 0, or the status after a sentence. */
int admin_user(const struct admin *a, struct store_user *ret);
/* Has the running dialtoned act on the user's phones; says how many. 0, or 70 after a sentence. */
int admin_order(const struct admin *a, const char *aor, enum location_order order, unsigned diag, const char *reason);
char *admin_time(char out[32], int64_t unix_s, const char *otherwise); /* local text; 0: otherwise */

#endif
