/* net/proxy.h: the head that a reverse proxy puts before a connection (PROXY protocol, version 2, HAProxy 2.x
 * doc/proxy-protocol.txt): the address of the real client.
 */
#ifndef DIALTONE_NET_PROXY_H
#define DIALTONE_NET_PROXY_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/listen.h"

#define PROXY_MAX 1024 /* more than this before the first octet of the connection itself is refused */

enum proxy_result { PROXY_OK, PROXY_MORE, PROXY_BAD };

struct proxy {
	char address[NET_ADDRESS_MAX]; /* "": the proxy itself speaks (LOCAL, a health check): the socket's own peer counts */
	uint16_t port;
};
/* *used: octets of the head.  BAD: *why is a sentence; *ret and *used are untouched but on OK. */
enum proxy_result proxy_read(const void *p, size_t n, struct proxy *ret, size_t *used, const char **why);
/* How many octets of the head are still to come, as far as n octets tell: whoever reads no more than these leaves the connection's
 * own octets unread. */
size_t proxy_missing(const void *p, size_t n);

#endif
