/* host/dns_answer.h: what c-ares has received, as the phone takes it.
 *
 * From 1.34 on, c-ares hands over the message as records; before (Debian 12), as octets that it also reads.
 */
#ifndef DIALTONE_HOST_DNS_ANSWER_H
#define DIALTONE_HOST_DNS_ANSWER_H

#include <ares.h>
#include <ares_nameser.h>

#include "dialtone/phone.h"

/* Adds the answer's SRV or A records to `a`, whose status becomes DT_DNS_NODATA when it holds none that can be used. */
#if ARES_VERSION >= 0x012200
void dns_answer_read(struct dt_dns_answer *a, const ares_dns_record_t *record);
#else
void dns_answer_read(struct dt_dns_answer *a, enum dt_rr type, const unsigned char *p, int n);
#endif

#endif
