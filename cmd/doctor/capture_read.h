/* cmd/doctor/capture_read.h: the packets of a capture file, however long, or of an interface, read only. */
#ifndef DIALTONE_CMD_DOCTOR_CAPTURE_READ_H
#define DIALTONE_CMD_DOCTOR_CAPTURE_READ_H

#include "base/sv.h"
#include "base/why.h"

typedef void capture_fn(void *arg, int64_t unix_us, unsigned link, struct sv octets);

/* Called once, when file or interface is open, before the first packet is read: root can be given up.  false: nothing is read, *why. */
typedef bool capture_opened_fn(void *arg, struct why *why);

/* 0: read to its end.  1: it is damaged, and was read up to there: *why says where.  -1: it cannot be read at all.
 * path "-": standard input.  One packet is held at a time. */
int capture_read_file(const char *path, capture_opened_fn *opened, capture_fn *fn, void *arg, struct why *why);

/* Until SIGINT or SIGTERM, or that many seconds (0: no end).  tick: about once a second.  Frames that were sent and received, of all
 * machines (promiscuous); nothing is sent.  The same results; *dropped: packets that the kernel had no room for. */
int capture_read_interface(const char *name, unsigned seconds, capture_opened_fn *opened, capture_fn *fn, void (*tick)(void *arg), void *arg,
			   unsigned *dropped, struct why *why);

#endif
