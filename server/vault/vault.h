/* server/vault/vault.h: what the vault answers.
 *
 * The vault is the process that holds the CA key, the ticket key, the PIN secret, the sealed NT hashes, and the store.
 * Workers reach it by these calls only: in a test directly (vault_new), in dialtoned over a socket (server/vault/ipc.h); the
 * same struct of functions either way.  It takes nobody's word: it counts a PIN attempt before it checks it, makes the
 * NTLM challenges itself, issues a ticket only to who proved himself to it, and a certificate only against such a ticket.
 *
 * Calls are synchronous and have a deadline: over the socket two seconds, then VAULT_UNAVAILABLE.
 */
#ifndef DIALTONE_SERVER_VAULT_H
#define DIALTONE_SERVER_VAULT_H

#include "base/buf.h"
#include "server/site/site.h"
#include "wire/soap/soap.h"
#include "wire/update.h"

enum vault_status {
	VAULT_OK,
	VAULT_REFUSED,	   /* wrong, locked, expired, unknown, not set: all alike; `why` is for the log only */
	VAULT_NOT_ENABLED, /* proved, but not a user of ours or disabled: 28000 */
	VAULT_METHOD_OFF,  /* 28029 */
	VAULT_TICKET_BAD,  /* 28032 */
	VAULT_CLAIM,	   /* the claim names another than who proved himself */
	VAULT_AUDIENCE,	   /* AppliesTo is none of our services */
	VAULT_MALFORMED,
	VAULT_CSR,	   /* `why` may be told: ErrorInfo */
	VAULT_NOT_FOUND,
	VAULT_UNAVAILABLE
};
const char *vault_status_name(enum vault_status s);

struct vault_user {
	char aor[256];	     /* "alice@contoso.test", as stored */
	char display[128], home_pool[256];
	bool enabled, remote; /* remote: may sign in from outside */
};

struct vault_login { /* after a good NTLM answer */
	uint64_t id; /* names this login to ticket_login(); forgotten after 10 minutes or 4096 others */
	char aor[256]; /* "" : the account is real but no (enabled) user: VAULT_NOT_ENABLED, and the key is there all the same */
	uint8_t session_key[16];
	uint32_t flags; /* of the AUTHENTICATE */
};

struct vault_ticket {
	struct soap_issued issued; /* ready for soap_issued_write(); vault_ticket_clear() */
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
};

/* `why` (where there is one): 160 octets or NULL; the operator's reason. */
#define VAULT_WHY 160

struct vault_ops {
	enum vault_status (*user)(void *arg, const char *aor, struct vault_user *ret); /* aor: without "sip:" */
	/* The certificate is published, not revoked, not expired, for this user. */
	enum vault_status (*cert_known)(void *arg, const uint8_t *der, size_t n, const char *aor, char *why);
	enum vault_status (*ntlm_challenge)(void *arg, bool datagram, const void *type1, size_t n, uint64_t *id,
					    struct buf *challenge);
	enum vault_status (*ntlm_verify)(void *arg, uint64_t id, const void *type3, size_t n, struct vault_login *ret,
					 char *why);
	enum vault_status (*ticket_login)(void *arg, uint64_t login, const struct soap_issue *ask, bool outside,
					  struct vault_ticket *ret, char *why);
	enum vault_status (*ticket_pin)(void *arg, const char *number, const char *pin, const struct soap_issue *ask,
					bool outside, struct vault_ticket *ret, char *why);
	enum vault_status (*ticket_cert)(void *arg, const void *envelope, size_t n, bool outside, struct vault_ticket *ret,
					 char *why);
	/* The whole GetAndPublishCert envelope: ticket, proof, entity and CSR are checked here; stored before it answers. */
	enum vault_status (*cert_issue)(void *arg, const void *envelope, size_t n, bool outside, struct vault_cert *ret,
					char *why);
	/* Finds the rule, writes down the device. `peer`: its address. */
	enum vault_status (*update_offer)(void *arg, const struct update_question *q, const char *peer,
					  struct vault_offer *ret);
	/* external_require_pin: number and PIN were proved for this user from that address in the last ten minutes */
	enum vault_status (*pin_proved)(void *arg, const char *aor, const char *peer);
	void *arg;
	/* A web ticket shown in an HTTP header (X-MS-WebTicket), without proof: a ticket of ours, issued for that side, in
	 * time.  `aor` (256 octets): whose it is.  NULL: not supported. */
	enum vault_status (*ticket_known)(void *arg, const void *assertion, size_t n, bool outside, char *aor, char *why);
};

#endif
