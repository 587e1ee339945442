/* server/daemon/make_site.h: makes the folder of a new site: configuration, certificates, keys, store.
 *
 *     dialtone.conf          0644  what was said, and the usual knobs as comments
 *     ca.pem                 0644  the private root's certificate: phones download it, stage 6
 *     root.pem               0600  its key, for certificates to come: root's
 *     server.pem             0640  key and chain of the inside names; external.pem the same for the outside ones: root's, and
 *                                  the workers' group reads them.  legacy.pem and legacy-external.pem: for TLS 1.0, with keys
 *                                  of their own, which the legacy process's group reads
 *     update.key update.pem  0600, 0644  signs firmware: dialtone update sign
 *     issuing.pem vault/     server/vault/make.h; vault/store.db the store
 *     files/ logs/ run/      the update store, device logs, sockets
 *
 * Existing files are left alone, but for a certificate that is not good for the names of this run; a second run makes what is
 * missing, but never writes over a dialtone.conf.  That file comes last: a folder without it is no site yet, whatever stopped
 * the first run, and the second one goes on from there.  Once vault/ belongs to the vault's user, root makes nothing in it.  A folder that another user may write is refused.
 */
#ifndef DIALTONE_SERVER_INIT_H
#define DIALTONE_SERVER_INIT_H

#include "base/why.h"
#include "server/site/site.h"

/* site: names, addresses and ports as given (site_defaults() first), dir set.  joined: SITE_CONF_PART is there and will be
 * dialtone.conf; else that is written out of *site.  Slow: four or five RSA keys. */
bool init_site(const struct site *site, bool joined, int64_t unix_s, struct why *why);

/* Before files of another site are written into vault/: it is not handed over to its user yet. */
bool init_vault_is_free(const char *dir, struct why *why);

/* Before init_site(): what a further pool of the company shares, out of the folder of a site that is there: the root with its key,
 * the CA that certifies users, the secret that PINs and passwords are kept with.  Needs whoever may read all that: root. */
bool init_company(const char *dir, const char *from, struct why *why);

/* server.pem, external.pem, legacy.pem and legacy-external.pem anew, as many as the site needs, below the root that is there, for the names of the site as it is now; no other file is
 * touched, but logs/ goes to whom it belongs, and the root's key of an older release is moved out of vault/.  false also when that key is not ca.pem's.
 * kept: the names of files of somebody else's authority (take_certificate.h), which stay as they are; "": none. */
#define INIT_KEPT 128
bool init_renew(const struct site *site, int64_t unix_s, char kept[INIT_KEPT], struct why *why);

/* vault/, logs/ and the keys of the TLS names to the users that the site names, which must be there.  Needs root. */
bool init_owners(const struct site *site, struct why *why);

#endif
