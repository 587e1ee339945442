/* server/control/lists.h: lists over the control socket, line by line.  For server/control/ only. */
#ifndef DIALTONE_SERVER_CONTROL_LISTS_H
#define DIALTONE_SERVER_CONTROL_LISTS_H

#include "base/sv.h"
#include "server/control/control.h"

/* question: one line with its end.  line() gets each line of the answer but the last, "end"; false: it cannot be read. */
bool control_list(const char *dir, const char *question, bool (*line)(void *arg, struct sv text), void *arg, bool *nobody,
		  struct why *why);

#endif
