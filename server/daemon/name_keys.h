/* server/daemon/name_keys.h: the files that hold the private keys of the TLS names, server.pem and its like.
 *
 * They are root's: a group reads them, and whoever captures one of its processes cannot change them.  The workers' group reads those
 * of today's TLS; the legacy process has keys of its own, which only its group reads.
 */
#ifndef DIALTONE_SERVER_DAEMON_NAME_KEYS_H
#define DIALTONE_SERVER_DAEMON_NAME_KEYS_H

#include "base/buf.h"
#include "base/why.h"
#include "server/site/site.h"

/* The file is written whole or not at all: its group can read it before it has its name, so that a process that starts at any moment finds a file that
 * it can use.  file: SITE_SERVER or another of them. */
bool name_key_save(const struct site *site, const char *file, const struct buf *pem, struct why *why);

/* Each of them that is there is given to its group. */
bool name_keys_give(const struct site *site, struct why *why);

#endif
