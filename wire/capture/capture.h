/* wire/capture/capture.h: the packets of a capture, pcap or pcapng, one after the other. */
#ifndef DIALTONE_WIRE_CAPTURE_CAPTURE_H
#define DIALTONE_WIRE_CAPTURE_CAPTURE_H

#include "base/cursor.h"

enum { CAPTURE_INTERFACES = 1024 }; /* a machine's interfaces: dumpcap describes each, captured on or not */
struct capture {
	struct rd r;
	bool is, swapped, ng; /* is: it is a capture at all */
	unsigned links; /* how many interfaces were described */
	uint16_t link[CAPTURE_INTERFACES]; /* link type of each of the first ones */
	uint8_t ticks[CAPTURE_INTERFACES]; /* how finely it counts time: if_tsresol of pcapng */
	unsigned packets;
	struct sv secrets; /* TLS key log lines of the last block of secrets; n 0: none came */
	const char *err; /* why it does not go on; NULL at its end */
};
struct packet {
	unsigned link; /* 1: Ethernet */
	struct sv octets;
	bool cut; /* it was longer on the wire */
	int64_t unix_us; /* when; 0: the capture does not say */
};
bool capture_open(struct capture *c, const void *p, size_t n); /* false: it is none */
bool capture_next(struct capture *c, struct packet *ret);

/* For a capture that is longer than memory: it is read in pieces, each of which is the file's head, one packet or one block.
 * From a piece's first octets (CAPTURE_PIECE_HEAD, fewer at the end of the file): how long the whole piece is; 0: it says nonsense, or
 * more than CAPTURE_PIECE_MAX.  The head goes to capture_open(), each other piece to capture_feed(), then capture_next() until
 * it gives false: c->err NULL wants the next piece. */
enum { CAPTURE_PIECE_HEAD = 24, CAPTURE_PIECE_MAX = 1 << 20 };
size_t capture_piece(const struct capture *c, bool first, const void *p, size_t n);
void capture_feed(struct capture *c, const void *p, size_t n);
/* A capture in a form that is not read here, or a file that something is packed in: what it is and what to do, as the end of
 * a sentence; NULL when it is nothing of the kind. */
const char *capture_foreign(const void *p, size_t n);

enum { LINK_ETHERNET = 1, LINK_RAW_BSD = 12, LINK_RAW = 101, LINK_SLL = 113, LINK_IPV4 = 228, LINK_SLL2 = 276 };
enum { LINK_SECRETS = 0x10000 }; /* none of a packet: key log lines, among packets */

#endif
