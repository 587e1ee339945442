/* server/vault/vault.h: what the vault is asked, and what it answers.
 *
 * The vault is the process that holds the CA key, the ticket key, the PIN secret, the sealed NT hashes, and the store.  It
 * takes nobody's word: it counts a PIN attempt before it checks it, makes the NTLM challenges itself, issues a ticket only to
 * a user who proved an identity to it, and a certificate only against such a ticket.
 *
 * A question is a value (struct vault_ask), and so is its answer (struct vault_reply).  Workers send questions through a
 * struct vault_link: in dialtoned over a socket (server/vault/ipc.h), in a test directly (vault_direct()).  How they cross
 * the socket is told once, in server/vault/rows.c.
 */
#ifndef DIALTONE_SERVER_VAULT_H
#define DIALTONE_SERVER_VAULT_H

#include "base/buf.h"
#include "base/why.h"
#include "server/site/site.h"
#include "wire/soap/soap.h"
#include "wire/update.h"

enum vault_status {
	VAULT_OK,
	VAULT_REFUSED,	   /* wrong, locked, expired, unknown, not set: all alike; `why` is for the log only */
	VAULT_NOT_ENABLED, /* proved, but not a user of ours or disabled: 28000 */
	VAULT_METHOD_OFF,  /* 28029 */
	VAULT_TICKET_BAD,  /* 28032 */
	VAULT_CLAIM,	   /* the claim names another user than the authenticated one */
	VAULT_AUDIENCE,	   /* AppliesTo is none of our services */
	VAULT_MALFORMED,
	VAULT_CSR,	   /* `why` may be told: ErrorInfo */
	VAULT_NOT_FOUND,
	VAULT_ELSEWHERE,   /* proved; the user lives on another pool: the reply says where */
	VAULT_REMOTE,	   /* proved, but this user may not sign in from outside */
	VAULT_WAIT,	   /* too many failures from this address: nothing was checked, `why` says for how long */
	VAULT_FULL,	   /* there is no room for what would have to be stored; `why` may be told */
	VAULT_UNAVAILABLE, /* its store, or the vault itself, cannot do it now */
	VAULT_LATE	   /* said by a link: there was no answer before the deadline */
};
#define VAULT_STATUS_LAST VAULT_LATE
const char *vault_status_name(enum vault_status s);
bool vault_is_busy(enum vault_status s); /* no verdict: 503, and it may be asked again later */

struct vault_user {
	char aor[256];	     /* "alice@contoso.test", as stored */
	char display[128], home_pool[256];
	bool enabled, remote; /* remote: may sign in from outside */
	bool common_area;     /* of a room, not of a person */
};

struct vault_login { /* after a good NTLM answer */
	uint64_t id; /* names this login in VAULT_TICKET_LOGIN; forgotten after 10 minutes or 4096 others */
	char aor[256]; /* "": the account is real but no (enabled) user: VAULT_NOT_ENABLED, and the key is there all the same */
	uint8_t session_key[16];
	uint32_t flags; /* of the AUTHENTICATE */
};

struct vault_ticket {
	struct soap_issued issued; /* ready for soap_issued_write(); vault_ticket_clear() */
	bool remote;		   /* its user may sign in from outside */
	char web[264];		   /* VAULT_ELSEWHERE: the Web Services of the home pool, "HOST" or "HOST:PORT"; "" : none on that side */
};
void vault_ticket_clear(struct vault_ticket *t);

struct vault_cert {
	char aor[256];
	struct buf der;
};

struct vault_offer {
	bool known;			   /* a rule matches this device */
	struct update_module module;	   /* file: path below the store; version "" : nothing to offer */
	bool test_device;
	char uninstall[32]; /* the version that was taken back, when the device runs it; "" : none */
};

struct vault_admission {
	struct vault_user user;
	bool pin; /* number and PIN were proved for this user from that address in the last ten minutes */
	bool elsewhere; /* the user lives on another pool ... */
	char sip[264];	/* ... and this is its Registrar, "HOST" or "HOST:PORT"; "" : none on that side */
	bool backup; /* the user lives on another pool, which is away: this one is its backup */
};

/* ---- questions ----------------------------------------------------------------------------------------------- */

/* One line a question: its kind, the name of its handler (vault_on_...), of its values below and of its rows in rows.c. */
/* clang-format off */
#define VAULT_QUESTIONS(X) \
	X(VAULT_USER,           user)           /* who has this address? */ \
	X(VAULT_CERT_KNOWN,     cert_known)     /* is this certificate published, not revoked, in time, and this user's? */ \
	X(VAULT_NTLM_CHALLENGE, ntlm_challenge) /* make a challenge */ \
	X(VAULT_NTLM_VERIFY,    ntlm_verify)    /* is this the right answer to it? */ \
	X(VAULT_TICKET_LOGIN,   ticket_login)   /* a ticket for such a login */ \
	X(VAULT_TICKET_PIN,     ticket_pin)     /* a ticket for number and PIN */ \
	X(VAULT_PIN_CHANGE,     pin_change)     /* a new PIN, by the old one or by such a login */ \
	X(VAULT_TICKET_CERT,    ticket_cert)    /* a ticket for the certificate that signed this envelope */ \
	X(VAULT_TICKET_KNOWN,   ticket_known)   /* a web ticket that is only shown: whose is it? */ \
	X(VAULT_CERT_ISSUE,     cert_issue)     /* GetAndPublishCert, the whole envelope */ \
	X(VAULT_UPDATE_OFFER,   update_offer)   /* which firmware for this device? */ \
	X(VAULT_DEVICE_SIGNED,  device_signed)  /* this phone signed in, or off: for the inventory; told by the location process */ \
	X(VAULT_ADMIT,          admit)          /* all that a REGISTER asks: certificate, user, proved PIN */
/* clang-format on */

#define VAULT_KIND(kind, name) kind,
enum vault_kind { VAULT_NO_QUESTION, VAULT_QUESTIONS(VAULT_KIND) VAULT_KINDS };
#undef VAULT_KIND

struct vault_ask { /* starts as {.kind = ...}; views point to what must last until vault_send() returns */
	enum vault_kind kind;
	union {
		struct {
			char aor[256]; /* without "sip:" */
		} user;
		struct {
			struct sv der;
			char aor[256];
		} cert_known;
		struct {
			bool datagram;
			struct sv type1;
		} ntlm_challenge;
		struct {
			uint64_t id; /* as in the challenge's reply */
			struct sv type3;
			char peer[64]; /* the phone's address */
			uint8_t binding[16]; /* ntlm_channel_binding() of the TLS connection it came in; zero: there is none */
			bool outside;
		} ntlm_verify;
		struct {
			uint64_t login; /* vault_login.id */
			bool outside;
			struct soap_issue issue;
		} ticket_login;
		struct {
			char number[256], pin[256], peer[64]; /* peer: the phone's address */
			bool outside;
			struct soap_issue issue;
		} ticket_pin;
		struct {
			char number[256], pin[256]; /* the old one; number "": by the login */
			uint64_t login;		    /* vault_login.id */
			char fresh[256], peer[64];
		} pin_change;
		struct {
			struct sv envelope;
			bool outside;
		} ticket_cert;
		struct {
			struct sv assertion;
			bool outside;
		} ticket_known;
		struct {
			struct sv envelope; /* ticket, proof, entity and request are checked in the vault; stored before it answers */
			bool outside;
		} cert_issue;
		struct {
			struct update_question device;
			char peer[64];
		} update_offer; /* the device is written down */
		struct {
			char mac[24], instance[40]; /* mac: in any form; "": not known */
			char model[32], version[32], user[256], address[64];
			uint64_t at; /* UNIX seconds */
			bool off;
		} device_signed;
		struct {
			char aor[256];	  /* the user to be registered */
			char proved[256]; /* the signer: the certificate's user */
			struct sv der;	  /* empty: it was no certificate */
			char peer[64];	  /* the phone's address */
			bool outside;
		} admit;
	};
};

struct vault_reply {
	enum vault_kind kind; /* of the question */
	enum vault_status status;
	struct why why; /* for the operator: a sentence, or "" */
	char who[256];	/* for the operator: the user that a refused number belongs to, or "" */
	union { /* when VAULT_OK; ntlm_verify also when VAULT_NOT_ENABLED */
		struct vault_user user, ticket_known; /* ticket_known: the ticket's user */
		struct {
			uint64_t id;
			struct buf challenge;
		} ntlm_challenge;
		struct vault_login ntlm_verify;
		struct vault_ticket ticket_login, ticket_pin, ticket_cert;
		struct vault_cert cert_issue;
		struct vault_offer update_offer;
		struct vault_admission admit; /* VAULT_NOT_FOUND: no such user; anything else: the certificate is refused */
	};
};
void vault_ask_clear(struct vault_ask *q); /* overwrites what is secret */
void vault_reply_clear(struct vault_reply *r); /* frees, and overwrites what is secret */

/* ---- the way to the vault -------------------------------------------------------------------------------------- */

/* Called exactly once for each question, with its answer: also when nobody answered in time (VAULT_LATE) and when the link
 * ends.  The reply is lent for the call; a buffer that is kept must be taken out of it (and left as {0}). */
typedef void vault_done(void *arg, struct vault_reply *r);

struct vault_link {
	void (*send)(void *arg, const struct vault_ask *q, vault_done *done, void *done_arg);
	void *arg;
	/* A count that is another one as soon as what VAULT_ADMIT has said may no longer hold, whoever changed the store.
	 * NULL: nobody knows, every REGISTER asks. */
	uint64_t (*changes)(void *arg);
	void *changes_arg;
};
/* Never waits.  done() may come before it returns. */
void vault_send(const struct vault_link *l, const struct vault_ask *q, vault_done *done, void *arg);

#endif
