/* server/location/lists.h: lines of the control socket's lists (server/location/process.h says their fields), each one appended to
 * a buffer, the `arg` of these functions. */
#ifndef DIALTONE_SERVER_LOCATION_LISTS_H
#define DIALTONE_SERVER_LOCATION_LISTS_H

#include "server/location/journey.h"

void list_binding(void *buf, const struct location_binding *b);
void list_journey(void *buf, const struct journey *j);

#endif
