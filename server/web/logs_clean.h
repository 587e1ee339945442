/* server/web/logs_clean.h: logs of devices and audit days go when they are old: LogCleanUpInterval, Clear-CsDeviceUpdateLog. */
#ifndef DIALTONE_SERVER_LOGS_CLEAN_H
#define DIALTONE_SERVER_LOGS_CLEAN_H

#include <stdint.h>

/* Deletes plain files below logs/Client and logs/Server/Audit that were written last before `before`.  How many; links are not
 * followed, and nothing else is touched. */
unsigned logs_clean(const char *logs, int64_t before);
/* Whether cleaning is due: once a day, at the minute of the day (UTC) that is given, or at any.  last: when it was done; 0: not
 * yet.  minute: -1: any. */
int logs_clean_due(int64_t now, int64_t last, int minute);
/* "02:30" -> 150; "" -> -1; -2: it is no time. */
int logs_clean_minute(const char *text);

#endif
