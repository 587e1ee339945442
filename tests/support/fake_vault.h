/* tests/support/fake_vault.h: a vault made of functions of the test's, one a question; a NULL is answered by VAULT_UNAVAILABLE.
 */
#ifndef DIALTONE_TESTS_FAKE_VAULT_H
#define DIALTONE_TESTS_FAKE_VAULT_H

#include "server/vault/vault.h"

typedef enum vault_status fake_answer(void *arg, const struct vault_ask *q, struct vault_reply *ret);

struct fake_vault {
	fake_answer *answer[VAULT_KINDS];
	void *arg;
};

static inline void fake_vault_answer(const struct fake_vault *f, const struct vault_ask *q, struct vault_reply *ret)
{
	*ret = (struct vault_reply){.kind = q->kind, .status = VAULT_UNAVAILABLE};
	if (f->answer[q->kind])
		ret->status = f->answer[q->kind](f->arg, q, ret);
}

static inline void fake_vault_send(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct vault_reply r;

	fake_vault_answer(arg, q, &r);
	done(done_arg, &r);
	vault_reply_clear(&r);
}

#endif
