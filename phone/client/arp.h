/* phone/client/arp.h: is the address free?  RFC 5227 2.1, in less time: one client is one probe. */
#ifndef DIALTONE_PHONE_ARP_H
#define DIALTONE_PHONE_ARP_H

#include "dialtone/phone.h"
#include "phone/run/record.h"
#include "wire/eth.h"

struct arp_client;

/* by: the owner of the address; NULL: none.  try: to be closed by the handler when somebody has it. */
typedef void arp_fn(void *arg, const uint8_t by[6], struct attempt *try);

struct arp_client *arp_probe(struct dt_phone *ph, uint32_t address, arp_fn *done, void *arg);
bool arp_ended(const struct arp_client *a); /* true for NULL */
void arp_free(struct arp_client *a);	    /* NULL is fine */

void arp_announce(struct dt_phone *ph, uint32_t address); /* once (RFC 5227 2.3) */

/* From the runner.  a NULL: nobody waits. */
void arp_timer(struct arp_client *a);
void arp_frame(struct arp_client *a, const struct arp *m);

#endif
