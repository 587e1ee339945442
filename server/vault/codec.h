/* server/vault/codec.h: what goes between workers and the vault as octets, both directions (net/ipc.h has the frame).
 *
 *     question    fields of the call              answer    status(16) | why (string) | the result's fields when OK
 *
 * Readers fill plain structs; every string is bounded by the field it goes into; the cursor keeps the first error.  A
 * password never travels: who wants a ticket by PIN gives it to ticket_pin() by itself.
 */
#ifndef DIALTONE_SERVER_VAULT_CODEC_H
#define DIALTONE_SERVER_VAULT_CODEC_H

#include "base/cursor.h"
#include "server/vault/vault.h"

enum vault_question {
	VAULT_Q_USER = 1, VAULT_Q_CERT_KNOWN, VAULT_Q_NTLM_CHALLENGE, VAULT_Q_NTLM_VERIFY, VAULT_Q_TICKET_LOGIN,
	VAULT_Q_TICKET_PIN, VAULT_Q_TICKET_CERT, VAULT_Q_CERT_ISSUE, VAULT_Q_UPDATE_OFFER, VAULT_Q_PIN_PROVED,
	VAULT_Q_TICKET_KNOWN
};

void vault_issue_put(struct buf *b, const struct soap_issue *m);
void vault_issue_get(struct rd *r, struct soap_issue *ret);
void vault_issued_put(struct buf *b, const struct soap_issued *m);
void vault_issued_get(struct rd *r, struct soap_issued *ret); /* soap_issued_clear() also after an error */
void vault_user_put(struct buf *b, const struct vault_user *u);
void vault_user_get(struct rd *r, struct vault_user *ret);
void vault_login_put(struct buf *b, const struct vault_login *l);
void vault_login_get(struct rd *r, struct vault_login *ret);
void vault_asked_put(struct buf *b, const struct update_question *q);
void vault_asked_get(struct rd *r, struct update_question *ret);
void vault_offer_put(struct buf *b, const struct vault_offer *o);
void vault_offer_get(struct rd *r, struct vault_offer *ret);

#endif
