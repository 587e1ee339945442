/* admin/certs.h: what Get-CsClientCertificate and Revoke-CsClientCertificate do. */
#ifndef DIALTONE_ADMIN_CERTS_H
#define DIALTONE_ADMIN_CERTS_H

#include "admin/admin.h"

struct cert_info {
	char address[256], device[64]; /* whose; as the client names itself */
	char thumbprint[41];	       /* SHA-1, in upper-case hex */
	int64_t published, expires;
	bool expired;
};

/* Those of one user, or of all (NULL).  The callback may use the store. */
enum admin_result certs_each(struct admin *a, const struct store_user *u, void (*each)(void *arg, const struct cert_info *c),
			     void *arg, struct why *why);
/* "deletes all certificates of the user on the server ... From then on a certificate not found on the server is refused."
 * The phones are signed off as by an administrator: they may come back with a PIN.  In the company's other pools as
 * well; *n: how many certificates of this one.  ADMIN_ORDER: they are gone, but the phones were not reached; ADMIN_AWAY: as
 * pools_report(). */
enum admin_result certs_revoke(struct admin *a, const struct store_user *u, unsigned *n, unsigned *phones, struct why *why);

#endif
