/* phone/client/sntp.h: the time, before any certificate is judged [network C.6].
 *
 * The order: DHCP option 42, SRV _ntp._udp, DHCP option 4, time.windows.com.  UNKNOWN: what a real phone puts first, and
 * whether it looks at 4.
 */
#ifndef DIALTONE_PHONE_SNTP_H
#define DIALTONE_PHONE_SNTP_H

#include "phone/client/dns.h"

struct sntp_client;

struct sntp_sources { /* copied */
	uint32_t ntp[4], time[4]; /* options 42 and 4 */
	unsigned nntp, ntime;
	const char *domain; /* the domain whose SRV record is asked for; "": none's */
};

/* why NULL: the phone's clock is set (its offset, not the host's clock); else why no server has told the time. */
typedef void sntp_fn(void *arg, const char *why);

struct sntp_client *sntp_begin(struct dt_phone *ph, struct dns_client *dns, const struct sntp_sources *s, sntp_fn *done, void *arg);
bool sntp_ended(const struct sntp_client *c); /* true for NULL */
void sntp_free(struct sntp_client *c);	      /* NULL is fine */

/* From the runner.  c NULL: nobody waits. */
void sntp_timer(struct sntp_client *c);
void sntp_udp(struct sntp_client *c, uint32_t address, const void *p, size_t n);

#endif
