/* cmd/secret.h: a PIN or password from where it may come from: a file, the environment, a prompt without echo.
 *
 * Never from an argument: those stand in the process list and in the shell's history.
 */
#ifndef DIALTONE_CMD_SECRET_H
#define DIALTONE_CMD_SECRET_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/why.h"

#define SECRET_MAX 1024

enum secret_from { SECRET_NONE, SECRET_READ, SECRET_FAILED };

/* The first of these that is there: the first line of `file` ("-": standard input), the variable `environment`, the
 * answer to `prompt` (only on a terminal).  Any may be NULL.  SECRET_NONE: none is there; SECRET_FAILED: *why says it.
 * buf_wipe(ret) is the caller's. */
enum secret_from secret_read(const char *file, const char *environment, const char *prompt, struct buf *ret, struct why *why);

#endif
