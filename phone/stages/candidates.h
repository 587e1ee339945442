/* phone/stages/candidates.h: where a Registrar may be: the six candidates, what is configured, what worked last. */
#ifndef DIALTONE_PHONE_CANDIDATES_H
#define DIALTONE_PHONE_CANDIDATES_H

#include "phone/client/sip.h"

#define CANDIDATES DT_CAND_CONFIGURED /* the six, from 1 on; the others are no rows of the table */
struct candidate {
	const char *service; /* NULL: option 120 */
	bool tls, outside;
	uint16_t port; /* when no SRV tells one */
};
extern const struct candidate candidates[CANDIDATES]; /* by enum dt_candidate */

/* Asks the SRV records of that domain ("": none); done() follows when all are answered, perhaps at once.  ph->work->srv_open
 * counts those that are not. */
void candidates_ask(struct dt_phone *ph, const char *domain, void (*done)(struct dt_phone *ph));
void candidates_build(struct dt_phone *ph); /* out of the answers, option 120, what is configured and what is kept */
/* "High: NTLM or Kerberos, and TLS": the site told it in-band, and no phone of it uses plain TCP any more. */
bool candidates_tls_only(const struct dt_phone *ph);
/* Those before `until` that have no target are reported, once each, in the table's order. */
void candidates_report(struct dt_phone *ph, enum dt_candidate until);
/* STRICT_DOMAIN when that is why a candidate has no target, else REGISTRAR_NONE. */
enum dt_failure candidates_failure(const struct dt_phone *ph, struct why *why);
bool strict_match(enum dt_strict strict, const char *target, const char *domain);
bool target_read(const char *s, struct sip_target *ret); /* "host[:port] [tls|tcp]" */

#endif
