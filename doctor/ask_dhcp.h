/* doctor/ask_dhcp.h: one DHCP question as a phone would put it, but for the spelling of its class; and what the answer holds.
 *
 * Servers compare the vendor class letter for letter: a scope whose class is spelled otherwise answers everybody but the phones.
 */
#ifndef DIALTONE_DOCTOR_ASK_DHCP_H
#define DIALTONE_DOCTOR_ASK_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ask_dhcp {
	const char *class;
	uint8_t mac[6];
	uint32_t xid;
	bool foreign;	  /* a REQUEST for an address of no network here; its answer is a NAK */
	uint32_t address; /* not 0: an INFORM from there; 0: a DISCOVER */
};

size_t ask_dhcp_write(const struct ask_dhcp *q, uint8_t *out, size_t cap); /* an Ethernet frame; 0: it does not fit */

struct ask_dhcp_answer {
	bool option43, option120; /* they are in it, readable or not */
	uint16_t vlan;		  /* that option 43 names, or 0 */
	uint32_t server, address, mask, router, dns; /* of the lease; 0: not said */
	char domain[128];
	char text[900];		  /* what a phone would make of the two, for people */
};
/* Whether the frame answers that question; else *ret is untouched. */
bool ask_dhcp_read(const struct ask_dhcp *q, const uint8_t *frame, size_t n, struct ask_dhcp_answer *ret);

#endif
