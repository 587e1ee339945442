/* tests/support/registrar_world.h: a Registrar without a socket, and a vault of answers. */
#ifndef DIALTONE_TESTS_REGISTRAR_WORLD_H
#define DIALTONE_TESTS_REGISTRAR_WORLD_H

#include "tests/support/check.h"

#include <poll.h>
#include <sys/socket.h>

#include "auth/ntlm.h"
#include "auth/tlsdsk.h"
#include "server/registrar/registrar.h"
#include "tests/support/fake_vault.h"
#include "wire/provisioning.h"
#include "wire/sip.h"

#define NOW 1795000000
#define FQDN "fe01.contoso.test"
#define EDGE "edge.contoso.test"

/* ---- keys, made once ---- */

struct world_keys {
	struct pki_key *ca, *server, *user;
	struct buf ca_der, ca_pem, server_pem, alice_der, alice_pem, bob_der, bob_pem, short_der, short_pem;
};
extern struct world_keys keys;

int keys_make(void **state);
int keys_free(void **state);

/* ---- the servers ---- */

struct world {
	struct site site;
	struct vault_link vault;
	struct held {
		vault_done *done;
		void *arg;
		struct vault_reply r;
	} held[8];
	unsigned nheld, admissions;
	bool hold;
	uint64_t changes;
	struct location *location;
	struct location_link location_link;
	struct tls_ctx *dsk;
	struct registrar *registrar;
	uint64_t mono, ids, challenge_id;
	int64_t unix_s;
	uint32_t random;
	struct location_notice notice[16];
	unsigned notices;
	struct vault_user alice, bob;
	bool down, cert_off, pin, revoked, nameless; /* nameless: the home pool has no name on the phone's side */
	bool plain; /* phones that are made from now on speak plain TCP */
	uint8_t challenge[8];
};

/* The oldest answer that is held back comes; late: it does not, and its time is over. */
void release(struct world *w, bool late);
uint64_t w_changes(void *arg);
int setup(void **state);
int teardown(void **state);
void orders_go(struct world *w);
size_t bound(const struct world *w, const char *aor);

#endif
