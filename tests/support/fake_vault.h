/* tests/support/fake_vault.h: a vault made of functions of the test's, one a question; a NULL is answered by
 * VAULT_UNAVAILABLE.
 */
#ifndef DIALTONE_TESTS_FAKE_VAULT_H
#define DIALTONE_TESTS_FAKE_VAULT_H

#include "server/vault/vault.h"

typedef enum vault_status fake_answer(void *arg, const struct vault_ask *q, struct vault_reply *ret);

struct fake_vault {
	fake_answer *answer[VAULT_KINDS];
	void *arg;
};

void fake_vault_answer(const struct fake_vault *f, const struct vault_ask *q, struct vault_reply *ret);
void fake_vault_send(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg);

#endif
