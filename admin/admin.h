/* admin/admin.h: the operator's verbs as functions, for the command line and for a console.
 *
 * Nothing here prints, asks, or ends the process.  A verb gives one result and, unless it is ADMIN_OK, a sentence that
 * quotes what was wrong; the caller shows it and knows how its own user goes on.  A verb opens the store directly, as the
 * vault does, and then has the running dialtoned act on the phones through DIR/run/control.
 */
#ifndef DIALTONE_ADMIN_ADMIN_H
#define DIALTONE_ADMIN_ADMIN_H

#include "base/why.h"
#include "server/site/site.h"
#include "store/store.h"

enum admin_result {
	ADMIN_OK,
	ADMIN_UNCHANGED, /* it is so already; *why may say it */
	ADMIN_REFUSED, /* the input breaks a rule */
	ADMIN_NONE,    /* the named object does not exist */
	ADMIN_EXISTS,  /* it is there already */
	ADMIN_TAKEN,   /* something that must be unique belongs to another object */
	ADMIN_SITE,    /* a file of the site is missing or cannot be used */
	ADMIN_STORE,   /* the store failed */
	ADMIN_ORDER,   /* it is stored, but dialtoned did not act on the user's phones */
	ADMIN_AWAY,    /* dialtoned does not answer */
	ADMIN_FAILED,  /* out of memory, or a library failed */
};

struct admin {
	const struct site *site; /* borrowed */
	struct store *store;
	int64_t now;  /* seconds since 1970: the moment that is written down */
	char who[64]; /* the operator, for the audit; "" : not known */
	uint8_t secret[32]; /* the vault's, once admin_secret() has read it */
	unsigned pin_key;   /* the number of the key that new PINs are made with, read with it */
	bool has_secret;
};

/* Opens the site's store, which must be there: it is made by init, with its owner. admin_close() is the caller's. */
enum admin_result admin_open(struct admin *a, const struct site *site, int64_t now, const char *who, struct why *why);
void admin_close(struct admin *a); /* wipes; {0} is fine */

/* ---- what the verbs share -------------------------------------------------------------------------------------- */

enum admin_result admin_secret(struct admin *a, struct why *why); /* reads the vault's secret and which key PINs are made with, once */
/* A row of the audit: the action, its user ("" : no user), by a->who.  That it could not be written ends nothing. */
void admin_audit(const struct admin *a, const char *whom, const char *done);
/* A result of the store. what: "alice@contoso.test" */
enum admin_result admin_store(const struct admin *a, enum store_result r, const char *what, struct why *why);
/* why_set() and the result, for `return admin_no(ADMIN_REFUSED, why, ...)` */
enum admin_result admin_no(enum admin_result r, struct why *why, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
