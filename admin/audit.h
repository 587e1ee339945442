/* admin/audit.h: the store's record of what administrators did to users and rules, and of how sign-ins ended. */
#ifndef DIALTONE_ADMIN_AUDIT_H
#define DIALTONE_ADMIN_AUDIT_H

#include "admin/admin.h"

struct audit_entry {
	int64_t at;
	char what[64], user[256], detail[512]; /* what: "administrator", "pin", "ticket", "cert", ...; user "": of nobody */
	bool ok;
};

struct audit_filter {
	int64_t since;	  /* seconds since 1970 */
	const char *what; /* NULL: all */
	const char *user; /* NULL: all */
	bool failed;	  /* only what was refused */
	unsigned last;	  /* the newest so many; 0: all */
};

/* In the order of time. */
enum admin_result audit_list(struct admin *a, const struct audit_filter *f, void (*each)(void *arg, const struct audit_entry *e), void *arg,
			     struct why *why);

#endif
