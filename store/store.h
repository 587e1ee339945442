/* store/store.h: what lasts: users, PINs, user certificates, devices, update rules, audit.
 *
 * A backend is one const struct of functions behind `struct store`; a function that is absent is not supported there.
 * Only the vault and the administrator's verbs open a store.  Strings come back bounded and NUL-terminated; secrets
 * (NT hash, PIN verifier) are sealed or hashed before they get here: the store never sees a secret.
 *
 * Durability: when a function that writes says STORE_OK, the change is on disk (SQLite: WAL, synchronous FULL).
 * audit(), pin_settle(), cert_settle(), device_put() and device_signed() are the exceptions: they may lose their last rows with the power.
 */
#ifndef DIALTONE_STORE_STORE_H
#define DIALTONE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/why.h"

enum store_result {
	STORE_OK,
	STORE_NONE,  /* no such row */
	STORE_TAKEN, /* something that must be unique is in use: store_why() names it */
	STORE_FAILED /* store_why() has the backend's words */
};

struct store_user {
	int64_t id;	     /* given by the store; never used again after a removal */
	char aor[256];	     /* "alice@contoso.test": lower case, unique */
	char login[256];     /* "CONTOSO\alice"; unique without case; "" : none */
	char display[128];
	char number[48];     /* "+14255550123"; "" : none; two users may share one */
	char extension[24];  /* digits; "" : none; with the number it is unique */
	char home_pool[256]; /* "" : this one */
	bool enabled, remote;
	uint8_t nt_hash[64]; /* sealed by the vault's secret (server/vault/make.h) */
	size_t n_nt_hash;    /* 0: no password */
	int64_t created;
	int64_t tickets_after; /* tickets issued before this moment are refused (revocation); 0: none */
	bool common_area;	 /* of a room, not of a person: New-CsCommonAreaPhone */
	char display_number[64]; /* as people dial and read it; of a common area */
	char pin_policy[64];	 /* the name of a struct store_pin_policy; "": the site's own */
	bool pin_locked;	 /* Lock-CsClientPin: until it is unlocked */
};

struct store_pin_policy { /* New-CsPinPolicy, for single users */
	char name[64]; /* unique without case */
	unsigned min_length, lifetime, history, attempts; /* digits; days, 0: for ever; PINs; 0: by the length */
	bool common; /* common patterns are allowed */
};

struct store_pin {
	bool set;
	uint8_t salt[16], hash[32];
	unsigned key;	      /* the number of the key that the hash was made with (server/vault/make.h) */
	unsigned length;      /* digits: the limits go by it */
	int64_t set_at;
	/* the two counters of lockout [web-services 14.2] */
	unsigned local;	      /* attempts since local_since that were not successes */
	int64_t local_since;  /* 0: no window open */
	int64_t locked_until; /* 0: not locked by the local counter */
	unsigned global;
	int64_t last_attempt;
};

struct store_tries { /* of a password; what they mean is auth/pin.h's */
	unsigned local, global;
	int64_t local_since, locked_until;
	int64_t all; /* every attempt, so that each one changes the row and costs the same */
};
struct store_old_pin { /* history, newest first */
	uint8_t salt[16], hash[32];
	unsigned key;
};

struct store_cert {
	int64_t user;
	char device[64]; /* as the client names itself, without braces, lower case */
	uint8_t sha1[20];
	uint8_t key[32]; /* which key it is (struct pki_csr); zeros: not known, of an earlier version */
	struct buf der;
	int64_t published, expires;
};

struct store_device { /* inventory: devices that asked the update service */
	char mac[24];	 /* "00-04-F2-00-01-76"; "" when it was blank: then the serial is the key */
	char serial[64];
	char vendor[32], model[32], revision[16], locale[16], device_type[32], version[32], user[256], address[64];
	int64_t first_seen, last_seen; /* when it asked the update service */
	int64_t signed_in, signed_off; /* the last time of each; 0: never seen */
};

struct store_sign { /* a phone signed in, or off */
	char mac[24];	   /* as in store_device; "": not known, and the device that was signed in with this instance is meant */
	char instance[40]; /* of its registrations, as the Registrar has it */
	char front_end[256]; /* where: a phone that has gone to another front end is not signed off by the one before */
	char model[32], version[32], user[256], address[64];
	int64_t at;
	bool off;
};

struct store_rule { /* [update-service 3.1] */
	int64_t id;
	char guid[40];
	char device_type[32], brand[32], model[32], revision[16], locale[16]; /* the key, compared without case */
	char approved[32], restore[32], pending[32];			      /* versions; "" : none */
	char withdrawn[32]; /* was approved and taken back, with none before it: phones uninstall it */
};

struct store_image { /* one imported package of a rule */
	int64_t rule;
	char version[32], file[256], signature[256], time[40]; /* paths below the update store */
	uint64_t size;
	char sha256[65];
	char min_installed[32]; /* phones older than this are led over a stepping stone; "" : any */
	bool released;		/* was approved at some time: may serve as a stepping stone */
};

struct store_pool { /* another pool of the company; places are "HOST" or "HOST:PORT", "" : none */
	char name[256];			  /* the key, and what store_user.home_pool says; lower case */
	char sip[264], web[264];	  /* its Registrar and its Web Services, as phones inside reach them */
	char external_sip[264], external_web[264]; /* outside: the only names that are told there */
	char store[512];		  /* where the administrator's verbs reach its store: the folder of its site; "" : nowhere */
	char backup[256];		  /* the pool that has its users while it does not answer; "" : none */
};

struct store_test_device {
	char name[64];
	bool is_mac;	 /* else a serial number */
	char id[64];	 /* normalised: twelve upper-case hex digits, or the serial in upper case */
};

struct store_key { /* of a pool (server/vault/ring.h); the first of each kind is a file */
	char kind[16];
	unsigned id; /* from 2 on */
	int64_t made, grace; /* for so many seconds behind `made` the one before it is good */
	uint8_t sealed[8192];
	size_t nsealed;
};

struct store_binding { /* an endpoint that is registered at a front end: server/location/location.h */
	char aor[256], instance[40], front_end[256], epid[20], contact[384], peer[72], user_agent[160];
	bool outside;
	unsigned seconds; /* that its registration is good for; the front end keeps count of refreshes */
	int64_t since;	  /* the oldest of a user's is the one with the least */
	int64_t gone;	  /* 0: it is there; else since when it is not (UNIX seconds) */
	uint64_t seq;
};

struct store_order { /* what the phones of a user are told: enum location_order */
	int64_t id;
	char origin[256]; /* the front end that has told its own phones already */
	char aor[256];
	unsigned kind, diag;
	char reason[128];
};

struct store;

#define STORE_ADMINISTRATOR "administrator" /* an audit row of the administrator's: strangers push none of them out */

struct store_ops {
	const char *name;
	void (*close)(struct store *s);
	const char *(*why)(struct store *s); /* of the last refusal; the store's own storage */
	/* All writes between the two happen, or none; they may stand inside each other.  end() gets the result so
	 * far; it commits when all of it went well, and gives the result of it all. */
	enum store_result (*begin)(struct store *s);
	enum store_result (*end)(struct store *s, enum store_result r);
	/* Between the two, reads are of one moment and cheap; others write meanwhile.  Not inside begin() and end(). */
	enum store_result (*look)(struct store *s);
	void (*look_end)(struct store *s);

	/* A disk that is full.  reserve(), once by the process that writes most: takes room on the disk that small writes find
	 * later, when there is none left.  has_room(): new rows may be added, the disk is not nearly full. */
	enum store_result (*reserve)(struct store *s);
	bool (*has_room)(struct store *s);

	/* A count that is another one when a user was changed or removed, or a certificate was dropped, by whomever. */
	enum store_result (*changes)(struct store *s, uint64_t *ret);

	enum store_result (*user_add)(struct store *s, struct store_user *u); /* fills u->id */
	enum store_result (*user_set)(struct store *s, const struct store_user *u); /* by u->id */
	enum store_result (*user_remove)(struct store *s, int64_t id); /* with PIN, history, certificates */
	enum store_result (*user_get)(struct store *s, const char *aor, struct store_user *ret);
	enum store_result (*user_by_id)(struct store *s, int64_t id, struct store_user *ret);
	enum store_result (*user_by_login)(struct store *s, const char *login, struct store_user *ret);
	/* The users that have this number and this extension; NULL: any (not both).  Fills at most cap. */
	enum store_result (*user_by_line)(struct store *s, const char *number, const char *extension,
					  struct store_user *ret, size_t cap, size_t *n);
	/* Lists are read page by page: each() may use and write the store, and false from it stops.  A row that comes or goes
	 * meanwhile may be in the list or not.
	 * Users in the order of their addresses, those behind `after` (NULL: all). */
	enum store_result (*user_each)(struct store *s, const char *after, bool (*each)(void *arg, const struct store_user *u), void *arg);

	enum store_result (*pin_get)(struct store *s, int64_t user, struct store_pin *ret);
	/* A new PIN: the former one goes into the history (newest `keep` stay); counters as in *p. */
	enum store_result (*pin_set)(struct store *s, int64_t user, const struct store_pin *p, unsigned keep);
	/* The same PIN (p->salt), whose hash is made with a later key: NONE when it is another one by now, or has been made so already. */
	enum store_result (*pin_rehash)(struct store *s, int64_t user, const struct store_pin *p);
	enum store_result (*pins_of_key)(struct store *s, unsigned key, uint64_t *n); /* how many PINs are made with that key */
	enum store_result (*pin_history)(struct store *s, int64_t user, struct store_old_pin *ret, size_t cap, size_t *n);
	/* Reads the counters of these users, lets step() change them, writes them all: one durable transaction that no
	 * other writer comes between.  User 0 does not exist: a row that costs what a real one costs. */
	enum store_result (*pin_step)(struct store *s, const int64_t *users, size_t n,
				      void (*step)(void *arg, size_t i, struct store_pin *p), void *arg);
	/* The same, but it may be lost with the power until the next one that lasts: for a success, whose attempt stays a failure then. */
	enum store_result (*pin_settle)(struct store *s, const int64_t *users, size_t n,
					void (*step)(void *arg, size_t i, struct store_pin *p), void *arg);

	/* Policies of single users, in the order of their names.  Removing: STORE_TAKEN while a user has it. */
	enum store_result (*policy_put)(struct store *s, const struct store_pin_policy *p);
	enum store_result (*policy_get)(struct store *s, const char *name, struct store_pin_policy *ret);
	enum store_result (*policy_remove)(struct store *s, const char *name);
	enum store_result (*policy_each)(struct store *s, bool (*each)(void *arg, const struct store_pin_policy *p), void *arg);

	/* The same for a user's password: wrong ones and their lockout.  password_get(): zeros when none was ever tried. */
	enum store_result (*password_get)(struct store *s, int64_t user, struct store_tries *ret);
	enum store_result (*password_step)(struct store *s, int64_t user, void (*step)(void *arg, struct store_tries *t), void *arg);

	/* Of one device the newest two stay, so that a phone which lost its power before it could keep the new one still has
	 * the old one; cert_settle() drops what is older than this one, once it is seen in use.  A key serves one user: certificates
	 * of other users with this key go. */
	enum store_result (*cert_put)(struct store *s, const struct store_cert *c);
	enum store_result (*cert_settle)(struct store *s, const struct store_cert *c);
	enum store_result (*cert_find)(struct store *s, const uint8_t sha1[20], struct store_cert *ret);
	enum store_result (*cert_each)(struct store *s, int64_t user /* 0: all */,
				       bool (*each)(void *arg, const struct store_cert *c), void *arg);
	/* Deletes all certificates of the user and refuses tickets from before `now`, in one transaction. */
	enum store_result (*cert_revoke)(struct store *s, int64_t user, int64_t now, unsigned *n);

	enum store_result (*device_put)(struct store *s, const struct store_device *d);
	/* Writes the time down.  NONE: no such device is known.  One whose MAC is known comes into the inventory by signing in. */
	enum store_result (*device_signed)(struct store *s, const struct store_sign *g);
	enum store_result (*device_each)(struct store *s, bool (*each)(void *arg, const struct store_device *d), void *arg);

	enum store_result (*rule_put)(struct store *s, struct store_rule *r); /* id 0: a new one, filled */
	enum store_result (*rule_find)(struct store *s, const struct store_rule *key, struct store_rule *ret);
	enum store_result (*rule_each)(struct store *s, bool (*each)(void *arg, const struct store_rule *r), void *arg);
	enum store_result (*rule_remove)(struct store *s, int64_t id); /* with its images */
	enum store_result (*image_put)(struct store *s, const struct store_image *im); /* replaces (rule, version) */
	enum store_result (*image_remove)(struct store *s, int64_t rule, const char *version);
	enum store_result (*image_get)(struct store *s, int64_t rule, const char *version, struct store_image *ret);
	enum store_result (*image_each)(struct store *s, int64_t rule,
					bool (*each)(void *arg, const struct store_image *im), void *arg);
	enum store_result (*test_device_put)(struct store *s, const struct store_test_device *d);
	enum store_result (*test_device_remove)(struct store *s, const char *name);
	enum store_result (*test_device_find)(struct store *s, bool is_mac, const char *id); /* NONE: it is not one */
	enum store_result (*test_device_each)(struct store *s, bool (*each)(void *arg, const struct store_test_device *d),
					      void *arg);

	/* The other pools of the company. */
	enum store_result (*pool_put)(struct store *s, const struct store_pool *p); /* adds it, or replaces the one of this name */
	enum store_result (*pool_get)(struct store *s, const char *name, struct store_pool *ret);
	enum store_result (*pool_each)(struct store *s, bool (*each)(void *arg, const struct store_pool *p), void *arg);
	enum store_result (*pool_remove)(struct store *s, const char *name);
	/* One user whose home pool this is; NONE: there is none. */
	enum store_result (*pool_user)(struct store *s, const char *name, struct store_user *ret);

	/* Keys.  put: STORE_TAKEN: there is one of this number; those below keep_from go; whoever is registered hears of it.  each: of one
	 * kind, in the order of their numbers. */
	enum store_result (*key_put)(struct store *s, const struct store_key *k, unsigned keep_from);
	enum store_result (*key_each)(struct store *s, const char *kind, bool (*each)(void *arg, const struct store_key *k), void *arg);

	/* Several front ends on one store.  An invitation is good once: invite_use() takes it away; NONE: used, expired, or never made. */
	enum store_result (*invite_put)(struct store *s, const char *id, int64_t expires, int64_t now);
	enum store_result (*invite_use)(struct store *s, const char *id, int64_t now);
	/* "I run": a count of each front end, that stands still when it does not; no clock is compared with another one's. */
	enum store_result (*front_end_beat)(struct store *s, const char *name);
	enum store_result (*front_end_each)(struct store *s, bool (*each)(void *arg, const char *name, uint64_t beat), void *arg);
	enum store_result (*front_end_remove)(struct store *s, const char *name); /* with its bindings */
	/* Bindings: endpoints that are registered, and at which front end.  A row that changes gets a higher seq; one that is gone stays for a while, so that others
	 * see it go.  write: all of them in one transaction; drop: all that this front end has. */
	enum store_result (*bindings_write)(struct store *s, const struct store_binding *b, size_t n, int64_t now);
	enum store_result (*bindings_drop)(struct store *s, const char *front_end, int64_t now);
	enum store_result (*bindings_at)(struct store *s, const char *front_end, uint64_t *ret); /* how many it has */
	/* Milliseconds that the farthest standby is behind; NONE: the store has none, or may not tell. */
	enum store_result (*lag)(struct store *s, int64_t *ms);
	/* A count that is another one when bindings or orders were written. */
	enum store_result (*news)(struct store *s, uint64_t *ret);
	enum store_result (*binding_each)(struct store *s, uint64_t after, bool (*each)(void *arg, const struct store_binding *b), void *arg);
	enum store_result (*bindings_of)(struct store *s, const char *aor, bool (*each)(void *arg, const struct store_binding *b), void *arg);
	/* Orders to phones of other front ends, in the order in which they were written. */
	enum store_result (*order_put)(struct store *s, const struct store_order *o, int64_t now);
	enum store_result (*order_last)(struct store *s, int64_t *ret); /* 0: there was none */
	enum store_result (*order_each)(struct store *s, int64_t after, bool (*each)(void *arg, const struct store_order *o), void *arg);

	/* what: STORE_ADMINISTRATOR, or "pin", "ticket", "cert", "user" ...; whom: the user or ""; detail: a sentence without secrets */
	enum store_result (*audit)(struct store *s, int64_t now, const char *what, const char *whom, bool ok,
				   const char *detail);
	enum store_result (*audit_each)(struct store *s, int64_t since,
					bool (*each)(void *arg, int64_t at, const char *what, const char *whom, bool ok,
						     const char *detail),
					void *arg);
};

struct store {
	const struct store_ops *ops;
};

/* Below the folder of the configuration: in the vault's own folder, since SQLite makes its -wal and -shm beside it. */
#define STORE_FILE "vault/store.db"

/* SQLite; made when it is not there; ":memory:" for a test.  NULL: *why says it. */
struct store *store_sqlite(const char *path, struct why *why);
/* The file is there and has the head of a store: a file of no octets is one that was lost, not a new one. false: *why. */
bool store_whole(const char *path, struct why *why);
bool store_sqlite_check(const char *path, struct why *why); /* reads all of it; false: *why says what is damaged */
/* PostgreSQL ("postgresql://HOST,HOST/NAME?..."; libpq-connect of its manual); its tables are made when they are not there.  Any
 * call may fail while no server that takes writes answers, and works again when one does. */
struct store *store_postgres(const char *conninfo, struct why *why);
bool store_is_postgres(const char *where); /* it is such a text, else the name of a file */
/* The one of the two that `where` names. */
struct store *store_open(const char *where, struct why *why);
/* All rows of one into the other, which must be empty; ids stay what they are, and none that was ever given is given again.
 * done(): after each table, how many rows.  false: *why, and *to is as it was. */
bool store_copy(struct store *from, struct store *to, void (*done)(void *arg, const char *table, uint64_t rows), void *arg, struct why *why);
/* The same store for many threads: what the vault asks of it, each call whole; those who write at the same time share one commit.
 * Takes `real` (NULL is fine), and closes it with itself.  store_why(): of the calling thread's last call.  NULL: out of memory. */
struct store *store_shared(struct store *real);
void store_close(struct store *s); /* NULL is fine */
const char *store_why(struct store *s);
void store_cert_clear(struct store_cert *c);

#endif
