/* server/registrar/registrar.h: the Registrar: SIP in, SIP out, no socket inside.
 *
 * One struct registrar a worker; one struct reg_conn a connection.  The caller owns both, feeds plaintext octets in and
 * gets octets out by io->send.  Times come in by argument: nothing here reads a clock.  Nothing here waits: a request that
 * needs the vault or the location process stops its own connection until their answer is there, and no other.
 */
#ifndef DIALTONE_SERVER_REGISTRAR_H
#define DIALTONE_SERVER_REGISTRAR_H

#include "pki/tls.h"
#include "server/location/location.h"
#include "server/site/health.h"
#include "server/site/site.h"
#include "server/vault/vault.h"

struct registrar;
struct reg_conn;

struct registrar_conf {
	const struct site *site;
	const struct vault_link *vault;
	const struct location_link *location;
	const struct seen_link *seen; /* reports of phones go there; NULL: nowhere */
	const uint8_t (*binding)[16]; /* ntlm_channel_binding() of the certificates inside and outside; NULL: there are none */
	const struct health *health; /* NULL: always ready */
	struct tls_ctx *dsk; /* TLS_DSK server context: certificate named targetname, client CA = the issuing CA */
	struct tls_ctx *dsk_outside; /* the same with the public names, for connections from outside; NULL: dsk */
	void (*random)(void *arg, void *p, size_t n);
	void *random_arg;
};
struct registrar *registrar_new(const struct registrar_conf *c); /* borrows what c points to */
void registrar_free(struct registrar *r);

struct reg_io {
	void (*send)(void *arg, const void *p, size_t n);
	void (*close)(void *arg); /* close when what was sent is out; no call for this connection follows */
	void *arg;
	/* An answer of the vault or the location process has come: call reg_conn_go_on().  Not called when they answer at
	 * once, as in a test; NULL then. */
	void (*ready)(void *arg);
};
struct reg_peer {
	char address[64]; /* true address, also behind PROXY */
	uint16_t port;
	bool tls, outside;
	uint64_t id; /* unique within the worker: location_binding.conn */
};

/* now: mono_ms for timers, unix_s for dates. */
struct reg_conn *reg_conn_new(struct registrar *r, const struct reg_io *io, const struct reg_peer *peer, uint64_t mono_ms,
			      int64_t unix_s);
void reg_conn_free(struct reg_conn *c); /* the connection is gone: its bindings are dropped */
/* false: the connection must be closed now (io->close was not called). */
bool reg_conn_feed(struct reg_conn *c, const void *p, size_t n, uint64_t mono_ms, int64_t unix_s);
/* A request waits for the vault or the location process.  Octets fed meanwhile are kept, within bounds: better not read. */
bool reg_conn_busy(const struct reg_conn *c);
bool reg_conn_go_on(struct reg_conn *c, uint64_t mono_ms, int64_t unix_s); /* after io->ready; false: close it */
uint64_t reg_conn_deadline(const struct reg_conn *c); /* when to call reg_conn_timer(); UINT64_MAX: never */
bool reg_conn_timer(struct reg_conn *c, uint64_t mono_ms, int64_t unix_s); /* false: close it */
/* Octets of the heap that it holds for a peer without proof; whether a user was proved on it. */
size_t reg_conn_held(const struct reg_conn *c);
bool reg_conn_proved(const struct reg_conn *c);
bool reg_conn_idle(const struct reg_conn *c); /* nobody is registered on it: may be closed when draining */
/* This worker's bindings, for a new location process. */
void registrar_bindings(const struct registrar *r, void (*fn)(void *arg, const struct location_binding *b), void *arg);

/* The settings that conf.site points to have changed: whoever has subscribed to them is notified. */
void registrar_settings(struct registrar *r, uint64_t mono_ms, int64_t unix_s);
/* It has asked for the settings once, without subscribing, and they are others now: it learns them when it signs in again. */
bool reg_conn_outdated(const struct reg_conn *c);

/* An order from the location process: NOTIFY the endpoint, end its security association. */
void registrar_order(struct registrar *r, const struct location_notice *n, uint64_t mono_ms, int64_t unix_s);

#endif
