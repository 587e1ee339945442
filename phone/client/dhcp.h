/* phone/client/dhcp.h: the client of RFC 2131, in its three phases [network B.1]:
 *
 *   VLAN     untagged, CPE-OCPHONE: DISCOVER OFFER REQUEST ACK RELEASE   three tries
 *   address  on the VLAN, CPE-OCPHONE: DISCOVER OFFER REQUEST ACK        four tries; later renew and rebind
 *   UC       MS-UC-Client: INFORM ACK                                    four tries
 *
 * One client is one exchange.  It calls its handler when something came of it; what the handler does not close in the
 * record (result.try) it has closed itself.  A client that has ended is freed by who made it.
 */
#ifndef DIALTONE_PHONE_DHCP_H
#define DIALTONE_PHONE_DHCP_H

#include "dialtone/phone.h"
#include "phone/run/record.h"
#include "wire/dhcp.h"
#include "wire/eth.h"

struct dhcp_lease {
	struct dt_lease l;
	uint32_t server;
	uint8_t server_mac[6];
	uint32_t seconds, t1, t2;
	uint64_t since;
	uint32_t ntp[4], time[4]; /* options 42 and 4 */
	unsigned nntp, ntime;
	char domain[DT_NAME_MAX]; /* option 15 */
};

struct dhcp_client;

struct dhcp_result {
	enum dt_failure failure;	/* DT_F_OK: an ACK that can be used; else the client has recorded it */
	const char *why;		/* of the failure; or NULL */
	const struct dhcp *ack;		/* as it came; NULL: none */
	const struct dhcp_lease *lease; /* what it gives; NULL: none */
	const char *server;		/* the server that answered, as text */
	uint64_t offer_ms;		/* how long the OFFER took */
	uint8_t twice;			/* an option of one length that stands twice in OFFER or ACK; 0: none */
	struct attempt *try;		/* to be closed by the handler when failure is DT_F_OK */
};
/* The result and what it points to: only during the call.  For INFORM false means "to no use: others may still come": the
 * question is not repeated, and the exchange ends at its deadline, with DT_F_UC_SILENT unrecorded.  Elsewhere it is passed
 * over. */
typedef bool dhcp_fn(void *arg, const struct dhcp_result *r);

/* delay_ms: when the first DISCOVER goes out. */
struct dhcp_client *dhcp_discover(struct dt_phone *ph, bool for_vlan, uint64_t delay_ms, dhcp_fn *done, void *arg);
/* late: called for answers after the exchange has ended well, for ten seconds (true: that is enough). */
struct dhcp_client *dhcp_inform(struct dt_phone *ph, const struct dhcp_lease *l, dhcp_fn *done, dhcp_fn *late, void *arg);
/* Sent once; the holder of the lease asks again.  An ACK that gives another address is passed over. */
struct dhcp_client *dhcp_renew(struct dt_phone *ph, const struct dhcp_lease *l, bool rebind, dhcp_fn *done, void *arg);
bool dhcp_ended(const struct dhcp_client *d); /* true for NULL */
bool dhcp_busy(const struct dhcp_client *d);  /* a stage waits for it */
void dhcp_stop(struct dhcp_client *d);	      /* no handler is called any more; NULL is fine */
void dhcp_free(struct dhcp_client *d);	      /* NULL is fine */

/* One message each, without an answer.  Not sent when memory runs out: the server's lease ends by itself. */
void dhcp_release(struct dt_phone *ph, const struct dhcp_lease *l);
void dhcp_decline(struct dt_phone *ph, const struct dhcp_lease *l);

/* From the runner.  d NULL: nobody waits. */
void dhcp_timer(struct dhcp_client *d);
void dhcp_frame(struct dhcp_client *d, const struct eth *e, const struct udp *u, bool damaged); /* damaged: by its checksum */

#endif
