/* server/site/conf.h: the configuration file (libconfuse): read once, into struct site.
 *
 * Unknown keys and values out of range are refused with file and line.  The folder of the file becomes site.dir.
 */
#ifndef DIALTONE_SERVER_CONF_H
#define DIALTONE_SERVER_CONF_H

#include <stdbool.h>

#include "base/why.h"
#include "server/site/site.h"

/* false: *why is a sentence that quotes what was wrong, with file and line. */
bool conf_read(const char *path, struct site *ret, struct why *why);

#endif
