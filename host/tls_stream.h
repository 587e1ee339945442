/* host/tls_stream.h: the part of a phone's TCP and TLS streams that hangs on no loop.  host/stream.c has the streams of one phone,
 * fleet/stream.c those of thousands. */
#ifndef DIALTONE_HOST_TLS_STREAM_H
#define DIALTONE_HOST_TLS_STREAM_H

#include "base/buf.h"
#include "dialtone/phone.h"
#include "pki/cert.h"
#include "pki/tls.h"

/* The socket takes as much as it can now, of TLS (NULL: none) and of out; *full: some is left.  NULL, or why nothing can be sent. */
const char *tls_stream_flush(int fd, struct tls *tls, struct buf *out, bool *full);

/* A connection attempt has ended: 0, or the errno of its failure. */
int tls_stream_error(int fd);
/* The report of that failure. */
struct dt_stream_opened tls_stream_refused(int error);

/* RFC 5246 6.2.1: a record begins with 20 to 23. */
bool tls_stream_speaks(uint8_t first);
/* The handshake is done and the chain, which is in o, was verified: o gets the verdict.  It points into r and tls. */
void tls_stream_shaken(const struct tls *tls, enum pki_verdict verdict, const struct pki_chain_result *r, bool report_only,
		       struct dt_stream_opened *o);
/* The handshake failed: broken, or NULL as TLS says.  speaks_tls: tls_stream_speaks() of the first octet that came. */
struct dt_stream_opened tls_stream_not_shaken(const struct tls *tls, const char *broken, bool speaks_tls);
/* Any other failure to open.  unanswered: the handshake has begun, and no octet came. */
struct dt_stream_opened tls_stream_failed(enum dt_failure f, const char *why, bool unanswered);
/* The local end of an open stream. */
void tls_stream_local(int fd, struct dt_stream_opened *o);

#endif
