/* base/enc.h: octets as text, both ways: hexadecimal and base64 (RFC 4648), UUIDs (RFC 9562), MAC addresses. */
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

#define UUID_TEXT_MAX 37
/* "f81d4fae-7dec-11d0-a765-00a0c91e6bf6" of 16 octets in the order in which they are printed. Returns out. */
char *uuid_text(char out[UUID_TEXT_MAX], const uint8_t uuid[16]);
/* The same of 16 random octets, in which the version (4) and the variant are set (RFC 9562 5.4). */
char *uuid_random(char out[UUID_TEXT_MAX], const uint8_t random[16]);
/* 36 characters, digits of either case; false, and ret untouched, otherwise. */
bool uuid_read(struct sv s, uint8_t ret[16]);

#define MAC_TEXT_MAX 18
/* "00:04:f2:01:02:03". Returns out. */
char *mac_text(char out[MAC_TEXT_MAX], const uint8_t mac[6]);
/* Capitals with `between` between the pairs, as the update service has it ("00-04-F2-01-02-03"); '\0': nothing between. */
char *mac_text_upper(char out[MAC_TEXT_MAX], const uint8_t mac[6], char between);
/* Twelve digits of either case: together, in pairs with ':' or '-' between all of them, or in fours with '.' ("0004.f201.0203",
 * as switches print it). False, and ret untouched, otherwise. */
bool mac_read(struct sv s, uint8_t ret[6]);

#endif
