/* doctor/probe.h: asking further, through the phone's own body, on its VLAN and with its address, beside the phone.
 *
 * The questions follow from the record as it grows (doctor/questions.h).  Nothing that costs anybody anything: names, TCP
 * connections that say a few octets, TLS handshakes whose chain is looked at, DHCP and ARP questions, the list of revoked
 * certificates.  No PIN and no password is ever sent.
 */
#ifndef DIALTONE_DOCTOR_PROBE_H
#define DIALTONE_DOCTOR_PROBE_H

#include "doctor/run.h"
#include "host/host.h"

struct doctor_probe;

/* Answers go into *r (which must outlive it) as they come.  `done` is called once, after doctor_probe_finish(): when all are
 * there or their time is over.  cannot: enum dt_cannot of the phone.  dhcp: it is used here.  NULL: out of memory. */
struct doctor_probe *doctor_probe_new(struct host *h, struct doctor_run *r, unsigned cannot, bool dhcp, void (*done)(void *arg), void *arg);
void doctor_probe_more(struct doctor_probe *p);	   /* the record has grown: asks what follows from it */
void doctor_probe_restart(struct doctor_probe *p); /* the phone starts again: asks anew the open ones */
void doctor_probe_tick(struct doctor_probe *p);	   /* once a second */
/* The phone has its result.  off_s: its clock less this machine's.  until_ms: so long after doctor_probe_new() the port is listened
 * to in any case, and DHCP asked where nobody has answered yet; 0: no longer than the questions take. */
void doctor_probe_finish(struct doctor_probe *p, int64_t off_s, unsigned until_ms);
/* After `done`: certificates are judged by these anchors (PEM, may be ""), and answers compared. */
void doctor_probe_check(struct doctor_probe *p, const char *anchors);
void doctor_probe_free(struct doctor_probe *p);

#endif
