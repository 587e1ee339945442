/* tests/support/call_wait.h: how a test waits for a link that answers later. */
#ifndef DIALTONE_TESTS_CALL_WAIT_H
#define DIALTONE_TESTS_CALL_WAIT_H

#include <stdbool.h>

/* Lets the world run until *there; NULL: every answer comes before the question's function returns. */
extern void (*call_wait)(const bool *there);

#endif
