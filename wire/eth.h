/* wire/eth.h: Ethernet II, IPv4, UDP and ARP, just enough for DHCP before there is an address.
 *
 * All addresses are in host byte order.  Readers borrow from the frame; writers fill the caller's buffer.
 * Sources: RFC 894, 791, 768, 826, 5227.
 */
#ifndef DIALTONE_WIRE_ETH_H
#define DIALTONE_WIRE_ETH_H

#include "base/cursor.h"

enum { ETH_IPV4 = 0x0800, ETH_ARP = 0x0806, ETH_EAPOL = 0x888e, ETH_LLDP = 0x88cc };

struct eth {
	uint8_t dst[6], src[6];
	uint16_t type;
	struct sv payload;
};
bool eth_read(struct rd *r, struct eth *ret); /* no tag inside: the body took it out */
void eth_write(struct wr *w, const uint8_t dst[6], const uint8_t src[6], uint16_t type);

struct udp {
	uint32_t src, dst;
	uint16_t sport, dport;
	struct sv payload;
};
/* From the payload of an IPv4 frame. Checks version, header and UDP checksums, lengths; refuses fragments. */
bool udp_read(struct rd *r, struct udp *ret);
/* The same, also of a packet whose UDP checksum is wrong: *damaged then, and its payload is good for a message to people only. */
bool udp_read_damaged(struct rd *r, struct udp *ret, bool *damaged);
/* IPv4 and UDP headers with checksums, TTL 64, and the payload. */
void udp_write(struct wr *w, const struct udp *u, unsigned dscp);
/* The UDP checksum of a frame that came without: a sender on the same machine leaves it to a card that does not exist.
 * Frames that are not UDP over IPv4 stay as they are. */
void udp_checksum(uint8_t *frame, size_t n);

/* An error that a machine on the way sends: of a packet of ours, whose first octets it holds (RFC 792: "the internet header plus the
 * first 64 bits of the original datagram's data"). */
enum { ICMP_UNREACHABLE = 3, ICMP_TIME_EXCEEDED = 11 };
enum { ICMP_NET, ICMP_HOST, ICMP_PROTOCOL, ICMP_PORT, ICMP_TOO_LARGE, ICMP_NET_FORBIDDEN = 9, ICMP_HOST_FORBIDDEN, ICMP_FORBIDDEN = 13 };
struct icmp_error {
	uint32_t from; /* its sender */
	uint8_t type, code;
	uint8_t protocol;  /* of the packet: 6 TCP, 17 UDP */
	uint32_t src, dst; /* of the packet */
	uint16_t sport, dport;
};
/* From the payload of an IPv4 frame.  false: another message, or damaged.  *ret is untouched then. */
bool icmp_error_read(struct rd *r, struct icmp_error *ret);

struct arp {
	uint16_t op; /* 1 request, 2 reply */
	uint8_t sha[6], tha[6];
	uint32_t spa, tpa;
};
bool arp_read(struct rd *r, struct arp *ret);
void arp_write(struct wr *w, const struct arp *a);

#endif
