/* base/text.h: printed text in an array of fixed size.
 *
 * Text that does not fit is cut behind a whole character (UTF-8): a record, a log and JSON never get half of one.
 */
#ifndef DIALTONE_BASE_TEXT_H
#define DIALTONE_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/* Prints into `out`, at most cap - 1 octets and a NUL.  The arguments must not point into `out`.  Returns out. */
char *text_set(char *out, size_t cap, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
char *text_vset(char *out, size_t cap, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

#endif
