/* wire/capture/packet.c
 *
 *     Ethernet II:  destination 6 | source 6 | (8100, 88a8 or 9100, tag 2) ... | type 2
 *     SLL:          packet type 2 | ARPHRD 2 | address length 2 | address 8 | type 2
 *     SLL2:         type 2 | reserved 2 | interface 4 | ARPHRD 2 | packet type 1 | address length 1 | address 8
 */
#include "wire/capture/packet.h"

#include <string.h>

#include "wire/capture/capture.h"
#include "wire/eth.h"

enum { TAG = 0x8100, TAG_OUTER = 0x88a8, TAG_OLD = 0x9100, TAGS = 4, ETHERNET_II = 0x0600 };
enum { UNREACHABLE = 3, IP_HEAD = 20 };

static bool ethernet(struct rd *r, struct packet_view *v)
{
	const uint8_t *a = rd_take(r, 12);
	unsigned type = (unsigned)rd_be(r, 2);

	if (r->err)
		return false;
	v->has_mac = v->has_dst = true;
	memcpy(v->dst_mac, a, 6);
	memcpy(v->src_mac, a + 6, 6);
	for (unsigned tags = 0; type == TAG || type == TAG_OUTER || type == TAG_OLD; tags++) {
		if (tags == TAGS)
			return false;
		v->vlan = (uint16_t)rd_be(r, 2) & 0xfff;
		type = (unsigned)rd_be(r, 2);
	}
	v->type = type >= ETHERNET_II ? (uint16_t)type : 0;
	return r->err == NULL;
}

static bool cooked(struct rd *r, struct packet_view *v, bool second)
{
	unsigned type = 0, length;
	const uint8_t *address;

	if (second) {
		type = (unsigned)rd_be(r, 2);
		rd_take(r, 9);
		length = (unsigned)rd_be(r, 1);
	} else {
		rd_take(r, 4);
		length = (unsigned)rd_be(r, 2);
	}
	address = rd_take(r, 8);
	if (!second)
		type = (unsigned)rd_be(r, 2);
	if (r->err)
		return false;
	v->has_mac = length == 6;
	memcpy(v->src_mac, address, 6);
	v->type = type >= ETHERNET_II ? (uint16_t)type : 0;
	return true;
}

static void tcp_or_udp(struct rd *r, struct packet_view *v)
{
	size_t head = 8;

	v->sport = (uint16_t)rd_be(r, 2);
	v->dport = (uint16_t)rd_be(r, 2);
	if (v->proto == IP_UDP) {
		rd_take(r, 4);
	} else {
		v->seq = (uint32_t)rd_be(r, 4);
		v->ack = (uint32_t)rd_be(r, 4);
		head = (size_t)rd_be(r, 1) >> 4 << 2;
		v->flags = (uint8_t)rd_be(r, 1);
		v->window = (uint16_t)rd_be(r, 2);
		rd_take(r, 4);
		if (head < 20)
			rd_fail(r, "a TCP header of less than 20 octets");
		else
			rd_take(r, head - 20);
	}
}

static void ipv4(struct rd *r, struct packet_view *v)
{
	const uint8_t *start = r->p;
	unsigned version_ihl = (unsigned)rd_be(r, 1), fragment;
	size_t head = (size_t)(version_ihl & 15) * 4, total, room = (size_t)(r->end - start);

	rd_take(r, 1);
	total = (size_t)rd_be(r, 2);
	rd_take(r, 2);
	fragment = (unsigned)rd_be(r, 2);
	rd_take(r, 1);
	v->proto = (uint8_t)rd_be(r, 1);
	rd_take(r, 2);
	v->src = (uint32_t)rd_be(r, 4);
	v->dst = (uint32_t)rd_be(r, 4);
	if (r->err || version_ihl >> 4 != 4 || head < IP_HEAD || (fragment & 0x1fff))
		return;
	if (total == 0) /* a sender that leaves the division into segments to its card */
		total = room;
	if (total < head)
		return;
	rd_take(r, head - IP_HEAD);
	if (total < room)
		r->end = start + total; /* behind it is padding */
	if (v->proto == IP_TCP || v->proto == IP_UDP)
		tcp_or_udp(r, v);
	v->ip = r->err == NULL;
	if (v->ip)
		v->data = rd_sv(r, rd_left(r));
}

bool packet_view_read(unsigned link, struct sv octets, struct packet_view *ret)
{
	struct rd r = rd_of(octets.p, octets.n);
	struct packet_view v = {0};
	bool good;

	switch (link) {
	case LINK_ETHERNET:
		good = ethernet(&r, &v);
		break;
	case LINK_SLL:
	case LINK_SLL2:
		good = cooked(&r, &v, link == LINK_SLL2);
		break;
	case LINK_RAW:
	case LINK_RAW_BSD:
	case LINK_IPV4:
		v.type = ETH_IPV4;
		good = true;
		break;
	default:
		good = false;
	}
	if (!good)
		return false;
	v.payload = (struct sv){(const char *)r.p, rd_left(&r)};
	if (v.type == ETH_IPV4)
		ipv4(&r, &v);
	*ret = v;
	return true;
}

bool packet_unreachable(const struct packet_view *v, struct packet_view *about)
{
	struct packet_view a = {0};
	struct rd r = rd_of(v->data.p, v->data.n);

	if (!v->ip || v->proto != IP_ICMP || rd_be(&r, 1) != UNREACHABLE)
		return false;
	rd_take(&r, 7 + 9);
	a.proto = (uint8_t)rd_be(&r, 1);
	rd_take(&r, 2);
	a.src = (uint32_t)rd_be(&r, 4);
	a.dst = (uint32_t)rd_be(&r, 4);
	if (r.err)
		return false;
	rd_take(&r, ((size_t)((uint8_t)v->data.p[8] & 15) * 4 - IP_HEAD) & 0x3c);
	a.sport = (uint16_t)rd_be(&r, 2);
	a.dport = (uint16_t)rd_be(&r, 2);
	if (r.err)
		return false;
	*about = a;
	return true;
}
