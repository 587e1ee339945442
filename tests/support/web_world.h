/* The Web Services without a socket and with a vault made of answers. */
#ifndef DIALTONE_TESTS_WEB_WORLD_H
#define DIALTONE_TESTS_WEB_WORLD_H

#include "tests/support/check_web.h"

#include <unistd.h>

#include "pki/cert.h"
#include "server/web/internal.h"
#include "tests/support/fake_vault.h"
#include "wire/ntlm.h"

struct fake {
	enum vault_status ntlm, login, pin, cert_ticket, cert;
	bool remote;
	const char *why;
	char number[256], pin_typed[256], peer[64];
	unsigned pins, certs, challenges, verifies;
	struct soap_issue asked;
	bool outside;
	enum vault_status changed;
	struct vault_ask change; /* the last change of a PIN that was asked for */
	unsigned changes;
};
extern struct fake fake; /* what it answers, and what it was asked */

struct world {
	struct site site;
	struct web *w;
	struct web_conn *c;
	char logs[64];
};

int setup(void **state);
int teardown(void **state);
unsigned go(struct world *w, enum side side, const char *head, struct sv body, struct web_answer *a);
unsigned status_of(struct world *w, enum side side, const char *head, struct sv body);
struct sv vector(struct buf *b, const char *name);
void pin_request(struct buf *b, const char *user, const char *pin);
int group_setup(void **state);
int group_teardown(void **state);

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
