#include "host/tagger.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef TP_STATUS_VLAN_TPID_VALID
#define TP_STATUS_VLAN_TPID_VALID (1 << 6)
#endif

#define FRAME_MAX (65536 + 64) /* joined segments are longer than any frame on a cable */
#define BURST 64

struct tagger {
	int tap, wire;
	struct event tap_ev, wire_ev;
	bool tap_on, wire_on;
	uint16_t tci;
	unsigned vlan;
	struct rtnl_link link;
	uint8_t frame[FRAME_MAX], tagged[FRAME_MAX + 4];
};

size_t tag_insert(uint8_t *out, size_t cap, const uint8_t *frame, size_t n, uint16_t tci)
{
	if (n < ETH_HLEN || cap < n + 4)
		return 0;
	memmove(out + 16, frame + 12, n - 12);
	memmove(out, frame, 12);
	out[12] = 0x81;
	out[13] = 0x00;
	out[14] = (uint8_t)(tci >> 8);
	out[15] = (uint8_t)tci;
	return n + 4;
}

bool frame_aux(struct msghdr *m, struct tpacket_auxdata *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA || c->cmsg_len < CMSG_LEN(sizeof *ret))
			continue;
		memcpy(ret, CMSG_DATA(c), sizeof *ret);
		return true;
	}
	return false;
}

/* A priority tag (VLAN 0) has a tci of zero when its priority is zero: the status bit tells it from none at all. */
int tag_of(uint32_t status, uint16_t tci, uint16_t tpid)
{
	if (!(status & TP_STATUS_VLAN_VALID))
		return -1;
	if ((status & TP_STATUS_VLAN_TPID_VALID) && tpid != ETH_P_8021Q)
		return -1; /* a provider's outer tag is not ours */
	return tci;
}

static void from_tap(evutil_socket_t fd, short what, void *arg)
{
	struct tagger *t = arg;

	(void)what;
	for (unsigned i = 0; i < BURST; i++) {
		struct virtio_net_hdr head = {0};
		struct iovec in[2] = {{&head, sizeof head}, {t->frame, sizeof t->frame}};
		struct iovec out[2] = {{&head, sizeof head}, {t->tagged, 0}};
		ssize_t n = readv(fd, in, 2);

		if (n <= (ssize_t)sizeof head)
			return;
		out[1].iov_len = tag_insert(t->tagged, sizeof t->tagged, t->frame, (size_t)n - sizeof head, t->tci);
		if (out[1].iov_len == 0)
			continue;
		if (head.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
			head.csum_start = (uint16_t)(head.csum_start + 4);
		if (writev(t->wire, out, 2) < 0 && errno == ENETDOWN)
			return; /* a frame lost here is a frame lost on the cable */
	}
}

static bool tagger_is_ours(struct msghdr *m, unsigned vlan)
{
	const struct sockaddr_ll *from = m->msg_name;
	struct tpacket_auxdata aux;
	int tci;

	if (from->sll_pkttype == PACKET_OUTGOING || !frame_aux(m, &aux))
		return false;
	tci = tag_of(aux.tp_status, aux.tp_vlan_tci, aux.tp_vlan_tpid);
	return tci >= 0 && (unsigned)(tci & 0xfff) == vlan;
}

static void from_wire(evutil_socket_t fd, short what, void *arg)
{
	struct tagger *t = arg;

	(void)what;
	for (unsigned i = 0; i < BURST; i++) {
		struct virtio_net_hdr head = {0};
		struct iovec v[2] = {{&head, sizeof head}, {t->frame, sizeof t->frame}};
		struct sockaddr_ll from = {0};
		_Alignas(struct cmsghdr) char control[256];
		struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = v, .msg_iovlen = 2,
				   .msg_control = control, .msg_controllen = sizeof control};
		ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);

		if (n < 0)
			return;
		if (n <= (ssize_t)sizeof head || (m.msg_flags & MSG_TRUNC) || !tagger_is_ours(&m, t->vlan))
			continue;
		v[1].iov_len = (size_t)n - sizeof head;
		if (writev(t->tap, v, 2) < 0)
			continue; /* the tap is full or down: the frame is lost, as frames are */
	}
}

static int open_wire(unsigned index)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)index};
	struct packet_mreq all = {.mr_ifindex = (int)index, .mr_type = PACKET_MR_PROMISC};
	int on = 1, fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) < 0 ||
	    bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	return fd;
}

static int make_tap(int fd, char name[IFNAMSIZ])
{
	struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

	if (fd < 0)
		return fd;
	memcpy(r.ifr_name, "dt%d", 5); /* the kernel puts the number in */
	if (ioctl(fd, TUNSETIFF, &r) < 0 || ioctl(fd, TUNSETOFFLOAD, 0) < 0) {
		int e = -errno;

		close(fd);
		return e;
	}
	memcpy(name, r.ifr_name, IFNAMSIZ);
	name[IFNAMSIZ - 1] = '\0';
	return fd;
}

static bool listen_to(struct event_base *base, struct event *ev, int fd, event_callback_fn fn, struct tagger *t)
{
	return event_assign(ev, base, fd, EV_READ | EV_PERSIST, fn, t) == 0 && event_add(ev, NULL) == 0;
}

int tagger_open(struct event_base *base, struct rtnl *rtnl, int tun, const struct rtnl_link *on, const uint8_t mac[6], unsigned vlan,
		unsigned priority, struct tagger **ret)
{
	struct tagger *t = calloc(1, sizeof *t);
	char name[IFNAMSIZ];
	int e;

	if (t == NULL) {
		if (tun >= 0)
			close(tun);
		return -ENOMEM;
	}
	t->vlan = vlan;
	t->tci = (uint16_t)(priority << 13 | (vlan & 0xfff));
	t->wire = -1;
	t->tap = e = make_tap(tun, name);
	if (e >= 0) {
		rtnl_no_ipv6(name); /* no router solicitations on the voice VLAN */
		t->wire = e = open_wire(on->index);
	}
	if (e >= 0)
		e = rtnl_link(rtnl, name, &t->link);
	if (e >= 0)
		e = rtnl_link_mac(rtnl, t->link.index, mac);
	if (e >= 0)
		e = rtnl_link_up(rtnl, t->link.index, true);
	if (e >= 0) {
		t->tap_on = listen_to(base, &t->tap_ev, t->tap, from_tap, t);
		t->wire_on = listen_to(base, &t->wire_ev, t->wire, from_wire, t);
		e = t->tap_on && t->wire_on ? 0 : -ENOMEM;
	}
	if (e < 0) {
		tagger_close(t);
		return e;
	}
	*ret = t;
	return 0;
}

void tagger_close(struct tagger *t)
{
	if (t == NULL)
		return;
	if (t->tap_on)
		event_del(&t->tap_ev);
	if (t->wire_on)
		event_del(&t->wire_ev);
	if (t->tap >= 0)
		close(t->tap);
	if (t->wire >= 0)
		close(t->wire);
	free(t);
}

const struct rtnl_link *tagger_link(const struct tagger *t)
{
	return &t->link;
}
