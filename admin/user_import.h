/* admin/user_import.h: users out of a CSV file (admin/user_rows.h).
 *
 * The file is read twice.  First every line is judged, and every one that is wrong is reported; the refusals of the store itself
 * (a login twice) are foreseen as well.  Only when all are good they are stored, USER_IMPORT_PART in a transaction: hashes are
 * made before it begins, and others who write, such as phones that sign in, come between two of them.  So a file of at most
 * USER_IMPORT_PART users is stored whole or not at all; of a longer one that the store fails at, the users before that stay.
 * Memory does not grow with the file: a temporary file holds the values that must be unique within it.
 */
#ifndef DIALTONE_ADMIN_USER_IMPORT_H
#define DIALTONE_ADMIN_USER_IMPORT_H

#include "admin/users.h"

#define USER_IMPORT_PART 1000

struct user_import {
	bool update; /* changes existing users instead of refusing them */
	bool dry;    /* judges only, stores nothing */
	void (*refused)(void *arg, unsigned line, const char *sentence); /* each line that is wrong; 0: the file itself */
	/* A line that is good and that the administrator should know something about; NULL: not told. */
	void (*noted)(void *arg, unsigned line, const char *sentence);
	/* Now and then; octets: of the file, read in this pass; of: its length; NULL: not told. */
	void (*progress)(void *arg, bool storing, uint64_t octets, uint64_t of, size_t users);
	/* Users who are new and have no PIN get one; told when they are stored, "address,number,extension,pin" a line; false: it
	 * cannot be kept, and the import ends.  NULL: they get none. */
	bool (*pins)(void *arg, struct sv lines);
	void *arg;
	size_t users;	/* out: how many are good, then how many were stored */
	size_t same;	/* out: of those behind them: users who are so already; nothing is stored of them */
	unsigned wrong; /* out: how many lines are wrong; then nothing was stored */
};

/* fd: read from its beginning; a pipe is copied into memory first.  ADMIN_REFUSED with an empty sentence: refused() was told all
 * there is to say. */
enum admin_result users_import(struct admin *a, int fd, struct user_import *im, struct why *why);

#endif
