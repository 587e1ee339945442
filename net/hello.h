/* net/hello.h: a look at the ClientHello of a connection that leaves it unread.
 *
 * A peer that has sent a part of one is not looked at again before the rest is there (SO_RCVLOWAT), so that octets which come one
 * by one wake nobody; its deadline is the caller's.
 */
#ifndef DIALTONE_NET_HELLO_H
#define DIALTONE_NET_HELLO_H

#include <stddef.h>

enum hello {
	HELLO_MORE,   /* look again when the descriptor is readable */
	HELLO_MODERN, /* TLS 1.2 or later, or nothing that can be read: the usual engine answers it, or refuses it */
	HELLO_OLD     /* it offers nothing later than TLS 1.1, or has the format of SSL 2.0 */
};

/* fd: a TCP connection that is readable.  *seen: octets of the last look, 0 at first. */
enum hello hello_look(int fd, size_t *seen);

#endif
