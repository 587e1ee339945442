/* server/daemon/supervisor.h: binds the ports, starts the other processes, starts again who dies; holds nothing secret.
 *
 * The supervisor keeps both ends of every socket pair between workers, vault and location process.  A process that
 * dies is replaced by one that finds the same ends, with what was asked meanwhile still in them: a killed vault is a
 * pause to the workers, and a killed worker costs nobody but its own phones.
 *
 * SIGHUP makes a whole new set of processes from the file as it is then and drains the old one; a file that is wrong, or a
 * port that is taken, leaves the old one as it was.  SIGTERM and SIGINT drain and end.
 */
#ifndef DIALTONE_SERVER_SUPERVISOR_H
#define DIALTONE_SERVER_SUPERVISOR_H

#include "server/site/site.h"

struct supervisor_conf {
	const char *path;   /* of the configuration file: read again at SIGHUP */
	const char *keylog; /* TLS secrets are appended here; NULL: nowhere */
};
/* Says one line on standard output when all is ready: "dialtoned: ready ...".  The exit status (sysexits). */
int supervisor_main(const struct supervisor_conf *c, const struct site *site);

#endif
