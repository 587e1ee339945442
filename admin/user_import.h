/* admin/user_import.h: users out of a CSV file (RFC 4180): all of it or nothing.
 *
 * The first line names the columns, in any order; "address" must be among them.  Every line is judged before the first is
 * stored, and every one that is wrong is reported; the refusals of the store itself (a login twice) are foreseen as well.
 * All lines are stored in one transaction.
 */
#ifndef DIALTONE_ADMIN_USER_IMPORT_H
#define DIALTONE_ADMIN_USER_IMPORT_H

#include "admin/users.h"

struct user_import {
	bool update; /* changes existing users instead of refusing them */
	bool dry;    /* judges only, stores nothing */
	void (*refused)(void *arg, unsigned line, const char *sentence); /* each line that is wrong; 0: the file itself */
	void *arg;
	size_t users;	/* out: how many were (or would be) stored */
	unsigned wrong; /* out: how many lines are wrong; then nothing was stored */
};

/* ADMIN_REFUSED with an empty sentence: refused() was told all there is to say. */
enum admin_result users_import(struct admin *a, struct sv csv, struct user_import *im, struct why *why);

#endif
