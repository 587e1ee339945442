/* phone/run/log.h: the phone's own log, as loud as the site wants it (LoggingLevel), for the update service to take.
 *
 * In memory, bounded, the oldest lines go first; no PIN, password or key is in it, since none is in a record.
 */
#ifndef DIALTONE_PHONE_LOG_H
#define DIALTONE_PHONE_LOG_H

#include "base/buf.h"
#include "dialtone/phone.h"

/* Of every record before the body gets it.  Off: nothing is kept; Low: results and failed stages; Medium: stages and
 * failed attempts; High: all. */
void log_record(struct dt_phone *ph, const struct dt_record *r);
/* The text to send: a head that says which phone it is, then the lines. */
void log_text(struct dt_phone *ph, struct buf *ret);

#endif
