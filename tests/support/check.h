/* tests/support/check.h: what every unit test includes: cmocka, and the exact copy.
 *
 * exact_copy() gives n octets of heap and not one more, so that the sanitizer stops a reader at the first octet too
 * far.  vector_read() reads tests/vectors/<name>: hexadecimal octets, '#' begins a comment to the end of the line.
 * text_vector() reads the file as it is, report_read() the same below tests/vectors/reports/.
 */
#ifndef DIALTONE_TESTS_CHECK_H
#define DIALTONE_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/enc.h"
#include "base/file.h"

uint8_t *exact_copy(const void *p, size_t have, size_t n);
void hex_of(struct buf *to, const char *text);
bool retry_after_is_good(struct sv value); /* 20 to 59 seconds, the value alone or its line */
void vector_read(struct buf *to, const char *name);
void text_vector(struct buf *to, const char *name);
void report_read(struct buf *to, const char *name);
void folder_remove(const char *path); /* with all that is in it */

/* The end of a test's child process: as _exit(), but what a build for script/coverage has counted is written before. */
void child_end(int status) __attribute__((noreturn));

#endif
