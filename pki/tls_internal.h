/* pki/tls_internal.h: what the files behind pki/tls.h share: two TLS libraries behind one small interface.
 *
 * pki/tls.c holds the octets on their way and the state; an engine does the rest.  OpenSSL is the engine for everybody;
 * GnuTLS has what OpenSSL of today has no more, and old phones need: 3DES, RC4, and a ClientHello in the form of SSL 2.0.
 */
#ifndef DIALTONE_PKI_TLS_INTERNAL_H
#define DIALTONE_PKI_TLS_INTERNAL_H

#include <openssl/ssl.h>

#include "pki/tls.h"

struct tls_old; /* GnuTLS's context: pki/tls_gnutls_ctx.c */

struct tls_ctx {
	SSL_CTX *ssl;	     /* NULL: this profile is GnuTLS's alone */
	struct tls_old *old; /* NULL: this profile is OpenSSL's alone.  Both: the client's hello decides */
	bool server;
	struct ticket_keys tickets;
	uint64_t (*mono_ms)(void);
	void (*keylog)(void *arg, const char *line);
	void *keylog_arg;
};

struct tls {
	struct tls_ctx *ctx;
	const struct tls_engine *engine; /* NULL: a server that waits for the hello to choose by */
	void *session;			 /* the engine's */
	struct buf in, out;		 /* octets from and to the peer */
	size_t taken;			 /* of `in`, by the engine */
	enum tls_state state;
	uint8_t alert; /* that the peer sent; 0: none */
	char *why;     /* of its failure, on the heap; NULL: none */
	struct tls_sessions *sessions; /* a client that resumes; NULL: none does */
	char *peer;	       /* its row there, on the heap */
};

/* What an engine does with an endpoint; read(), write() and shutdown() are called when it is up. */
struct tls_engine {
	bool (*open)(struct tls *t, const char *sni);
	void (*close)(struct tls *t);
	void (*handshake)(struct tls *t); /* as far as `in` goes; sets state */
	long (*read)(struct tls *t, void *p, size_t n);
	bool (*write)(struct tls *t, const void *p, size_t n);
	void (*shutdown)(struct tls *t);
	unsigned (*peer_chain)(struct tls *t, struct buf *store, const uint8_t **der, size_t *n, unsigned cap);
	const char *(*version)(const struct tls *t);
	const char *(*cipher)(const struct tls *t);
	bool (*export_eap)(struct tls *t, uint8_t out[128]);
	const char *(*mac_hash)(const struct tls *t);
};
extern const struct tls_engine tls_openssl, tls_gnutls;

/* For engines: up to n octets of what came; 0 when there is nothing. */
size_t tls_take(struct tls *t, void *p, size_t n);
void tls_fail(struct tls *t, const char *doing, const char *because);

/* tls_sessions.c: from now on the context's endpoints leave their sessions to whom tls_connect_again() named. */
void tls_sessions_of(struct tls_ctx *client);
/* An endpoint of OpenSSL's that has not begun takes its peer's session, and leaves what comes.  false: it may not go on. */
bool tls_sessions_take(struct tls *t);

struct tls_old *tls_old_server(const struct tls_server_conf *c); /* NULL: GnuTLS refuses */
struct tls_old *tls_old_client(const struct tls_client_conf *c);
void tls_old_free(struct tls_old *o);

#endif
