/* base/cursor.h: reading and writing octets in network order.
 *
 * Both cursors keep their first error and do nothing more after it, so that a codec reads like its
 * specification and is checked once, at the end.  They never allocate and never step outside [start, end).
 */
#ifndef DIALTONE_BASE_CURSOR_H
#define DIALTONE_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

struct rd {
	const uint8_t *p, *end;
	const char *err;      /* the first error, a sentence; NULL while all is well */
	const uint8_t *start; /* where the input began: rd_at() is the octet a refusal names */
};

struct rd rd_of(const void *p, size_t n);
size_t rd_left(const struct rd *r);
size_t rd_at(const struct rd *r);
uint64_t rd_be(struct rd *r, unsigned octets); /* 1..8 octets, big-endian; 0 after an error */
uint64_t rd_le(struct rd *r, unsigned octets);
const uint8_t *rd_take(struct rd *r, size_t n); /* n octets in place; NULL after an error */
struct sv rd_sv(struct rd *r, size_t n);
struct rd rd_sub(struct rd *r, size_t n); /* a cursor over the next n octets, which *r steps over */
void rd_fail(struct rd *r, const char *why);
void rd_end(struct rd *r); /* anything left over is an error too */

struct wr {
	uint8_t *p, *end;
	const char *err;
	uint8_t *start;
};

struct wr wr_of(void *p, size_t cap);
size_t wr_n(const struct wr *w); /* octets written so far */
void wr_be(struct wr *w, unsigned octets, uint64_t v);
void wr_le(struct wr *w, unsigned octets, uint64_t v);
void wr_put(struct wr *w, const void *p, size_t n);
void wr_fail(struct wr *w, const char *why);

#endif
