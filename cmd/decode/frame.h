/* cmd/decode/frame.h: the layers that carry a message, when more than the message was given: Ethernet with its tags, IPv4, UDP.
 *
 * More patient than the phone's own readers: a frame that was captured where it was sent has no checksums yet, and a mirror
 * port leaves the tags in.  Oddities are reported, not refused.
 */
#ifndef DIALTONE_CMD_DECODE_FRAME_H
#define DIALTONE_CMD_DECODE_FRAME_H

#include <jansson.h>

#include "base/cursor.h"

enum { FRAME_TAGS = 4 };

struct frame {
	bool ethernet, ip;
	uint8_t dst[6], src[6];
	uint16_t tag[FRAME_TAGS], type;
	unsigned tags;
	bool snap; /* 802.3 with LLC and SNAP around the type */
	uint32_t from, to;
	uint16_t sport, dport;
	const char *warn; /* NULL: nothing is odd */
};

/* Each steps behind what it read; false: it is none (r->err says why).  Nothing of *f counts then. */
bool frame_ethernet(struct rd *r, struct frame *f);
bool frame_udp(struct rd *r, struct frame *f); /* from the IPv4 header on; the cursor ends with the payload */

json_t *frame_json(const struct frame *f);

bool frame_has_lldp(const void *p, size_t n); /* an Ethernet frame */
bool frame_has_dhcp(const void *p, size_t n); /* an Ethernet frame, or an IPv4 packet */

#endif
