/* phone/run/core.h: what every part of the phone stands on: its body, its clock, random numbers, timers, its place on the
 * network.  A client (phone/client/) sees this and the record, and nothing else of the phone: it knows no stage.
 */
#ifndef DIALTONE_PHONE_CORE_H
#define DIALTONE_PHONE_CORE_H

#include "base/why.h"
#include "base/sv.h"
#include "dialtone/phone.h"

#define PH_NEVER UINT64_MAX
#define FOUND_MAX 320 /* what an attempt found, in words */

enum ph_timer { T_LINK, T_STAGE, T_LLDP, T_DHCP, T_ARP, T_ANNOUNCE, T_SNTP, T_DNS, T_HTTP, T_IMAGE, T_SIP, T_KEEPALIVE, T_REFRESH, T_REAUTH,
		T_LEASE, T_UPDATE, T_RENEW, T_RETRY, T_LOCK, T_DESK, T_COUNT };

struct ph_core {
	const struct dt_body *body;
	void *arg; /* the body's */
	const struct dt_model *model;
	uint8_t mac[6];
	char version[32]; /* of the verified image in the active slot */
	char floor[32];	  /* that image wants no older version than this installed; "": any may be */

	int64_t offset_ms; /* the phone's clock less the body's */
	bool time_known;   /* a time server has told it */
	uint64_t not_before; /* mono_ms: a server that is overloaded is asked again then: its Retry-After */
	bool clock_confirmed; /* a web server's clock says the same */
	bool clock_reported; /* that a web server's clock differs */
	char said[160];	   /* the last reason that a server wrote */
	char *persist_why; /* on the heap: the file that could not be written last, and why; NULL: none */

	bool brief; /* of dt_phone_conf */
	bool tagged; /* frames are sent with an 802.1Q tag */
	uint16_t vlan;
	uint8_t prio, dscp;

	unsigned ids;	/* the last one given to a stream, a question or a key */
	bool no_memory; /* an allocation failed where nobody waited for a result: the runner ends the stage */
	uint64_t timer[T_COUNT];
};
struct ph_core *ph_core(struct dt_phone *ph);
void ph_core_reset(struct ph_core *core); /* as after power-on: the body, the model and the MAC address stay */

uint32_t ph_wait_ms(struct dt_phone *ph, uint32_t ms); /* so long an answer is waited for: less, when an examiner is in a hurry */
bool ph_inside_host(const struct dt_phone *ph); /* its address was given to it and is a loopback address */
uint64_t ph_now_ms(const struct dt_phone *ph);	/* of the body's monotonic clock */
/* DT_F_TLS_DATE is the clock's fault where nobody has set it, and nobody's clock agrees with it; other failures stay as they are. */
enum dt_failure ph_date_failure(struct dt_phone *ph, enum dt_failure f);
/* RFC 3261 20.33, RFC 9110 10.2.3: the value of Retry-After in seconds, of an answer that has come; it is kept, and returned.
 * 0: it says none. */
uint32_t ph_retry_after(struct dt_phone *ph, struct sv value);
/* The wait before the next try: `ms`, or the time that a server has asked for if that is longer; and at random up to half as much more,
 * since every phone of a site was told the same. */
uint64_t ph_spread_ms(struct dt_phone *ph, uint64_t ms);
int64_t ph_unix_s(const struct dt_phone *ph);	/* seconds, by the phone's own clock */
void ph_random(const struct dt_phone *ph, void *p, size_t n);
uint32_t ph_random_below(const struct dt_phone *ph, uint32_t n);
void ph_random_hex(const struct dt_phone *ph, char *out, size_t digits); /* out: digits + 1 octets */
void ph_timer_set(struct dt_phone *ph, enum ph_timer t, uint64_t ms);	 /* from now */
void ph_timer_off(struct dt_phone *ph, enum ph_timer t);
void ph_timers_off(struct dt_phone *ph); /* all of them */
unsigned ph_next_id(struct dt_phone *ph);

/* [trace: the IP phone inventory report's form]; "2013-era builds without \"2010\"" is inferred */
void ph_user_agent(struct dt_phone *ph, char *out, size_t cap);

int ph_tci(const struct dt_phone *ph); /* the tag that frames bear; -1: none */
void ph_frame(struct dt_phone *ph, const uint8_t *frame, size_t n);

/* calloc(); when it fails the runner ends the stage that runs with DT_F_MEMORY once the handler has returned. */
void *ph_alloc(struct dt_phone *ph, size_t n);

#endif
