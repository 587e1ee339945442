/* host/frames.c: Ethernet frames, raw (packet(7)).
 *
 * One socket for all types, with a filter in the kernel that lets pass what a phone reads before it has an address: LLDP,
 * CDP, spanning tree and 802.1X (to tell what the switch says instead), ARP, and DHCP's answers; and ICMP's errors, which name the
 * machine that refuses or has no route.  All types, because a socket for one type is not shown the frames of a VLAN.  The kernel takes the tag out and reports it beside the frame.
 */
#include "host/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire/eth.h"
#include "wire/lldp.h"

#define FRAME_MAX 2048
#define BURST 64

/* CDP; spanning tree, and that of a VLAN each; 802.1X (the PAE group): these frames tell why a port is silent */
static const uint8_t groups[][6] = {
	{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc},
	{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00},
	{0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcd},
	{0x01, 0x80, 0xc2, 0x00, 0x00, 0x03},
};

/* clang-format off */
static struct sock_filter what_a_phone_reads[] = {
	BPF_STMT(BPF_LD  | BPF_H | BPF_ABS, 12),                    /* ethertype */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_LLDP, 18, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_ARP, 17, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_PAE, 16, 0),      /* 802.1X */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 9),
	BPF_STMT(BPF_LD  | BPF_B | BPF_ABS, 23),                    /* protocol */
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),                    /* length of the IP header */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 2),              /* UDP */
	BPF_STMT(BPF_LD  | BPF_H | BPF_IND, 16),                    /* destination port */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 10, 11),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 10),              /* ICMP */
	BPF_STMT(BPF_LD  | BPF_B | BPF_IND, 14),                    /* its type */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_UNREACHABLE, 7, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_TIME_EXCEEDED, 6, 7),
	BPF_STMT(BPF_LD  | BPF_W | BPF_ABS, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x0180c200, 4, 0),      /* 01:80:c2:00 ..: spanning tree */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x01000ccc, 0, 4),      /* CDP: 01:00:0c:cc .. */
	BPF_STMT(BPF_LD  | BPF_H | BPF_ABS, 4),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xcccc, 1, 0),          /* CDP */
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0xcccd, 0, 1),          /* spanning tree, a VLAN each */
	BPF_STMT(BPF_RET | BPF_K, 0xffff),
	BPF_STMT(BPF_RET | BPF_K, 0),
};
/* clang-format on */

static void frames_arrived(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;

	(void)what;
	for (unsigned i = 0; i < BURST; i++) {
		uint8_t frame[FRAME_MAX];
		struct iovec v = {frame, sizeof frame};
		struct sockaddr_ll from = {0};
		_Alignas(struct cmsghdr) char control[256];
		struct msghdr m = {.msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &v, .msg_iovlen = 1,
				   .msg_control = control, .msg_controllen = sizeof control};
		ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
		struct tpacket_auxdata aux;
		int tci = -1;

		if (n < 0)
			return;
		if (n < ETH_HLEN || (m.msg_flags & MSG_TRUNC) || from.sll_pkttype == PACKET_OUTGOING)
			continue;
		if (frame_aux(&m, &aux)) {
			tci = tag_of(aux.tp_status, aux.tp_vlan_tci, aux.tp_vlan_tpid);
			if (aux.tp_status & TP_STATUS_CSUMNOTREADY)
				udp_checksum(frame, (size_t)n);
		}
		if (h->frame)
			h->frame(h->arg, frame, (size_t)n);
		if (h->observer && h->observer->frame)
			h->observer->frame(h->observer->arg, frame, (size_t)n, tci);
		if (h->phone)
			dt_phone_frame(h->phone, frame, (size_t)n, tci);
	}
}

int frames_send(struct host *h, const uint8_t *frame, size_t n, int tci)
{
	uint8_t tagged[FRAME_MAX];

	if (n < ETH_HLEN || n > 1518)
		return -EMSGSIZE;
	if (tci >= 0) {
		n = tag_insert(tagged, sizeof tagged, frame, n, (uint16_t)tci);
		frame = tagged;
	}
	return send(h->packet, frame, n, MSG_DONTWAIT) < 0 ? -errno : 0;
}

int frames_open(struct host *h)
{
	struct sock_fprog filter = {sizeof what_a_phone_reads / sizeof *what_a_phone_reads, what_a_phone_reads};
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = (int)h->link.index};
	struct packet_mreq group = {.mr_ifindex = (int)h->link.index, .mr_type = PACKET_MR_MULTICAST, .mr_alen = 6};
	int on = 1;

	h->packet = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); /* protocol 0: receives nothing yet */
	if (h->packet < 0)
		return -errno;
	if (setsockopt(h->packet, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
	    setsockopt(h->packet, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0 ||
	    bind(h->packet, (struct sockaddr *)&at, sizeof at) < 0)
		return -errno;
	memcpy(group.mr_address, lldp_group, 6);
	if (setsockopt(h->packet, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
		memcpy(group.mr_address, groups[i], 6);
		if (setsockopt(h->packet, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &group, sizeof group) < 0)
			return -errno;
	}
	if (event_assign(&h->packet_ev, h->base, h->packet, EV_READ | EV_PERSIST, frames_arrived, h) < 0 ||
	    event_add(&h->packet_ev, NULL) < 0)
		return -ENOMEM;
	return 0;
}

void frames_close(struct host *h)
{
	if (h->packet < 0)
		return;
	if (event_initialized(&h->packet_ev))
		event_del(&h->packet_ev);
	close(h->packet);
	h->packet = -1;
}
