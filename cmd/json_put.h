/* cmd/json_put.h: JSON onto a stream that may be a terminal. */
#ifndef DIALTONE_CMD_JSON_PUT_H
#define DIALTONE_CMD_JSON_PUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes j (flags: JSON_INDENT(2), JSON_COMPACT) and a line end, and flushes.  On a terminal everything but printable ASCII
 * is escaped, so that no control, C1 or bidirectional mark of a store or a network gets there; a program that reads it gets
 * the same values.  false: it could not be written. */
bool json_put(FILE *to, const json_t *j, size_t flags);
/* The elements of an array as JSON_INDENT(2) writes them, without the brackets around them and without a newline behind them:
 * an array that is written part by part.  Of an empty one nothing. */
bool json_put_elements(FILE *to, const json_t *array);

#endif
