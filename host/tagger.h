/* host/tagger.h: a VLAN interface where the kernel has no 802.1Q driver: a tap, and octets put in and taken out.
 *
 *     tap  --> first 12 octets, 81 00, tci, the rest -->  interface
 *     tap <--  the frame, when the kernel says that it carried our VLAN's tag  <--  interface
 *
 * The kernel takes an arriving tag out of the frame and reports it beside it (PACKET_AUXDATA): 0x8100 is never seen in the
 * octets.  Both ends speak with a virtio_net_hdr in front, so that a checksum which the sender left to its card, and
 * segments which the card had joined, pass as what they are.
 */
#ifndef DIALTONE_HOST_TAGGER_H
#define DIALTONE_HOST_TAGGER_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/rtnl.h"

struct event_base;
struct tagger;

/* out needs n + 4 octets. 0: not a frame (under 14 octets, or no room). */
size_t tag_insert(uint8_t *out, size_t cap, const uint8_t *frame, size_t n, uint16_t tci);
struct msghdr;
struct tpacket_auxdata;
/* The kernel's note beside a frame that recvmsg() gave (PACKET_AUXDATA). false: there is none. */
bool frame_aux(struct msghdr *m, struct tpacket_auxdata *ret);
/* The tci of an arrived frame from its auxiliary data (tpacket_auxdata.tp_status, tp_vlan_tci, tp_vlan_tpid); -1: untagged. */
int tag_of(uint32_t status, uint16_t tci, uint16_t tpid);

/* A tap with this MAC on the interface, set up; tun: an open /dev/net/tun, which becomes the tagger's. 0 or -errno. */
int tagger_open(struct event_base *base, struct rtnl *rtnl, int tun, const struct rtnl_link *on, const uint8_t mac[6], unsigned vlan,
		unsigned priority, struct tagger **ret);
void tagger_close(struct tagger *t);
const struct rtnl_link *tagger_link(const struct tagger *t);

#endif
