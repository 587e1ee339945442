/* tests/unit/cmd/typed.h: a command line is typed, and what it prints is caught. */
#ifndef DIALTONE_TESTS_CMD_TYPED_H
#define DIALTONE_TESTS_CMD_TYPED_H

#include "tests/support/check.h"

#include "cmd/options.h"

/* The line, whose words end at each blank (two in a row make an empty word), goes to options_main(); its first word is the program's name.  Standard output and
 * error come back in printed[most], cut there.  Returns the exit status.  The words live until the next call. */
int typed(const struct verb *program, const char *line, char *printed, size_t most);

#endif
