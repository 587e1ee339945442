/* wire/capture/packet.h: one packet of a capture, down to its TCP or UDP payload.
 *
 * For who looks on: patient where the phone's own readers (wire/eth.h) are strict.  A frame that was captured where it was sent has
 * no checksums yet, a mirror port leaves the VLAN tags in, and a capture on "any" has no Ethernet header.  Everything is a view
 * into the packet; addresses are in host byte order.
 *
 * Sources: RFC 894, 791, 768, 9293, 792; IEEE 802.1Q; LINKTYPE_LINUX_SLL and SLL2 of the tcpdump group.
 */
#ifndef DIALTONE_WIRE_PACKET_H
#define DIALTONE_WIRE_PACKET_H

#include "base/cursor.h"

enum { IP_ICMP = 1, IP_TCP = 6, IP_UDP = 17 };
enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

struct packet_view {
	bool has_mac, has_dst; /* SLL says the sender's MAC address only */
	uint8_t src_mac[6], dst_mac[6];
	uint16_t vlan;	   /* of the innermost tag; 0: none, or priority only */
	uint16_t type;	   /* Ethernet type; 0: an 802.3 frame, or none */
	struct sv payload; /* behind the Ethernet header */
	bool ip;	   /* IPv4, first or only fragment: the rest counts */
	uint32_t src, dst;
	uint8_t proto;
	uint16_t sport, dport; /* TCP, UDP */
	uint8_t flags;	       /* TCP */
	uint32_t seq, ack;
	uint16_t window;
	struct sv data; /* of UDP and TCP the payload; else what follows the IP header */
};

/* link: as struct packet says it.  false: nothing can be read of it, or the link type is none of ours. */
bool packet_view_read(unsigned link, struct sv octets, struct packet_view *ret);

/* ICMP "destination unreachable" (RFC 792): the addresses and ports of the packet that it is about.  false: it is no such. */
bool packet_unreachable(const struct packet_view *v, struct packet_view *about);

#endif
