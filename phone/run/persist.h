/* phone/run/persist.h: files that last (struct dt_body.load and save): each is whole or not there. */
#ifndef DIALTONE_PHONE_PERSIST_H
#define DIALTONE_PHONE_PERSIST_H

#include "base/buf.h"
#include "phone/run/core.h"

bool persist_load(struct dt_phone *ph, const char *name, struct buf *ret); /* appended; false: it is not there */
int persist_forget(struct dt_phone *ph, const char *name); /* 0, or -errno */
bool persist_save(struct dt_phone *ph, const char *name, const struct buf *b); /* false: ph_core()->persist_why says why */
bool persist_save_changed(struct dt_phone *ph, const char *name, const struct buf *b); /* unless it is so already */

#endif
