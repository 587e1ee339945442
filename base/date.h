/* base/date.h: seconds since 1970, UTC, as text and back.  No clock is read, no time zone and no locale is used. */
#ifndef DIALTONE_BASE_DATE_H
#define DIALTONE_BASE_DATE_H

#include <stdint.h>

#include "base/sv.h"

#define ISO_TIME_MAX 32
/* "2026-01-15T09:00:00Z", or with milliseconds "2026-01-15T09:00:00.123Z" (RFC 3339). Returns out. */
char *iso_time(char out[ISO_TIME_MAX], int64_t unix_s);
char *iso_time_ms(char out[ISO_TIME_MAX], int64_t unix_ms);
/* RFC 3339 / xs:dateTime with 'Z', "+hh:mm" or no zone (taken as UTC); fraction ignored. *ret is untouched on failure. */
bool iso_time_read(struct sv s, int64_t *ret);
/* "Mon, 09 Dec 2013 08:22:15 GMT" (RFC 9110 5.6.7, RFC 3261 20.17), both ways. */
char *http_date(char out[ISO_TIME_MAX], int64_t unix_s);
bool http_date_read(struct sv s, int64_t *ret);

#endif
