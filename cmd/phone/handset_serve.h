/* cmd/phone/handset_serve.h: what `dialtone handset` asks a running phone, answered: one JSON object in, one out. */
#ifndef DIALTONE_CMD_PHONE_HANDSET_SERVE_H
#define DIALTONE_CMD_PHONE_HANDSET_SERVE_H

#include "base/buf.h"
#include "dialtone/handset.h"

/* {"do": "sign-in", "number": ..., "pin": ...} and the like; the answer {"ok": true, "status": {...}} or
 * {"ok": false, "code": ..., "why": ...}.  usb_code: as the phone's display would show it; "": it has no USB port.  Secrets of the question are wiped. */
void handset_serve(struct dt_phone *ph, const char *usb_code, char *line, struct buf *answer);

#endif
