/* tests/support/flow_world.h: the Web Services and the real vault together, and the phone's side of asking
 * them.  For test_webflow*.c and test_web_clients.c.
 */
#ifndef DIALTONE_TESTS_FLOW_WORLD_H
#define DIALTONE_TESTS_FLOW_WORLD_H

#include "tests/support/vault_world.h"

#include "tests/support/check_web.h"

#define ALICE "alice@contoso.test"
#define BOB "bob@contoso.test"

extern struct buf chain_pem; /* the issuing certificate, while the group of tests runs */

struct flow {
	struct world *v;
	struct web *w;
	struct web_conn *c;
	struct store_user alice, bob;
};

int flow_setup(void **state);
int flow_teardown(void **state);
unsigned go(struct flow *f, enum side side, const char *head, struct sv body, struct web_answer *a);

/* ---- the phone's side ---- */

struct proof {
	struct soap_issued issued;
	uint8_t key[32];
};

void want(struct flow *f, bool outside, struct soap_issue *m);
void take(const struct web_answer *a, const struct soap_issue *m, struct proof *ret);
unsigned by_pin(struct flow *f, enum side side, const char *number, const char *pin, struct proof *ret);
void request(struct flow *f, bool outside, const struct proof *p, const char *entity, struct buf *b);

#define PUBLISH SOAP_POST(CERTPROV "/WebTicket_Proof_SHA1") "SOAPAction: \"" SOAP_ACTION_CERT "\"\r\n"

/* 0: a certificate; else the id of the fault or of the ErrorInfo, 1 for a fault without one. */
unsigned publish(struct flow *f, enum side side, struct sv body, struct buf *der);
unsigned certificates(struct flow *f);

/* ---- a request, changed ---- */

/* every one; frees text; NULL when there is none */
char *swap(char *text, const char *from, const char *to);

/* from the first `from` to behind the next `to` */
char *cut(const char *text, const char *from, const char *to);
char *join(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int flow_group_setup(void **state);
int flow_group_teardown(void **state);

#endif
