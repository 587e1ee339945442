/* doctor/probe.h: asking further, through the phone's own body, on its VLAN and with its address.
 *
 * The questions follow from the record: the domains in whose names the phone asked, the servers it talked to.  Nothing that
 * costs anybody anything: names, TCP connections that are closed at once, TLS handshakes whose chain is shown, DHCP in other
 * spellings of the phones' classes.  No PIN is ever tried.
 */
#ifndef DIALTONE_DOCTOR_PROBE_H
#define DIALTONE_DOCTOR_PROBE_H

#include "doctor/run.h"
#include "host/host.h"

struct doctor_probe;

/* Answers go into *r (which must outlive it) as they come; `done` is called once, when all are there or `seconds` are over.
 * anchors: PEM of the roots that the phone trusts, may be "". NULL: out of memory. */
struct doctor_probe *doctor_probe_new(struct host *h, struct doctor_run *r, const char *anchors, unsigned seconds,
				      void (*done)(void *arg), void *arg);
void doctor_probe_start(struct doctor_probe *p);
void doctor_probe_tick(struct doctor_probe *p); /* once a second */
void doctor_probe_free(struct doctor_probe *p);

#endif
