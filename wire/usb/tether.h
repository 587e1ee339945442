/* wire/usb/tether.h: the messages on the USB cable between a phone and a PC, on a serial line.
 *
 * UNKNOWN: the product's own format is published nowhere.  This one is ours; doc/reference/usb.md describes it.
 *
 *     'D' 'T' | version | type | length | body
 *      8   8      8       8       16      0 to 1024 octets, big-endian
 *
 * A reader looks for "DT" and passes over anything else: a line that was just plugged in carries noise.
 */
#ifndef DIALTONE_WIRE_TETHER_H
#define DIALTONE_WIRE_TETHER_H

#include "base/buf.h"
#include "base/cursor.h"

#define TETHER_VERSION 1
#define TETHER_BODY_MAX 1024
#define TETHER_HEAD 6
#define TETHER_NONCE 32

enum tether_type { TETHER_HELLO = 1, TETHER_SEALED = 2 };

struct tether_frame {
	uint8_t version, type;
	struct sv body; /* borrowed from the input */
};

enum tether_got { TETHER_MORE, TETHER_FRAME };
/* The first frame in it; *used: how many octets are done with, noise before it included.  MORE: drop *used octets, and come again. */
enum tether_got tether_frame_read(const void *p, size_t n, struct tether_frame *ret, size_t *used);
void tether_frame_write(struct buf *to, enum tether_type type, struct sv body); /* body longer than the most: nothing is written */

/* HELLO: in the clear, the same in every version. */
struct tether_hello {
	bool phone; /* else a PC */
	uint8_t nonce[TETHER_NONCE];
	char name[64]; /* of the phone: "Polycom CX600, 00-04-F2-12-34-56" */
};
const char *tether_hello_read(struct sv body, struct tether_hello *ret); /* NULL: good */
void tether_hello_write(struct buf *to, const struct tether_hello *h);

/* The inside of SEALED, once it is opened. */
/* TETHER_NONE stands where no message was read. */
enum tether_kind { TETHER_NONE, TETHER_SIGN_IN, TETHER_LOCK, TETHER_UNLOCK, TETHER_LEAVE, TETHER_PING, TETHER_STATE, TETHER_ANSWER, TETHER_KINDS };
#define TETHER_FIELDS 4
struct tether_message {
	enum tether_kind kind;
	/* SIGN_IN: login, password, address.  STATE: phase, user, "locked" or "", failure.  ANSWER: code, sentence. */
	char field[TETHER_FIELDS][256];
};
const char *tether_message_read(struct sv inner, struct tether_message *ret); /* wipes nothing: the caller does */
void tether_message_write(struct buf *to, const struct tether_message *m);

#endif
