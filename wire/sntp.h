/* wire/sntp.h: SNTP (RFC 4330, 5905): the one question and its answer. */
#ifndef DIALTONE_WIRE_SNTP_H
#define DIALTONE_WIRE_SNTP_H

#include "base/cursor.h"

/* 48 octets, version 4, mode 3; `cookie` goes into the transmit timestamp: the answer must return it. */
void sntp_ask(struct wr *w, uint64_t cookie);
enum sntp_answer { SNTP_NONE, SNTP_TIME, SNTP_UNSET };
/* SNTP_TIME: *unix_ms is the time.  SNTP_UNSET: a server answers, whose own clock is not set (stratum 0 or 16, LI 3: RFC 5905 7.3).
 * SNTP_NONE, *unix_ms untouched: no answer of a server, zero transmit time, an originate timestamp that is not the cookie.  r->err
 * says which. */
enum sntp_answer sntp_read(struct rd *r, uint64_t cookie, int64_t *unix_ms);

#endif
