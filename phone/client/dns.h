/* phone/client/dns.h: questions to the resolver, which the body asks.
 *
 * Each question is a line of the record, has a deadline of its own (10 s) and one handler, which is called once, later,
 * never while it is asked.  An address written as text is answered without a resolver.  A question takes memory while it is
 * open; when there is none, its handler is never called and the stage that runs ends with DT_F_MEMORY (ph_alloc()).
 */
#ifndef DIALTONE_PHONE_DNS_H
#define DIALTONE_PHONE_DNS_H

#include "dialtone/phone.h"

struct dns_question;
struct dns_client {
	struct dt_phone *ph;
	struct dns_question *open; /* in the order they were asked */
};

typedef void dns_fn(void *arg, const struct dt_dns_answer *a); /* a: only during the call */

void dns_ask(struct dns_client *d, const char *name, enum dt_rr type, dns_fn *done, void *arg);
void dns_drop(struct dns_client *d, const void *arg); /* nobody waits for those any more; arg NULL: for any */

/* From the runner. */
void dns_answered(struct dns_client *d, unsigned id, const struct dt_dns_answer *a);
void dns_timer(struct dns_client *d);

enum dt_failure dns_failure(const struct dt_dns_answer *a); /* DT_F_OK: there is a record */
enum dt_sign dns_sign(const struct dt_dns_answer *a);	      /* what failed; NONE: silence, or no such name */

#endif
