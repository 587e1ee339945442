/* server/site/certs.h: the certificates in a site's folder, judged: is each there, good today, of its key, for the names?
 *
 * For `dialtoned -t` and `dialtone status`: a certificate that lasts five years is reported before it ends.
 */
#ifndef DIALTONE_SERVER_SITE_CERTS_H
#define DIALTONE_SERVER_SITE_CERTS_H

#include "base/buf.h"
#include "base/sv.h"
#include "base/why.h"
#include "server/site/site.h"

struct site_cert {
	const char *file;  /* in the folder: "server.pem" */
	int64_t not_after; /* 0: it was not read */
	bool unreadable;   /* by this user: not judged */
	struct why why;	   /* "": good */
};
#define SITE_CERTS 9

/* How many there are: external.pem only counts when something listens outside, legacy.pem when somebody may speak TLS 1.0, dsk.pem when
 * it is used. */
unsigned site_certs(const struct site *s, int64_t unix_s, struct site_cert ret[SITE_CERTS]);

/* The certificate is good and ends within thirty days; *why says when, and what to type. */
bool site_cert_ends_soon(const struct site *s, const struct site_cert *cert, int64_t unix_s, struct why *why);

/* Phones can use `pem`, a key and its certificates, for the names inside or outside; they hold `anchors`.  false: *why ends a sentence that
 * begins with the file's name. */
bool site_cert_check(const struct site *s, bool outside, struct sv anchors, int64_t unix_s, struct sv pem, struct why *why);

/* The file whose key and certificate a worker uses for TLS-DSK: the handshake inside SIP takes TLS 1.0 and RSA key exchange of anybody
 * (RFC 5246 7.4.7.1 and its attacks), and what is learnt of its key must not open the connection around it.  Without that file, or when
 * server.pem ends at another root, of which phones would not know this one, it is server.pem. */
const char *site_cert_of_dsk(const char *dir, bool outside);

bool site_pem_holds(struct sv pem, const struct buf *der); /* the certificate is one of those in it */
/* The file (SITE_SERVER, ...) holds a certificate that does not end at the private root, the first in SITE_ROOT. */
bool site_cert_is_foreign(const char *dir, const char *name);

#endif
