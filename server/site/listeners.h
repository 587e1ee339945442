/* server/site/listeners.h: where a site listens.  One row a listener in listeners.c: a new one is a row there and two keys in
 * the table of conf.c; configuration, status, supervisor and workers follow.
 */
#ifndef DIALTONE_SERVER_SITE_LISTENERS_H
#define DIALTONE_SERVER_SITE_LISTENERS_H

#include "server/site/site.h"

enum site_listener_kind { SITE_HTTP, SITE_HTTPS, SITE_SIP_TLS, SITE_SIP_TCP };

struct site_listener {
	const char *key;     /* of its port in the configuration file */
	const char *address; /* borrowed from the site; "": all */
	uint16_t port;
	enum site_listener_kind kind;
	bool outside; /* reached from the Internet, under the public names */
	bool proxy;   /* every connection begins with a PROXY v2 head */
};
#define SITE_LISTENERS 6

/* Every listener that is on, inside first. How many. */
unsigned site_listeners(const struct site *s, struct site_listener ret[SITE_LISTENERS]);

bool site_is_outside(const struct site *s); /* a listener for the Internet is on */

#endif
