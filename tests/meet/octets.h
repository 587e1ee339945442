/* tests/meet/octets.h: what a test does to the messages between the phone and the Registrar while they are on their way. */
#ifndef DIALTONE_TESTS_OCTETS_H
#define DIALTONE_TESTS_OCTETS_H

#include "base/buf.h"

unsigned octets_count(const struct buf *b, const char *what);
void octets_swap(struct buf *b, const char *from, const char *to); /* every one */
/* Takes out the header lines that begin so. */
void octets_strike(struct buf *b, const char *name);

#endif
