/* wire/eth.c
 *
 * RFC 894, the frame:          destination 6 | source 6 | type 2 | payload
 * RFC 791, IPv4:               ver ihl | tos | length 2 | id 2 | flags+offset 2 | ttl | proto | sum 2 | src 4 | dst 4
 * RFC 792, an ICMP error:      type | code | sum 2 | unused 4 | IP header and 8 octets of the packet it is about
 * RFC 768, UDP:                sport 2 | dport 2 | length 2 | sum 2 | payload
 * RFC 826, ARP for those two:  1 | 0x0800 | 6 | 4 | op 2 | sha 6 | spa 4 | tha 6 | tpa 4
 */
#include "wire/eth.h"

#include <string.h>

enum { ETH_HEAD = 14, PROTO_ICMP = 1, PROTO_UDP = 17, IP_HEAD = 20, UDP_HEAD = 8, DONT_FRAGMENT = 0x4000, FRAGMENT = 0x3fff, TTL = 128 /* as Windows CE */ };

bool eth_read(struct rd *r, struct eth *ret)
{
	struct eth e = {.type = 0};
	const uint8_t *a = rd_take(r, 12);

	e.type = (uint16_t)rd_be(r, 2);
	/* RFC 894: a type of 0x0600 or more; below, it is the length of an IEEE 802.3 frame. */
	if (r->err == NULL && e.type < 0x0600)
		rd_fail(r, "it is an 802.3 frame with a length, not Ethernet II");
	if (r->err)
		return false;
	memcpy(e.dst, a, 6);
	memcpy(e.src, a + 6, 6);
	e.payload = rd_sv(r, rd_left(r));
	*ret = e;
	return true;
}

void eth_write(struct wr *w, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
	wr_put(w, dst, 6);
	wr_put(w, src, 6);
	wr_be(w, 2, type);
}

/* RFC 1071: the ones' complement sum, folded; a sum over data that holds its own checksum is 0xffff. */
static uint32_t sum_add(uint32_t sum, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(b[i] << 8 | b[i + 1]);
	if (n & 1)
		sum += (uint32_t)b[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* RFC 768: "a pseudo header of information from the IP header" */
static uint32_t sum_pseudo(uint32_t src, uint32_t dst, size_t length)
{
	uint32_t sum = (src >> 16) + (src & 0xffff) + (dst >> 16) + (dst & 0xffff) + PROTO_UDP + (uint32_t)length;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* Reads the IPv4 header; what it says to carry, without the padding of short frames, becomes *body. */
static bool ip_read(struct rd *r, uint8_t wanted, struct udp *u, struct rd *body)
{
	const uint8_t *head = r->p;
	uint8_t version_ihl = (uint8_t)rd_be(r, 1);
	size_t ihl = (size_t)(version_ihl & 15) * 4, total;
	uint16_t fragment;
	uint8_t proto;

	rd_be(r, 1); /* type of service */
	total = (size_t)rd_be(r, 2);
	rd_be(r, 2); /* identification */
	fragment = (uint16_t)rd_be(r, 2);
	rd_be(r, 1); /* time to live */
	proto = (uint8_t)rd_be(r, 1);
	rd_be(r, 2); /* checksum */
	u->src = (uint32_t)rd_be(r, 4);
	u->dst = (uint32_t)rd_be(r, 4);
	if (r->err)
		return false;
	if (version_ihl >> 4 != 4 || ihl < IP_HEAD)
		rd_fail(r, "it is not IPv4");
	else if (total < ihl || total - IP_HEAD > rd_left(r))
		rd_fail(r, "the IP length is not that of the frame");
	rd_take(r, ihl - (ihl < IP_HEAD ? ihl : IP_HEAD)); /* IP options */
	if (r->err)
		return false;
	if (sum_add(0, head, ihl) != 0xffff)
		rd_fail(r, "the IP header's checksum is wrong");
	else if (fragment & FRAGMENT)
		rd_fail(r, "it is a fragment");
	else if (proto != wanted)
		rd_fail(r, wanted == PROTO_UDP ? "it is not UDP" : "it is not ICMP");
	*body = rd_sub(r, total - ihl);
	return r->err == NULL;
}

bool udp_read_damaged(struct rd *r, struct udp *ret, bool *damaged)
{
	struct udp u = {.src = 0};
	struct rd body;
	const uint8_t *head;
	size_t length;
	uint16_t sum;

	if (!ip_read(r, PROTO_UDP, &u, &body))
		return false;
	head = body.p;
	u.sport = (uint16_t)rd_be(&body, 2);
	u.dport = (uint16_t)rd_be(&body, 2);
	length = (size_t)rd_be(&body, 2);
	sum = (uint16_t)rd_be(&body, 2);
	if (body.err == NULL && (length < UDP_HEAD || length - UDP_HEAD > rd_left(&body)))
		rd_fail(&body, "the UDP length is not that of the packet");
	if (body.err) {
		rd_fail(r, body.err);
		return false;
	}
	/* "An all zero transmitted checksum value means that the transmitter generated no checksum" */
	*damaged = sum != 0 && sum_add(sum_pseudo(u.src, u.dst, length), head, length) != 0xffff;
	u.payload = rd_sv(&body, length - UDP_HEAD);
	*ret = u;
	return true;
}

bool udp_read(struct rd *r, struct udp *ret)
{
	struct udp u;
	bool damaged;

	if (!udp_read_damaged(r, &u, &damaged))
		return false;
	if (damaged) {
		rd_fail(r, "the UDP checksum is wrong");
		return false;
	}
	*ret = u;
	return true;
}

/* Of the packet that the error is about only the beginning is there, and its length is that of the whole. */
static void icmp_packet_read(struct rd *r, struct icmp_error *e)
{
	uint8_t version_ihl = (uint8_t)rd_be(r, 1);
	size_t ihl = (size_t)(version_ihl & 15) * 4;

	rd_take(r, 8);
	e->protocol = (uint8_t)rd_be(r, 1);
	rd_be(r, 2); /* checksum */
	e->src = (uint32_t)rd_be(r, 4);
	e->dst = (uint32_t)rd_be(r, 4);
	if (version_ihl >> 4 != 4 || ihl < IP_HEAD)
		rd_fail(r, "the packet in it is not IPv4");
	rd_take(r, ihl - (ihl < IP_HEAD ? ihl : IP_HEAD));
	e->sport = (uint16_t)rd_be(r, 2);
	e->dport = (uint16_t)rd_be(r, 2);
}

bool icmp_error_read(struct rd *r, struct icmp_error *ret)
{
	struct icmp_error e = {0};
	struct udp ip;
	struct rd body, whole;

	if (!ip_read(r, PROTO_ICMP, &ip, &body))
		return false;
	whole = body;
	e.from = ip.src;
	e.type = (uint8_t)rd_be(&body, 1);
	e.code = (uint8_t)rd_be(&body, 1);
	rd_take(&body, 6);
	if (e.type != ICMP_UNREACHABLE && e.type != ICMP_TIME_EXCEEDED)
		rd_fail(&body, "it is no error");
	icmp_packet_read(&body, &e);
	if (body.err == NULL && sum_add(0, whole.p, rd_left(&whole)) != 0xffff)
		rd_fail(&body, "the ICMP checksum is wrong");
	if (body.err) {
		rd_fail(r, body.err);
		return false;
	}
	*ret = e;
	return true;
}

void udp_write(struct wr *w, const struct udp *u, unsigned dscp)
{
	uint8_t ip[IP_HEAD], head[UDP_HEAD];
	size_t length = UDP_HEAD + u->payload.n;
	struct wr i = wr_of(ip, sizeof ip), h = wr_of(head, sizeof head);
	uint32_t sum;

	if (length + IP_HEAD > 0xffff) {
		wr_fail(w, "the payload is longer than an IP packet");
		return;
	}
	wr_be(&i, 1, 0x45);
	wr_be(&i, 1, (dscp & 0x3f) << 2);
	wr_be(&i, 2, length + IP_HEAD);
	wr_be(&i, 2, 0); /* RFC 6864: an atomic datagram's identification means nothing */
	wr_be(&i, 2, DONT_FRAGMENT);
	wr_be(&i, 1, TTL);
	wr_be(&i, 1, PROTO_UDP);
	wr_be(&i, 2, 0);
	wr_be(&i, 4, u->src);
	wr_be(&i, 4, u->dst);
	sum = ~sum_add(0, ip, sizeof ip) & 0xffff;
	ip[10] = (uint8_t)(sum >> 8);
	ip[11] = (uint8_t)sum;

	wr_be(&h, 2, u->sport);
	wr_be(&h, 2, u->dport);
	wr_be(&h, 2, length);
	wr_be(&h, 2, 0);
	sum = sum_add(sum_pseudo(u->src, u->dst, length), head, sizeof head);
	sum = ~sum_add(sum, u->payload.p, u->payload.n) & 0xffff;
	if (sum == 0)
		sum = 0xffff; /* "If the computed checksum is zero, it is transmitted as all ones" */
	head[6] = (uint8_t)(sum >> 8);
	head[7] = (uint8_t)sum;

	wr_put(w, ip, sizeof ip);
	wr_put(w, head, sizeof head);
	wr_put(w, u->payload.p, u->payload.n);
}

void udp_checksum(uint8_t *frame, size_t n)
{
	uint8_t *ip = frame + ETH_HEAD, *head;
	size_t ihl, length;
	uint32_t src, dst, sum;
	struct rd r;

	if (n < ETH_HEAD + IP_HEAD || frame[12] != 0x08 || frame[13] != 0x00 || ip[9] != PROTO_UDP)
		return;
	r = rd_of(ip + 12, 8);
	src = (uint32_t)rd_be(&r, 4);
	dst = (uint32_t)rd_be(&r, 4);
	ihl = (size_t)(ip[0] & 15) * 4;
	head = ip + ihl;
	if (ihl < IP_HEAD || n < ETH_HEAD + ihl + UDP_HEAD)
		return;
	length = (size_t)head[4] << 8 | head[5];
	if (length < UDP_HEAD || length > n - ETH_HEAD - ihl)
		return;
	head[6] = head[7] = 0;
	sum = ~sum_add(sum_pseudo(src, dst, length), head, length) & 0xffff;
	if (sum == 0)
		sum = 0xffff;
	head[6] = (uint8_t)(sum >> 8);
	head[7] = (uint8_t)sum;
}

bool arp_read(struct rd *r, struct arp *ret)
{
	struct arp a = {.op = 0};
	uint64_t space = rd_be(r, 6); /* hardware 2, protocol 2, their lengths 1 and 1 */
	const uint8_t *sha, *tha;

	if (r->err == NULL && space != 0x000108000604)
		rd_fail(r, "it is not ARP for IPv4 over Ethernet");
	a.op = (uint16_t)rd_be(r, 2);
	sha = rd_take(r, 6);
	a.spa = (uint32_t)rd_be(r, 4);
	tha = rd_take(r, 6);
	a.tpa = (uint32_t)rd_be(r, 4);
	if (r->err)
		return false;
	memcpy(a.sha, sha, 6);
	memcpy(a.tha, tha, 6);
	*ret = a;
	return true;
}

void arp_write(struct wr *w, const struct arp *a)
{
	wr_be(w, 6, 0x000108000604);
	wr_be(w, 2, a->op);
	wr_put(w, a->sha, 6);
	wr_be(w, 4, a->spa);
	wr_put(w, a->tha, 6);
	wr_be(w, 4, a->tpa);
}
