/* server/daemon/take_certificate.h puts a server's certificate of another authority, the company's own or one that speaks ACME, in the place of
 * the one that `dialtone init` has made.
 *
 *     server.pem   key, certificate, those between, root; external.pem the same for the public names
 *     ca.pem       the private root first, and behind it the root of the company's authority
 *
 * init_renew() leaves such a file alone: whoever signed it renews it.
 */
#ifndef DIALTONE_SERVER_DAEMON_TAKE_CERTIFICATE_H
#define DIALTONE_SERVER_DAEMON_TAKE_CERTIFICATE_H

#include "base/why.h"
#include "server/site/site.h"

struct certificate_files {
	const char *chain; /* PEM: the server's own first, those between behind it, as ACME clients write it */
	const char *key;   /* PEM; NULL: in the same file */
	const char *root;  /* PEM; NULL: the chain ends with it */
	bool outside;	   /* of the public names */
};

/* Judges it as `dialtoned -t` does, then writes it, whole or not at all.  *changed: it was another one.  false: nothing is written, *why. */
bool take_certificate(const struct site *site, const struct certificate_files *given, int64_t unix_s, bool *changed, struct why *why);

#endif
