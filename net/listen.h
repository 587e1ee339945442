/* net/listen.h: listening sockets, and addresses as text. */
#ifndef DIALTONE_NET_LISTEN_H
#define DIALTONE_NET_LISTEN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/why.h"

#define NET_ADDRESS_MAX 64

/* A non-blocking, close-on-exec TCP listener; address "": all of IPv4.  With SO_REUSEPORT, so that every worker has a
 * socket of its own on the same port and the kernel spreads the connections; TCP_NODELAY is inherited by what it accepts.
 * -1: *why says it. */
int listen_tcp(const char *address, uint16_t port, struct why *why);

/* Does another socket listen there now?  SO_REUSEPORT would hide it: two servers would share the port.  true: none; else *why,
 * and errno. */
bool listen_free(const char *address, uint16_t port, struct why *why);

/* A UDP socket for broadcasts on one interface ("": all), shared with another server on this machine (SO_REUSEADDR). */
int listen_udp_broadcast(uint16_t port, const char *interface, struct why *why);

/* "10.66.0.7"; an IPv4 address in IPv6 clothes is shown as IPv4. */
bool net_address_text(const struct sockaddr_storage *ss, char text[NET_ADDRESS_MAX], uint16_t *port);
bool net_address_read(const char *text, uint16_t port, struct sockaddr_storage *ret); /* the reverse; false: it is none */
bool net_address_is(const char *text); /* an IPv4 or IPv6 address */

bool net_is_at(int fd, const char *address); /* our end of this connection has that address; "": false */
void net_reset(int fd); /* closes it with a reset */

#endif
