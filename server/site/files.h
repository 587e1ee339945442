/* server/site/files.h: the files in a site's folder, named once, and the pairs of key and certificate among them.
 *
 * dir: the folder; name: the file in it, "server.pem" or "vault/ca.pem".  false: *why is a sentence with the path.
 */
#ifndef DIALTONE_SERVER_SITE_FILES_H
#define DIALTONE_SERVER_SITE_FILES_H

#include <limits.h>
#include <sys/types.h>

#include "base/why.h"
#include "pki/cert.h"
#include "server/site/site.h"

#define SITE_CONF "dialtone.conf"
#define SITE_CONF_PART SITE_CONF ".part" /* of a site that init has not finished */
#define SITE_ROOT_KEY "root.pem"     /* key and certificate of the private root: root's alone */
#define SITE_ROOT "ca.pem"	     /* its certificate: the anchor of phones */
#define SITE_SERVER "server.pem"     /* key and chain of the names inside */
#define SITE_EXTERNAL "external.pem" /* the same of the public names */
#define SITE_LEGACY "legacy.pem" /* as these two, with keys of their own: for TLS 1.0 */
#define SITE_LEGACY_EXTERNAL "legacy-external.pem"
#define SITE_DSK "dsk.pem" /* as server.pem and external.pem, with keys of their own: for the handshake inside SIP */
#define SITE_DSK_EXTERNAL "dsk-external.pem"
#define SITE_ISSUING "issuing.pem"   /* the certificate of the CA that certifies users */
#define SITE_TRUSTED_CERTS "trusted.pem" /* certificates that TrustedCACerts may name */
#define SITE_UPDATE_KEY "update.key" /* signs firmware catalogs */
#define SITE_UPDATE_CERT "update.pem"
#define SITE_IMAGES "files" /* folder of the update store */
#define SITE_LOGS "logs"    /* folder of what devices have sent, and of the audit */
#define SITE_RUN "run"	    /* folder of the control socket */
#define SITE_CONTROL SITE_RUN "/control"
#define SITE_VAULT "vault" /* folder of the vault's own files: server/vault/make.h */

#define SECONDS_OF_YEARS(n) ((int64_t)(n) * 365 * 86400)

bool site_path(char out[PATH_MAX], const char *dir, const char *name, struct why *why);
/* Where the site's store is, for store_open(): the configuration's, or the file in the site's folder. */
bool site_store(const struct site *s, char out[PATH_MAX], struct why *why);
bool site_fail(struct why *why, const char *what, const char *reason); /* "what: reason"; false */
bool site_has(const char *dir, const char *name);
bool site_save(const char *dir, const char *name, const struct buf *b, mode_t mode, struct why *why);

/* Both out of one file; the certificate is the key's.  pki_key_free(*key) and buf_free(der) are the caller's, also after
 * false. */
bool site_pair_load(const char *dir, const char *name, struct pki_key **key, struct buf *der, struct why *why);
/* A new key and its certificate, appended as PEM; they may be the same buffer.  by, by_der: the issuer's; NULL: the key
 * signs for itself.  Slow: an RSA key. */
bool site_pair_make(const struct pki_issue *what, unsigned bits, const struct pki_key *by, const struct buf *by_der,
		    struct buf *key_pem, struct buf *cert_pem, struct why *why);

#endif
