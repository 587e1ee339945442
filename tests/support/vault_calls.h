/* tests/support/vault_calls.h: each question to the vault as a function that returns with the answer, for
 * tests that look at one answer after the other.  `why` may be NULL.
 */
#ifndef DIALTONE_TESTS_VAULT_CALLS_H
#define DIALTONE_TESTS_VAULT_CALLS_H

#include <string.h>

#include "server/vault/vault.h"
#include "tests/support/call_wait.h"

extern const char *call_peer; /* where PINs and passwords come from; NULL: each from another address */

enum vault_status call_user(const struct vault_link *l, const char *aor, struct vault_user *ret);
enum vault_status call_cert_known(const struct vault_link *l, const uint8_t *der, size_t n, const char *aor,
				  struct why *why);
enum vault_status call_ntlm_challenge(const struct vault_link *l, bool datagram, const void *type1, size_t n,
				      uint64_t *id, struct buf *challenge);
enum vault_status call_ntlm_verify(const struct vault_link *l, uint64_t id, const void *type3, size_t n,
				   struct vault_login *ret, struct why *why);
enum vault_status call_ticket_login(const struct vault_link *l, uint64_t login,
				    const struct soap_issue *issue, bool outside, struct vault_ticket *ret,
				    struct why *why);
enum vault_status call_ticket_pin(const struct vault_link *l, const char *number, const char *pin,
				  const struct soap_issue *issue, bool outside, struct vault_ticket *ret,
				  struct why *why);
enum vault_status call_pin_change(const struct vault_link *l, const char *number, const char *pin, const char *fresh, struct why *why);
enum vault_status call_ticket_cert(const struct vault_link *l, const void *envelope, size_t n, bool outside,
				   struct vault_ticket *ret, struct why *why);
enum vault_status call_ticket_known(const struct vault_link *l, const void *assertion, size_t n, bool outside,
				    char *aor, struct why *why);
enum vault_status call_cert_issue(const struct vault_link *l, const void *envelope, size_t n, bool outside,
				  struct vault_cert *ret, struct why *why);
enum vault_status call_update_offer(const struct vault_link *l, const struct update_question *device,
				    const char *peer, struct vault_offer *ret);
enum vault_status call_tell(const struct vault_link *l, const struct vault_ask *q); /* for a question whose answer is a status alone */

/* external_require_pin: was a PIN proved from there? */
bool call_pin_proved(const struct vault_link *l, const char *aor, const char *peer);

#endif
