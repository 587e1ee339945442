/* phone/client/sip.h: the SIP connection: REGISTER and SUBSCRIBE as a phone writes them, answers matched, signatures made and
 * checked, the handshakes at the Registrar ([sip 3, 4, 5, 6, 7, 8, 9, 11.1, 14.1]).
 *
 * One client is one connection, from sip_open() on.  Its events go to the handlers that it was made with; a request
 * has a handler of its own, called once, later.  A handler may close the connection (sip_close()); whoever made the client
 * frees it when none of its functions is running.
 */
#ifndef DIALTONE_PHONE_SIP_H
#define DIALTONE_PHONE_SIP_H

#include "auth/sipsig.h"
#include "base/buf.h"
#include "phone/client/ntlm.h"
#include "phone/run/core.h"
#include "phone/run/record.h"
#include "wire/msg.h"
#include "wire/sip.h"

struct dsk;
struct pki_key;
struct tls_ctx;

struct sip_ids { /* stable per device and user [sip 5] */
	char epid[17], uuid[37];
};
void sip_ids_of(const uint8_t mac[6], const char *aor, struct sip_ids *ret);

enum sip_scheme { SCHEME_NONE, SCHEME_DSK, SCHEME_NTLM };
struct sip_sa { /* one security association */
	enum sip_scheme scheme;
	bool up; /* keys are there: everything is signed */
	bool proxy; /* it was asked for in Proxy-Authenticate, and answers in Proxy-Authorization */
	char realm[128], targetname[256], opaque[64], version[8];
	struct sipsig_key ours, theirs;
	uint32_t cnum;
	struct sipsig_window window;
	uint64_t since;
};

struct sip_client;
typedef void sip_fn(void *arg, const struct msg *m); /* m NULL: no answer; the client's bad and why say why not */

struct sip_handlers {
	void (*opened)(void *arg, const struct dt_stream_opened *o);
	void (*request)(void *arg, const struct msg *m);  /* signed, whole, not answered yet */
	void (*lost)(void *arg, const char *why);	  /* the connection, while no answer is waited for */
	void *arg;
};

struct sip_conf { /* what it points to lives as long as the client */
	const char *aor; /* "alice@contoso.test" */
	struct buf *anchors; /* PEM */
	bool outside; /* public roots count too; certificates are verified as outside */
	bool old_tls; /* TLS-DSK with TLS 1.0, RC4, 3DES and AES (TLS_PHONE) */
	const struct buf *key, *cert; /* PEM, DER: for TLS-DSK; NULL: none that is good */
	struct ntlm_login ntlm; /* login NULL: not to be used */
};

struct sip_target { /* where a Registrar may be */
	enum dt_candidate candidate; /* how the phone came to know it */
	char host[256];
	uint16_t port;
	bool tls;
	bool unnamed; /* a redirect gave an address only: the certificate's name is checked against the first challenge's targetname */
};

struct sip_client {
	struct dt_phone *ph;
	struct sip_conf conf;
	struct sip_handlers to;
	unsigned id;
	bool open;
	bool named; /* of an unnamed target: the targetname has been checked */
	struct sip_target peer;
	uint32_t address, local_address;
	uint16_t local_port;
	struct buf in, leaf; /* leaf: the certificate (DER) of an unnamed target, until it has been checked */
	uint8_t binding[16]; /* ntlm_channel_binding() of the server's certificate in TLS */
	bool bound;	     /* there is one */
	struct sip_ids ids;
	char call_id[40], gruu[320], contact[128];
	uint32_t cseq;
	struct sip_sa sa, next; /* next: the handshake under way */
	struct tls_ctx *dsk_ctx;
	struct pki_key *dsk_key;
	struct dsk *dsk;
	struct { /* the one request under way */
		bool busy;
		uint32_t cseq;
		uint64_t since; /* when it went out */
		char method[16], call_id[40];
		struct sip_sa *signer; /* the association that must sign the answer; NULL: none yet */
		sip_fn *done;
		void *arg;
	} asked;
	enum dt_failure bad; /* why done() is called without an answer */
	char *why; /* on the heap; NULL: none */
	unsigned round; /* of the handshake */
	unsigned expires, keepalive; /* s; keepalive 0: none is agreed on */
};

/* NULL: out of memory. */
struct sip_client *sip_new(struct dt_phone *ph, const struct sip_conf *c, const struct sip_handlers *to);
void sip_free(struct sip_client *s); /* closes, wipes; NULL is fine */
bool sip_open(struct sip_client *s, const struct sip_target *at, uint32_t address); /* false: it cannot even be tried */
void sip_close(struct sip_client *s); /* NULL is fine */

/* expires -1: the server's choice.  signer: signs it (auth: further parameters, or NULL); NULL: auth as it is, or none. */
void sip_register(struct sip_client *s, int expires, const struct sip_auth *auth, struct sip_sa *signer, sip_fn *done, void *arg);
void sip_subscribe(struct sip_client *s, sip_fn *done, void *arg);
void sip_raw(struct sip_client *s, const void *p, size_t n);
void sip_reply(struct sip_client *s, const struct msg *q, unsigned status, const char *reason);

void sip_registered_as(struct sip_client *s, const struct msg *m); /* what a 200 to REGISTER tells */
void sip_diag_text(const struct msg *m, unsigned *id, struct why *why);
void attempt_sip(struct sip_client *s, struct attempt *a, const struct msg *m); /* facts of an answer; NULL: of the connection */
bool sip_at_backup(const struct msg *m);  /* a 200 of the backup of the user's home pool, which is away [sip 12.2] */
bool sip_challenged(const struct msg *m); /* 401, or 407 as some servers have it */

/* sip_sign.c */
unsigned sip_version(const struct sip_sa *sa);
/* The value of Authorization for that message, which is about to be sent. */
bool sip_sign(struct sip_client *s, struct sip_sa *sa, const struct msg *draft, const struct sip_auth *base, struct buf *value);
const char *sip_verify(struct sip_sa *sa, const struct msg *m); /* NULL: good */
void sip_sa_clear(struct sip_sa *sa);

/* sip_auth.c: one step of a handshake. */
enum auth_result { AUTH_AGAIN, AUTH_FAILED };
struct sip_challenge {
	enum dt_failure failure; /* of AUTH_FAILED */
	struct why why;
	enum dt_sign sign[DT_SIGNS_MAX]; /* of the certificate inside SIP */
	struct sv sts_uri; /* the Web Services' address, as the challenge tells it; inside the message */
};
enum auth_result sip_auth_401(struct sip_client *s, const struct msg *m, sip_fn *done, void *arg, struct sip_challenge *ret);
void sip_auth_begin(struct sip_client *s); /* from the beginning of the handshake */
void sip_auth_end(struct sip_client *s);

/* From the runner.  s NULL: no client is there. */
bool sip_has(const struct sip_client *s, unsigned stream);
void sip_opened(struct sip_client *s, const struct dt_stream_opened *o);
void sip_data(struct sip_client *s, const void *p, size_t n);
void sip_closed(struct sip_client *s, const char *why);
void sip_timer(struct sip_client *s);

#endif
