/* cmd/site/user_sync.h: dialtone user sync, a verb below user. */
#ifndef DIALTONE_CMD_SITE_USER_SYNC_H
#define DIALTONE_CMD_SITE_USER_SYNC_H

#include "cmd/site/site.h"

extern const struct site_verb verb_user_sync;

#endif
