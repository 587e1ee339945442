/* server/site/pair.h: a server's key and certificates in one PEM file, verified as phones will verify them. */
#ifndef DIALTONE_SERVER_SITE_PAIR_H
#define DIALTONE_SERVER_SITE_PAIR_H

#include "base/sv.h"
#include "base/why.h"

/* pem: key and certificates, the server's own first.  anchors: the root that phones hold (ca.pem); public_roots: those of this
 * system may stand at the end as well, as for the names outside.  true: phones can use it.  Else `why` is what hinders them, the
 * end of a sentence that begins with the file's name. */
bool site_pair_good(struct sv pem, struct sv anchors, bool public_roots, int64_t unix_s, struct why *why);

#endif
