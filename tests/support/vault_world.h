/* tests/support/vault_world.h: a vault with a store on disk and a clock that stands, and a store that is
 * watched and fails on demand.  For test_vault*.c.
 */
#ifndef DIALTONE_TESTS_VAULT_WORLD_H
#define DIALTONE_TESTS_VAULT_WORLD_H

#include "tests/support/check.h"

#include <sys/wait.h>
#include <unistd.h>

#include "auth/ntlm.h"
#include "auth/pin.h"
#include "auth/ticket.h"
#include "server/site/health.h"
#include "server/vault/make.h"
#include "tests/support/vault_calls.h"

#define NOW 1795000000

struct world_keys {
	struct pki_key *ca, *ticket, *phone;
	struct buf ca_der, ticket_der;
};

extern struct world_keys keys; /* made once, by group_setup() */
extern const uint8_t secret[32];

struct world {
	char dir[64], path[96];
	struct site site;
	struct store *store;
	struct vault *vault;
	struct vault_link link;
	int64_t now;
	struct why why;
	struct health health;
};

/* A vault of the store that is there. */
void vault_up(struct world *w);
void up(struct world *w);
void down(struct world *w);
struct store_user person(struct world *w, const char *aor, const char *login, const char *number,
			 const char *ext, const char *pin);
int setup(void **state);
int teardown(void **state);

/* ---- asking ---- */

struct soap_issue ask_of(const struct world *w);
enum vault_status try_pin(struct world *w, const char *number, const char *pin);
void set_counters(struct world *w, int64_t user, unsigned global);

/* ---- a store that is watched, and that fails ---- */

struct spy {
	struct store store; /* first */
	struct store *real;
	struct store_ops ops;
	struct buf calls;
	int fail_step, steps; /* the n-th pin_step or pin_settle fails; 0: none */
	bool fail_cert;
};
extern struct spy spy;

void spy_on(struct world *w);
int group_setup(void **state);
int group_teardown(void **state);

#endif
