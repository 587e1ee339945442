/* admin/user_rows.h: the lines of a CSV file as users (RFC 4180): its first line names the columns, in any order.
 *
 * A file that `Get-CsUser | Export-Csv` or `Get-CsCommonAreaPhone | Export-Csv` has written is taken as it is: a column SipAddress
 * says that it is one.  Its line "#TYPE" is read over, as are the columns that mean nothing here; LineURI is number and
 * extension, SamAccountName the login in the site's domain, and a column DisplayNumber makes its users common-area phones.
 * RegistrarPool is read over: it names the pool that the users come from.
 */
#ifndef DIALTONE_ADMIN_USER_ROWS_H
#define DIALTONE_ADMIN_USER_ROWS_H

#include "admin/import/csv.h"
#include "admin/users.h"

#define USER_ROWS_COLUMNS 128 /* Get-CsUser writes some sixty */

struct user_row {
	struct store_user user;
	struct buf password, pin; /* user_row_wipe() is the caller's */
	unsigned line;		  /* of the file, from 1 */
	bool same;		  /* the user is there already, and is as the line says */
};

struct user_rows { /* starts as {.a, .update, .file.fd} */
	struct admin *a;
	bool checked; /* the lines are known to be good: without update the store is not asked for each user again, unless `found` */
	bool found;  /* a user was there already, and as the line says */
	bool nobody; /* the store has no user at all: none is looked for */
	bool update; /* a user who is there already is read as that user, changed; else the line is refused when it says something else */
	struct csv_file file;
	struct csv csv;
	int column[USER_ROWS_COLUMNS];
	unsigned columns;
	bool exported, common_area; /* by Export-Csv; of Get-CsCommonAreaPhone */
};

enum row_read {
	ROW_END,
	ROW_READ,
	ROW_EMPTY,
	ROW_REFUSED, /* *why says it */
	ROW_LOST,    /* the same, and nothing behind it can be read */
};

/* The first line.  false: *why says it, *line is the line (0: the file itself). */
bool user_rows_begin(struct user_rows *r, unsigned *line, struct why *why);
/* The next line; ret->line is set whatever comes of it. */
enum row_read user_rows_next(struct user_rows *r, struct user_row *ret, struct why *why);
void user_rows_end(struct user_rows *r);
void user_row_wipe(struct user_row *r);

#endif
