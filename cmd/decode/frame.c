/* cmd/decode/frame.c
 *
 *     Ethernet II:  destination 6 | source 6 | (8100 or 88a8, tag 2) ... | type 2
 *     802.3:        destination 6 | source 6 | length 2 | aa aa 03 | OUI 3 | type 2
 */
#include "cmd/decode/frame.h"

#include <string.h>

#include "cmd/decode/parts.h"
#include "wire/eth.h"

enum { TAG = 0x8100, TAG_OUTER = 0x88a8, TAG_OLD = 0x9100, ETHERNET_II = 0x0600, SNAP = 0xaaaa03 };
enum { IP_HEAD = 20, UDP_HEAD = 8, PROTO_UDP = 17, FRAGMENT = 0x3fff, DHCP_SERVER = 67, DHCP_CLIENT = 68 };

bool frame_ethernet(struct rd *r, struct frame *f)
{
	const uint8_t *a = rd_take(r, 12);
	unsigned type = (unsigned)rd_be(r, 2);

	*f = (struct frame){.ethernet = true};
	while (r->err == NULL && (type == TAG || type == TAG_OUTER || type == TAG_OLD)) {
		if (f->tags == FRAME_TAGS) {
			rd_fail(r, "it has more VLAN tags than anybody needs");
			break;
		}
		f->tag[f->tags++] = (uint16_t)rd_be(r, 2);
		type = (unsigned)rd_be(r, 2);
	}
	if (r->err == NULL && type < ETHERNET_II) {
		if (type > rd_left(r))
			rd_fail(r, "it is an 802.3 frame that is shorter than it says");
		else
			r->end = r->p + type; /* behind it is padding */
		if (rd_be(r, 3) != SNAP && r->err == NULL)
			rd_fail(r, "it is an 802.3 frame without SNAP (spanning tree, perhaps)");
		if (rd_be(r, 3) != 0 && r->err == NULL)
			rd_fail(r, "it is CDP or its like (802.3 with a SNAP header of its maker), which these phones do not read");
		type = (unsigned)rd_be(r, 2);
		f->snap = true;
		f->warn = "its type stands behind an 802.3 SNAP header";
	}
	if (r->err)
		return false;
	if (f->tags)
		f->warn = "it has a VLAN tag";
	memcpy(f->dst, a, 6);
	memcpy(f->src, a + 6, 6);
	f->type = (uint16_t)type;
	return true;
}

bool frame_udp(struct rd *r, struct frame *f)
{
	struct rd whole = *r, strict = *r;
	unsigned version_ihl = (unsigned)rd_be(r, 1), fragment, proto;
	size_t head = (size_t)(version_ihl & 15) * 4, total, length;
	struct udp u;

	rd_take(r, 1);
	total = (size_t)rd_be(r, 2);
	rd_take(r, 2);
	fragment = (unsigned)rd_be(r, 2);
	rd_take(r, 1);
	proto = (unsigned)rd_be(r, 1);
	rd_take(r, 2);
	f->from = (uint32_t)rd_be(r, 4);
	f->to = (uint32_t)rd_be(r, 4);
	if (r->err == NULL && (version_ihl >> 4 != 4 || head < IP_HEAD || total < head + UDP_HEAD || total > rd_left(&whole)))
		rd_fail(r, "it is no whole IPv4 packet");
	else if (r->err == NULL && (fragment & FRAGMENT))
		rd_fail(r, "it is a fragment of an IP packet");
	else if (r->err == NULL && proto != PROTO_UDP)
		rd_fail(r, "it is not UDP");
	if (r->err)
		return false;
	rd_take(r, head - IP_HEAD);
	r->end = whole.p + total;
	f->sport = (uint16_t)rd_be(r, 2);
	f->dport = (uint16_t)rd_be(r, 2);
	length = (size_t)rd_be(r, 2);
	rd_take(r, 2);
	if (r->err == NULL && (length < UDP_HEAD || length - UDP_HEAD > rd_left(r)))
		rd_fail(r, "the UDP length is not that of the packet");
	if (r->err)
		return false;
	r->end = r->p + length - UDP_HEAD;
	f->ip = true;
	if (!udp_read(&strict, &u)) /* what the phone would say of it */
		f->warn = strict.err;
	return true;
}

json_t *frame_json(const struct frame *f)
{
	json_t *o = json_object(), *tags = json_array();

	if (f->ethernet) {
		json_object_set_new(o, "destination", json_mac(f->dst));
		json_object_set_new(o, "source", json_mac(f->src));
	}
	for (unsigned i = 0; i < f->tags; i++)
		json_array_append_new(tags, json_pack("{s:i,s:i}", "vlan", f->tag[i] & 0xfff, "priority", f->tag[i] >> 13));
	if (f->tags)
		json_object_set(o, "tags", tags);
	json_decref(tags);
	if (f->ip) {
		json_object_set_new(o, "from", json_pack("{s:o,s:i}", "address", json_ip(f->from), "port", f->sport));
		json_object_set_new(o, "to", json_pack("{s:o,s:i}", "address", json_ip(f->to), "port", f->dport));
	}
	if (f->warn)
		json_object_set_new(o, "warn", json_string(f->warn));
	return o;
}

bool frame_has_lldp(const void *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct frame f;

	return frame_ethernet(&r, &f) && f.type == ETH_LLDP;
}

bool frame_has_dhcp(const void *p, size_t n)
{
	struct rd r = rd_of(p, n), ip = r;
	struct frame f = {0};

	if (frame_ethernet(&r, &f) && f.type == ETH_IPV4)
		ip = r;
	else
		f = (struct frame){0};
	return frame_udp(&ip, &f) && (f.dport == DHCP_SERVER || f.dport == DHCP_CLIENT);
}
