/* host/socket.c: what every socket of the phone has: its interface and its DSCP. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/internal.h"

int netns_socket(struct host *h, int fd)
{
	int tos = (int)h->dscp << 2;

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, h->ip.name, (socklen_t)strlen(h->ip.name) + 1) < 0)
		return -errno;
	if (tos && setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof tos) < 0)
		return -errno;
	return 0;
}
