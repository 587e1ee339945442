/* server/daemon/dhcp_responder.h: the Registrar's own DHCP responder: for branches without a DHCP server that knows options 43
 * and 120.  Can run beside real DHCP servers; takes no part in the assignment of addresses.
 */
#ifndef DIALTONE_SERVER_DHCP_RESPONDER_H
#define DIALTONE_SERVER_DHCP_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/site/site.h"

/* The answer to one UDP payload: its length, and *to (host byte order) where it goes, port 68; 0: it is none of ours and
 * is ignored.  server: our own address, for option 54.  from: the sender's address: what no relay has sent is answered to no other. */
size_t dhcp_responder_answer(const struct site *s, const void *p, size_t n, uint32_t from, uint32_t server, void *out, size_t cap,
			     uint32_t *to);

/* The process: answers on a bound socket (listen_udp_broadcast()) until SIGTERM. seen_fd: whom it answered goes there, to the
 * location process (server/location/ipc.h); -1: nowhere.  ready_fd: one octet when it listens; -1:
 * none.  The exit status. */
int dhcp_responder_main(const struct site *s, int fd, int seen_fd, int ready_fd);

#endif
