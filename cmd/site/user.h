/* cmd/site/user.h: what user.c and user_import.c share: a user's fields as the administrator types them. */
#ifndef DIALTONE_CMD_USER_H
#define DIALTONE_CMD_USER_H

#include "cmd/site/admin.h"

enum user_field { USER_LOGIN, USER_NUMBER, USER_EXTENSION, USER_DISPLAY, USER_POOL, USER_FIELDS };
extern const char *const user_field_names[USER_FIELDS]; /* "login" ... */

/* Reads "alice@contoso.test" (sip: allowed) as an address of this site. NULL, or a sentence that quotes it, in why. */
const char *user_address_read(const struct site *site, const char *text, char ret[256], char why[256]);
/* The same for a field; "" empties it. */
const char *user_field_read(enum user_field f, const char *text, struct store_user *u, char why[256]);
/* NULL, or why the policy refuses this PIN of his; the PIN itself is not said. */
const char *user_pin_judge(const struct admin *a, const struct store_user *u, struct sv pin, char why[256]);
/* Password and PIN may be empty views: then they stay as they are. Stores u (added when u->id is 0). 0, or the status. */
int user_store(struct admin *a, struct store_user *u, struct sv password, struct sv pin);

int user_import(struct admin *a);

#endif
