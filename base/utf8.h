/* base/utf8.h: UTF-8 (RFC 3629), character by character. */
#ifndef DIALTONE_BASE_UTF8_H
#define DIALTONE_BASE_UTF8_H

#include "base/buf.h"
#include "base/sv.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD: stands for what could not be read */

/* The first character of s: the octets it takes, 1 to 4, and its code point in *ret.  0, and *ret untouched: s is empty, or
 * what it begins with is cut, overlong, a surrogate, or above U+10FFFF. */
size_t utf8_next(struct sv s, uint32_t *ret);
void utf8_add(struct buf *to, uint32_t c); /* c: at most 0x10ffff */

#endif
