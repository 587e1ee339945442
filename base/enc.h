/* base/enc.h: hexadecimal and base64 (RFC 4648), both ways. */
#ifndef DIALTONE_BASE_ENC_H
#define DIALTONE_BASE_ENC_H

#include "base/buf.h"
#include "base/sv.h"

int hex_digit(char c); /* its value, either case; -1: it is none */
/* `out` needs 2 * n + 1 octets. */
void hex_write(char *out, const void *p, size_t n, bool upper);
/* Exactly cap octets from 2 * cap digits, either case; false, and out untouched, otherwise. */
bool hex_read(struct sv s, uint8_t *out, size_t cap);

void b64_add(struct buf *to, const void *p, size_t n);	       /* one line, padded */
void b64url_add(struct buf *to, const void *p, size_t n);      /* '-' and '_', without padding */
/* White space anywhere is skipped; anything else that is not base64 refuses, and *to keeps its old length. */
bool b64_read(struct buf *to, struct sv s);

#endif
