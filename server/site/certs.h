/* server/site/certs.h: the certificates in a site's folder, judged: is each there, good today, of its key, for the names?
 *
 * For `dialtoned -t` and `dialtone status`: a certificate that lasts five years is reported before it ends.
 */
#ifndef DIALTONE_SERVER_SITE_CERTS_H
#define DIALTONE_SERVER_SITE_CERTS_H

#include "base/why.h"
#include "server/site/site.h"

struct site_cert {
	const char *file;  /* in the folder: "server.pem" */
	int64_t not_after; /* 0: it was not read */
	bool unreadable;   /* by this user: not judged */
	struct why why;	   /* "": good */
};
#define SITE_CERTS 7

/* How many there are: external.pem only counts when something listens outside, legacy.pem when somebody may speak TLS 1.0. */
unsigned site_certs(const struct site *s, int64_t unix_s, struct site_cert ret[SITE_CERTS]);

#endif
