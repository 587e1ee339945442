/* wire/url.h: the parts of an http or https URL (RFC 3986, the subset that both ends use). */
#ifndef DIALTONE_WIRE_URL_H
#define DIALTONE_WIRE_URL_H

#include "base/sv.h"

struct url {
	bool https;
	char host[256]; /* lower case, no brackets; a name or an IPv4 address */
	uint16_t port;	/* the scheme's own when not given */
	char path[1024]; /* with query; "/" at least */
};
/* Refuses user info, fragments, control characters, ports out of range, names over 255. */
bool url_read(struct sv s, struct url *ret);

#endif
