/* wire/sntp.h: SNTP (RFC 4330, 5905): the one question and its answer. */
#ifndef DIALTONE_WIRE_SNTP_H
#define DIALTONE_WIRE_SNTP_H

#include "base/cursor.h"

/* 48 octets, version 4, mode 3; `cookie` goes into the transmit timestamp: the answer must return it. */
void sntp_ask(struct wr *w, uint64_t cookie);
/* Refuses stratum 0, LI 3, mode other than 4, zero transmit time, an originate timestamp that is not the cookie. */
bool sntp_read(struct rd *r, uint64_t cookie, int64_t *unix_ms);

#endif
