/* tests/support/fake_vault.c: a vault made of functions of the test's. */
#include "tests/support/fake_vault.h"

void fake_vault_answer(const struct fake_vault *f, const struct vault_ask *q, struct vault_reply *ret)
{
	*ret = (struct vault_reply){.kind = q->kind, .status = VAULT_UNAVAILABLE};
	if (f->answer[q->kind])
		ret->status = f->answer[q->kind](f->arg, q, ret);
}

void fake_vault_send(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg)
{
	struct vault_reply r;

	fake_vault_answer(arg, q, &r);
	done(done_arg, &r);
	vault_reply_clear(&r);
}
