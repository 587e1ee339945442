/* base/systemd.h: lines with fields for the journal, and the state of a service, for a program that systemd has started.
 *
 * Both are datagrams of text ("KEY=value" a line) to a socket that systemd names; see systemd.journal-fields(7), sd_notify(3).
 * They are written here and not by libsystemd, which would come with compression libraries into every process of dialtoned.
 */
#ifndef DIALTONE_BASE_SYSTEMD_H
#define DIALTONE_BASE_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

bool journal_here(void); /* standard error is the journal's */
/* The datagram for a line "warning: phone: event=refused mac=...": PRIORITY, and a field DIALTONE_MAC for each key of a line of
 * events.  process: "location". */
void journal_entry(struct buf *to, const char *process, const char *line);
bool journal_send(const char *process, const char *line); /* false: the journal does not take it */

/* "READY=1", "STOPPING=1", "WATCHDOG=1"; nothing when nobody listens. */
void systemd_notify(const char *state);
uint64_t systemd_watchdog_ms(void); /* how often WATCHDOG=1 is expected, halved; 0: it is not */

#endif
