/* base/buf.h: a growing run of octets on the heap.
 *
 * struct buf starts as {0}.  When memory runs out the flag `oom` sticks and further additions do nothing, so a
 * message is composed without a check at every line: look at `oom` once, at the end.  buf_free() and buf_wipe()
 * take a zeroed or half-filled one, and leave it zeroed.  Growing leaves nothing behind: the smaller memory is wiped, so
 * that buf_wipe() is enough for a secret.
 */
#ifndef DIALTONE_BASE_BUF_H
#define DIALTONE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sv.h"

struct buf {
	uint8_t *p;
	size_t n, cap;
	bool oom;
};

void buf_add(struct buf *b, const void *p, size_t n);
void buf_sv(struct buf *b, struct sv s);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool buf_reserve(struct buf *b, size_t more); /* room for `more` octets behind n; false: out of memory */
void buf_drop(struct buf *b, size_t n);	      /* drop the first n octets */
const char *buf_cstr(struct buf *b);	      /* with a NUL behind it (not counted in n); "" when oom */
struct sv buf_view(const struct buf *b);
void buf_clear(struct buf *b); /* n = 0, keeps the memory, and clears oom */
void buf_free(struct buf *b);
void buf_wipe(struct buf *b); /* overwrites, then frees: for secrets */

#endif
