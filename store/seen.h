/* store/seen.h: which keys were there before, for more of them than memory should hold: a table in a temporary file. */
#ifndef DIALTONE_STORE_SEEN_H
#define DIALTONE_STORE_SEEN_H

#include <stdbool.h>

#include "base/why.h"

struct store_seen;
/* The file has no name and goes with the process; it lies in $SQLITE_TMPDIR, $TMPDIR, /var/tmp or /tmp. */
struct store_seen *store_seen_new(struct why *why);
void store_seen_free(struct store_seen *s); /* NULL is fine */
/* *before: the line (from 1) that the key came with first; 0: never, and it is kept with this line. */
bool store_seen_add(struct store_seen *s, const char *key, unsigned line, unsigned *before, struct why *why);

#endif
