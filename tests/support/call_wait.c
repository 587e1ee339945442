/* tests/support/call_wait.c: see call_wait.h. */
#include "tests/support/call_wait.h"

void (*call_wait)(const bool *there);
