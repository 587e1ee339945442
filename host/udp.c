/* host/udp.c: the phone's UDP questions (time), and the port that DHCP's answers come to. */
#include "host/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void arrived(evutil_socket_t fd, short what, void *arg)
{
	struct host *h = arg;
	uint8_t p[2048];

	(void)what;
	while (h->udp == fd) {
		struct sockaddr_in from = {0};
		socklen_t len = sizeof from;
		ssize_t n = recvfrom(fd, p, sizeof p, MSG_DONTWAIT, (struct sockaddr *)&from, &len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
			return;
		if (n < 0)
			continue; /* an ICMP answer to an earlier question: the phone's timer knows */
		if (h->phone && from.sin_family == AF_INET)
			dt_phone_udp(h->phone, ntohl(from.sin_addr.s_addr), ntohs(from.sin_port), p, (size_t)n);
	}
}

static int udp_open(struct host *h)
{
	int e;

	h->udp = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->udp < 0)
		return -errno;
	e = netns_socket(h, h->udp);
	if (e == 0 && (event_assign(&h->udp_ev, h->base, h->udp, EV_READ | EV_PERSIST, arrived, h) < 0 ||
		       event_add(&h->udp_ev, NULL) < 0))
		e = -ENOMEM;
	h->udp_on = e == 0;
	if (e < 0)
		udp_close(h);
	return e;
}

void udp_close(struct host *h)
{
	if (h->udp_on)
		event_del(&h->udp_ev);
	h->udp_on = false;
	if (h->udp >= 0)
		close(h->udp);
	h->udp = -1;
}

int udp_send(struct host *h, uint32_t address, uint16_t port, const void *p, size_t n)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(address)};
	int e = 0;

	if (h->udp < 0)
		e = udp_open(h);
	if (e == 0 && sendto(h->udp, p, n, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) < 0)
		e = -errno;
	return e;
}

/* DHCP's answers are read as frames. Were no socket bound to port 68, the kernel would tell the server that the port is
 * closed (ICMP). Whatever comes to this socket is dropped by its filter. */
int udp_hold_68(struct host *h)
{
	struct sock_filter none[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
	struct sock_fprog filter = {1, none};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(68)};
	int on = 1;

	h->port68 = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (h->port68 < 0)
		return -errno;
	setsockopt(h->port68, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (setsockopt(h->port68, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0 ||
	    bind(h->port68, (struct sockaddr *)&at, sizeof at) < 0)
		return -errno;
	return 0;
}
