/* server/vault/internal.h: the vault's own state, shared by the files of server/vault and by nobody else. */
#ifndef DIALTONE_SERVER_VAULT_INTERNAL_H
#define DIALTONE_SERVER_VAULT_INTERNAL_H

#include <pthread.h>

#include "server/vault/make.h"

#define VAULT_SLOTS 4096	/* challenges; logins: "forgotten after 10 minutes or 4096 others" */
#define VAULT_REMEMBER 600	/* seconds */
#define VAULT_PROVED 1024
#define VAULT_SOURCES 4096	/* addresses whose failures are remembered */
#define VAULT_SOURCES_NEAR 16	/* places that an address may have among them */
#define VAULT_CERT_BACKDATED 300 /* seconds: a phone's clock may be behind */
#define VAULT_CANDIDATES 16	/* users who share a number */

struct vault_pending { /* a challenge that was made and not yet answered */
	uint64_t id;
	int64_t at;
	uint8_t challenge[8];
	bool datagram; /* for SIP: its answer must say so, too */
	struct buf negotiate, message; /* what the MIC is over */
};
struct vault_logged_in {
	uint64_t id;
	int64_t at, user;
};
struct vault_pin_proof {
	int64_t at;
	char aor[256], peer[64];
};

struct vault_enrolled { /* a ticket that was used: cert.c */
	uint8_t id[20]; /* SHA-1 of its AssertionID */
	unsigned n;
};

struct vault_source { /* an address that PINs and passwords come from: sources.c */
	uint64_t key;
	unsigned failures;
	int64_t at, until; /* failures are forgotten from; nothing is checked until */
};

struct vault {
	struct vault_conf conf; /* questions are answered in many threads: all below seal_key is under the lock */
	uint8_t seal_key[32]; /* of proof keys inside tickets */
	uint64_t changes;	/* what VAULT_ADMIT has said may no longer hold: vault_changes() */
	uint64_t store_changes; /* as the store counted them last */
	pthread_mutex_t lock;
	unsigned next_pending, next_login, next_proved;
	struct vault_pending pending[VAULT_SLOTS];
	struct vault_logged_in login[VAULT_SLOTS];
	struct vault_pin_proof proved[VAULT_PROVED];
	struct vault_source source[VAULT_SOURCES];
	unsigned next_enrolled;
	struct vault_enrolled enrolled[VAULT_SLOTS];
	struct ring_key *ring; /* the newest key of web tickets, and those before it; NULL: there is the file's only */
	int64_t first_ends;    /* of the file's, as ring_key.ends */
	struct pin_keys pin_keys;
	atomic_bool ring_stale; /* the store has changed since they, and those of PINs, were read */
	atomic_llong ring_asked; /* UNIX seconds: when a ticket's unknown key was looked for last */
	struct store_user nobody; /* with a password that nobody knows: unknown names cost the work of known ones */
};

/* ---- common.c ---- */
int64_t vault_now(const struct vault *v); /* UNIX seconds */
void vault_random(const struct vault *v, void *p, size_t n);
uint64_t vault_id(const struct vault *v, unsigned slot); /* random, its low 12 bits the slot; never 0 */
void vault_uuid(const struct vault *v, char out[37]);
void vault_audit(const struct vault *v, const char *what, const char *whom, bool ok, const char *detail);
/* A key of its own for each purpose, out of the one secret. */
void vault_derive(const uint8_t secret[32], const char *purpose, uint8_t key[32]);
bool vault_has_room(const struct vault *v); /* new rows may be stored: the disk is not nearly full */
void vault_locked(const struct vault *v, enum pin_gate gate); /* counts an attempt at a PIN or a password that is locked out */
bool vault_name_eq(const char *a, const char *b); /* without ASCII case */
void vault_user_of(const struct store_user *u, struct vault_user *ret); /* the part of a user that workers may know */

/* The users that a number or extension may mean [web-services 6.3]. 0: none. SIZE_MAX: the store failed. */
size_t vault_candidates(const struct vault *v, const char *typed, struct store_user ret[VAULT_CANDIDATES]);
/* Before anything is checked: an attempt from this address, counted as a failure. false: it has to wait, *why. */
bool vault_source_try(struct vault *v, const char *peer, struct why *why);
void vault_source_good(struct vault *v, const char *peer); /* that attempt was none */
/* A ticket for an authenticated user. */
enum vault_status vault_ticket_issue(struct vault *v, const struct store_user *u, const char *method,
				     const struct soap_issue *ask, bool outside, struct vault_ticket *ret, struct why *why);
/* Number and PIN, counted [pin.c]; expired_too: an expired PIN proves as well.  VAULT_OK: *ret is the user. */
enum vault_status vault_pin_prove(struct vault *v, const char *number, const char *pin, bool expired_too, struct store_user *ret,
				  struct vault_reply *reply);
/* The user of a password that was checked a moment ago. false, why: the login is not known, or too old. */
bool vault_login_find(struct vault *v, uint64_t login, int64_t *user, struct why *why);
/* external_require_pin: number and PIN were proved for this user from that address in the last ten minutes. */
bool vault_pin_proved(struct vault *v, const char *aor, const char *peer);
/* A published certificate and its user, or why it proves nothing. `c` is the caller's to clear when VAULT_OK. */
enum vault_status vault_cert_user(struct vault *v, const uint8_t *der, size_t n, struct store_cert *c,
				  struct store_user *u, struct why *why);
/* It is published, not revoked, in time, and this user's, who is enabled. */
enum vault_status vault_cert_known(struct vault *v, struct sv der, const char *aor, struct why *why);
/* It was used by who has its key: an older one of the same device has had its day. */
void vault_cert_seen(struct vault *v, const struct store_cert *c);

/* ---- ring.c ---- */
struct vault_ticket_key { /* borrowed, until the vault ends */
	unsigned id;
	const struct pki_key *key;
	struct sv der;
	const uint8_t *seal;
};
struct vault_ticket_key vault_ring_newest(struct vault *v);
/* The key that a ticket names: for it to be verified with.  false: there is no such key, or its time is over. */
bool vault_ring_of(struct vault *v, struct sv ticket, struct vault_ticket_key *ret);
#define VAULT_RING_NO "the key that has signed the ticket is accepted no more"

struct pin_keys vault_pin_keys_now(struct vault *v);

/* ---- secret.c, pin_keys.c ---- */
void vault_pin_pepper(const uint8_t secret[32], unsigned key, uint8_t pepper[32]);
/* A PIN that was proved is made anew with this key, which is later than its own. */
void vault_pin_renew(struct vault *v, const struct store_user *u, const struct store_pin *p, struct sv pin, unsigned key);

/* ---- home.c ---- */
/* Where the user lives. NULL row: it is here; else *ret, whose places are those that the other side of the wall may know. */
enum vault_home { HOME_HERE, HOME_ELSEWHERE, HOME_UNKNOWN /* the store cannot be read */ };
struct vault_place {
	char pool[256], sip[264], web[264]; /* "" : no such place on that side */
	bool backup; /* HOME_HERE, since the home pool is away and this one is its backup */
};
enum vault_home vault_home_of(const struct vault *v, const struct store_user *u, bool outside, struct vault_place *ret, struct why *why);
/* The same of the Web Services: here, too, when the home pool is one whose Web Services are these. */
enum vault_home vault_web_home_of(const struct vault *v, const struct store_user *u, bool outside, struct vault_place *ret, struct why *why);
bool vault_is_home(const struct site *s, const char *pool); /* this pool, by its name or by that of its front end; "" is */

/* ---- away.c ---- */
/* That pool has a backup, and does not answer. */
bool vault_pool_away(const struct vault *v, const struct store_pool *p);

/* ---- backup.c ---- */
/* The certificate of a user who lives on another pool was made by the company's issuing CA: the pools have that in common.  Whether it is
 * published and not revoked, only the home pool's store knows. */
enum vault_status vault_cert_company(struct vault *v, struct sv der, const struct store_user *u, struct why *why);
int64_t vault_cert_made(const struct pki_cert_info *info); /* when, in UNIX seconds: its first day is a little earlier */
/* One that is not published here, and that a backup made for a user who lives here: it is published now.  NONE: it is no such one. */
enum store_result vault_cert_take_back(struct vault *v, const uint8_t *der, size_t n, const uint8_t sha1[20], struct store_cert *ret,
				       struct store_user *u);

/* The handlers: vault_on_user(), vault_on_cert_known() ...  *ret is zero but for its kind; `why` may be written in any case. */
#define VAULT_HANDLER(kind, name)                                                                                                 \
	enum vault_status vault_on_##name(struct vault *v, const struct vault_ask *q, struct vault_reply *ret);
VAULT_QUESTIONS(VAULT_HANDLER)
#undef VAULT_HANDLER

#endif
