/* admin/users.h: the users: a user's fields as an operator types them, and the verbs on users. */
#ifndef DIALTONE_ADMIN_USERS_H
#define DIALTONE_ADMIN_USERS_H

#include "admin/admin.h"
#include "base/sv.h"

/* ---- fields ---------------------------------------------------------------------------------------------------- */

enum user_field { USER_LOGIN, USER_NUMBER, USER_EXTENSION, USER_DISPLAY, USER_POOL, USER_DISPLAY_NUMBER, USER_FIELDS };
extern const char *const user_field_names[USER_FIELDS]; /* "login" ... */

/* Reads "alice@contoso.test" ("sip:" may stand before it) as an address of this site, in lower case. */
bool user_address_read(const struct site *site, const char *text, char ret[256], struct why *why);
/* Reads a field into *u; "" empties it.  false: *u is as it was. */
bool user_field_read(enum user_field f, const char *text, struct store_user *u, struct why *why);

/* New-CsCommonAreaPhone: an account of a room.  Makes its address, sip:<GUID>@domain, where u->aor is ""; without a number its
 * number or extension is what people dial (the display number); without a display name that is the display number.  It has no
 * password.  false: *why says what is missing. */
bool user_common_area(const struct site *site, struct store_user *u, struct why *why);

/* ---- verbs ------------------------------------------------------------------------------------------------------- */

/* By address, login, phone number or extension: "alice@contoso.test", "CONTOSO\alice", "+14255550123", "4411". */
enum admin_result users_get(struct admin *a, const char *name, struct store_user *ret, struct why *why);
/* Adds u (when u->id is 0) or changes it.  Password and PIN may be empty views: then they stay as they are.  A user is
 * stored with the PIN or not at all. */
/* UNCHANGED: all that is given is so already. EXISTS: a new one whose address another has, with other fields. */
enum admin_result users_put(struct admin *a, struct store_user *u, struct sv password, struct sv pin, struct why *why);

/* All fields, and the secrets that are given (a view that is not empty): a script may run twice. */
bool users_same(struct admin *a, const struct store_user *there, const struct store_user *u, struct sv password, struct sv pin);

/* The same in two steps and without a row of the audit, for many at once: first all that takes time, then the store alone. */
struct user_write { /* wiped by the caller */
	struct store_user user;
	struct store_pin pin;
	bool has_pin;
};
enum admin_result user_write_make(struct admin *a, struct user_write *w, struct sv password, struct sv pin, struct why *why);
enum admin_result user_write_store(struct admin *a, struct user_write *w, struct why *why);

/* Another user who has u's extension (with another number); ADMIN_NONE: nobody. */
enum admin_result users_share_extension(struct admin *a, const struct store_user *u, struct store_user *ret);
#define USERS_SHARED_EXTENSION \
	"at a sign-in with the extension alone the PIN tells them apart, and with equal PINs neither can sign in"

/* *phones: how many were signed off, when the user may not sign in any more. */
enum admin_result users_enable(struct admin *a, struct store_user *u, bool on, unsigned *phones, struct why *why);
enum admin_result users_remove(struct admin *a, const struct store_user *u, unsigned *phones, struct why *why);
/* The users in the order of their addresses, those behind the address `after` (NULL: all), read page by page: each() may use the
 * store, and false from it stops. */
enum admin_result users_each(struct admin *a, const char *after, bool (*each)(void *arg, const struct store_user *u), void *arg,
			     struct why *why);

#endif
