/* wire/url.h: the parts of an http or https URL (RFC 3986, the subset that both ends use). */
#ifndef DIALTONE_WIRE_URL_H
#define DIALTONE_WIRE_URL_H

#include "base/sv.h"

struct url {
	bool https;
	char host[256]; /* lower case; a name (base/name.h) without a dot at its end, or an IPv4 address */
	uint16_t port;	/* the scheme's own when not given */
	char path[1024]; /* with query; "/" at least */
};
/* The octets of the "http://" or "https://" that it begins with, either case; 0: it begins with neither. */
size_t url_scheme(struct sv s);

/* Refuses user info, fragments, control characters, ports out of range, what is no name and no IPv4 address. */
bool url_read(struct sv s, struct url *ret);

#endif
