/* server/registrar/internal.h: what the files of the Registrar share.  For server/registrar/ only.
 *
 *     conn.c       octets to messages, timers, who may ask what        challenge.c  401s
 *     serve.c      an authenticated request to its method              ntlm.c       NTLM
 *     turn.c       a request that waits for another process
 *     sa.c         security associations, signatures of requests       dsk.c        TLS-DSK
 *     register.c   REGISTER, the checks in their order                 subscribe.c  SUBSCRIBE and what it answers
 *     answer.c     responses, refusals, our signature                  notify.c     requests of ours
 *     policy.c     client versions                                     registrar.c  the worker's Registrar, orders
 *     identity.c   our name on a connection                            via.c        Via of responses
 *     subscription.c  subscriptions that were granted             packages.c   event packages, their state
 *     aor.c        addresses and the epid in a message             seen.c       what a REGISTER says of its phone
 */
#ifndef DIALTONE_SERVER_REGISTRAR_INTERNAL_H
#define DIALTONE_SERVER_REGISTRAR_INTERNAL_H

#include "auth/ntlm.h"
#include "auth/tlsdsk.h"
#include "server/location/packed.h"
#include "server/registrar/registrar.h"
#include "wire/sip.h"

#define SUBSCRIPTION_SECONDS 3600  /* the longest that is granted */
#define REG_FIRST_MS 60000	   /* to send a first message: "connection timer", [sip 19.1] */
#define REG_CHALLENGED_MS 180000   /* to be authenticated; a certificate is fetched meanwhile */
#define REG_PENDING_MS 30000	   /* a handshake that was begun */
#define REG_GRACE_MS 64000	   /* beyond the keep-alive timeout */
#define REG_BODY_MAX (128 * 1024)  /* MaxClientMessageBodySizeKb */
#define REG_BODY_STRANGER 8192	   /* before anybody has signed */
#define REG_MORE_MAX ((size_t)256 * 1024) /* limit of octets that may come while a request waits */
#define REG_ASSOCIATIONS 8	   /* per connection: one endpoint has one, two while it renews */
#define REG_ASSOCIATIONS_STRANGER 2 /* before a user is proved: a begun handshake of TLS-DSK takes REG_DSK_OCTETS */
#define REG_DSK_OCTETS 45056
#define REG_FAILURES 16		   /* refused proofs before the connection is closed */
#define REG_STEPS 8		   /* flights of a handshake */
#define REG_EPID_MAX 16
#define REG_EPID_KEPT 64 /* what an association may be keyed by: a longer one than REG_EPID_MAX is refused behind it, signed */

/* 11.3: "comma list, no blanks" */
#define REG_EVENTS \
	"vnd-microsoft-provisioning,vnd-microsoft-roaming-contacts,vnd-microsoft-roaming-ACL,presence,presence.wpending," \
	"vnd-microsoft-roaming-self,vnd-microsoft-provisioning-v2,message-summary"

struct reg_subscription;
struct reg_binding {
	struct reg_subscription *subscriptions;
	struct location_packed *b;
	uint64_t until; /* mono_ms */
	char *from;	/* the From of its last REGISTER: the To of our requests */
	uint32_t cseq;
	bool alone; /* the location process has listed it as the user's only endpoint, and has not said otherwise since */
};

enum reg_sa_state { SA_NTLM, SA_DSK, SA_KEYED, SA_UP }; /* KEYED: keys are there, nobody has used them yet */

struct reg_sa {
	struct reg_sa *next;
	enum reg_sa_state state;
	bool ntlm;
	unsigned version, steps;
	char opaque[9];
	char epid[REG_EPID_KEPT + 1];
	char proved[256];      /* the user: "alice@contoso.test"; "" : nobody of ours */
	uint64_t pending_until; /* mono_ms */
	uint64_t until;		/* its own end; UINT64_MAX: not known yet */
	uint64_t vault_id;
	struct dsk *dsk;
	struct buf cert; /* DER */
	struct sipsig_key c2s, s2c;
	struct sipsig_window window;
	uint32_t snum;
	struct reg_binding *binding; /* NULL: not registered */
	bool admitted;		     /* the vault has admitted its user: ... */
	bool backup;		     /* the user lives on another pool, which is away */
	bool common_area;	     /* it is a room's: guests may sign in there */
	uint64_t changes;	     /* ... it need not be asked again while vault_link.changes() says this */
};

/* What a REGISTER says, before anybody is asked about it. */
struct reg_asked {
	char aor[256];
	char epid[REG_EPID_KEPT + 1], instance[40];
	struct sip_addr contact;
	bool has_contact, leave, fetch;
	uint32_t cseq;
	unsigned seconds;
};

/* A request that waits for an answer of the vault or the location process: its own copy of the message, whose texts are still
 * in the connection's buffer.  It outlives its connection: the answer finds it, and nobody else.
 *
 * A function that asks returns at once and touches the turn no more: the answer may have come, and the turn be over. */
struct reg_turn {
	struct reg_conn *c; /* NULL: the connection is gone */
	struct reg_sa *sa;  /* NULL: there is none, or it has ended meanwhile */
	struct msg m;
	bool waiting;	    /* for an answer */
	unsigned depth;	    /* functions of it that run */
	void (*vault_then)(struct reg_turn *t, struct vault_reply *r);
	void (*location_then)(struct reg_turn *t, struct location_reply *r);
	/* what the functions keep for the next one */
	struct buf flight; /* dsk.c */
	struct sip_auth auth; /* ntlm.c */
	unsigned version;
	struct reg_asked q; /* register.c, bind.c */
	struct reg_binding *binding; /* that is put just now */
	bool ours;		     /* it is this association's already */
	bool ordered;		     /* an order for that user has come meanwhile */
	bool others;		     /* LOCATION_ASK has */
	uint64_t changes;	     /* as they were when the vault was asked */
};

struct registrar {
	struct registrar_conf conf;
	struct reg_conn *conns;
};

struct reg_conn {
	struct reg_conn *next, **link;
	struct registrar *r;
	struct reg_io io;
	struct reg_peer peer;
	struct buf in;
	size_t need, looked;   /* octets before scanning makes sense; up to where no head ends */
	struct reg_turn *turn; /* what `in` begins with waits for an answer; NULL: nothing does */
	size_t used;	       /* its octets of `in` */
	struct buf more;       /* octets that came meanwhile: `in` must not move */
	bool running;	       /* messages are taken out of `in` just now */
	struct reg_sa *sas;
	uint64_t now; /* of the call that runs: mono_ms */
	int64_t unix_s;
	uint64_t born, last, challenged; /* mono_ms; challenged 0: not yet */
	unsigned failures;
	bool keepalive; /* was negotiated */
	bool outdated; /* it has asked once for settings that are others by now */
	bool closing, close_reported; /* told: io->close was called */
	char tag[33];
};

/* ---- identity.c ---- */
void reg_random_hex(const struct registrar *r, char *out, size_t octets, bool upper); /* 2 * octets + 1 */
const char *reg_targetname(const struct reg_conn *c); /* the name of this front end on that side */
unsigned reg_port(const struct reg_conn *c);	      /* and its port */
struct sip_auth reg_auth_base(const struct reg_conn *c, bool ntlm); /* the fields of a challenge that never change */

/* ---- sa.c ---- */
struct reg_sa *reg_sa_new(struct reg_conn *c, bool ntlm); /* NULL: too many, or no memory */
void reg_sa_free(struct reg_conn *c, struct reg_sa *sa); /* with its binding; the location is not told */
struct reg_sa *reg_sa_find(struct reg_conn *c, struct sv opaque, bool ntlm); /* in time */
void reg_sa_purge(struct reg_conn *c);					       /* handshakes that took too long */
/* The request's signature is good and new. */
bool reg_sa_verify(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct sip_auth *a);
/* Somebody has used its keys: it takes the place (and the binding) of an older one of the same endpoint. */
void reg_sa_up(struct reg_conn *c, struct reg_sa *sa);
bool reg_authenticated(const struct reg_conn *c);
/* cause: why, for the log; "": the phone asked for it; NULL: the location process is not told. */
void reg_unbind(struct reg_conn *c, struct reg_sa *sa, const char *cause);
void reg_binding_free(struct reg_binding *b);

/* ---- aor.c ---- */
bool reg_aor(struct sv uri, char out[256]); /* "sip:alice@contoso.test" -> "alice@contoso.test" */
bool reg_is_own(const struct reg_sa *sa, struct sv uri); /* it is the address of the user who was proved */
/* The epid of a request's From: false when it is too long. */
bool reg_epid(const struct msg *m, char out[REG_EPID_KEPT + 1]);

/* ---- challenge.c, dsk.c, ntlm.c ---- */
void reg_challenge(struct reg_conn *c, const struct msg *m, unsigned diag); /* 401 with every scheme; diag 0: none */
void reg_refuse_proof(struct reg_conn *c, const struct msg *m, bool ntlm, const char *why); /* 1000, counted, logged */
void reg_flight(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, const struct buf *token);
void reg_ntlm(struct reg_conn *c, const struct msg *m, const struct sip_auth *a); /* serves whom it believes */
void reg_dsk(struct reg_conn *c, const struct msg *m, const struct sip_auth *a);

/* ---- answer.c ---- */
enum reg_refusal {
	REFUSE_MALFORMED, REFUSE_ORDER, REFUSE_NO_ENDPOINT, REFUSE_EPID_LONG, REFUSE_EPID_OTHER, REFUSE_EVENT, REFUSE_GRUU,
	REFUSE_UNKNOWN_USER, REFUSE_IDENTITY, REFUSE_REMOTE, REFUSE_PIN, REFUSE_PLAIN, REFUSE_VERSION, REFUSE_XML, REFUSE_TYPE,
	REFUSE_UNKNOWN_EVENT, REFUSE_NO_CALL, REFUSE_NOT_REGISTERED, REFUSE_METHOD, REFUSE_UNAVAILABLE, REFUSE_BUSY
};
/* headers: whole lines, or NULL.  sa NULL: unsigned. */
void reg_answer(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, unsigned status, const char *reason,
		const struct buf *headers, const char *type, struct sv body);
void reg_refuse(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, enum reg_refusal which);
void reg_diagnostics(const struct reg_conn *c, struct buf *b, unsigned id, const char *reason, bool open);
/* Signs (when sa) a finished message and sends it. */
void reg_send(struct reg_conn *c, struct reg_sa *sa, const struct buf *message);
bool reg_has_tag(const struct msg *m, const char *header, const char *tag);

/* ---- via.c ---- */
void reg_vias(const struct reg_conn *c, struct buf *b, const struct msg *m); /* of a response to m */

/* ---- seen.c ---- */
/* What a REGISTER says of its phone, to the phone's journey (server/location/seen.h); other methods say nothing. */
void reg_seen_asked(struct reg_conn *c, const struct msg *m); /* it is asked for a proof */
void reg_seen_refused(struct reg_conn *c, const struct reg_sa *sa, const struct msg *m, enum dt_failure code, const char *why);

enum dt_failure reg_failure_of(enum reg_refusal which);

/* ---- turn.c ---- */
/* The turn of this request: a new one, or the one that runs.  NULL: no memory; the request has been refused then. */
struct reg_turn *reg_turn_of(struct reg_conn *c, struct reg_sa *sa, const struct msg *m);
void reg_turn_vault(struct reg_turn *t, const struct vault_ask *q, void (*then)(struct reg_turn *t, struct vault_reply *r));
void reg_turn_location(struct reg_turn *t, const struct location_ask *q,
		       void (*then)(struct reg_turn *t, struct location_reply *r));
/* Over without another question: called where it has not asked at all, or from the function of an answer. */
void reg_turn_over(struct reg_turn *t);
void reg_turn_refuse(struct reg_turn *t, enum reg_refusal which); /* and over */
void reg_turn_put_back(const struct reg_turn *t); /* the binding that was being put must not stay */
void reg_turn_orphan(struct reg_conn *c); /* its connection goes */

/* ---- the methods ---- */
void reg_serve(struct reg_conn *c, struct reg_sa *sa, const struct msg *m);
void reg_date(const struct reg_conn *c, struct buf *h); /* the line Date */
void reg_register(struct reg_conn *c, struct reg_sa *sa, const struct msg *m);
void reg_subscribe(struct reg_conn *c, struct reg_sa *sa, const struct msg *m);
void reg_bind(struct reg_turn *t, const char *aor);  /* bind.c: what an admitted REGISTER asks for; the canonical address */
/* An admitted REGISTER that moves nothing but the time of the user's only endpoint is answered at once.  false: others must be asked. */
bool reg_rebound(struct reg_conn *c, struct reg_sa *sa, const struct msg *m, const struct reg_asked *q);
bool reg_client_allowed(const struct site *s, struct sv user_agent);

/* ---- notify.c ---- */
void reg_notify_gone(struct reg_conn *c, struct reg_sa *sa, const struct location_notice *n);
void reg_via(const struct reg_conn *c, struct buf *b); /* of a request of ours, with Max-Forwards */
void reg_body(struct buf *b, const char *type, struct sv body); /* the last headers of a message, and its body; type NULL: it has none */

/* ---- packages.c ---- */
/* The Event of a SUBSCRIBE without its parameters, to its row in the table; false: there is no such package. */
bool reg_package_find(struct sv event, unsigned *ret);
const char *reg_package_type(unsigned package); /* of its state; NULL: it has none */
bool reg_package_public(unsigned package); /* anybody may ask for it: it is empty for everybody */
bool reg_package_changes(unsigned package); /* while a phone is registered; its question has a body then, of reg_package_type() */
/* The state as it is now, as that question asks for it.  false: the question cannot be read. */
bool reg_package_state(const struct reg_conn *c, const struct reg_sa *sa, unsigned package, struct sv asked, struct buf *state);

/* ---- subscription.c ---- */
/* A SUBSCRIBE was granted: it is kept, or refreshed, or (expires 0) ended.  rides: its first notification went in the 200, else it is sent. */
void reg_subscribed(struct reg_conn *c, struct reg_sa *sa, const struct msg *q, unsigned package, unsigned expires, bool rides,
		    struct sv state);
uint32_t reg_subscription_cseq(const struct reg_sa *sa, const struct msg *q, unsigned package); /* of its next notification */
uint64_t reg_subscriptions_until(const struct reg_binding *b); /* when the first one ends; UINT64_MAX: never */
void reg_subscriptions_expire(struct reg_conn *c, struct reg_sa *sa);
void reg_subscriptions_end(struct reg_conn *c, struct reg_sa *sa); /* with a notification each */
void reg_subscriptions_free(struct reg_binding *b);

#endif
