/* server/vault/rows.h: one row a question: how it crosses a socket, and who answers it. */
#ifndef DIALTONE_SERVER_VAULT_ROWS_H
#define DIALTONE_SERVER_VAULT_ROWS_H

#include "base/fields.h"
#include "server/vault/vault.h"

struct vault;

struct vault_row {
	const char *name;
	const struct field *ask;   /* of struct vault_ask */
	const struct field *reply; /* of struct vault_reply, beyond status and why */
	enum vault_status (*handler)(struct vault *v, const struct vault_ask *q, struct vault_reply *ret);
};
const struct vault_row *vault_row_of(unsigned kind); /* NULL: no such question */
bool vault_row_replies(const struct vault_row *row, enum vault_status st); /* an answer with this status has fields */

#endif
