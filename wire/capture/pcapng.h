/* wire/capture/pcapng.h: writing a capture in pcapng (draft-ietf-opsawg-pcapng) with the TLS secrets that open it.
 *
 * Order: pcapng_begin(), pcapng_secrets() (it must stand before the packets that it opens), pcapng_packet() for each.
 */
#ifndef DIALTONE_WIRE_CAPTURE_PCAPNG_H
#define DIALTONE_WIRE_CAPTURE_PCAPNG_H

#include "base/buf.h"

void pcapng_begin(struct buf *to, const char *application); /* one section, one Ethernet interface, microseconds */
void pcapng_secrets(struct buf *to, struct sv key_log);	     /* NSS key log lines; nothing when there are none */
void pcapng_packet(struct buf *to, int64_t unix_us, struct sv frame);

#endif
