#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 1024

static bool listen_address_read(const char *text, uint16_t port, struct sockaddr_storage *ret, socklen_t *n)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};

	*ret = (struct sockaddr_storage){0};
	if (text[0] == '\0' || inet_pton(AF_INET, text, &in.sin_addr) == 1) {
		memcpy(ret, &in, *n = sizeof in);
		return true;
	}
	if (inet_pton(AF_INET6, text, &in6.sin6_addr) == 1) {
		memcpy(ret, &in6, *n = sizeof in6);
		return true;
	}
	return false;
}

bool net_address_read(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	socklen_t n;

	return text[0] && listen_address_read(text, port, ret, &n);
}

bool net_address_is(const char *text)
{
	struct sockaddr_storage ss;

	return net_address_read(text, 0, &ss);
}

static int listen_refuse(int fd, const char *what, const char *address, uint16_t port, struct why *why)
{
	int reason = errno;

	why_set(why, "cannot %s %s port %u: %s", what, address[0] ? address : "*", port, strerror(reason));
	if (fd >= 0)
		close(fd);
	errno = reason;
	return -1;
}

int listen_tcp(const char *address, uint16_t port, struct why *why)
{
	static const int on = 1;
	struct sockaddr_storage ss;
	socklen_t n;
	int fd;

	if (!listen_address_read(address, port, &ss, &n)) {
		why_set(why, "'%s' is not an IPv4 or IPv6 address", address);
		return -1;
	}
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return listen_refuse(fd, "make a socket for", address, port, why);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
		return listen_refuse(fd, "set up a socket for", address, port, why);
	if (bind(fd, (struct sockaddr *)&ss, n) < 0)
		return listen_refuse(fd, "bind", address, port, why);
	if (listen(fd, BACKLOG) < 0)
		return listen_refuse(fd, "listen on", address, port, why);
	return fd;
}

bool listen_free(const char *address, uint16_t port, struct why *why)
{
	static const int on = 1;
	struct sockaddr_storage ss;
	socklen_t n;
	int fd, rc;

	if (!listen_address_read(address, port, &ss, &n))
		return why_not(why, "'%s' is not an IPv4 or IPv6 address", address);
	fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return listen_refuse(fd, "make a socket for", address, port, why) == 0;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	rc = bind(fd, (struct sockaddr *)&ss, n);
	if (rc < 0)
		return listen_refuse(fd, "bind", address, port, why) == 0;
	close(fd);
	return true;
}

int listen_udp_broadcast(uint16_t port, const char *interface, struct why *why)
{
	static const int on = 1;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return listen_refuse(fd, "make a UDP socket for", interface, port, why);
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) < 0 ||
	    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) < 0 ||
	    (interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) < 0) ||
	    bind(fd, (struct sockaddr *)&in, sizeof in) < 0)
		return listen_refuse(fd, "bind UDP", interface, port, why);
	return fd;
}

bool net_address_text(const struct sockaddr_storage *ss, char text[NET_ADDRESS_MAX], uint16_t *port)
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (ss->ss_family == AF_INET) {
		memcpy(&in, ss, sizeof in);
		*port = ntohs(in.sin_port);
		return inet_ntop(AF_INET, &in.sin_addr, text, NET_ADDRESS_MAX) != NULL;
	}
	if (ss->ss_family != AF_INET6)
		return false;
	memcpy(&in6, ss, sizeof in6);
	*port = ntohs(in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
		return inet_ntop(AF_INET, &in6.sin6_addr.s6_addr[12], text, NET_ADDRESS_MAX) != NULL;
	return inet_ntop(AF_INET6, &in6.sin6_addr, text, NET_ADDRESS_MAX) != NULL;
}

bool net_is_at(int fd, const char *address)
{
	struct sockaddr_storage ss = {0}, want;
	char here[NET_ADDRESS_MAX], there[NET_ADDRESS_MAX];
	socklen_t n = sizeof ss, m;
	uint16_t port;

	return address[0] && listen_address_read(address, 0, &want, &m) && net_address_text(&want, there, &port) &&
	       getsockname(fd, (struct sockaddr *)&ss, &n) == 0 && net_address_text(&ss, here, &port) && strcmp(here, there) == 0;
}

void net_reset(int fd)
{
	const struct linger now = {.l_onoff = 1};

	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}
