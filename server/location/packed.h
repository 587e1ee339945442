/* server/location/packed.h: a binding at rest: its texts behind one another, in one piece of memory.
 *
 * struct location_binding has room for the longest texts, 1,088 octets; this has what they need, about 300.  The Registrar of
 * the worker and the location process hold one of these a phone.
 */
#ifndef DIALTONE_SERVER_LOCATION_PACKED_H
#define DIALTONE_SERVER_LOCATION_PACKED_H

#include "server/location/location.h"

struct location_packed { /* as in struct location_binding */
	uint64_t conn;
	int64_t expires;
	uint32_t worker, cseq;
	bool outside;
	const char *aor, *instance, *epid, *contact, *user_agent, *call_id, *peer;
	char text[];
};

struct location_packed *location_pack(const struct location_binding *b); /* NULL: no memory; free() */
void location_unpack(const struct location_packed *p, struct location_binding *ret);

#endif
