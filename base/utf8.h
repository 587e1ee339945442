/* base/utf8.h: UTF-8 (RFC 3629), character by character. */
#ifndef DIALTONE_BASE_UTF8_H
#define DIALTONE_BASE_UTF8_H

#include "base/buf.h"
#include "base/sv.h"

#define UTF8_REPLACEMENT "\xef\xbf\xbd" /* U+FFFD: stands for what could not be read */

/* The first character of s: the octets it takes, 1 to 4, and its code point in *ret.  0, and *ret untouched: s is empty, or
 * what it begins with is cut, overlong, a surrogate, or above U+10FFFF. */
size_t utf8_next(struct sv s, uint32_t *ret);
/* What a terminal or a log would obey instead of showing it: controls (C0, DEL, C1), line and paragraph separators, and the
 * marks that turn the direction of text around (Unicode TR 36 2.8). */
bool utf8_is_control(uint32_t c);
/* One character of s as it may be shown to a person, whoever wrote it: out holds it, or "?" for a control, or U+FFFD for
 * octets that are not UTF-8.  Moves *s behind it.  false: s is empty. */
bool utf8_shown(struct sv *s, char out[5]);
void utf8_add(struct buf *to, uint32_t c); /* c: at most 0x10ffff */

#endif
