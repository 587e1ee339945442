/* A phone on a scripted body: what it sends in stages 1 and 2 is kept, what comes back is up to the test. */
#ifndef DIALTONE_TESTS_PHONE_WORLD_H
#define DIALTONE_TESTS_PHONE_WORLD_H

#include "tests/support/check.h"

#include <endian.h>
#include <errno.h>

#include "dialtone/phone.h"
#include "wire/dhcp.h"
#include "wire/eth.h"
#include "wire/lldp.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#define SERVER IP(10, 20, 0, 1)
#define ADDRESS IP(10, 20, 0, 100)
#define FRAMES 64

static const uint8_t switch_mac[6] = {2, 0, 0, 0, 0, 1}, server_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t mac[6] = {0x00, 0x04, 0xf2, 0x12, 0x34, 0x56};

struct world {
	uint64_t mono, timer, seed;
	struct {
		uint8_t p[1600];
		size_t n;
		int tci;
	} frame[FRAMES];
	unsigned nframe;
	unsigned vlan, prio, dscp, vlans;
	struct dt_lease lease;
	unsigned addresses, udps, names, streams;
	uint32_t udp_to;
	unsigned dns_id;
	char dns_name[DT_NAME_MAX];
	unsigned results;
	bool ok;
	enum dt_failure failure, last;
	enum dt_stage stage;
	struct dhcp q; /* the last DHCP message that the phone sent, and how */
	struct eth eth;
	struct udp udp;
	int tci;
	unsigned warned; /* attempts that say that a second neighbour announces another VLAN */
	char told[1024]; /* what the attempts "dhcp-inform" came to */
	char said[320];	 /* the signs of the last attempt "dhcp" or "lldp-med", as codes */
	struct dt_facts fact; /* its facts; what they point to is gone */
	struct dt_phone *ph;
};

void b_random(void *arg, void *p, size_t n);
extern const struct dt_body body;

struct dt_phone_conf conf_of(struct world *w);
struct world *plugged(void);
void unplug(struct world *w);
/* Runs timers until `ms` later. */
void pass(struct world *w, uint64_t ms);

/* ---- the other side of the cable --------------------------------------------------------------------------- */

extern uint16_t lldp_ttl; /* of the frames that follow: 120 */
size_t lldp_frame(uint8_t out[600], struct med_policy p);
void lldp_of(struct world *w, const uint8_t from[6], uint8_t class, uint16_t caps, struct med_policy p);
void lldp(struct world *w, struct med_policy p);
/* A DHCP message of that type was among the frames. */
bool asked_for(struct world *w, uint8_t type);
/* The last DHCP message among the frames; false: none since the last call. */
bool asked(struct world *w);

struct says {
	uint8_t type;
	uint32_t address, mask, seconds;
	struct sv option43;
	bool other_xid, other_mac;
	struct sv domain; /* p NULL: contoso.test */
	uint32_t option42, option4; /* 0: absent */
	struct sv option120;
	uint32_t server; /* 0: SERVER */
	uint32_t router; /* 0: the server; NO_ROUTER: absent */
	struct sv t1, t2; /* options 58 and 59, four octets; p NULL: absent */
};
#define NO_ROUTER 1

size_t says_frame(const struct world *w, const struct says *s, uint8_t out[1518]);
void answer_tci(struct world *w, struct says s, int tci);
void answer(struct world *w, struct says s);
static const struct says offer = {.type = DHCP_OFFER, .address = ADDRESS, .mask = 0xffffff00, .seconds = 600},
			 ack = {.type = DHCP_ACK, .address = ADDRESS, .mask = 0xffffff00, .seconds = 600};

/* Up to the address in use, on VLAN 20. */
struct world *addressed_by(struct says s);
struct world *addressed(void);

#endif
