/* cmd/decode/input.h: a message that comes as a hex dump of its octets.
 *
 * A hex dump: digits alone, in pairs or longer groups, with blanks, colons or commas between, `#` before a comment; or as
 * xxd, hexdump -C, tcpdump -xx and Wireshark print it, with offsets before and letters behind.
 */
#ifndef DIALTONE_CMD_DECODE_INPUT_H
#define DIALTONE_CMD_DECODE_INPUT_H

#include "base/buf.h"
#include "base/cursor.h"

enum dump { DUMP_NONE, DUMP_READ, DUMP_BAD };
/* NONE: it is no dump, but the octets themselves.  BAD: it is one, but cannot be read: *why says why not. */
enum dump dump_read(struct sv text, size_t most, struct buf *ret, const char **why);

#endif
