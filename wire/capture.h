/* wire/capture.h: the packets of a capture, pcap or pcapng, one after the other. */
#ifndef DIALTONE_WIRE_CAPTURE_H
#define DIALTONE_WIRE_CAPTURE_H

#include "base/cursor.h"

enum { CAPTURE_INTERFACES = 1024 }; /* a machine's interfaces: dumpcap describes each, captured on or not */
struct capture {
	struct rd r;
	bool is, swapped, ng; /* is: it is a capture at all */
	unsigned links; /* how many interfaces were described */
	uint16_t link[CAPTURE_INTERFACES]; /* link type of each of the first ones */
	unsigned packets;
	const char *err; /* why it does not go on; NULL at its end */
};
struct packet {
	unsigned link; /* 1: Ethernet */
	struct sv octets;
	bool cut; /* it was longer on the wire */
};
bool capture_open(struct capture *c, const void *p, size_t n); /* false: it is none */
bool capture_next(struct capture *c, struct packet *ret);
/* A capture in a form that is not read here, or a file that something is packed in: what it is and what to do, as the end of
 * a sentence; NULL when it is nothing of the kind. */
const char *capture_foreign(const void *p, size_t n);

enum { LINK_ETHERNET = 1, LINK_RAW_BSD = 12, LINK_RAW = 101, LINK_IPV4 = 228 };

#endif
