/* server/worker/internal.h: what the files of server/worker share, and nobody else. */
#ifndef DIALTONE_SERVER_WORKER_INTERNAL_H
#define DIALTONE_SERVER_WORKER_INTERNAL_H

#include "base/why.h"
#include "net/http_server.h"
#include "server/registrar/registrar.h"
#include "server/web/web.h"
#include "server/worker/worker.h"

/* ---- server/worker/tls.c: contexts and chains ----------------------------------------------------------------------- */

struct worker_tls { /* starts as {0} */
	struct pki_key *inside_key, *outside_key, *dsk_key[2]; /* dsk_key: inside, outside */
	struct tls_ctx *inside, *outside, *dsk, *dsk_outside;
	uint8_t binding[2][16]; /* ntlm_channel_binding() of the certificates inside and outside */
	struct buf chain_pem; /* of the inside name, root and issuing CA included: what the root chain download hands out */
	int keylog_fd;
};
bool worker_tls_init(struct worker_tls *t, const struct worker_conf *c, struct why *why);
void worker_tls_clear(struct worker_tls *t);
struct tls_ctx *worker_tls_of(const struct worker_tls *t, const struct worker_listener *l); /* NULL: plain */

/* ---- server/worker/old.c: phones that have TLS 1.0 only, from a worker to the legacy process ---------------------------- */

struct worker_old_from { /* the worker's side, one a listener */
	const struct site *site;
	int fd;
	unsigned listener; /* its number in worker_conf */
};
struct conn_old worker_old_of(struct worker_old_from *f); /* borrows it */

struct worker_old { /* the legacy process's side */
	struct loop_fd watch;
	void (*take)(void *arg, int fd, unsigned listener, const struct sockaddr_storage *from); /* takes fd */
	bool (*full)(void *arg); /* nothing is taken now */
	void *arg;
};
void worker_old_init(struct worker_old *o, struct loop *loop, int fd); /* the callbacks are set already */


/* ---- server/worker/admission.c: handshakes that may begin, at the Web Services and at the Registrar ---------------------------- */

struct vault_client;
void worker_admission_init(struct admission ret[2], struct loop *loop, struct vault_client **vault); /* borrows both */

/* ---- server/worker/web.c: Web Services behind the HTTP server --------------------------------------------------------- */

struct worker_web {
	struct http_server http;
	struct web *web;
	const struct seen_link *seen;
	char files[PATH_MAX], logs[PATH_MAX];
};
bool worker_web_init(struct worker_web *w, struct loop *loop, const struct site *site, const struct vault_link *vault,
		     const struct seen_link *seen, const struct health *health, const struct worker_tls *tls);
/* A connection with TLS ended before a word of its protocol: why the handshake failed; NULL: the phone left behind it. */
void worker_seen_tls(const struct seen_link *seen, enum seen_step step, struct conn *c, bool outside, const char *why);
void worker_web_clear(struct worker_web *w); /* its connections are gone already */

/* ---- server/worker/sip.c: the Registrar behind connections ------------------------------------------------------------ */

struct sip_link; /* one connection */
struct worker_sip {
	struct loop *loop;
	struct registrar *registrar;
	struct sip_link *first;
	const struct seen_link *seen;
	struct shares *shares;
	const struct health *health;
	unsigned n, most; /* most: since memory was given back */
	uint64_t last_id;
	bool draining;
};
bool worker_sip_init(struct worker_sip *s, struct loop *loop, const struct registrar_conf *conf);
void worker_sip_clear(struct worker_sip *s);
void worker_sip_take(struct worker_sip *s, int fd, const struct sockaddr_storage *from, const struct conn_kind *kind,
		     const struct worker_listener *l);
void worker_sip_order(struct worker_sip *s, const struct location_notice *n);
/* Of connections on which nobody is registered or asks; and of so many whose phone must sign in again to learn its settings. */
void worker_sip_let_go(struct worker_sip *s, unsigned outdated);
void worker_sip_drain(struct worker_sip *s);
void worker_sip_reset(struct worker_sip *s);

#endif
