/* admin/import/directory.h: users out of a directory, by LDAP (RFC 4511): Active Directory with the attributes of Lync, or another one.
 *
 * Its entries become the lines of a file as `Get-CsUser | Export-Csv` writes it, which admin/user_import.h reads: the same rules hold,
 * and an entry is named by its number.  Nothing is ever written to the directory.
 */
#ifndef DIALTONE_ADMIN_IMPORT_DIRECTORY_H
#define DIALTONE_ADMIN_IMPORT_DIRECTORY_H

#include "admin/user_import.h"

enum directory_field { DIRECTORY_ADDRESS, DIRECTORY_LOGIN, DIRECTORY_LINE, DIRECTORY_DISPLAY, DIRECTORY_ENABLED, DIRECTORY_FIELDS };
extern const char *const directory_fields[DIRECTORY_FIELDS]; /* "address" ... */
extern const char *const directory_usual[DIRECTORY_FIELDS];  /* the attribute where none is named: Active Directory's with Lync */
#define DIRECTORY_FILTER "(msRTCSIP-PrimaryUserAddress=*)"

struct directory { /* borrowed */
	const char *uri, *base;
	const char *filter;		       /* NULL: DIRECTORY_FILTER */
	const char *attribute[DIRECTORY_FIELDS]; /* NULL: the usual one */
	const char *bind; /* the name to bind as; NULL: nobody */
	struct sv password;
	const char *ca; /* a file of roots, PEM; NULL: the system's */
	bool start_tls;
};

/* Reads the directory and imports its users, new and changed ones.  missing: enabled users of this pool who have a login and are not in
 * the directory are disabled, and their phones signed off; *gone: how many (with how->dry: would be).  ADMIN_AWAY: the directory does
 * not answer, or refuses. */
enum admin_result directory_sync(struct admin *a, const struct directory *d, struct user_import *how, bool missing, unsigned *gone, struct why *why);

#endif
