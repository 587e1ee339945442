/* tests/support/phone_servers.h: a phone whose web servers are a list of expected questions and their answers.
 *
 * Stages 1 to 5 are settled by configuration; the Registrar of stage 9 refuses the connection.  A question that is not the next
 * of the list fails the test.
 */
#ifndef DIALTONE_TESTS_PHONE_SERVERS_H
#define DIALTONE_TESTS_PHONE_SERVERS_H

#include "tests/support/check.h"

#include "phone/internal.h"

#define HOST "fe01.contoso.test"
#define CERTPROV "/CertProv/CertProvisioningService.svc"
#define WTS "/WebTicket/WebTicketService.svc"
#define PROOF CERTPROV "/WebTicket_Proof_SHA1"
#define NOW 1795000000
#define EVENTS 32
#define STEPS 16

struct web_keys {
	struct pki_key *key, *ca;
	struct buf pem, ca_der, cert, other; /* alice's; of another key */
};
extern struct web_keys web_keys;

struct step { /* a question that is expected, and its answer */
	const char *ask;    /* "GET /x" or "POST host/x": how it begins; "": none is expected any more */
	const char *answer; /* from the status line on */
};

struct event {
	enum { E_DNS, E_OPENED, E_SENT, E_KEY } kind;
	unsigned id;
	enum dt_rr rr;
	bool known;
};

struct world {
	uint64_t mono, timer, seed;
	struct event event[EVENTS];
	unsigned nevent;
	struct buf in; /* what the phone has sent on the stream that is open */
	const struct step *step;
	char host[DT_NAME_MAX];
	struct buf asked[STEPS]; /* the bodies */
	char heads[STEPS][4096];
	unsigned nasked;
	bool chunked, over;
	enum dt_stage stage;
	enum dt_failure failure;
	char why[320], told[8192], sip[256];
	struct dt_phone *ph;
};

/* Makes web_keys, once a program; then a world a test. */
int web_group_setup(void **state);
int web_group_teardown(void **state);
int web_setup(void **state);
int web_teardown(void **state);
/* Another try in the same test. */
struct world *web_anew(void **state);

/* Starts a phone and runs it to its result; ntlm: one that signs in with name and password, otherwise with number and PIN.  Fails
 * unless every question of `steps` is asked. */
void web_run(struct world *w, const struct step *steps, bool ntlm);

#define STAGE(s, f) \
	do { \
		if (w->stage != (s) || w->failure != (f)) \
			fail_msg("ended at stage %d with %d: %s; so far:\n%s", w->stage, w->failure, w->why, w->told); \
	} while (0)
#define SIGNED_IN() STAGE(DT_STAGE_LOGON, DT_F_CONNECT) /* as far as these servers go */

#endif
