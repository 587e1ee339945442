/* server/location/lists.h: lines of the control socket's lists (server/location/process.h says their fields), each one appended to
 * a buffer. */
#ifndef DIALTONE_SERVER_LOCATION_LISTS_H
#define DIALTONE_SERVER_LOCATION_LISTS_H

#include "base/buf.h"
#include "server/location/journey.h"

struct list_bindings { /* the `arg` of list_binding() */
	const struct location *location;
	struct buf *out;
};
void list_binding(void *list_bindings, const struct location_binding *b);
void list_journey(void *buf, const struct journey *j);

#endif
