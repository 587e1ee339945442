/* phone/client/dhcp_send.h: one DHCP message of the phone, as it stands on the wire. */
#ifndef DIALTONE_PHONE_DHCP_SEND_H
#define DIALTONE_PHONE_DHCP_SEND_H

#include "dialtone/phone.h"
#include "wire/dhcp.h"

enum dhcp_ask { DHCP_ASK_NOTHING, DHCP_ASK_VLAN, DHCP_ASK_ADDRESS, DHCP_ASK_UC }; /* option 55 */

struct dhcp_fields {
	uint8_t type;
	uint16_t secs;
	uint32_t xid;
	const char *class;
	uint32_t ciaddr, requested, server; /* 0: not said */
	uint32_t from, to;		     /* IP addresses */
	const uint8_t *mac;		     /* Ethernet destination */
	enum dhcp_ask ask;
};

/* room: for the message while it is made; its values are of no use afterwards. */
void dhcp_send(struct dt_phone *ph, const struct dhcp_fields *s, struct dhcp *room);

#endif
