/* cmd/site/user_import.h: dialtone user import, a verb below user. */
#ifndef DIALTONE_CMD_SITE_USER_IMPORT_H
#define DIALTONE_CMD_SITE_USER_IMPORT_H

#include "cmd/site/site.h"

extern const struct site_verb verb_user_import;

#endif
