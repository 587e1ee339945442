/* auth/tlsdsk.h: TLS-DSK, a TLS handshake inside SIP headers ([MS-SIPAE] 3.1; [sip 8]).
 *
 * Both ends.  Each gssapi-data is one flight: in with dsk_step(), out in *flight (raw octets; base64 is the
 * caller's).  The server's first flight is merged into one handshake record (8.4).
 */
#ifndef DIALTONE_AUTH_TLSDSK_H
#define DIALTONE_AUTH_TLSDSK_H

#include "auth/sipsig.h"
#include "pki/tls.h"

struct dsk;

struct dsk *dsk_server(struct tls_ctx *ctx);
struct dsk *dsk_client(struct tls_ctx *ctx);
void dsk_free(struct dsk *d);

enum dsk_result { DSK_MORE, DSK_DONE, DSK_FAILED };
/* in may be NULL for a client's first step. On DSK_DONE: *flight may still hold octets for the peer. */
enum dsk_result dsk_step(struct dsk *d, const void *in, size_t n, struct buf *flight);
const char *dsk_why(const struct dsk *d);
/* After DSK_DONE. The peer's certificate: DER. */
bool dsk_keys(struct dsk *d, struct sipsig_key *client_to_server, struct sipsig_key *server_to_client);
/* As tls_peer_chain(). */
unsigned dsk_peer_chain(struct dsk *d, struct buf *store, const uint8_t **der, size_t *n, unsigned cap);

/* 8.4 by itself: every handshake record before the first ChangeCipherSpec joined into one. *records is replaced. */
bool dsk_merge(struct buf *records);

#endif
