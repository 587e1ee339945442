/* tests/support/ticket_world.h: a ticket, its key, and the envelope that carries it.  For test_ticket*.c. */
#ifndef DIALTONE_TESTS_TICKET_WORLD_H
#define DIALTONE_TESTS_TICKET_WORLD_H

#include "tests/support/check.h"

#include "auth/ticket_xml.h"

#define AUDIENCE "https://fe01.contoso.test/CertProv/CertProvisioningService.svc/WebTicket_Proof_SHA1"
#define ISSUER "https://fe01.contoso.test/WebTicket/WebTicketService.svc"
#define NOW 1795000000

extern struct ticket_world {
	struct pki_key *key, *other;
	struct buf cert, other_cert;
	struct ticket ticket;	   /* alice's */
	struct soap_issued issued; /* the client's view of it */
} w;
extern const uint8_t seal_key[32];

int ticket_setup(void **state); /* of the group */
int ticket_teardown(void **state);

void envelope(struct buf *b, struct sv security, const char *body);
void good_envelope(struct buf *env); /* with alice's ticket and its proof */

/* ticket_check() of an exact copy: NULL, or the rule that refuses it. */
const char *check(struct sv env, int64_t now, struct ticket *t);
#define refused(why, words) assert_string_equal((why) ? (why) : "accepted", words)
/* words: the rule that refuses it; NULL: accepted, with what was signed and nothing else. Frees env. */
void refuse_forgery(const char *name, struct buf *env, const char *words);

/* ---- text that is there; the test fails where it is not ---------------------------------------------------- */

const char *at(const struct buf *b, const char *what);
void replace(struct buf *b, const char *old, const char *new); /* the first one */
char *between(const struct buf *b, const char *from, const char *to); /* both included; the caller's to free */
char *joined(const char *a, const char *b, const char *c);

#endif
