/* server/site/names.h: the DNS names and records of a site, told once.  One row a name in names.c: what `init` and `netconfig`
 * print, what is published by DNS update, what the servers' certificates carry and what they are checked for all come from there.
 */
#ifndef DIALTONE_SERVER_SITE_NAMES_H
#define DIALTONE_SERVER_SITE_NAMES_H

#include "server/site/site.h"

enum { /* what a name is for */
	SITE_IN_DNS = 1,       /* phones resolve it: an address record, or a service */
	SITE_IN_CERT = 2,      /* the certificate that `init` makes carries it */
	SITE_CERT_NEEDS = 4,   /* a certificate without it is reported: phones ask for this name over TLS */
	SITE_PUBLISHED = 8,    /* "a Standard Edition server publishes its own records": server/daemon/dns_publish.c */
	SITE_WEB_ADDRESS = 16, /* points to the Web Services; the others to the Registrar */
};

struct site_name {
	char name[SITE_NAME_MAX + 32];
	const char *target; /* of an SRV record, borrowed from the site; NULL: an address record */
	uint16_t port;	    /* of an SRV record */
	unsigned use;
};
#define SITE_NAMES 16

/* The names, inside or outside, that have one of the uses `want`: none twice, none of what is off or not configured.  A site that
 * conf_read() has not completed (`init` before it writes one) stands for its pool and web names with the fqdn.  How many. */
unsigned site_names(const struct site *s, bool outside, unsigned want, struct site_name ret[SITE_NAMES]);

#endif
