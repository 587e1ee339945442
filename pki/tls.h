/* pki/tls.h: a TLS endpoint without a socket: octets in, octets out.
 *
 *     feed()   what came from the peer                drain()  what must go to the peer
 *     read()   plaintext for us                       write()  plaintext from us
 *
 * After every feed() or write(): drain.  Two libraries stand behind it: OpenSSL, and GnuTLS for phones that have RC4 or 3DES only
 * or greet in the form of SSL 2.0; a server's TLS_DSK and TLS_LEGACY take either, by the client's hello.  Contexts are shared and counted by the caller: free them last.
 */
#ifndef DIALTONE_PKI_TLS_H
#define DIALTONE_PKI_TLS_H

#include "pki/cert.h"
#include "pki/ticket_keys.h"

struct tls_ctx;
struct tls;

enum tls_profile {
	TLS_MODERN, /* TLS 1.2 and 1.3 */
	TLS_DSK,    /* the handshake inside SIP: TLS 1.0 to 1.2, SECLEVEL 0 [sip 8.6]; never on a listener */
	TLS_LEGACY, /* the legacy process: TLS 1.0 and up, SECLEVEL 0 */
	TLS_CLIENT_OLD, /* a client that also takes old servers: TLS 1.0 and up */
	TLS_PHONE /* a client that says what phones of the time say: TLS 1.0, RSA key exchange, AES, 3DES, RC4, no extensions */
};

struct tls_server_conf {
	enum tls_profile profile;
	struct sv cert_pem; /* leaf, then intermediates */
	const struct pki_key *key;
	struct sv client_ca_pem; /* TLS_DSK: ask for a client certificate of this CA; else empty */
	const struct ticket_keys *ticket_keys; /* copied; the same for all processes of a port; NULL: no session tickets */
	uint64_t (*mono_ms)(void); /* the clock that they go by */
};
struct tls_ctx *tls_ctx_server(const struct tls_server_conf *c);

struct tls_client_conf {
	enum tls_profile profile;
	struct sv cert_pem; /* TLS_DSK: the user's certificate */
	const struct pki_key *key;
};
struct tls_ctx *tls_ctx_client(const struct tls_client_conf *c);
void tls_ctx_free(struct tls_ctx *c);
/* Whether a handshake may begin with that octet: a record does, and the format of SSL 2.0 where GnuTLS answers. */
bool tls_ctx_begins(const struct tls_ctx *server, uint8_t first);
/* Every later session of this context appends its secrets here (NSS key log format). */
void tls_ctx_keylog(struct tls_ctx *c, void (*line)(void *arg, const char *line), void *arg);

struct tls *tls_accept(struct tls_ctx *c);
struct tls *tls_connect(struct tls_ctx *c, const char *sni); /* sni NULL: none */

/* What a client keeps of the handshakes that it made, to resume with the same peer (RFC 8446 2.2, RFC 5246 7.3): no private-key operation on
 * either side, and the chain is the one of then, for the caller to judge again.  A session is used once.  GnuTLS's profiles have none. */
struct tls_sessions;
struct tls_sessions *tls_sessions_new(void); /* NULL: out of memory */
void tls_sessions_forget(struct tls_sessions *s);
void tls_sessions_free(struct tls_sessions *s); /* behind the endpoints that use it */
/* As tls_connect(); the handshake resumes what s holds of that peer, and s gets what comes of it.  The peer's text is the caller's: its name,
 * address and port.  s NULL: as tls_connect(). */
struct tls *tls_connect_again(struct tls_ctx *c, const char *sni, struct tls_sessions *s, const char *peer);
bool tls_resumed(const struct tls *t); /* when it is up */
void tls_free(struct tls *t);

enum tls_state { TLS_HANDSHAKE, TLS_UP, TLS_CLOSED, TLS_FAILED };
enum tls_state tls_feed(struct tls *t, const void *p, size_t n); /* takes all of it; drives the handshake */
enum tls_state tls_state(const struct tls *t);
/* Appends; a client calls it once before the first feed.  When `out` is empty the memories change places: nothing is copied, and
 * who clears `out` instead of freeing it between two calls has the same memory over and over; tls_trim() gives back what is left. */
void tls_drain(struct tls *t, struct buf *out);
void tls_trim(struct tls *t);
long tls_read(struct tls *t, void *p, size_t n); /* octets; 0: nothing now; -1: closed or failed */
bool tls_write(struct tls *t, const void *p, size_t n); /* takes all of it */
void tls_shutdown(struct tls *t);			/* close_notify; then drain */
const char *tls_why(const struct tls *t); /* when failed: a sentence */
uint8_t tls_alert(const struct tls *t);	  /* when failed: the alert that the peer sent (RFC 5246 7.2), or 0 */

/* The chain as the peer sent it, leaf first: DER, appended to *store; der[i], n[i]: where each lies in it and its length.
 * Returns how many, at most cap. The library does not verify it: the caller asks pki_chain_verify().  (Exception: a TLS_DSK server context has verified
 * the client's chain against client_ca_pem before TLS_UP.) */
unsigned tls_peer_chain(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap);
const char *tls_version(const struct tls *t);
const char *tls_cipher(const struct tls *t);
/* RFC 5705 / EAP-TLS: 128 octets of "client EAP encryption", no context. */
bool tls_export_eap(struct tls *t, uint8_t out[128]);
/* The hash behind the suite's MAC: "MD5", "SHA1", "SHA256", "SHA384". */
const char *tls_mac_hash(const struct tls *t);

#endif
